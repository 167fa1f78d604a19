"""Rows of a file by their numbers: an index of where some of them begin, made step by step while the first are shown."""

import time
from array import array
from bisect import bisect_right
from collections.abc import Iterator

from zotui.workspace.viewing.source import Source

BLOCK = 1 << 17
"""Bytes that are read at once, and about as far apart as the marks of an index."""
LONGEST = 1 << 20
"""Bytes of one line that are kept; what a longer one has beyond that is passed over."""


class Paged:
    """Rows by numbers. A subclass says where rows begin, a mark about every ``BLOCK`` bytes."""

    def __init__(self, start: int) -> None:
        self._offsets, self._numbers = array("Q", [start]), array("Q", [0])
        self._found = self.marks()
        self.count = 0
        """The rows found so far: all of them once it ``is_whole``."""
        self.is_whole = False

    def marks(self) -> Iterator[tuple[int, int]]:
        """Where a row begins, or the end is, and how many rows are before that; in order. Blocks. Raises OSError."""
        raise NotImplementedError

    def scan(self, patience_s: float) -> bool:
        """Go on with the index for so long; whether all rows are found. Blocks; one thread at a time. Raises OSError."""
        until = time.monotonic() + patience_s
        while not self.is_whole:
            mark = next(self._found, None)
            if mark is None:
                self.is_whole = True
            else:
                self._offsets.append(mark[0])
                self._numbers.append(mark[1])  # the last to grow: what it holds the other holds too
                self.count = mark[1]
            if time.monotonic() > until:
                break
        return self.is_whole

    @property
    def scanned(self) -> int:
        """The bytes that the index covers."""
        return self._offsets[-1]

    def near(self, number: int) -> tuple[int, int]:
        """The last known beginning of a row at or before this one: its offset and its number."""
        at = bisect_right(self._numbers, number) - 1
        return self._offsets[at], self._numbers[at]


def lines_of(source: Source, offset: int = 0) -> Iterator[tuple[bytes, int]]:
    """The lines from one's beginning on, with their ends (``\\n``, ``\\r\\n``, ``\\r``), and the offset behind each. Blocks.
    Raises OSError."""
    held, end = b"", offset
    for block, _ in blocks(source, offset):
        for piece in block.splitlines(keepends=True):
            held, end = (held + piece)[:LONGEST] if held else piece, end + len(piece)
            if piece.endswith((b"\n", b"\r")):
                yield held, end
                held = b""
    if held:
        yield held, end


def blocks(source: Source, offset: int) -> Iterator[tuple[bytes, int]]:
    """What follows an offset, in blocks with their offsets; none ends between ``\\r`` and ``\\n``. Blocks. Raises OSError."""
    while block := source.read(offset, BLOCK):
        if len(block) > 1 and block.endswith(b"\r"):  # what comes next may belong to it
            block = block[:-1]
        yield block, offset
        offset += len(block)


def ends_in(block: bytes) -> int:
    """How many lines end in a block."""
    returns = block.count(b"\r")
    return block.count(b"\n") + (returns - block.count(b"\r\n") if returns else 0)


def last_end(block: bytes) -> int:
    """The offset in a block behind the last line that ends there; 0 where none does."""
    return max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
