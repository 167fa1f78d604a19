"""A list of any length, painted line by line over a source that is read a page at a time."""

import textwrap
from collections.abc import Awaitable, Callable
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from zotui.errors import ZotuiError
from zotui.text import one_line
from zotui.tui.widgets.pages import PAGE, Pages, Row, Source

__all__ = ["Row", "Rows", "Source"]

_LEAST_TEXT = 16  # cells; an aside that leaves a longer text less room is not shown
_STYLES = ("dim", "warn", "error")
_SKELETON = Row("", "…", style="dim")
_PATIENCE = 0.1  # seconds that a list whose source was replaced stays painted


class Rows(ScrollView, can_focus=True):
    """Shows a source's rows, with a cursor.

    ``empty`` is what a list without rows says; ``problem``, if any, stands in the place of the rows.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "move(0, -1)", "Page up", show=False),
        Binding("pagedown", "move(0, 1)", "Page down", show=False),
        Binding("home", "edge(False)", "First", show=False),
        Binding("end", "edge(True)", "Last", show=False),
        Binding("enter", "choose", "Open", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{name}" for name in ("row", "mark", "cursor", *_STYLES)}
    DEFAULT_CSS = """
    Rows {
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & > .rows--mark { color: $accent; }
        & > .rows--dim { color: $foreground; text-style: dim; }
        & > .rows--warn { color: $text-warning; }
        & > .rows--error { color: $text-error; }
        & > .rows--cursor { background: $boost; }
        &:focus > .rows--cursor { text-style: bold; background: $block-cursor-blurred-background; }
    }
    """

    empty = reactive("Nothing here.")
    problem = reactive("")

    class OfRow(Message):
        """Something about a row of a list."""

        def __init__(self, rows: "Rows", row: Row) -> None:
            super().__init__()
            self.rows = rows
            self.row = row

        @property
        def control(self) -> "Rows":
            """The list, for ``@on`` with a selector."""
            return self.rows

    class Highlighted(OfRow):
        """The cursor is on another row."""

    class Chosen(OfRow):
        """Enter, or a second click."""

    class Emptied(Message):
        """There is no row any more, or none was found."""

    def __init__(self, source: Source | None = None, *, empty: str = "Nothing here.", id: str | None = None) -> None:
        super().__init__(id=id)
        self.set_reactive(Rows.empty, empty)
        self._source = source
        self._pages: Pages | None = None
        self._cursor = 0
        self._told = ""  # the id last highlighted
        self._clicked = -1
        self._stale = source is not None
        self._reading = False

    @property
    def source(self) -> Source | None:
        """Where the rows come from, once there is such a place."""
        return self._source

    @property
    def current(self) -> Row | None:
        """The row under the cursor, if it is loaded."""
        return self._pages.row(self._cursor) if self._pages else None

    @property
    def at(self) -> int:
        """The number of the row under the cursor."""
        return self._cursor

    @property
    def count(self) -> int | None:
        """How many rows there are, once that is known."""
        return self._pages.count if self._pages else None

    def show(self, source: Source, start: int = 0) -> None:
        """Show another source, from its top, the cursor on its first row or on ``start``."""
        self._source, self._pages = source, None
        self._cursor, self._told, self._clicked = start, "", -1
        self._stale, self._reading = True, False  # a read under way will be cancelled
        if self.is_mounted:
            self.set_timer(_PATIENCE, self.refresh)
        self._read_on()

    def reload(self) -> None:
        """Read the source again, because it has changed; what is shown stays until then."""
        self._stale = self._source is not None
        self._read_on()

    def renew(self, row: Row) -> None:
        """Show a row that was read as this one, which has its id."""
        place = self._pages.put(row) if self._pages else None
        if place is not None and 0 <= place - self.scroll_offset.y < self._height():
            self.refresh_line(place)

    def select(self, id: str) -> bool:
        """Move the cursor to a row, if it is loaded."""
        place = self._pages.place(id) if self._pages else None
        if place is not None:
            self._to(place)
        return place is not None

    def go(self, place: int) -> None:
        """Move the cursor to a row by its number, read or not."""
        self._clicked = -1
        self._to(place)

    def on_mount(self) -> None:
        """Begin to read."""
        self._read_on()

    def on_resize(self) -> None:
        """Keep the cursor in view and read what came into view."""
        self._into_view()
        self._read_on()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Read what came into view."""
        super().watch_scroll_y(old_value, new_value)
        self._read_on()

    def watch_problem(self, problem: str) -> None:
        """Put a problem in the place of the rows; the next ``reload`` that works brings them back."""
        if problem:
            self._pages = None
            self.virtual_size = Size(1, 0)

    def _places(self, count: int) -> list[int]:
        """Return the places wanted, most urgent first: the view's, the cursor's and those around."""
        height = self._height()
        top = max(min(self.scroll_offset.y, count - height), 0) if self._pages else 0
        view = [*range(top, top + height, PAGE), min(top + height, count) - 1]
        return [*view, min(self._cursor, count - 1), top - height, min(top + 2 * height, count) - 1]

    def _missing(self) -> int | None:
        """Return the page to read next."""
        return self._pages.missing(self._places(self._pages.count)) if self._pages else None

    def _read_on(self) -> None:
        """See that a reader is at work if there is something to read."""
        if not self._reading and self.is_mounted and (self._stale or self._missing() is not None):
            self._reading = True
            work: Callable[[], Awaitable[None]] = self._read
            self.run_worker(work, group="rows", exclusive=True, exit_on_error=False)

    async def _read(self) -> None:
        """Read until nothing wanted is missing."""
        while self._stale or self._missing() is not None:
            try:
                await self._read_next()
            except ZotuiError as error:
                self.problem = one_line(str(error), 400)
            except Exception as error:
                self.log.error(error)
                self.problem = one_line(f"{type(error).__name__}: {error}", 400)
        self._reading = False

    async def _read_next(self) -> None:
        if self._stale and self._source:
            self._stale = False
            await self._renew(self._source)
        elif self._pages and (page := self._missing()) is not None:
            await self._pages.fetch(page)
            self.refresh()
            self._tell()

    async def _renew(self, source: Source) -> None:
        """Read the count and what is wanted, then put it in the place of the old at once."""
        pages = Pages(source, await source.count())
        await pages.fetch_all(self._places(pages.count))
        place = await pages.find(self._told, self._cursor)
        shift = 0 if place is None else place - self._cursor
        top = self.scroll_offset.y if self._pages else 0
        anew, self._pages = self._pages is None, pages
        self._cursor = max(min(self._cursor + shift, pages.count - 1), 0)
        self.problem = ""
        self.virtual_size = Size(1, pages.count)
        self.scroll_to(y=top + shift if top else 0, animate=False, force=True)
        if anew:
            self._into_view()
        self.refresh()
        self._tell()
        if not pages.count:
            self.post_message(self.Emptied())

    def _to(self, place: int) -> None:
        """Move the cursor, as far as there are rows."""
        if not self._pages or not self._pages.count:
            return
        before, self._cursor = self._cursor, max(0, min(place, self._pages.count - 1))
        self.refresh_line(before)
        self.refresh_line(self._cursor)
        self._into_view()
        self._read_on()
        self._tell()

    def _height(self) -> int:
        """Return how many rows are in view."""
        return max(self.scrollable_content_region.height, 1)

    def _into_view(self) -> None:
        """Scroll no further than it takes to see the cursor."""
        top, height = self.scroll_offset.y, self._height()
        if not top <= self._cursor < top + height:
            to = self._cursor if self._cursor < top else self._cursor - height + 1
            self.scroll_to(y=to, animate=False, force=True)

    def _tell(self) -> None:
        """Say which row the cursor is on, if that is news."""
        before, row = self._told, self.current
        self._told = row.id if row else ""
        if row and row.id != before:
            self.post_message(self.Highlighted(self, row))

    def action_move(self, by: int, screens: int = 0) -> None:
        """Move the cursor by rows and screens."""
        self._clicked = -1
        self._to(self._cursor + by + screens * max(self._height() - 1, 1))

    def action_edge(self, last: bool) -> None:
        """Move the cursor to the first or the last row."""
        self.action_move((self.count or 0) if last else -self._cursor)

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        if (row := self.current) is not None:
            self.post_message(self.Chosen(self, row))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row; the second time, choose it."""
        offset = event.get_content_offset(self)
        place = -1 if offset is None else self.scroll_offset.y + offset.y
        if not 0 <= place < (self.count or 0):
            return
        event.stop()
        if place == self._clicked == self._cursor:
            self.action_choose()
        else:
            self._to(place)
            self._clicked = place

    def render_line(self, y: int) -> Strip:
        """Paint one line of the view."""
        width = self.scrollable_content_region.width
        if self.problem or self.count == 0:
            return self._say(self.problem or self.empty, y, width)
        place = self.scroll_offset.y + y
        if place >= (1 if self.count is None else self.count):
            return Strip.blank(width, self.get_component_rich_style("rows--row"))
        row = self._pages.row(place) if self._pages else None
        return self._paint(row or _SKELETON, place == self._cursor, width)

    def _paint(self, row: Row, at_cursor: bool, width: int) -> Strip:
        """Lay out a row: cursor, mark, text, aside; where it is narrow the aside goes first."""
        cursor = ("rows--cursor",) if at_cursor else ()
        named = f"rows--{row.style}" if row.style in _STYLES else ""
        style = self.get_component_rich_style(named or "rows--row", *cursor)
        segments = [Segment("▌" if at_cursor else " ", style)]
        room = width - 1
        if self._pages and self._pages.marked:
            mark = self.get_component_rich_style(named or "rows--mark", *cursor)
            segments.append(Segment(set_cell_size(row.mark, 2), mark))
            room -= 2
        indent = min(row.indent, room // 2)
        text = " " * indent + one_line(row.text[: 8 * width], 4 * width)
        beside = room - cell_len(row.aside) - 1
        aside = bool(row.aside) and beside >= min(cell_len(text), _LEAST_TEXT)
        room = max(beside if aside else room, 1)
        if cell_len(text) > room:
            text = set_cell_size(text, room - 1) + "…"
        segments.append(Segment(set_cell_size(text, room), style))
        if aside:
            segments.append(Segment(f" {row.aside}", self.get_component_rich_style("rows--dim", *cursor)))
        return Strip(segments).adjust_cell_length(width, style)

    def _say(self, words: str, y: int, width: int) -> Strip:
        """Paint a line of a message in the middle of the view."""
        lines = textwrap.wrap(words, max(width - 2, 1))
        line = y - max(self._height() - len(lines), 0) // 2
        text = lines[line] if 0 <= line < len(lines) else ""
        dim = self.get_component_rich_style("rows--dim")
        return Strip([Segment(text.center(width), dim)]).adjust_cell_length(width, dim)
