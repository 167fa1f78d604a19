"""Rows read from a source a page at a time, as one reading of it saw them; only a few pages are kept."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

PAGE = 100
KEPT = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: clean text, an aside for its right end, a glyph for its left.

    ``style`` is "", "dim", "warn" or "error"; it is colour only, so that what matters needs a mark or a word.
    ``indent``: cells that the text stands in.
    """

    id: str
    text: str
    aside: str = ""
    mark: str = ""
    style: str = ""
    indent: int = 0


class Source(Protocol):
    """Where rows come from. Slow work belongs in a thread; a list asks for one thing at a time."""

    async def count(self) -> int:
        """Return how many rows there are."""
        ...

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        ...


@runtime_checkable
class Placing(Protocol):
    """A source that can tell where a row is, wherever that is."""

    async def place_of(self, id: str) -> int | None:
        """Return the number of a row, as it is now; None where that is not known."""
        ...


class Pages:
    """The pages of a source that were wanted last."""

    def __init__(self, source: Source, count: int) -> None:
        self.source = source
        self.count = count
        self.marked = False  # whether any row seen has a mark
        self._pages: OrderedDict[int, list[Row]] = OrderedDict()

    def missing(self, places: Iterable[int]) -> int | None:
        """Return the first page still to be read of those that hold the places; the others stay longest."""
        first = None
        for page in dict.fromkeys(place // PAGE for place in places if 0 <= place < self.count):
            if page in self._pages:
                self._pages.move_to_end(page)
            elif first is None:
                first = page
        return first

    async def fetch(self, page: int) -> None:
        """Read a page; the one wanted longest ago may go for it."""
        rows = await self.source.page(page * PAGE, PAGE)
        self.marked = self.marked or any(row.mark for row in rows)
        self._pages[page] = rows
        if len(self._pages) > KEPT:
            self._pages.popitem(last=False)

    async def fetch_all(self, places: Iterable[int]) -> None:
        """Read what is missing of the pages that hold the places."""
        places = list(places)
        while (page := self.missing(places)) is not None:
            await self.fetch(page)

    async def find(self, id: str, near: int) -> int | None:
        """Return where a row is, read anew where that was not read; it may have moved away from ``near``."""
        if not id or (place := self.place(id)) is not None:
            return place if id else None
        if isinstance(self.source, Placing) and (at := await self.source.place_of(id)) is not None:
            await self.fetch_all((at,))
        else:
            await self.fetch_all((near - PAGE, near + PAGE))
        return self.place(id)

    def row(self, place: int) -> Row | None:
        """Return the row at a place, if it was read."""
        page, index = divmod(place, PAGE)
        rows = self._pages.get(page, [])
        return rows[index] if index < len(rows) else None

    def put(self, row: Row) -> int | None:
        """Put a row in the place of the one that was read with its id; where that is."""
        if (place := self.place(row.id)) is not None:
            self._pages[place // PAGE][place % PAGE] = row
        return place

    def place(self, id: str) -> int | None:
        """Return where a row is, if it was read."""
        for page, rows in self._pages.items():
            for index, row in enumerate(rows):
                if row.id == id:
                    return page * PAGE + index
        return None
