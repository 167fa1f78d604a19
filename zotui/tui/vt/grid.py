"""The rows of a screen, with a cursor in them, and those that went beyond its top."""

from collections import deque

from zotui.tui.vt.pen import Pen
from zotui.tui.vt.row import Row


class Grid:
    """Rows of cells. The cursor may stand behind the last column: the next character wraps, then.

    ``top`` and ``bottom`` are the first and the last row that scroll. ``history`` has the rows that went beyond the top,
    the oldest first; ``pushed`` counts all that ever did.
    """

    def __init__(self, rows: int, columns: int, kept: int = 0) -> None:
        self.columns = columns
        self.rows = [Row(columns) for _ in range(rows)]
        self.history: deque[Row] = deque(maxlen=kept)
        self.pushed = 0
        self.x = self.y = 0
        self.top, self.bottom = 0, rows - 1

    @property
    def height(self) -> int:
        """How many rows are seen."""
        return len(self.rows)

    @property
    def row(self) -> Row:
        """Where the cursor is."""
        return self.rows[self.y]

    def go(self, x: int, y: int) -> None:
        """Put the cursor onto a cell, or onto the nearest there is."""
        self.x, self.y = max(0, min(x, self.columns - 1)), max(0, min(y, self.height - 1))

    def up(self, count: int, x: int | None = None) -> None:
        """The cursor up, not out of what scrolls, and into a column."""
        self.go(self.x if x is None else x, max(self.y - count, self.top if self.y >= self.top else 0))

    def down(self, count: int, x: int | None = None) -> None:
        """The cursor down, not out of what scrolls, and into a column."""
        self.go(
            self.x if x is None else x, min(self.y + count, self.bottom if self.y <= self.bottom else self.height - 1)
        )

    def feed(self, pen: Pen) -> None:
        """The cursor to the next row, which may have to come."""
        if self.y == self.bottom:
            self.scroll(1, pen)
        elif self.y < self.height - 1:
            self.y += 1

    def feed_back(self, pen: Pen) -> None:
        """The cursor to the row before, which may have to come."""
        if self.y == self.top:
            self.scroll_back(1, pen)
        elif self.y:
            self.y -= 1

    def scroll(self, count: int, pen: Pen) -> None:
        """Rows go away at the top of what scrolls, and new ones come at its bottom."""
        for _ in range(min(count, self.bottom - self.top + 1)):
            gone = self.rows.pop(self.top)
            if self.top == 0:
                self.history.append(gone)
                self.pushed += 1
            self.rows.insert(self.bottom, Row(self.columns, pen))

    def scroll_back(self, count: int, pen: Pen) -> None:
        """The other way round; nothing comes back."""
        for _ in range(min(count, self.bottom - self.top + 1)):
            del self.rows[self.bottom]
            self.rows.insert(self.top, Row(self.columns, pen))

    def insert_rows(self, count: int, pen: Pen) -> None:
        """New rows at the cursor; those at the bottom of what scrolls are lost."""
        if self.top <= self.y <= self.bottom:
            for _ in range(min(count, self.bottom - self.y + 1)):
                del self.rows[self.bottom]
                self.rows.insert(self.y, Row(self.columns, pen))
            self.x = 0

    def delete_rows(self, count: int, pen: Pen) -> None:
        """Take rows away at the cursor; new ones come at the bottom of what scrolls."""
        if self.top <= self.y <= self.bottom:
            for _ in range(min(count, self.bottom - self.y + 1)):
                del self.rows[self.y]
                self.rows.insert(self.bottom, Row(self.columns, pen))
            self.x = 0

    def clear(self, pen: Pen) -> None:
        """Blank all that is seen."""
        for row in self.rows:
            row.erase(0, self.columns, pen)
            row.wraps = False

    def crop(self, height: int, columns: int) -> None:
        """Another size; what does not fit is cut off, at the top where the cursor would be lost."""
        cut = max(0, self.y - height + 1)
        rows = [Row.of(row.chars, row.pens, columns) for row in self.rows[cut : cut + height]]
        self._take(rows, height, columns, self.x, self.y - cut)

    def rewrap(self, height: int, columns: int) -> None:
        """Another size; text that was wrapped is wrapped anew, rows come back from the history or go into it."""
        rows = [*self.history, *self.rows]
        here = len(self.history) + self.y
        last = max(here, *(at for at, row in enumerate(rows) if at >= here and row.used), here)
        rows, x = rows[: last + 1], self.x
        if columns != self.columns:
            rows, x, here = _wrapped(rows, columns, self.x, here)
        above = min(max(0, len(rows) - height), here)
        self.history.clear()
        self.history.extend(rows[:above])
        self._take(rows[above : above + height], height, columns, x, here - above)

    def _take(self, rows: list[Row], height: int, columns: int, x: int, y: int) -> None:
        self.rows = rows + [Row(columns) for _ in range(height - len(rows))]
        self.columns = columns
        self.top, self.bottom = 0, height - 1
        self.x, self.y = min(x, columns), min(y, height - 1)


def _wrapped(rows: list[Row], columns: int, x: int, here: int) -> tuple[list[Row], int, int]:
    """The same text in rows of another width, and where its cursor is then: column and row."""
    made: list[Row] = []
    chars: list[str] = []
    pens: list[Pen] = []
    cursor = -1  # within the text that is wrapped
    to_x = to_y = 0
    for at, row in enumerate(rows):
        if at == here:
            cursor = len(chars) + x
        end = len(row.chars) if row.wraps else row.used
        chars += row.chars[:end]
        pens += row.pens[:end]
        if row.wraps and at < len(rows) - 1:
            continue
        for start, piece in _pieces(chars, pens, columns):
            if cursor >= start:
                to_x, to_y = min(cursor - start, columns), len(made)
            made.append(piece)
        chars, pens, cursor = [], [], -1
    return made, to_x, to_y


def _pieces(chars: list[str], pens: list[Pen], columns: int) -> list[tuple[int, Row]]:
    """A text cut into rows, each with where it begins; at least one."""
    made: list[tuple[int, Row]] = []
    start = 0
    while start < len(chars) or not made:
        end = start + columns
        if columns > 1 and end < len(chars) and chars[end] == "":  # half of a wide character
            end -= 1
        row = Row.of(chars[start:end], pens[start:end], columns)
        row.wraps = end < len(chars)
        made.append((start, row))
        start = end
    return made
