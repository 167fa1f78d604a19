"""What the panes with a list have in common: a list, and when whole a search line and the row in full."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from zotui.tui.pane import Pane
from zotui.tui.widgets.rows import Row, Rows, Source

ROOM_FOR_BOTH = 14  # rows below which a whole pane is its list alone


class ListingPane(Pane):
    """A pane around one list. Small, it is the list; the row in full mounts when it is first whole."""

    empty: ClassVar[str] = "Nothing here."
    DEFAULT_CSS = """
    ListingPane {
        & > #search { border: none; height: 1; padding: 0 1; background: $boost; margin: 0 0 1 0; }
        & > #full { height: 1fr; scrollbar-size-vertical: 1; border-top: solid $foreground 15%; padding: 0 1; }
        & > Rows { height: 1fr; padding: 0 1; }
    }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.search = ""
        self._has_full = False

    def compose(self) -> ComposeResult:
        line = Input(placeholder="search; enter keeps it, esc clears it", id="search")
        line.cursor_blink = False
        yield line
        yield Rows(empty="Opening the file …")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#search").display = False

    @property
    def rows(self) -> Rows:
        """The list."""
        return self.query_one(Rows)

    def source(self, search: str) -> Source:
        """The rows for a search; empty means all."""
        raise NotImplementedError

    async def read(self) -> None:
        if self.rows.source is None:
            self.rows.empty = self.empty
            self.rows.show(self.source(self.search))
        else:
            self.rows.reload()

    def nothing(self, search: str) -> str:
        """What is said where a search finds nothing."""
        return f"Nothing holds {search!r}."

    def show_problem(self, problem: str) -> None:
        self.rows.problem = problem

    def stops(self) -> list[Widget]:
        return [widget for widget in super().stops() if widget.id != "full"]

    def focus_inside(self) -> None:
        self.rows.focus()

    async def place(self, id: str) -> int | None:
        """The number of a row where nothing is searched for; None where there is no such row."""
        raise NotImplementedError

    async def seek(self, id: str) -> None:
        """Put the cursor on a row, whatever was searched for before."""
        self.step_back()
        if (place := await self.place(id)) is not None:
            self.rows.go(place)

    def zoomed(self, whole: bool) -> None:
        super().zoomed(whole)
        if whole and not self._has_full:
            self._has_full = True
            self.run_worker(self._mount_full())
        self._give_room()
        self._show_full()

    async def _mount_full(self) -> None:
        """Mount the lower half; once it is there it shows the row that was gone to meanwhile."""
        await self.mount(self.full())
        self._give_room()
        self._show_full()

    def _give_room(self) -> None:
        for part in self.query("#full"):
            part.display = self.whole and self.app.size.height >= ROOM_FOR_BOTH

    def full(self) -> Widget:
        """The lower half, whose id is ``full``."""
        return VerticalScroll(Static("", markup=False, id="text"), id="full")

    def full_text(self, row: Row) -> str:
        """The row in full, for the lower half of the whole pane."""
        return row.text

    class WantsRoom(Message):
        """A row is to be read whole: the pane needs the screen."""

    @on(Rows.Chosen)
    def _chosen(self) -> None:
        self.action_open_row()

    def action_open_row(self) -> None:
        """What enter does to the row under the cursor."""
        self.post_message(self.WantsRoom())

    @on(Rows.Emptied)
    @on(Rows.Highlighted)
    def _highlighted(self) -> None:
        self._show_full()

    def _show_full(self) -> None:
        row = self.rows.current
        if self.whole and self.query("#text"):
            self.query_one("#text", Static).update(self.full_text(row) if row else "")

    def action_search_rows(self) -> None:
        """Open the search line, at once: the next key is a letter of the search, not a command."""
        line = self.query_one("#search", Input)
        line.display = True
        self.screen.set_focus(line)

    @on(Input.Changed, "#search")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self.search:
            self.search = event.value
            self.rows.empty = self.nothing(self.search) if self.search else self.empty
            self.rows.show(self.source(self.search))

    @on(Input.Submitted, "#search")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.rows.focus()

    def step_back(self) -> bool:
        """Close the search line; False where there is none."""
        line = self.query_one("#search", Input)
        if not line.display:
            return False
        line.display = False
        line.value = ""
        self.rows.focus()
        return True
