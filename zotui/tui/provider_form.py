"""The form that connects a model server of one's own: its name, address, dialect, key and model, tried before it is kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from zotui.config import file as config_file
from zotui.errors import UsageError, ZotuiError
from zotui.models import DIALECTS, open_provider
from zotui.models.credential import checked
from zotui.models.provider import ModelInfo
from zotui.models.registry import OFFLINE
from zotui.secret import Secret
from zotui.text import one_line
from zotui.tui.dialogs import Dialog
from zotui.tui.model_picker import in_private
from zotui.tui.vault_dialogs import made, opened

if TYPE_CHECKING:
    from zotui.computer import Computer

HINT = "tab: next field · enter: try it, then keep it · ^s: keep it untried · esc: back"
PATIENCE_S = 20.0
FIELDS = (
    ("name", "name, as lab"),
    ("address", "address, as http://127.0.0.1:9000/v1"),
    ("dialect", f"dialect: {', '.join(DIALECTS)} (empty: openai)"),
    ("model", "model (empty: the first it lists)"),
    ("key", "key (empty: none)"),
)


class Described(NamedTuple):
    """What was written, checked."""

    name: str
    address: str
    dialect: str
    model: str
    key: Secret | None


class ProviderForm(Dialog):
    """Dismissed with the full name of the model that is to answer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "keep", show=False)]
    DEFAULT_CSS = """
    ProviderForm Input { margin-bottom: 1; }
    ProviderForm.-short Input { margin-bottom: 0; }
    ProviderForm.-short > .box { height: 100%; width: 100%; max-height: 100%; }
    """

    def __init__(self, computer: Computer) -> None:
        super().__init__()
        self._computer = computer

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = "Connect a server"
            for name, words in FIELDS:
                line = Input(placeholder=words, id=name, password=name == "key")
                line.cursor_blink = False
                yield line
            yield Static(HINT, classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one("#name").focus()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._finish(untried=False)

    def action_keep(self) -> None:
        """Keep it as it is written."""
        self._finish(untried=True)

    @work(exclusive=True)
    async def _finish(self, *, untried: bool) -> None:
        """Try what is written, unless it is to be kept ``untried``; then keep it and go back with its model."""
        try:
            found = self._described()
            model = found.model
            if not untried:
                self._say(f"asking {found.address} …")
                offered = await self._tried(found)
                model = model or (offered[0].id if offered else "")
            self.dismiss(await self._kept(found, model))
        except ZotuiError as error:
            self._say(str(error))

    def _described(self) -> Described:
        """The fields. Raises UsageError for the first that cannot be."""
        values = {name: self.query_one(f"#{name}", Input).value.strip() for name, _ in FIELDS}
        name, address, dialect = values["name"], values["address"], values["dialect"] or "openai"
        if not name or "/" in name or not name.isprintable():
            raise UsageError("a name is needed, without a slash", "as lab")
        if name == OFFLINE or name in self._computer.models.rows:
            raise UsageError(f"there is a provider {one_line(name, 40)!r} already", "choose another name")
        if not address.startswith(("http://", "https://")) or any(map(str.isspace, address)):
            raise UsageError("the address begins with http:// or https://", "as http://127.0.0.1:9000/v1")
        if dialect not in DIALECTS:
            raise UsageError(f"no dialect {one_line(dialect, 40)!r}", f"there is: {', '.join(DIALECTS)}")
        return Described(name, address, dialect, values["model"], checked(values["key"]) if values["key"] else None)

    async def _tried(self, found: Described) -> list[ModelInfo]:
        """The models it lists. Raises ProviderError, UsageError where it may not be asked."""
        self._computer.models.check_place(found.name, found.address, private=in_private(self.app))
        provider = open_provider(found.dialect, found.address, found.key, retries=0)
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await provider.models()
        except TimeoutError:
            raise UsageError(f"no answer within {PATIENCE_S:g} s", "^s keeps it all the same") from None
        finally:
            await provider.close()

    async def _kept(self, found: Described, model: str) -> str:
        """Write it into the configuration and the vault; the model's full name."""
        if found.key is not None:
            await self._vault_is_open()
        file = self._computer.home.config_file
        spoken = "" if found.dialect == "openai" else found.dialect
        name = await asyncio.to_thread(config_file.add_provider, file, found.name, found.address, spoken)
        await self._computer.models.refresh()
        if found.key is not None:
            await self._computer.keep_key(name, found.key)
        return f"{name}/{model}" if model else name

    async def _vault_is_open(self) -> None:
        """Have a vault to put the key in, made or opened as the person says. Raises UsageError where they go back."""
        if not await made(self.app, self._computer) or not await opened(self.app, self._computer):
            raise UsageError("the key needs the vault", "enter asks again; or leave the key out here")

    def _say(self, words: str) -> None:
        for hint in self.query(".hint").results(Static):
            hint.update(f"{one_line(words, 300)}\n{HINT}")
