"""The lines of a text file of any size."""

from collections.abc import Iterator
from itertools import islice

from zotui.workspace.viewing.encodings import Encoded
from zotui.workspace.viewing.paged import Paged, blocks, ends_in, last_end, lines_of

SHOWN = 4_000
"""Characters of a line that are given; of a longer one the last is "…"."""


class Lines(Paged):
    """A text by its lines, as ``bytes.splitlines`` divides it."""

    def __init__(self, text: Encoded) -> None:
        self._text = text
        super().__init__(text.start)

    def marks(self) -> Iterator[tuple[int, int]]:
        """After each block the beginning of the line that is open there."""
        count, begin = 0, self._text.start
        for block, at in blocks(self._text.source, begin):
            if end := last_end(block):
                count, begin = count + ends_in(block), at + end
                yield begin, count
        if begin < self._text.source.size and self._text.source.read(begin, 1):
            yield self._text.source.size, count + 1

    def page(self, first: int, most: int) -> list[str]:
        """The lines from a number on, without their ends, as they stand there: not clean. Blocks. Raises OSError."""
        offset, number = self.near(first)
        found = islice(lines_of(self._text.source, offset), first - number, first - number + most)
        return [self._shown(line) for line, _ in found]

    def _shown(self, line: bytes) -> str:
        bare = line[:-2] if line.endswith(b"\r\n") else line[:-1] if line.endswith((b"\n", b"\r")) else line
        text = self._text.text(bare[: 4 * SHOWN + 4])
        return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
