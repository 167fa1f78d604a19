"""A line of cells."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from zotui.tui.vt.pen import PLAIN, Pen


class Row:
    """Characters and the pens that wrote them. A wide character has an empty cell behind it.

    ``wraps``: the text goes on in the next row, as it did not fit. ``painted`` is for whoever paints it: it is forgotten
    when the row changes.
    """

    __slots__ = ("chars", "painted", "pens", "wraps")

    def __init__(self, columns: int, pen: Pen = PLAIN) -> None:
        self.chars = [" "] * columns
        self.pens = [pen] * columns
        self.wraps = False
        self.painted: Any = None

    @classmethod
    def of(cls, chars: list[str], pens: list[Pen], columns: int) -> Row:
        """A row that begins with these cells, and is cut after so many."""
        row = cls(0)
        blank = columns - len(chars)
        row.chars = chars[:columns] + [" "] * blank
        row.pens = pens[:columns] + [PLAIN] * blank
        if len(chars) > columns and chars[columns] == "":
            row.chars[-1] = " "
        return row

    @property
    def text(self) -> str:
        """What can be read, without blanks at its end."""
        return "".join(self.chars).rstrip()

    @property
    def used(self) -> int:
        """How many cells there are up to the last that is not blank."""
        end = len(self.chars)
        while end and self.chars[end - 1] == " " and self.pens[end - 1] == PLAIN:
            end -= 1
        return end

    def runs(self) -> list[tuple[str, Pen]]:
        """Its text in pieces of one pen each."""
        pairs = groupby(zip(self.pens, self.chars, strict=True), key=lambda pair: pair[0])
        return [("".join(char for _, char in run), pen) for pen, run in pairs]

    def put(self, x: int, chars: Sequence[str], pen: Pen) -> None:
        """Write over the cells from ``x`` on, which must be there."""
        end = x + len(chars)
        self._part(x)
        self._part(end)
        self.chars[x:end] = chars
        self.pens[x:end] = [pen] * len(chars)
        self.painted = None

    def erase(self, start: int, end: int, pen: Pen) -> None:
        """Blank the cells from ``start`` up to ``end``."""
        start, end = max(0, start), min(len(self.chars), end)
        if start < end:
            self.put(start, " " * (end - start), pen)

    def insert(self, x: int, count: int, pen: Pen) -> None:
        """Push what is at ``x`` and behind to the right; what goes beyond the end is lost."""
        columns = len(self.chars)
        count = min(count, columns - x)
        self._part(x)
        self._part(columns - count)
        self.chars[x:] = [" "] * count + self.chars[x : columns - count]
        self.pens[x:] = [pen] * count + self.pens[x : columns - count]
        self.painted = None

    def delete(self, x: int, count: int, pen: Pen) -> None:
        """Take cells away; what is behind them comes nearer."""
        count = min(count, len(self.chars) - x)
        self._part(x)
        self._part(x + count)
        self.chars[x:] = self.chars[x + count :] + [" "] * count
        self.pens[x:] = self.pens[x + count :] + [pen] * count
        self.painted = None

    def join(self, x: int, mark: str) -> None:
        """Put a combining mark onto the character at ``x``, or before it where that is half of one."""
        x -= self.chars[x] == "" and x > 0
        if len(self.chars[x]) < 5:  # nobody needs more marks, and they would need memory
            self.chars[x] += mark
            self.painted = None

    def _part(self, x: int) -> None:
        """Where a wide character lies across a border between cells, it is gone."""
        if 0 < x < len(self.chars) and self.chars[x] == "":
            self.chars[x - 1] = self.chars[x] = " "
