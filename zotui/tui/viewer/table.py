"""Tables: of CSV files, of databases; columns as wide as their first and last rows need."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.strip import Strip

from zotui.errors import StoreError
from zotui.store import foreign
from zotui.text import one_line
from zotui.tui.viewer.content import Content, Look, strip_of
from zotui.workspace.viewing import Records

WIDEST = 40
"""Cells of a column at most."""
SAMPLE = 100
"""Rows at the beginning, and at the end as far as it is known, by which columns are measured."""
ROOM_TO_GROW = 2
"""Cells that a column has more where the end is not known yet: numbers become longer."""
MOST_COLUMNS = 500
UNCOUNTED = 1_000
"""Rows that are shown of a view that cannot be counted in time."""
AT_ONCE_S = 0.05
_NUMBER = re.compile(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?%?")


class Rows(Protocol):
    """Where a table's rows come from; all of it may block."""

    columns: Sequence[str]
    count: int
    is_whole: bool

    @property
    def expected(self) -> int:
        """About how many rows there will be."""
        ...

    def page(self, first: int, most: int) -> Sequence[Sequence[str]]:
        """Some rows as they stand there."""
        ...

    def scan(self, patience_s: float) -> None:
        """Go on counting for so long."""
        ...


class Table(Content):
    """Rows under the names of their columns, with their numbers at the left."""

    def __init__(self, rows: Rows, words: str = "row") -> None:
        self._rows = rows
        self._words = words
        self._columns: list[tuple[int, bool]] = []  # how wide, and whether it holds numbers
        self._look: Look | None = None

    def lay_out(self, look: Look) -> None:
        self._look = look
        self.scan(AT_ONCE_S)
        names = [one_line(name, 200) for name in self._rows.columns][:MOST_COLUMNS]
        ends = (0, max(SAMPLE, self._rows.count - SAMPLE))
        sample = [_cells(row) for first in ends for row in self._rows.page(first, SAMPLE)]
        count = min(MOST_COLUMNS, max([len(names), *map(len, sample)], default=0))
        names += [""] * (count - len(names))
        columns = [[row[at] for row in sample if at < len(row)] for at in range(count)]
        more = 0 if self._rows.is_whole else ROOM_TO_GROW
        self._columns = [_measured(name, cells, more) for name, cells in zip(names, columns, strict=True)]
        self.fixed = len(f"{self._rows.expected:,}") + 2
        self.head = [self._strip("", names, bold=True)]
        self.width = self.head[0].cell_length

    def scan(self, patience_s: float) -> None:
        self._rows.scan(patience_s)
        self.count, self.is_whole = self._rows.count, self._rows.is_whole
        self.words = f"{self.count:,}{'' if self.is_whole else '+'} {self._words}{'s' * (self.count != 1)}"

    def page(self, first: int, most: int) -> list[Strip]:
        rows = self._rows.page(first, most)
        return [self._strip(f"{number:,}", _cells(row)) for number, row in enumerate(rows, first + 1)]

    def _strip(self, number: str, cells: Sequence[str], bold: bool = False) -> Strip:
        assert self._look is not None
        palette = self._look.palette
        base = palette.text + palette.heading if bold else palette.text
        line = [Segment(f"{number:>{self.fixed - 1}} ", palette.text + palette.line)]
        for at, (width, is_number) in enumerate(self._columns):
            cell = cells[at] if at < len(cells) else ""
            if cell_len(cell) > width:
                cell = set_cell_size(cell, width - 1) + "…"
            space = " " * (width - cell_len(cell))
            line += [
                Segment(space + cell if is_number else cell + space, base),
                Segment(" │ ", palette.text + palette.line),
            ]
        return strip_of(line[:-1] if self._columns else line)


def _cells(row: Sequence[str]) -> list[str]:
    return [one_line(cell[:2000], 400) for cell in row[:MOST_COLUMNS]]


def _measured(name: str, cells: Sequence[str], more: int) -> tuple[int, bool]:
    """How wide a column is, with so many cells more, and whether it holds numbers."""
    filled = [cell for cell in cells if cell and cell != "NULL"]
    width = max([1, cell_len(name), *map(cell_len, cells)]) + more
    return min(WIDEST, width), bool(filled) and all(map(_NUMBER.fullmatch, filled))


class OfRecords:
    """The rows of a CSV file below its first one, which names the columns."""

    def __init__(self, records: Records, length: int) -> None:
        self._records, self._length = records, length
        self.columns: Sequence[str] = next(iter(records.page(0, 1)), [])
        self.count, self.is_whole = 0, False

    @property
    def expected(self) -> int:
        return self.count if self.is_whole else 2 * self.count * max(1, self._length // max(1, self._records.scanned))

    def page(self, first: int, most: int) -> Sequence[Sequence[str]]:
        return self._records.page(first + 1, most)

    def scan(self, patience_s: float) -> None:
        self.is_whole = self._records.scan(patience_s)
        self.count = max(0, self._records.count - 1)


class OfDatabase:
    """The rows of a table or view of a database."""

    is_whole = True

    def __init__(self, path: Path, table: str) -> None:
        """Blocks. Raises StoreError."""
        self._path, self._table = path, table
        self.columns: Sequence[str] = next((one.columns_named for one in foreign.tables(path) if one.name == table), [])
        try:
            self.count = foreign.count(path, table)
        except StoreError:  # a view may take for ever to count, and a moment to begin with
            self.count = len(foreign.rows(path, table, 0, UNCOUNTED))
        self.expected = self.count

    def page(self, first: int, most: int) -> Sequence[Sequence[str]]:
        return foreign.rows(self._path, self._table, first, max(0, min(most, self.count - first)))

    def scan(self, patience_s: float) -> None:
        """It is counted."""


class OfTables:
    """The tables of a database themselves."""

    columns: Sequence[str] = ("name", "kind", "columns")
    is_whole = True

    def __init__(self, path: Path) -> None:
        """Blocks. Raises StoreError."""
        self._rows = [
            (one.name, one.kind, ", ".join(filter(None, map(" ".join, one.columns)))) for one in foreign.tables(path)
        ]
        self.count = self.expected = len(self._rows)

    def page(self, first: int, most: int) -> Sequence[Sequence[str]]:
        return self._rows[first : first + most]

    def scan(self, patience_s: float) -> None:
        """All are known."""
