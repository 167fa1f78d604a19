"""The dialog that chooses who answers: what is known of each model, and what could be connected on this machine."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, cast

from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from zotui.config import file as config_file
from zotui.errors import ZotuiError
from zotui.models.registry import OFFLINE
from zotui.text import one_line, thousands
from zotui.tui.dialogs import Dialog
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.models.discovery import Found
    from zotui.models.offers import Offer
    from zotui.tui.app import Zotui

HINT = "enter: for this conversation · ^s: for all · ^r: ask the providers · ^n: connect a server · esc: back"
_FOUND = "found:"
PATIENCE_S = 15  # with one provider's list


class Chosen(NamedTuple):
    """A model, for this conversation or as the default; ``base_url`` where its provider must be added first."""

    model: str
    scope: Literal["conversation", "default"]
    base_url: str = ""


class RowsOf:
    """A source of rows that are at hand."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    async def count(self) -> int:
        """Return how many rows there are."""
        return len(self.rows)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        return self.rows[offset : offset + limit]


class ModelPicker(Dialog):
    """All models that are known, from the file, so that it works offline: who answers now on top, then servers found here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("ctrl+s", "choose('default')", show=False),
        Binding("ctrl+r", "refresh_lists", show=False),
        Binding("ctrl+n", "connect_server", show=False),
    ]
    DEFAULT_CSS = """
    ModelPicker > .box { height: 80%; max-width: 110; width: 92%; }
    ModelPicker Rows { height: 1fr; margin-top: 1; }
    ModelPicker.-short > .box { height: 100%; width: 100%; max-height: 100%; }
    ModelPicker.-short Rows { margin-top: 0; }
    ModelPicker.-short .hint { max-height: 1; }
    """

    def __init__(self, computer: Computer, current: str) -> None:
        super().__init__()
        self._computer = computer
        self._current = current
        self._offers: list[Offer] = []
        self._found: list[Found] = []
        self._usable: set[str] = set()  # providers that have their key, or need none
        self._source = RowsOf()

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = "Who answers"
            line = Input(placeholder="words of a name")
            line.cursor_blink = False
            yield line
            yield Rows(empty="no model is called so: PROVIDER/MODEL and enter takes it all the same")
            yield Static(HINT, classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Rows).can_focus = False
        self.query_one(Rows).show(self._source)
        self.query_one(Input).focus()
        self._load()
        self._look_around()

    @work(exclusive=True, group="models")
    async def _load(self) -> None:
        await self._read()

    async def _read(self) -> None:
        """What is known, what can be used at once in front."""
        rows = self._computer.models.rows
        try:
            listed = await asyncio.to_thread(self._computer.keys.list, rows)
        except ZotuiError as error:
            listed = []
            self._say(error.message)
        keyed = {one.provider for one in listed}
        self._usable = {name for name, row in rows.items() if name in keyed or row.key == "none" or not row.env}
        offers = await self._computer.offers.known()
        self._offers = sorted(offers, key=lambda one: one.provider not in self._usable)
        self._paint()

    @work(exclusive=True, group="discovery")
    async def _look_around(self) -> None:
        """Look for servers on this machine, while the list is there already; those that are known tell their models."""
        await asyncio.to_thread(import_module, "zotui.http")
        from zotui.models.discovery import discover

        rows = self._computer.models.rows
        known = {row.base_url.rstrip("/"): name for name, row in rows.items() if row.local}
        found = await discover()
        self._found = [one for one in found if one.base_url and one.base_url.rstrip("/") not in known]
        here = {known.get(one.base_url.rstrip("/") or rows[one.provider].base_url) for one in found}
        new = here - {None} - {offer.provider for offer in await self._computer.offers.known()}
        await asyncio.gather(*(self._ask(name) for name in new if name))
        await self._read()

    @on(Input.Changed)
    def _paint(self) -> None:
        if not self.query(Rows):  # it was left, and is being taken down
            return
        words = self.query_one(Input).value.lower().split()
        rows = [row for row in self._rows() if all(word in row.text.lower() for word in words)]
        typed = self._typed()
        if "/" in typed and typed.partition("/")[0] in self._computer.models.rows and typed not in [r.id for r in rows]:
            rows.append(Row(typed, typed, "as it is written"))
        self._source.rows = rows
        self.query_one(Rows).reload()

    def _rows(self) -> list[Row]:
        """All there is to choose; on top who answers now, so that enter changes nothing by accident."""
        rows = [self._row(offer) for offer in self._offers]
        rows.insert(0, Row("offline", "offline", "no model, no network", self._mark("offline")))
        if not any(row.mark for row in rows):
            rows.insert(0, Row(self._now, self._now, "", self._mark(self._now)))
        found = [Row(f"{_FOUND}{place}", one.what, "connect", "+") for place, one in enumerate(self._found)]
        return [*(row for row in rows if row.mark), *found, *(row for row in rows if not row.mark)]

    def _row(self, offer: Offer) -> Row:
        usable = offer.provider in self._usable
        aside = priced(offer) + ("" if usable else " · no key")
        return Row(offer.name, offer.name, aside, self._mark(offer.name), "" if usable else "dim")

    def _say(self, *lines: str) -> None:
        for hint in self.query(".hint").results(Static):  # none where the dialog was left
            hint.update("\n".join([*lines, HINT]))

    @property
    def _now(self) -> str:
        """Who answers now, by the whole name."""
        return self._computer.models.full_name(self._current)

    def _mark(self, name: str) -> str:
        return "●" if name == self._now else ""

    def _typed(self) -> str:
        return self.query_one(Input).value.strip().rstrip("/")

    def action_move(self, step: int) -> None:
        """Go up or down while one types."""
        self.query_one(Rows).action_move(step)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_choose("conversation")

    @on(Rows.Chosen)
    def _clicked(self) -> None:
        self.action_choose("conversation")

    def action_choose(self, scope: Literal["conversation", "default"]) -> None:
        """Take the row under the cursor; a name that no row has is taken as it was typed."""
        self._paint()  # by all that was typed, however fast
        row = self.query_one(Rows).current
        shown = {row.id for row in self._source.rows}
        name = row.id if row and row.id in shown else next((row.id for row in self._source.rows), self._typed())
        if name.startswith(_FOUND):
            self._connect(self._found[int(name.removeprefix(_FOUND))], scope)
            return
        try:
            self._computer.models.split(name)
        except ZotuiError as error:
            self._say(one_line(str(error), 300))
        else:
            self.dismiss(Chosen(name, scope))

    @work(exclusive=True, group="choose")
    async def _connect(self, one: Found, scope: Literal["conversation", "default"]) -> None:
        """Choose a model of a server that was found; its provider is added."""
        if scope == "default":
            self.dismiss(Chosen(one.model, scope, one.base_url))
            return
        provider, slash, model = one.model.partition("/")
        file = self._computer.home.config_file
        try:
            provider = await asyncio.to_thread(config_file.add_provider, file, provider, one.base_url)
        except ZotuiError as error:
            self._say(one_line(str(error), 300))
            return
        await self._computer.models.refresh()
        self.dismiss(Chosen(f"{provider}{slash}{model}", scope))

    @work(exclusive=True, group="choose")
    async def action_connect_server(self) -> None:
        """Fill in a form for a server of one's own; its model then answers here, or in all where no model does yet."""
        from zotui.tui.provider_form import ProviderForm

        model = await self.app.push_screen_wait(ProviderForm(self._computer))
        if model is not None:
            first = self._computer.models.config.model == OFFLINE
            self.dismiss(Chosen(model, "default" if first else "conversation"))

    @work(exclusive=True, group="models")
    async def action_refresh_lists(self) -> None:
        """Ask every provider that has a key, or needs none, what it offers now."""
        self._say("asking the providers …")
        await self._read()
        rows = self._computer.models.rows
        names = [name for name in self._usable if rows[name].local or not in_private(self.app)]
        said = [line for line in await asyncio.gather(*map(self._ask, names)) if line]
        await self._read()
        self._say(*said[:4])

    async def _ask(self, name: str) -> str:
        """One provider's models into the file; what was wrong, where something was."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._computer.offers.fetch(name)
        except TimeoutError:
            return f"{name}: no answer in time"
        except ZotuiError as error:
            row = self._computer.models.rows[name]
            silent = row.local or row.dialect == "command"  # it is not running, or not installed: nothing to say
            return "" if silent else one_line(f"{name}: {error.message}", 100)
        return ""


def in_private(app: App[Any]) -> bool:
    """Whether the app may ask nobody who is not on this machine."""
    return cast("Zotui", app).desk.conversation.private


def priced(offer: Offer) -> str:
    """What is known of a model, in a few words: what it can, its window, its price per million tokens."""
    info = offer.info
    window = thousands(info.context_window) if info.context_window else ""
    has = " ".join(word for word, has in (("eyes", info.vision), ("thinks", info.reasoning)) if has)
    price = "free" if offer.free else ""
    if not offer.free and info.input_price is not None and info.output_price is not None:
        price = f"${info.input_price:g}/{info.output_price:g}"
    return " · ".join(word for word in (has, window, price or "$?", "here" if offer.local else "") if word)
