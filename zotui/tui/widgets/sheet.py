"""One entry of a transcript, painted at one width."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.strip import Strip

from zotui.tui.markdown import Code, Line, Palette, Piece, Pieces, height, joint_of, margin, paint
from zotui.tui.widgets.entry import Entry
from zotui.tui.widgets.face import CARET, body, foot, head

MEASURE = 112
"""Cells of text in a line at most: longer lines are hard to read."""
INDENT = 2
"""Cells that what is unfolded stands in from its title."""
_SHORT = {"you": "›", "zo": "•"}


@dataclass(frozen=True, slots=True)
class Frame:
    """What a sheet is painted for: the width of it all, the label in its gutter, and whether it is folded."""

    width: int
    label: str = ""
    folded: bool = False

    @property
    def gutter(self) -> int:
        """Cells left of the text: the cursor's, the label's, and the space between."""
        return 6 if self.width >= 50 else 5 if self.width >= 32 else 3

    @property
    def room(self) -> int:
        """Cells for the text; one is left free on the right where there is enough."""
        return max(4, min(MEASURE, self.width - self.gutter - (self.width >= 32)))


class Mark(NamedTuple):
    """What is known of a line beside its look: the line of the source that it is of (-1: none), what stood between it
    and the line before where the text was wrapped there, and the cell that its text begins in."""

    source: int
    joint: str | None
    left: int


class _Slot(NamedTuple):
    """A line that has its place but is not painted yet: a row of a piece."""

    piece: Piece
    row: int


class Sheet:
    """The lines of an entry. What grows is painted from where it was open, code when it is looked at."""

    def __init__(self, entry: Entry, frame: Frame, palette: Palette) -> None:
        self.frame = frame
        self._palette = palette
        self._indent = INDENT if entry.folds else 0
        self._inner = palette._replace(text=palette.text + palette.muted) if entry.folds else palette
        self._entry = entry
        self._lines: list[Strip | _Slot] = []
        self._marks: list[Mark] = []
        self._pieces: Pieces | None = None
        self._head: list[Line] = []
        self._stable = self._taken = 0
        self._before: dict[int, Strip] = {}
        self._show(entry)

    def __len__(self) -> int:
        return len(self._lines)

    def line(self, row: int) -> Strip:
        """A line, as wide as the frame; its first cell is the cursor's."""
        line = self._lines[row]
        if not isinstance(line, Strip):
            start = row - line.row
            lines = self._painted(line.piece)
            strips = [
                self._as_before(at, made) for at, made in enumerate(self._strips(lines, start, self._indent), start)
            ]
            self._lines[start : start + len(strips)] = strips
            self._marks[start : start + len(strips)] = self._marks_of(line.piece, lines)
            return strips[line.row]
        return line

    def _as_before(self, row: int, made: Strip) -> Strip:
        """A line as it was before its piece grew, if it is the same: what is finished stays so."""
        old = self._before.pop(row, None)
        return old if old is not None and old == made else made

    def mark(self, row: int) -> Mark:
        """What is known of a line."""
        self.line(row)
        return self._marks[row]

    def text(self, row: int, start: int = 0, end: int | None = None) -> str:
        """The text of a line without what stands left of it, within these cells."""
        strip = self.line(row)
        return strip.crop(max(start, self._marks[row].left), end).text.rstrip()

    def rows_of(self, first: int, last: int) -> range:
        """The lines that show the lines of the source from ``first`` to before ``last``."""
        rows = [row for row, mark in enumerate(self._marks) if first <= mark.source < last]
        return range(rows[0], rows[-1] + 1) if rows else range(0)

    def update(self, entry: Entry) -> int:
        """Show the entry as it is now; return the first line that is painted anew."""
        old, self._entry = self._entry, entry
        if self._pieces is None or not entry.text.startswith(old.text) or self._headed() != self._head:
            self._show(entry)
            return 0
        self._pieces.feed(entry.text[len(old.text) :])
        start, before = self._stable, self._lines[self._stable :]
        self._before.clear()
        self._grow(self._pieces)
        same = True
        for row, line in enumerate(before[: len(self._lines) - start], start):
            if isinstance(line, Strip) and isinstance(self._lines[row], _Slot):
                self._before[row] = line  # nobody knows until it is painted
                same = False
            elif line == self._lines[row]:  # what is finished stays so
                self._lines[row] = line
                start += same
            else:
                same = False
        return start

    @property
    def _room(self) -> int:
        return max(4, self.frame.room - self._indent)

    def _show(self, entry: Entry) -> None:
        """Paint everything."""
        self._entry, self._lines, self._marks, self._pieces, self._taken = entry, [], [], None, 0
        self._head = self._headed()
        self._add(self._head)
        self._stable = len(self._lines)
        if self.frame.folded:
            return
        if entry.is_markdown:
            self._pieces = Pieces(entry.text)
            self._grow(self._pieces)
        else:
            for source, lines in body(entry, self._room, self._palette):
                self._add(lines, self._indent, source)
            self._add(foot(entry, self.frame.room, self._palette))

    def _headed(self) -> list[Line]:
        return head(self._entry, self.frame.folded, self.frame.room, self._palette)

    def _grow(self, pieces: Pieces) -> None:
        """Paint what was sealed since the last time, and below it what is still open and the foot."""
        del self._lines[self._stable :], self._marks[self._stable :]
        for piece in pieces.sealed[self._taken :]:
            self._place(piece)
        self._stable, self._taken = len(self._lines), len(pieces.sealed)
        tail = [still_open(piece) for piece in pieces.tail()]
        for piece in tail:
            self._place(piece, last=piece is tail[-1])
        self._add(foot(self._entry, self.frame.room, self._palette))

    def _place(self, piece: Piece, last: bool = False) -> None:
        """Add the lines of a piece; those of code, whose number is known without painting, as slots."""
        if (count := height(piece, self._room)) is not None:
            self._lines += (_Slot(piece, row) for row in range(count))
            self._marks += (Mark(-1 if piece.gap and row == 0 else piece.line, None, 0) for row in range(count))
            return
        lines = self._painted(piece)
        if last and self._entry.live and lines and _width(lines[-1]) < self._room:
            lines[-1] = [*lines[-1], Segment(CARET, self._palette.text + self._palette.accent)]
        self._lines += self._strips(lines, len(self._lines), self._indent)
        self._marks += self._marks_of(piece, lines)

    def _marks_of(self, piece: Piece, lines: list[Line]) -> Iterator[Mark]:
        """What is known of the lines of a piece."""
        inset = self.frame.gutter + self._indent
        left, further = (inset + margin(piece, self._room, goes_on) for goes_on in (False, True))
        for row, line in enumerate(lines):
            joint = joint_of(line)
            source = -1 if piece.gap and row == 0 else piece.line
            yield Mark(source, joint, left if joint is None else further)

    def _painted(self, piece: Piece) -> list[Line]:
        return paint(piece, self._room, self._inner)

    def _add(self, lines: list[Line], indent: int = 0, source: int = -1) -> None:
        left = self.frame.gutter + indent
        self._lines += self._strips(lines, len(self._lines), indent)
        self._marks += (Mark(source, joint_of(line), left) for line in lines)

    def _strips(self, lines: list[Line], start: int, indent: int) -> Iterator[Strip]:
        """Lines of text as lines of the frame: the gutter before them, empty cells after them."""
        base, width = self._palette.text, self.frame.width
        blank = [Segment(" " * (self.frame.gutter + indent), base)]
        for row, line in enumerate(lines, start):
            segments = [*(blank if row or not self.frame.label else self._labelled()), *line]
            used = _width(segments)
            if used < width:
                segments.append(Segment(" " * (width - used), base))
            strip = Strip(_joined(segments), max(used, width))
            yield strip if used <= width else strip.adjust_cell_length(width)

    def _labelled(self) -> Line:
        label, size, base = self.frame.label, self.frame.gutter - 1, self._palette.text
        style = base + (self._palette.you if label == "you" else self._palette.zo)
        shown = label if size > 3 else _SHORT.get(label, label)
        return [Segment(" ", base), Segment(set_cell_size(shown, size), style)]


def _joined(line: Line) -> Line:
    """Neighbours of one style as one segment, as each style is dear on the way to the terminal. Only of ASCII: other
    characters may join into one where they meet."""
    joined: Line = []
    for segment in line:
        text, style, _ = segment
        if joined and joined[-1].style == style and text.isascii() and joined[-1].text.isascii():
            joined[-1] = Segment(joined[-1].text + text, style)
        else:
            joined.append(segment)
    return joined


def still_open(piece: Piece) -> Piece:
    """A piece at the end, of which more may come."""
    return replace(piece, leaf=replace(piece.leaf, open=True)) if isinstance(piece.leaf, Code) else piece


def _width(line: Line) -> int:
    return sum(cell_len(text) for text, _, _ in line)
