"""The conversation as one painted canvas: only what is looked at is laid out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip

from zotui.tui.markdown import Block, Blocks
from zotui.tui.widgets.canvas import Canvas
from zotui.tui.widgets.entry import Entry
from zotui.tui.widgets.look import CLASSES, CSS
from zotui.tui.widgets.marking import marked_cells
from zotui.tui.widgets.matches import Matches
from zotui.tui.widgets.sections import section_blocks
from zotui.tui.widgets.selection import Selection

__all__ = ["Entry", "Transcript"]


class Transcript(Canvas):
    """A canvas with a cursor on an entry, or on a block of it, with matches of what is searched for, and a selection."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor(-1)", "Previous", show=False),
        Binding("down,j", "cursor(1)", "Next", show=False),
        Binding("enter,space", "fold", "Fold", show=False),
        Binding("left,left_square_bracket", "block(-1)", "Block before", show=False),
        Binding("right,right_square_bracket", "block(1)", "Next block", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = CLASSES
    DEFAULT_CSS = CSS

    @dataclass
    class Selected(Message):
        """Text was selected with the mouse."""

        text: str

    @dataclass
    class Chosen(Message):
        """An entry was chosen that does not fold."""

        entry: Entry

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._cursor: str | None = None
        self._blocks = Blocks()  # of the entry under the cursor
        self._block: int | None = None  # the one of them under the cursor; None: the whole entry
        self._marked: range | None = None  # the lines of that block
        self._matches = Matches()
        self._selection = Selection(self._roll)

    @property
    def current(self) -> Entry | None:
        """The entry under the cursor."""
        return None if self._cursor is None else self._roll.entries[self._roll.places[self._cursor]]

    @property
    def current_block(self) -> Block | None:
        """The block under the cursor: all of the entry, where none was chosen; None where there is no cursor."""
        if (entry := self.current) is None:
            return None
        blocks = self._blocks_of(entry)
        if self._block is not None and self._block < len(blocks):
            return blocks[self._block]
        return Block("message", entry.whole)

    def show(self, entries: Iterable[Entry], *, older: bool = False) -> None:
        """Show these entries only, from the end; ``older`` says that there are more before them."""
        self._cursor = None
        self._forget_block()
        self._selection.clear()
        super().show(entries, older=older)

    def drop(self, id: str) -> None:
        """Take an entry away. An unknown id is ignored."""
        if self._cursor == id:
            self._cursor = None
            self._forget_block()
        super().drop(id)

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
        """Fold or unfold the entry under the cursor; its title stays where it is. What does not fold is chosen."""
        if (entry := self.current) is not None and entry.folds:
            self._roll.toggle(self._roll.places[entry.id])
            self._following = False
            self._settle(repaint=True)
        elif entry is not None:
            self.post_message(self.Chosen(entry))

    def action_block(self, step: int) -> None:
        """To the next or the previous block of the entry under the cursor; before the first, the whole entry."""
        if (entry := self.current) is None:
            return
        before = -1 if self._block is None else self._block
        block = min(max(-1, before + step), len(self._blocks_of(entry)) - 1)
        self._mark()
        self._block = None if block < 0 else block
        self._find_block()
        self._mark()
        if self._marked and not self._is_in_view(self._marked):
            self._go(self._marked.start)

    def _blocks_of(self, entry: Entry) -> list[Block]:
        """The blocks of an entry that are seen: none of what is folded."""
        if self._roll.is_folded(self._roll.places[entry.id]):
            return []
        return section_blocks(entry) if entry.kind == "tool" else self._blocks.of(entry.text)

    def _find_block(self) -> None:
        """Where the block under the cursor is now, if it is still there."""
        block = self.current_block if self._block is not None else None
        if block is None or block.kind == "message":
            self._forget_block()
        else:
            self._marked = self._roll.lines_of(self._roll.places[self._cursor or ""], block.first, block.last)

    def _forget_block(self) -> None:
        self._block = self._marked = None

    def _is_in_view(self, lines: range) -> bool:
        top = self.scroll_offset.y
        return top <= lines.start and lines.stop <= top + self._shape.height

    # What is copied

    def copyable(self, what: Literal["block", "code", "message", "turn"]) -> str:
        """The text of the block under the cursor (the message where none was chosen), of a code block, of the message, or
        of the request and what answers it; where nothing is under the cursor, of the last answer.

        The code block is the first one from the chosen block on, or in view where none was chosen; else the last one.
        """
        answers = [entry for entry in self._roll.entries if entry.kind == "assistant"]
        entry = self.current or (answers[-1] if answers else None)
        if entry is None:
            return ""
        if what == "block" and self.current_block is not None:
            return self.current_block.text
        if what == "code":
            return self._code(entry)
        return self._roll.turn(self._roll.places[entry.id]) if what == "turn" else entry.whole

    def _code(self, entry: Entry) -> str:
        blocks = self._blocks_of(entry)
        code = [at for at, block in enumerate(blocks) if block.kind == "code"]
        place, top = self._roll.places[entry.id], self.scroll_offset.y
        if self._block is not None:
            wanted = [at for at in code if at >= self._block]
        else:
            wanted = [at for at in code if self._roll.lines_of(place, blocks[at].first, blocks[at].last).stop > top]
        return blocks[(wanted or code[-1:])[0]].text if code else ""

    # Finding and going

    def find(self, words: str) -> int:
        """Mark these words wherever they stand, none for empty ones; how many times that is in the entries at hand."""
        count = self._matches.look(words, self._roll.entries)
        if self._roll.words != self._matches.words:
            self._roll.look_for(self._matches.words)
            self.refresh()
        return count

    @property
    def at_first_match(self) -> bool:
        """Whether no match before the current one is at hand."""
        return self._matches.at <= 0

    def find_next(self, step: int) -> tuple[int, int]:
        """Go to the next match, or the one before, around the ends; which it is, and of how many."""
        top = self._roll.entries[self._anchor[0]].id if self._roll.entries else None
        found = self._matches.step(step, self._cursor or top)
        if found is None:
            return 0, 0
        name, number = found
        place = self._roll.places[name]
        if self._roll.is_folded(place):
            self._roll.toggle(place)
        line = self._roll.match(place, number)
        self._point(place)
        self._stand(place, line)
        row = self._roll.column.top(place) + line
        self._go(min(self.scroll_offset.y, row - self._shape.height // 3))
        return self._matches.at + 1, len(self._matches.places or ())

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
        self._point(place)
        self._stand(place, self._roll.gap(place))

    def show_entry(self, name: str) -> bool:
        """Put an entry in view and under the cursor, by its id or its message's; False where it is not at hand."""
        place = self._roll.places.get(name)
        if place is None:
            place = next((at for at, entry in enumerate(self._roll.entries) if entry.message == name), None)
        if place is None:
            return False
        self._point(place)
        self._stand(place, 0)
        return True

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to select."""
        if event.button == 1 and (offset := event.get_content_offset(self)) is not None:
            self._selection.begin(Offset(offset.x, offset.y + self.scroll_offset.y))
            self.capture_mouse()
            self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Select up to here; beyond the edges the view goes along."""
        if self.app.mouse_captured is not self:
            return
        x, y = event.get_content_offset_capture(self)
        if not 0 <= y < self._shape.height:
            self._go(self.scroll_offset.y + (-1 if y < 0 else 1))
        x, y = min(max(0, x), self._shape.width), min(max(0, y), self._shape.height - 1)
        self._selection.extend(Offset(x, y + self.scroll_offset.y))
        self.refresh()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """What was selected is told; a click without a way selects nothing."""
        self.release_mouse()
        if text := self._selection.text if self._selection else "":
            self.post_message(self.Selected(text))

    def on_click(self, event: events.Click) -> None:
        """Point at what was clicked; a click on a title folds or unfolds."""
        if self._selection or (offset := event.get_content_offset(self)) is None:
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

    def _painted(self, row: int) -> Strip:
        strip = self._roll.strip(row, self._cursor if self.has_focus else None, self._marked)
        return marked_cells(strip, *self._selection.cells(row)) if self._selection else strip

    def _settle(self, repaint: bool = False) -> None:
        super()._settle(repaint)
        if self._block is not None:
            self._find_block()
        if self._cursor is None and self.has_focus and self._roll.entries and all(self._shape):
            self._point(self._roll.column.find(self.scroll_offset.y + self._shape.height - 1)[0])

    def _point(self, place: int) -> None:
        """Put the cursor on an entry."""
        self._mark()
        if self._cursor != self._roll.entries[place].id:
            self._forget_block()
        self._cursor = self._roll.entries[place].id
        self._mark()
