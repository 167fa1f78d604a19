"""What memories can be narrowed to: chosen from what there is, with how many are that."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from zotui.memory.asking import has, toggled
from zotui.memory.counting import MOST
from zotui.text import one_line
from zotui.tui.dialogs import Dialog
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.memory.counting import Facet

HINT = "enter: choose, or no longer · c: all again · esc: done"


class FacetRows:
    """The facets as rows, by groups."""

    def __init__(self, computer: Computer, search: str) -> None:
        self._computer = computer
        self._rows: list[Row] = []
        self.search = search

    async def count(self) -> int:
        """Count them, and return how many there are."""
        self._rows = [self._row(one) for one in await self._computer.memory.facets(self.search)]
        return len(self._rows)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        return self._rows[offset : offset + limit]

    def _row(self, one: Facet) -> Row:
        """How it is typed, and in words where these say more."""
        plain = one.group in ("Source", "Tag")
        text = one.typed if plain else f"{one.typed} · {one.words}"
        count = f"{MOST:,}+" if one.memories > MOST else f"{one.memories:,}"
        return Row(one.typed, one_line(text, 80), count, "■" if has(self.search, one.typed) else "·")


class FacetDialog(Dialog):
    """Dismissed with the search, with what was chosen in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "choose", "Choose", show=False),
        Binding("c", "clear", "All again", show=False),
        Binding("f,q", "leave", show=False),
    ]
    DEFAULT_CSS = """
    FacetDialog {
        & Rows { height: 1fr; }
        & #search { color: $text-accent; height: 1; }
    }
    """

    def __init__(self, computer: Computer, search: str) -> None:
        super().__init__()
        self._facets = FacetRows(computer, search)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall") as box:
            box.border_title = "Narrow"
            yield Static(self._facets.search or "all", id="search", markup=False)
            yield Rows(self._facets, empty="Nothing is remembered that is so.")
            yield Static(HINT, classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Rows).focus()

    @on(Rows.Chosen)
    def _chosen(self) -> None:
        self.action_choose()

    def action_choose(self) -> None:
        """Choose what is under the cursor, or no longer."""
        row = self.query_one(Rows).current
        if row is not None:
            self._look(toggled(self._facets.search, row.id))

    def action_clear(self) -> None:
        """Search for nothing."""
        self._look("")

    def _look(self, search: str) -> None:
        self._facets.search = search
        self.query_one("#search", Static).update(search or "all")
        self.query_one(Rows).reload()

    def action_leave(self) -> None:
        """Go back with what was chosen."""
        self.dismiss(self._facets.search)
