"""Memories as rows: those that a search finds, page by page, and those that are recalled, best first."""

from __future__ import annotations

import time
from collections.abc import Container
from typing import TYPE_CHECKING, Protocol

from zotui.memory.asking import asked, fits
from zotui.text import ago, one_line
from zotui.tui.widgets.rows import Row

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.memory import Memory

KNOWN = 2_000  # memories that stay known for the full text
FOUND = 10_000  # rows of a search that are counted; more when one goes on to its end
RECALLED = 50
WEIGHED = 200  # of which those are shown that are what the facets say
BAR = 8  # cells


class Shown(Protocol):
    """What shows the rows: it knows which are marked, and is told what was read."""

    marked: dict[str, None]

    def counted(self, source: MemoryRows, count: int) -> None:
        """So many there are."""
        ...

    def arrived(self, source: MemoryRows) -> None:
        """Some were read, maybe anew."""
        ...


class MemoryRows:
    """The memories of a search, which has facets too; all of them by their places, however many there are."""

    def __init__(self, computer: Computer, search: str, shown: Shown) -> None:
        self._computer = computer
        self._shown = shown
        self._numbers: list[int] | None = None  # of those that are found, where not all are meant
        self._most = FOUND
        self.search = search
        self.known: dict[str, Memory] = {}
        self.total = 0

    @property
    def has_more(self) -> bool:
        """Whether more may be found than are listed."""
        return self._numbers is not None and len(self._numbers) >= self._most

    def find_more(self) -> None:
        """List more from the next reading on."""
        self._most *= 4

    async def count(self) -> int:
        """Look them up, and return how many there are."""
        memories = self._computer.memory
        self.total = await memories.count()
        narrows = asked(self.search).narrows
        self._numbers = await memories.numbers(self.search, self._most) if narrows else None
        return self._said(self.total if self._numbers is None else len(self._numbers))

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        memories = self._computer.memory
        if self._numbers is None:
            found = await memories.list(limit=limit, offset=offset)
        else:
            found = await memories.numbered(self._numbers[offset : offset + limit])
        return self._rows(found)

    async def place_of(self, id: str) -> int | None:
        """Return the number of a memory where all are listed."""
        return await self._computer.memory.place(id) if self._numbers is None else None

    async def ids(self, most: int) -> list[str]:
        """The ids of all that are found, ``most`` at most."""
        return await self._computer.memory.ids(self.search, most)

    def _said(self, count: int) -> int:
        self._shown.counted(self, count)
        return count

    def said(self, count: int) -> str:
        """How many there are, in words."""
        if self._numbers is None:
            return f"{count:,}"
        return f"{count:,}{'+' if self.has_more else ''} of {self.total:,}"

    def _rows(self, found: list[Memory]) -> list[Row]:
        self.known = {**dict(list(self.known.items())[-KNOWN:]), **{memory.id: memory for memory in found}}
        self._shown.arrived(self)
        now = time.time_ns() // 1_000_000
        return [
            Row(memory.id, line(memory), self._aside(memory, now), mark(memory, self._shown.marked), "")
            for memory in found
        ]

    def _aside(self, memory: Memory, now: int) -> str:
        tags = [f"#{one_line(tag, 20)}" for tag in memory.tags[:2]]
        return " ".join([*tags, *(["pinned"] if memory.pinned_at else []), ago(memory.updated_at, now)])


class RecalledRows(MemoryRows):
    """What the agent would find, best first, with how well it fits."""

    def __init__(self, computer: Computer, search: str, shown: Shown) -> None:
        super().__init__(computer, search, shown)
        self._found: list[Memory] = []

    async def place_of(self, id: str) -> int | None:
        return None

    async def count(self) -> int:
        self.total = await self._computer.memory.count()
        one = asked(self.search)
        found = await self._computer.memory.recall(one.words, WEIGHED) if one.words else []
        self._found = [memory for memory in found if fits(memory, one)][:RECALLED]
        return self._said(len(self._found))

    async def ids(self, most: int) -> list[str]:
        return [memory.id for memory in self._found]

    async def page(self, offset: int, limit: int) -> list[Row]:
        return self._rows(self._found[offset : offset + limit])

    def said(self, count: int) -> str:
        return f"{count} best of {self.total:,}"

    def _aside(self, memory: Memory, now: int) -> str:
        best = max((one.score for one in self._found), default=1.0) or 1.0
        return f"{bar(memory.score / best, BAR)} {memory.score:6.2f}"


def line(memory: Memory) -> str:
    """A memory in one line."""
    return one_line(f"{memory.key}: {memory.content}" if memory.key else memory.content, 400)


def mark(memory: Memory, marked: Container[str]) -> str:
    """The glyph at the left: ■ marked, ◆ pinned, ! of untrusted words, ✦ kept by the agent."""
    if memory.id in marked:
        return "■"
    if memory.pinned_at:
        return "◆"
    if memory.tainted:
        return "!"
    return "✦" if memory.meta.get("source") == "agent" else ""


def bar(share: float, width: int) -> str:
    """A bar of a share of its width, 0 to 1."""
    cells = round(max(0.0, min(share, 1.0)) * width)
    return "▇" * cells + "·" * (width - cells)
