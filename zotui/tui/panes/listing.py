"""What the panes with a list have in common: a list, and when whole a search line and the row in full."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from zotui.tui.pane import Pane
from zotui.tui.widgets.rows import Row, Rows, Source


class ListingPane(Pane):
    """A pane around one list. Small, it is the list; the search line and the full row mount when first needed."""

    empty: ClassVar[str] = "Nothing here."
    DEFAULT_CSS = """
    ListingPane {
        & > #search { border: none; height: 1; padding: 0 1; background: $boost; margin: 0 0 1 0; }
        & > #full { height: 1fr; border-top: solid $foreground 15%; padding: 0 1; }
        & > Rows { height: 1fr; padding: 0 1; }
    }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.search = ""

    def compose(self) -> ComposeResult:
        yield Rows(empty="Opening the file …")

    @property
    def rows(self) -> Rows:
        """The list."""
        return self.query_one(Rows)

    def source(self, search: str) -> Source:
        """The rows for a search; empty means all."""
        raise NotImplementedError

    async def read(self) -> None:
        if self.rows.count is None:
            self.rows.empty = self.empty
            self.rows.show(self.source(self.search))
        else:
            self.rows.reload()

    def show_problem(self, problem: str) -> None:
        self.rows.problem = problem

    def focus_inside(self) -> None:
        self.rows.focus()

    def zoomed(self, whole: bool) -> None:
        super().zoomed(whole)
        if whole and not self.query("#full"):
            self.mount(VerticalScroll(Static("", markup=False, id="text"), id="full"))
            self.call_after_refresh(self._show_full)
        for part in self.query("#full"):
            part.display = whole

    def full_text(self, row: Row) -> str:
        """The row in full, for the lower half of the whole pane."""
        return row.text

    @on(Rows.Highlighted)
    def _highlighted(self) -> None:
        self._show_full()

    def _show_full(self) -> None:
        row = self.rows.current
        if self.whole and self.query("#text"):
            self.query_one("#text", Static).update(self.full_text(row) if row else "")

    def action_search_rows(self) -> None:
        """Open the search line."""
        if not self.query("#search"):
            line = Input(self.search, placeholder="search, enter to keep, esc to clear", id="search")
            self.mount(line, before=0)
            line.focus()

    @on(Input.Changed, "#search")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self.search:
            self.search = event.value
            self.rows.empty = f"Nothing holds {self.search!r}." if self.search else self.empty
            self.rows.show(self.source(self.search))

    @on(Input.Submitted, "#search")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.rows.focus()

    def step_back(self) -> bool:
        """Close the search line; False where there is none."""
        for line in self.query("#search"):
            line.remove()
            self.rows.focus()
            if self.search:
                self.search = ""
                self.rows.empty = self.empty
                self.rows.show(self.source(""))
            return True
        return False
