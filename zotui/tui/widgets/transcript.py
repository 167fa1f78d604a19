"""The conversation as one painted canvas: only what is looked at is laid out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from zotui.tui.markdown import blocks_of
from zotui.tui.widgets.entry import Entry
from zotui.tui.widgets.look import CLASSES, CSS, palette_of
from zotui.tui.widgets.marking import marked_cells
from zotui.tui.widgets.matches import Matches
from zotui.tui.widgets.roll import Roll

__all__ = ["Entry", "Transcript"]


class Transcript(ScrollView, can_focus=True):
    """A view over entries, the newest at the bottom; it reads nothing and asks nobody.

    Any number of entries may be given. The height of each is guessed from its length until it comes within a
    screen of the view; then it is painted and measured, and the view stays where the reader was. So the cost
    of opening, of a key and of a streamed frame depends on the screen, not on the conversation. Text that
    grows is painted from its open tail on; what is sealed above it is never touched again.

    While the view is at the end it follows the end. Scrolled up, it stays, and ``unseen`` turns true when
    something is added below.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor(-1)", "Previous", show=False),
        Binding("down,j", "cursor(1)", "Next", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "home", "To the top", show=False),
        Binding("end", "end", "To the end", show=False),
        Binding("enter,space", "fold", "Fold", show=False),
        Binding("left,left_square_bracket", "block(-1)", "Block before", show=False),
        Binding("right,right_square_bracket", "block(1)", "Next block", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = CLASSES
    DEFAULT_CSS = CSS

    unseen: var[bool] = var(False, init=False)
    """Whether something was added below while the view was scrolled up."""

    class OlderWanted(Message):
        """The reader is within a screen of the top, and there are older entries to ``prepend``."""

    @dataclass
    class UnseenChanged(Message):
        """There is something new below, or the reader has seen it."""

        unseen: bool
        count: int = 0

    @dataclass
    class Selected(Message):
        """Text was selected with the mouse."""

        text: str

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._roll = Roll()
        self._cursor: str | None = None
        self._older = self._asked = False
        self._following = True
        self._anchor = (0, 0)  # the entry at the top of the view, and the line of it
        self._moving = False
        self._shape = Size(0, 0)
        self._dyed = False
        self._block: int | None = None  # of the entry under the cursor; None: the whole entry
        self._marked: range | None = None  # the lines of that block
        self._matches = Matches()
        self._told_news = 0
        self._news = 0  # entries that were added below while the view was scrolled up
        self._drag: tuple[Offset, Offset] | None = None  # what the mouse selects: lines and cells of the roll

    @property
    def entries(self) -> list[Entry]:
        """The entries, oldest first."""
        return list(self._roll.entries)

    @property
    def current(self) -> Entry | None:
        """The entry under the cursor."""
        return None if self._cursor is None else self._roll.entries[self._roll.places[self._cursor]]

    def show(self, entries: Iterable[Entry], *, older: bool = False) -> None:
        """Show these entries only, from the end; ``older`` says that there are more before them."""
        self._roll.reset(entries, self._shape.width)
        self._cursor, self._older, self._asked = None, older, False
        self._following, self._anchor = True, (0, 0)
        self._forget_block()
        self._drag = None
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
        self._cursor = None if self._cursor == id else self._cursor
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

    def action_cursor(self, step: int) -> None:
        """Move the cursor an entry up or down; one higher than the screen is scrolled through first."""
        if not self._roll.entries:
            return
        view = range(self.scroll_offset.y, self.scroll_offset.y + self._shape.height)
        place = self._roll.places.get(self._cursor or "", -1)
        lines = self._roll.lines(place) if place >= 0 else range(0)
        if not range(max(view.start, lines.start), min(view.stop, lines.stop)):
            place = self._roll.column.find(view.stop - 1 if step < 0 else view.start)[0]
        elif hidden := max(0, lines.stop - view.stop if step > 0 else view.start - lines.start):
            self._go(view.start + step * min(hidden, max(1, len(view) // 2)))
            return
        else:
            place = min(max(0, place + step), len(self._roll.entries) - 1)
        self._point(place)
        lines = self._roll.lines(place)
        if lines.start < view.start or lines.stop > view.stop:
            from_top = lines.start < view.start if len(lines) <= len(view) else step > 0
            self._go(lines.start if from_top else lines.stop - len(view))

    def action_fold(self) -> None:
        """Fold or unfold the entry under the cursor; its title stays where it is."""
        if (entry := self.current) is not None and entry.folds:
            self._roll.toggle(self._roll.places[entry.id])
            self._following = False
            self._settle(repaint=True)

    def action_block(self, step: int) -> None:
        """To the next or the previous block of the entry under the cursor; before the first, the whole entry."""
        if (entry := self.current) is None:
            return
        last = len(blocks_of(entry.text)) - 1 if entry.kind == "assistant" else -1
        before = -1 if self._block is None else self._block
        block = min(max(-1, before + step), last)
        self._mark()
        self._block = None if block < 0 else block
        self._mark_block()
        self._mark()
        if self._marked is not None and not self._is_in_view(self._marked):
            self._go(self._marked.start)

    def _mark_block(self) -> None:
        place = self._roll.places.get(self._cursor or "")
        shown = place is not None and self._block is not None
        self._marked = self._roll.block_lines(place, self._block) if shown else None  # type: ignore[arg-type]

    def _forget_block(self) -> None:
        self._block = self._marked = None

    def _is_in_view(self, lines: range) -> bool:
        top = self.scroll_offset.y
        return top <= lines.start and lines.stop <= top + self._shape.height

    # What is copied

    def copyable(self, what: Literal["block", "code", "message"]) -> str:
        """The text of the block under the cursor (the message where none was chosen), of the code block at or behind it,
        or of the message; where nothing is under the cursor, of the last answer."""
        answers = [entry for entry in self._roll.entries if entry.kind == "assistant"]
        entry = self.current or (answers[-1] if answers else None)
        if entry is None:
            return ""
        blocks = blocks_of(entry.text) if entry.kind == "assistant" else []
        start = self._block or 0
        if what == "code":
            code = [block.text for block in blocks[start:] if block.kind == "code"]
            return code[0] if code else next((block.text for block in reversed(blocks) if block.kind == "code"), "")
        if what == "block" and self._block is not None and start < len(blocks):
            return blocks[start].text
        return entry.detail if entry.kind == "tool" else entry.text

    # Finding and going

    def find(self, words: str) -> int:
        """Mark these words wherever they stand, none for empty ones; how many times that is in the entries at hand."""
        count = self._matches.look(words, self._roll.entries)
        if self._roll.words != self._matches.words:
            self._roll.words = self._matches.words
            self.refresh()
        return count

    @property
    def at_first_match(self) -> bool:
        """Whether no match before the current one is at hand."""
        return self._matches.at <= 0

    def find_next(self, step: int) -> tuple[int, int]:
        """Go to the next match, or the one before, around the ends; which it is, and of how many."""
        found = self._matches.step(step, self._cursor or self._in_view())
        if found is None:
            return 0, 0
        name, number = found
        place = self._roll.places[name]
        if self._roll.is_folded(place):
            self._roll.toggle(place)
        self._following = False
        self._roll.measure_from(max(0, place - 2), 3 * self._shape.height, 1)
        line = self._roll.line_of(place, self._matches.words, number)
        self._point(place)
        self._anchor = (place, max(0, line - self._shape.height // 3))
        self._settle(repaint=True)
        return self._matches.at + 1, len(self._matches.places or ())

    def _in_view(self) -> str | None:
        """The entry at the top of the view."""
        return self._roll.entries[self._anchor[0]].id if self._roll.entries else None

    def _here(self) -> int:
        """Where a step begins: at the cursor while that is in view, else at the end that is followed, or at the top."""
        place = self._roll.places.get(self._cursor or "")
        view = range(self.scroll_offset.y, self.scroll_offset.y + self._shape.height)
        if place is not None and (self._roll.lines(place).start in view or self._roll.lines(place).stop - 1 in view):
            return place
        return len(self._roll.entries) if self._following else self._anchor[0]

    def jump_turn(self, step: int) -> None:
        """Put the previous or the next request of the person at the top of the view."""
        requests = [place for place, entry in enumerate(self._roll.entries) if entry.kind == "user"]
        here = self._here()
        places = [place for place in requests if (place < here if step < 0 else place > here)]
        if not places:
            self.action_home() if step < 0 else self.action_end()
            return
        place = places[-1] if step < 0 else places[0]
        self._following = False
        self._anchor = (place, self._roll.gap(place))
        self._point(place)
        self._settle(repaint=True)

    def show_entry(self, name: str) -> bool:
        """Put an entry in view and under the cursor, by its id or its message's; False where it is not at hand."""
        place = self._roll.places.get(name)
        if place is None:
            place = next((at for at, entry in enumerate(self._roll.entries) if entry.message == name), None)
        if place is None:
            return False
        self._following = False
        self._anchor = (place, 0)
        self._point(place)
        self._settle(repaint=True)
        return True

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
        self._following, self._anchor = False, (place, line)
        self._settle(repaint=True)
        return True

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to select."""
        if event.button == 1 and (offset := event.get_content_offset(self)) is not None:
            at = Offset(offset.x, offset.y + self.scroll_offset.y)
            self._drag = (at, at)
            self.capture_mouse()
            self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Select up to here; beyond the edges the view goes along."""
        if self._drag is None or self.app.mouse_captured is not self:
            return
        if event.y < 0 or event.y >= self._shape.height:
            self._go(self.scroll_offset.y + (-1 if event.y < 0 else 1))
        x, y = min(max(0, event.x), self._shape.width), min(max(0, event.y), self._shape.height - 1)
        self._drag = (self._drag[0], Offset(x, y + self.scroll_offset.y))
        self.refresh()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """What was selected is told; a click without a way selects nothing."""
        self.release_mouse()
        if self._drag is None:
            return
        if self._drag[0] == self._drag[1]:
            self._drag = None
        elif text := self.selected_text:
            self.post_message(self.Selected(text))
        self.refresh()

    @property
    def selected_text(self) -> str:
        """What the mouse selected, as it is seen, without the gutter."""
        if self._drag is None:
            return ""
        start, end = sorted(self._drag, key=lambda at: (at.y, at.x))
        lines = []
        for row in range(start.y, end.y + 1):
            left, right = self._selected_cells(row)
            lines.append(self._roll.strip(row, None).crop(max(left, self._roll.gutter), right).text.rstrip())
        return "\n".join(lines).strip("\n")

    def _selected_cells(self, row: int) -> tuple[int, int]:
        """The cells of a line that the mouse selected."""
        assert self._drag is not None
        start, end = sorted(self._drag, key=lambda at: (at.y, at.x))
        if not start.y <= row <= end.y:
            return 0, 0
        return (start.x if row == start.y else 0), (end.x if row == end.y else self._shape.width)

    def on_click(self, event: events.Click) -> None:
        """Point at what was clicked; a click on a title folds or unfolds."""
        if self._drag is not None or (offset := event.get_content_offset(self)) is None:
            return
        row = self.scroll_offset.y + offset.y
        if row < self._roll.column.total:
            place, line = self._roll.column.find(row)
            self._point(place)
            if line == self._roll.gap(place):
                self.action_fold()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show the cursor, where it was or on the last entry in view; or hide it."""
        super().watch_has_focus(has_focus)
        self._settle()

    def _mark(self) -> None:
        """Paint the entry under the cursor again."""
        if self._cursor is not None:
            self._repaint(self._roll.places[self._cursor])

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

    def render_line(self, y: int) -> Strip:
        """A line of the view."""
        self._dye()
        row = self.scroll_offset.y + y
        strip = self._roll.strip(row, self._cursor if self.has_focus else None, self._marked)
        return strip if self._drag is None else marked_cells(strip, *self._selected_cells(row))

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
                self._drag = None
            self._shape = shape
            self._settle()
        return changed

    def _settle(self, repaint: bool = False) -> None:
        """Measure what is in view and a screen around it, then put the view where it belongs."""
        if repaint:
            self.refresh()
        roll, column = self._roll, self._roll.column
        if self._block is not None:
            self._mark_block()
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
        if self._cursor is None and self.has_focus and roll.entries:
            self._point(column.find(y + height - 1)[0])
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

    def _point(self, place: int) -> None:
        """Put the cursor on an entry."""
        self._mark()
        if self._cursor != self._roll.entries[place].id:
            self._forget_block()
        self._cursor = self._roll.entries[place].id
        self._mark()

    def _repaint(self, place: int, start: int = 0, below: bool = False) -> None:
        """Paint the lines of an entry from one of them on again, or also all that is below."""
        top = self._roll.column.top(place) - self.scroll_offset.y
        first = max(0, top + start)
        last = self._shape.height if below else min(self._shape.height, top + self._roll.column.height(place))
        if first < last:
            self.refresh(Region(0, first, self._shape.width, last - first))
