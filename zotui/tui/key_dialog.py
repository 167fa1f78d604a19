"""The dialog of keys: which provider has one and where it is, to set, try and forget them. None is ever shown whole."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from zotui.errors import ZotuiError
from zotui.models.credential import checked
from zotui.secret import Secret
from zotui.text import one_line
from zotui.tui.dialogs import Confirm, Dialog
from zotui.tui.model_picker import RowsOf
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer

HINT = "enter sets a key · t tries it · d forgets it · esc goes back"


class Hidden(Dialog):
    """One line that is not shown: a key, a passphrase."""

    def __init__(self, title: str, hint: str) -> None:
        super().__init__()
        self._title = title
        self._hint = hint

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = self._title
            yield Input(password=True)
            yield Static(self._hint, classes="hint", markup=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        secret = Secret(event.value)
        self.query_one(Input).value = ""
        self.dismiss(secret)


class KeyDialog(Dialog):
    """The providers that need a key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "try_key", show=False),
        Binding("d", "forget_key", show=False),
        Binding("q", "leave", show=False),
    ]
    DEFAULT_CSS = """
    KeyDialog > .box { height: 70%; max-width: 90; }
    KeyDialog Rows { height: 1fr; }
    """

    def __init__(self, computer: Computer) -> None:
        super().__init__()
        self._computer = computer
        self._source = RowsOf()

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = "Keys"
            yield Rows(empty="no provider needs a key")
            yield Static(HINT, classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Rows).show(self._source)
        self.query_one(Rows).focus()
        self._begin()

    @work(exclusive=True)
    async def _begin(self) -> None:
        await self._unlocked()
        await self._paint()

    async def _paint(self) -> None:
        try:
            listed = await asyncio.to_thread(self._computer.keys.list, self._computer.models.rows)
        except ZotuiError as error:
            self._say(str(error))
            return
        where = {one.provider: one for one in listed}
        rows = []
        for name, row in self._computer.models.rows.items():
            if row.key != "none":
                found = where.get(name)
                rows.append(
                    Row(name, name, f"{found.source} {found.hint}" if found else "no key", "✓" if found else "")
                )
        self._source.rows = rows
        self.query_one(Rows).reload()

    async def _unlocked(self) -> bool:
        """Whether the vault is open, after asking for its passphrase where there is one."""
        try:
            while not await asyncio.to_thread(self._computer.keys.unlock):
                said = await self.app.push_screen_wait(
                    Hidden("Passphrase of the vault", "enter opens it, esc goes back")
                )
                if not said:
                    return False
                try:
                    await asyncio.to_thread(self._computer.keys.vault.unlock, said)
                    await self._computer.background.hand()
                except ZotuiError as error:
                    self._say(str(error))
        except ZotuiError as error:
            self._say(str(error))
            return False
        return True

    @on(Rows.Chosen)
    @work(exclusive=True)
    async def _set(self) -> None:
        name = self._provider()
        if name is None or not await self._unlocked():
            return
        secret = await self.app.push_screen_wait(
            Hidden(f"Key of {name}", "paste it and press enter; esc leaves it as it was")
        )
        if not secret:
            return
        try:
            secret = checked(secret)
            vault = self._computer.keys.vault
            if await asyncio.to_thread(lambda: vault.protection) is None and not await self._made():
                return
            await asyncio.to_thread(vault.set, name, secret)
            await self._computer.background.hand()
            self._say(f"the key of {name} is kept: t tries it")
        except ZotuiError as error:
            self._say(str(error))
        await self._paint()

    async def _made(self) -> bool:
        """Make the vault the best way there is; False where the person would rather not."""
        vault = self._computer.keys.vault
        if await asyncio.to_thread(self._computer.keys.best) == "keyring":
            await asyncio.to_thread(vault.create, "keyring")
            return True
        passphrase = await self.app.push_screen_wait(
            Hidden("A passphrase for the vault", "empty: the keys are then only in a private file, not encrypted")
        )
        if passphrase is None:
            return False
        if passphrase:
            await asyncio.to_thread(vault.create, "passphrase", passphrase)
        else:
            await asyncio.to_thread(vault.create, "file")
        return True

    @work(exclusive=True)
    async def action_try_key(self) -> None:
        """Ask the provider, with its key."""
        from zotui.models.trial import tried

        name = self._provider()
        if name is not None and await self._unlocked():
            self._say(f"asking {name} …")
            trial = await tried(self._computer.models, name)
            self._say(("✓ " if trial.ok else "✗ ") + trial.said + (f": {trial.hint}" if trial.hint else ""))

    @work(exclusive=True)
    async def action_forget_key(self) -> None:
        """Forget the key that the vault has."""
        name = self._provider()
        if name is None or not await self.app.push_screen_wait(Confirm(f"Forget the key of {name}?", "Forget")):
            return
        try:
            gone = await asyncio.to_thread(self._computer.keys.vault.remove, name)
            self._say(f"forgot the key of {name}" if gone else f"the vault has no key of {name}")
        except ZotuiError as error:
            self._say(str(error))
        await self._paint()

    def _provider(self) -> str | None:
        row = self.query_one(Rows).current
        return row.id if row else None

    def _say(self, words: str) -> None:
        self.query_one(".hint", Static).update(f"{one_line(words, 300)}\n{HINT}")
