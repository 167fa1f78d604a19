"""The dialog of keys: which provider has one and where it is, to set, try and forget them. None is ever shown whole."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from zotui.errors import ZotuiError
from zotui.models.credential import checked
from zotui.models.keys import record_of
from zotui.text import one_line
from zotui.tui.dialogs import Confirm, Dialog
from zotui.tui.model_picker import RowsOf, in_private
from zotui.tui.vault_dialogs import Hidden, made, opened
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer

HINT = "enter sets a key · t tries it · d forgets it · esc goes back"


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
    KeyDialog.-short > .box { height: 100%; width: 100%; max-height: 100%; }
    KeyDialog.-short .hint { max-height: 1; }
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

    @work
    async def _begin(self) -> None:
        await self._unlocked()
        await self._paint()

    async def _unlocked(self) -> bool:
        """Whether the vault is open, after asking; what is wrong with it is said."""
        try:
            return await opened(self.app, self._computer)
        except ZotuiError as error:
            self._say(str(error))
            return False

    async def _paint(self) -> None:
        """The providers that need a key, and where it is; a vault that cannot be read hides none of them."""
        keys, rows = self._computer.keys, self._computer.models.rows
        where: dict[str, str] = {}
        unknown = "no key"
        try:
            listed = await asyncio.to_thread(keys.list, rows)
            where = {one.provider: f"{one.source} {one.hint}" for one in listed}
        except ZotuiError as error:
            unknown = "?"
            self._say(str(error))
        self._source.rows = [
            Row(name, name, where.get(name, unknown), "✓" if name in where else "")
            for name, row in rows.items()
            if row.key != "none"
        ]
        for painted in self.query(Rows):  # none where the dialog was left
            painted.reload()

    @on(Rows.Chosen)
    @work(group="keep")
    async def _set(self) -> None:
        name = self._provider()
        if name is None or not await self._unlocked():
            return
        secret = await self.app.push_screen_wait(
            Hidden(f"Key of {name}", "paste it and press enter; esc leaves it as it was")
        )
        if secret is None:
            return
        try:
            secret = checked(secret)
            if not await made(self.app, self._computer):
                self._say("nothing was changed")
                return
            await self._computer.keep_key(name, secret)
            self._say(f"the key of {name} is kept: t tries it")
        except ZotuiError as error:
            self._say(str(error))
        await self._paint()

    @work(exclusive=True, group="trial")
    async def action_try_key(self) -> None:
        """Ask the provider, with its key."""
        from zotui.models.trial import tried

        name = self._provider()
        if name is None:
            return
        await self._unlocked()  # where it stays locked, the trial says so
        self._say(f"asking {name} …")
        trial = await tried(self._computer.models, name, private=in_private(self.app))
        self._say(("✓ " if trial.ok else "✗ ") + trial.said + (f": {trial.hint}" if trial.hint else ""))

    @work(group="keep")
    async def action_forget_key(self) -> None:
        """Forget the key that the vault has."""
        name = self._provider()
        if name is None or not await self.app.push_screen_wait(Confirm(f"Forget the key of {name}?", "Forget")):
            return
        try:
            gone = await asyncio.to_thread(self._computer.keys.vault.remove, self._record(name))
            self._say(f"forgot the key of {name}" if gone else f"the vault has no key of {name}")
        except ZotuiError as error:
            self._say(str(error))
        await self._paint()

    def _record(self, name: str) -> str:
        """The name of a provider's key in the vault."""
        row = self._computer.models.rows.get(name)
        return record_of(name, row) if row else name

    def _provider(self) -> str | None:
        row = self.query_one(Rows).current
        return row.id if row else None

    def _say(self, words: str) -> None:
        for hint in self.query(".hint").results(Static):
            hint.update(f"{one_line(words, 300)}\n{HINT}")
