"""A view over the roll of a transcript: what is in it, and where the reader is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.widget import Widget

from zotui.tui.widgets.bar import Bar
from zotui.tui.widgets.entry import Entry
from zotui.tui.widgets.finish import Finish
from zotui.tui.widgets.look import palette_of
from zotui.tui.widgets.roll import Roll


class Canvas(ScrollView, can_focus=True):
    """Entries, the newest at the bottom; it reads nothing and asks nobody.

    Any number of entries may be given. The height of each is guessed from its length until it comes within a
    screen of the view; then it is painted and measured, and the view stays where the reader was. So the cost
    of opening, of a key and of a streamed frame depends on the screen, not on the conversation. Text that
    grows is painted from its open tail on; what is sealed above it is never touched again.

    While the view is at the end it follows the end. Scrolled up, it stays, and ``unseen`` turns true when
    something is added below.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "home", "To the top", show=False),
        Binding("end", "end", "To the end", show=False),
    ]

    unseen: var[bool] = var(False, init=False)
    """Whether something was added below while the view was scrolled up."""

    class OlderWanted(Message, namespace="transcript"):
        """The reader is within a screen of the top, and there are older entries to ``prepend``."""

    @dataclass
    class UnseenChanged(Message, namespace="transcript"):
        """There is something new below, so many entries, or the reader has seen it."""

        unseen: bool
        count: int = 0

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._roll = Roll()
        self._finish = Finish()
        self._older = self._asked = False
        self._following = True
        self._anchor = (0, 0)  # the entry at the top of the view, and the line of it
        self._moving = False
        self._shape = Size(0, 0)
        self._dyed = False
        self._told_news = 0
        self._news = 0  # entries that were added below while the view was scrolled up

    @property
    def entries(self) -> list[Entry]:
        """The entries, oldest first."""
        return list(self._roll.entries)

    def show(self, entries: Iterable[Entry], *, older: bool = False) -> None:
        """Show these entries only, from the end; ``older`` says that there are more before them."""
        self._roll.reset(entries, self._shape.width)
        self._older, self._asked = older, False
        self._following, self._anchor = True, (0, 0)
        self._settle(repaint=True)

    def clear(self) -> None:
        """Show nothing."""
        self.show([])

    def prepend(self, entries: Iterable[Entry], *, older: bool = False) -> None:
        """Put older entries before the first one; the view stays where it is."""
        added = [entry for entry in entries if entry.id not in self._roll.places]
        before = bool(self._roll.entries)
        self._roll.insert(0, added)
        place, line = self._anchor
        if before and added:
            gap = self._roll.gap(len(added)) if place == 0 else 0
            self._anchor = (place + len(added), line + gap)
        self._older, self._asked = older, False
        self._settle(repaint=True)

    def append(self, entry: Entry) -> None:
        """Add an entry at the end; one whose id is there already is replaced."""
        if entry.id in self._roll.places:
            self.replace(entry)
            return
        place = len(self._roll.entries)
        self._roll.insert(place, [entry])
        self._settle()
        self._repaint(place, below=True)
        if not self._following:
            self._news += 1
            self._tell_unseen()

    def replace(self, entry: Entry) -> None:
        """Show a newer state of an entry; cheap where its text only grew. An unknown id is ignored."""
        place = self._roll.places.get(entry.id)
        if place is None or (old := self._roll.entries[place]) == entry:
            return
        height = self._roll.column.height(place)
        start = self._roll.replace(entry)
        self._settle()
        self._repaint(place, start, below=self._roll.column.height(place) != height)
        if len(entry.text) > len(old.text) and not self._following:
            self._tell_unseen()

    def drop(self, id: str) -> None:
        """Take an entry away. An unknown id is ignored."""
        if (place := self._roll.places.get(id)) is None:
            return
        self._roll.remove(place)
        at, line = self._anchor
        self._anchor = (at - (at > place), 0 if at == place else line)
        self._settle(repaint=True)

    def action_end(self) -> None:
        """Go to the end, and follow it."""
        self._following = True
        self._settle()

    def action_home(self) -> None:
        """Go to the first line."""
        self._go(0)

    def action_page(self, pages: int) -> None:
        """Go a screen up or down, but for one line."""
        self._go(self.scroll_offset.y + pages * max(1, self._shape.height - 1))

    @property
    def position(self) -> tuple[str, int] | None:
        """Where the reader is: the entry at the top of the view and the line of it; None at the end, which is followed."""
        if self._following or not self._roll.entries:
            return None
        place, line = self._anchor
        return self._roll.entries[place].id, line

    def restore(self, name: str, line: int) -> bool:
        """Go to where a reader was; False where that entry is not at hand."""
        place = self._roll.places.get(name)
        if place is None:
            return False
        self._stand(place, line)
        return True

    def _tell_unseen(self) -> None:
        """There is something new below."""
        if self.unseen and self._news != self._told_news:
            self.post_message(self.UnseenChanged(True, self._news))
        self._told_news = self._news
        self.unseen = True

    def watch_unseen(self, unseen: bool) -> None:
        """Tell whoever paints the hint."""
        self._news = self._told_news = self._news if unseen else 0
        self.post_message(self.UnseenChanged(unseen, self._news))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Take over where the reader went, unless this widget moved the view itself."""
        super().watch_scroll_y(old_value, new_value)
        if not self._moving and self._roll.entries:
            self._following = round(new_value) >= self.max_scroll_y
            self._anchor = self._roll.column.find(round(new_value))
            self._settle()

    def notify_style_update(self) -> None:
        """The theme may have changed: look before the next line is painted."""
        super().notify_style_update()
        self._dyed = False

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The scrollbar, made when it is first asked for."""
        if self._vertical_scrollbar is None:
            self._vertical_scrollbar = bar = Bar(self.scrollbar_size_vertical)
            bar.display = False
            self.app._start_widget(self, bar)
        return self._vertical_scrollbar

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines of the view as they go to the screen."""
        strips = self._finish.lines(self, map(self.render_line, crop.line_range))
        if crop.column_span == (0, self.region.width):
            return strips
        return [strip.crop(crop.x, crop.right) for strip in strips]

    def render_line(self, y: int) -> Strip:
        """A line of the view."""
        self._dye()
        return self._painted(self.scroll_offset.y + y)

    def _painted(self, row: int) -> Strip:
        """A line of the roll, as it is painted."""
        return self._roll.strip(row, None)

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:
        self._moving = True  # textual fits the scroll offset to the new size: that is not the reader
        try:
            changed = super()._size_updated(size, virtual_size, container_size, layout)
        finally:
            self._moving = False
        shape = self.container_size - (self.scrollbar_size_vertical, self.scrollbar_size_horizontal)
        if shape != self._shape and all(shape):
            if shape.width != self._shape.width:
                self._anchor = self._roll.rewrap(shape.width, self._anchor)
            self._shape = shape
            self._settle()
        return changed

    def _settle(self, repaint: bool = False) -> None:
        """Measure what is in view and a screen around it, then put the view where it belongs."""
        if repaint:
            self.refresh()
        roll, column = self._roll, self._roll.column
        width, height = self._shape
        if not (width and height):
            return
        self._dye()
        place, line = min(self._anchor[0], max(0, len(column) - 1)), self._anchor[1]
        if self._following:
            roll.measure_from(len(column) - 1, 2 * height, -1)
        elif roll.entries:
            line = min(line, max(0, roll.measure(place) - 1))
            roll.measure_from(place, line + 2 * height, 1)
            roll.measure_from(place - 1, height, -1)
        lowest = max(0, column.total - height)
        y = lowest if self._following else min(lowest, column.top(place) + line)
        self._move(y, Size(width, column.total))
        self._following = y == lowest
        self._anchor = column.find(y) if roll.entries else (0, 0)
        if self._following:
            self.unseen = False
        if self._older and not self._asked and y < height:
            self._asked = True
            self.post_message(self.OlderWanted())

    def _move(self, y: int, extent: Size) -> None:
        """Set how long the whole is and where the view is, without a layout of the whole screen."""
        self._moving = True
        try:
            if extent != self.virtual_size:
                self.set_reactive(Widget.virtual_size, extent)
                self._scroll_update(extent)
            self.scroll_target_y = y
            self.scroll_y = y
        finally:
            self._moving = False

    def _dye(self) -> None:
        """Take the colours of the theme, if it may have changed."""
        if not self._dyed:
            self._dyed = True
            self._roll.dye(palette_of(self))
            if (compact := self.app.has_class("-compact")) != self._roll.compact:
                self._roll.compact = compact
                self._anchor = self._roll.rewrap(self._roll.width, self._anchor)

    def _go(self, y: int) -> None:
        """Go to a line, as the reader."""
        self.scroll_target_y = y
        self.scroll_y = y

    def _stand(self, place: int, line: int) -> None:
        """Put a line of an entry at the top of the view, which follows the end no longer."""
        self._following, self._anchor = False, (place, line)
        self._settle(repaint=True)

    def _repaint(self, place: int, start: int = 0, below: bool = False) -> None:
        """Paint the lines of an entry from one of them on again, or also all that is below."""
        top = self._roll.column.top(place) - self.scroll_offset.y
        first = max(0, top + start)
        last = self._shape.height if below else min(self._shape.height, top + self._roll.column.height(place))
        if first < last:
            self.refresh(Region(0, first, self._shape.width, last - first))
