"""The dialog that chooses who answers: what is known of each model, and what could be connected on this machine."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from zotui.errors import ZotuiError
from zotui.text import one_line
from zotui.tui.dialogs import Dialog
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.models.discovery import Found
    from zotui.models.offers import Offer

HINT = "enter: for this conversation · ^s: for all, from now on · ^r: ask the providers again · esc: back"
_FOUND = "found:"


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
    """All models that are known, from the file, so that it works offline; servers found here on top."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("ctrl+s", "choose('default')", show=False, priority=True),
        Binding("ctrl+r", "refresh_lists", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    ModelPicker > .box { height: 80%; max-width: 110; width: 92%; }
    ModelPicker Rows { height: 1fr; margin-top: 1; }
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
        self._offers = sorted(offers, key=lambda one: (not self._mark(one.name), one.provider not in self._usable))
        self._paint()

    @work(exclusive=True, group="discovery")
    async def _look_around(self) -> None:
        """Look for servers on this machine, while the list is there already."""
        await asyncio.to_thread(import_module, "zotui.http")
        from zotui.models.discovery import discover

        known = {row.base_url for row in self._computer.models.rows.values()}
        self._found = [one for one in await discover() if one.base_url and one.base_url not in known]
        self._paint()

    @on(Input.Changed)
    def _paint(self) -> None:
        words = self.query_one(Input).value.lower().split()
        found = [Row(f"{_FOUND}{place}", one.what, "connect", "+") for place, one in enumerate(self._found)]
        rows = [*found, Row("offline", "offline", "no model, no network", self._mark("offline"))]
        rows += [self._row(offer) for offer in self._offers]
        self._source.rows = [row for row in rows if all(word in row.text.lower() for word in words)]
        self.query_one(Rows).reload()

    def _row(self, offer: Offer) -> Row:
        usable = offer.provider in self._usable
        aside = _aside(offer) + ("" if usable else " · no key")
        return Row(offer.name, offer.name, aside, self._mark(offer.name), "" if usable else "dim")

    def _say(self, *lines: str) -> None:
        self.query_one(".hint", Static).update("\n".join([HINT, *lines]))

    def _mark(self, name: str) -> str:
        return "●" if name == self._current or name.partition("/")[0] == self._current else ""

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
        typed = self.query_one(Input).value.strip()
        row = self.query_one(Rows).current
        if row is None and "/" not in typed:
            return
        name = row.id if row is not None else typed
        if name.startswith(_FOUND):
            one = self._found[int(name.removeprefix(_FOUND))]
            self.dismiss(Chosen(one.model, scope, one.base_url))
        else:
            self.dismiss(Chosen(name, scope))

    @work(exclusive=True, group="models")
    async def action_refresh_lists(self) -> None:
        """Ask every provider that has a key, or needs none, what it offers now."""
        self._say("asking the providers …")
        names = [name for name in self._computer.models.rows if name in self._usable]
        said = [line for line in await asyncio.gather(*map(self._ask, names)) if line]
        await self._read()
        self._say(*said[:4])

    async def _ask(self, name: str) -> str:
        """One provider's models into the file; what was wrong, where something was."""
        try:
            async with asyncio.timeout(15):
                await self._computer.offers.fetch(name)
        except TimeoutError:
            return f"{name}: no answer in time"
        except ZotuiError as error:
            row = self._computer.models.rows[name]
            silent = row.local or row.dialect == "command"  # it is not running, or not installed: nothing to say
            return "" if silent else one_line(f"{name}: {error.message}", 100)
        return ""


def _aside(offer: Offer) -> str:
    info = offer.info
    window = f"{info.context_window // 1000}k" if info.context_window else ""
    has = " ".join(word for word, has in (("eyes", info.vision), ("thinks", info.reasoning)) if has)
    price = "free" if offer.free else ""
    if not offer.free and info.input_price is not None and info.output_price is not None:
        price = f"${info.input_price:g}/{info.output_price:g}"
    return " · ".join(word for word in (has, window, price or "$?", "here" if offer.local else "") if word)
