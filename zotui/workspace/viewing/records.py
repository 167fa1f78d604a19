"""The rows of a CSV or TSV file of any size."""

import csv
import re
from collections.abc import Iterator
from itertools import islice

from zotui.workspace.viewing.encodings import LOOKED_AT, Encoded
from zotui.workspace.viewing.paged import BLOCK, Paged, ends_in, last_end, lines_of

TOO_LONG = "(a cell of over 131,072 characters)"
DELIMITERS = b",;\t|"


class Records(Paged):
    """A table by its rows, the first of which is number 0, as the ``csv`` module reads them: a quoted cell may hold line
    ends. ``delimiter``: what stands between the cells; empty for what the first line has most of."""

    def __init__(self, text: Encoded, delimiter: str = "") -> None:
        self._text = text
        self.delimiter = delimiter or _delimiter(text.source.read(text.start, LOOKED_AT))
        super().__init__(text.start)

    def marks(self) -> Iterator[tuple[int, int]]:
        """Where no quote is, each line is a row, and lines are counted fast; the others are read."""
        at, count, source = self._text.start, 0, self._text.source
        while block := source.read(at, BLOCK):
            plain = block if (quote := block.find(b'"')) < 0 else block[:quote]
            if plain is block and block.endswith(b"\r"):  # what comes next may belong to it
                plain = block[:-1]
            if end := last_end(plain):
                count, at = count + ends_in(plain[:end]), at + end
            else:
                begin = at
                for _, at in self._rows(begin):
                    count += 1
                    if at - begin >= BLOCK:
                        break
                if at == begin:
                    return
            yield at, count

    def page(self, first: int, most: int) -> list[list[str]]:
        """The rows from a number on, as they stand there: not clean. Blocks. Raises OSError."""
        offset, number = self.near(first)
        found = islice(self._rows(offset), first - number, first - number + most)
        return [[self._text.text(cell.encode("latin-1")) for cell in row] for row, _ in found]

    def _rows(self, offset: int) -> Iterator[tuple[list[str], int]]:
        """The rows from one's beginning on, a character a byte, and the offset behind each."""
        end = offset

        def lines() -> Iterator[str]:
            nonlocal end
            for line, behind in lines_of(self._text.source, offset):
                end = behind
                yield line.decode("latin-1")

        reader = csv.reader(lines(), delimiter=self.delimiter)
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:  # it goes on with the next line
                row = [TOO_LONG]
            yield row, end


def _delimiter(head: bytes) -> str:
    """What stands between the cells of the first line, most often."""
    first = re.split(rb"[\r\n]", re.sub(rb'"[^"]*"', b"", head.lstrip()), maxsplit=1)[0]
    return max(DELIMITERS.decode(), key=lambda sign: first.count(sign.encode()))
