"""One search over everything, grouped; what is chosen is gone to."""

from __future__ import annotations

import asyncio
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from zotui.text import ago, one_line
from zotui.tui.dialogs import Dialog
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.search import Found

SETTLE_S = 0.12  # of quiet before a search begins: people type whole words
EACH = 8  # hits of a group
HEADING = "heading:"


class Results:
    """What was found, as rows: a line with the group's name, then its hits."""

    def __init__(self, found: list[Found], now: int) -> None:
        self._rows: list[Row] = []
        for group, hits in groupby(found, key=lambda hit: hit.group):
            self._rows.append(Row(f"{HEADING}{group}", group.upper(), style="dim"))
            for number, hit in enumerate(hits):
                text = f"{hit.title} · {hit.excerpt}" if hit.excerpt and hit.excerpt != hit.title else hit.title
                name = f"{group}:{number}:{hit.place}" if hit.place else f"{HEADING}{group}:{number}"
                when = ago(hit.at, now) if hit.at else ""
                self._rows.append(Row(name, f"  {one_line(text, 400)}", when, style="" if hit.place else "warn"))

    async def count(self) -> int:
        """Return how many rows there are."""
        return len(self._rows)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        return self._rows[offset : offset + limit]

    @property
    def first(self) -> int:
        """The place of the first hit."""
        return next((at for at, row in enumerate(self._rows) if place_of(row)), 0)


def place_of(row: Row) -> str:
    """Where a row leads; empty for a heading."""
    return "" if row.id.startswith(HEADING) else row.id.split(":", 2)[2]


class SearchDialog(Dialog):
    """Dismissed with the place that was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(0, -1)", show=False),
        Binding("pagedown", "move(0, 1)", show=False),
    ]
    DEFAULT_CSS = """
    SearchDialog {
        & > .box.tall { width: 90%; max-width: 110; }
        & Rows { height: 1fr; margin-top: 1; }
    }
    """

    def __init__(self, computer: Computer, words: str = "") -> None:
        super().__init__()
        self._computer = computer
        self._words = words

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall") as box:
            box.border_title = "Search everything"
            line = Input(self._words, placeholder="chats, memory, skills, runs, files, logs")
            line.cursor_blink = False
            yield line
            yield Rows(empty="Type a word or two.")
            yield Static("up, down: choose · enter: go there · esc: back", classes="hint", markup=False)

    @property
    def rows(self) -> Rows:
        """The hits."""
        return self.query_one(Rows)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.rows.show(Results([], 0))
        if self._words:
            self._search(self._words)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._search(event.value)

    @work(exclusive=True, group="search")
    async def _search(self, words: str) -> None:
        """Search once the person pauses; what is asked last is shown last."""
        from zotui.store import now_ms

        if not words.strip():
            self.rows.empty = "Type a word or two."
            self.rows.show(Results([], 0))
            return
        await asyncio.sleep(SETTLE_S)
        results = Results(await self._computer.search(words, EACH), now_ms())
        self.rows.empty = f"Nothing holds {one_line(words, 60)!r}."
        self.rows.show(results, start=results.first)

    def action_move(self, by: int, screens: int = 0) -> None:
        """Move among the hits."""
        self.rows.action_move(by, screens)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        if self.rows.current is not None:
            self._go(self.rows.current)

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self._go(event.row)

    def _go(self, row: Row) -> None:
        if place := place_of(row):
            self.dismiss(place)
