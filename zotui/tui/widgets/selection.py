"""What the mouse selects in a transcript: from a place in an entry to another, wherever they are on the screen."""

from textual.geometry import Offset

from zotui.tui.widgets.roll import Roll

Place = tuple[str, int, int]
"""An entry, the line of it (-1 is the empty one above), and the cell."""


class Selection:
    """Nothing, or the text between where the button went down and where the mouse is."""

    def __init__(self, roll: Roll) -> None:
        self._roll = roll
        self._ends: tuple[Place, Place] | None = None

    def __bool__(self) -> bool:
        return self._ends is not None and self._ends[0] != self._ends[1]

    def begin(self, at: Offset) -> None:
        """Start anew at a cell of a line of the roll."""
        place = self._place(at)
        self._ends = (place, place) if place else None

    def extend(self, at: Offset) -> None:
        """Select up to a cell of a line of the roll."""
        if self._ends is not None and (place := self._place(at)):
            self._ends = (self._ends[0], place)

    def clear(self) -> None:
        """Select nothing."""
        self._ends = None

    @property
    def text(self) -> str:
        """What is selected, as it is seen, without gutter and bars; what was wrapped is one line again."""
        if (ends := self._offsets()) is None:
            return ""
        made = ""
        for row in range(ends[0].y, ends[1].y + 1):
            joint, text = self._roll.copied(row, *self.cells(row))
            made += text if row == ends[0].y else f"\n{text}" if joint is None else f"{joint}{text}"
        return made.strip("\n")

    def cells(self, row: int) -> tuple[int, int]:
        """The cells of a line of the roll that are selected, from one to before another."""
        if (ends := self._offsets()) is None or not ends[0].y <= row <= ends[1].y:
            return 0, 0
        return (ends[0].x if row == ends[0].y else 0), (ends[1].x if row == ends[1].y else self._roll.width)

    def _place(self, at: Offset) -> Place | None:
        if not self._roll.entries:
            return None
        place = self._roll.column.find(at.y)[0]
        last = self._roll.column.total - 1
        line = min(at.y, last) - self._roll.lines(place).start
        return self._roll.entries[place].id, line, self._roll.width if at.y > last else at.x

    def _offsets(self) -> tuple[Offset, Offset] | None:
        """Where it begins and ends now: entries may have been put before it, or have gone."""
        if self._ends is None or not all(name in self._roll.places for name, _, _ in self._ends):
            return None
        tops = [self._roll.lines(self._roll.places[name]).start for name, _, _ in self._ends]
        one, other = (Offset(x, top + line) for top, (_, line, x) in zip(tops, self._ends, strict=True))
        return (one, other) if (one.y, one.x) <= (other.y, other.x) else (other, one)
