"""Texts as short vectors: what means the same lies close together, also where no word is shared.

A table of a vector for each common English word and piece of a word comes with the package
(``data/vectors.notice.txt`` tells what it was made from). The vector of a text is the sum of its words', so order does not
count. It needs no other library, and is read when the first text is embedded.
"""

import heapq
import mmap
import re
import struct
import sys
import unicodedata
import zlib
from array import array
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from itertools import islice
from math import sqrt
from operator import itemgetter, mul
from pathlib import Path
from typing import Any

from zotui.errors import ZotuiError

MODEL = "zotui-static-1"
"""Names the table: vectors of two models cannot be compared, so keep it beside what ``embed`` returned."""
DIMS = 128
"""How many numbers a vector has; it is as many bytes long."""
MOST_WORDS = 512
"""How much of a text is read; it bounds the time that one takes."""
LONGEST_WORD = 40
"""What has more letters is no word."""

TABLE = Path(__file__).parent / "data" / "vectors.bin"
MAGIC = b"zotuivec"
HEADER = struct.Struct("<8sHII")
"""Of the table: magic, dimensions, words, bytes of the compressed vocabulary. That follows, one word a line, then the rows."""

_WORD = re.compile(r"[^\W_]+")
_BLOCK = 4096
_FEW = 256  # vectors that are compared one by one as quickly
FAST_FROM = 2000
"""How many vectors are worth NumPy."""


def embed(text: str) -> bytes:
    """Return the vector of ``text``: ``DIMS`` signed bytes, the largest ±127; empty if no word is known.

    Raises ``ZotuiError`` where the table did not come with the package, or is damaged.
    """
    vocabulary, table = _table()
    found = pieces(text, vocabulary)
    if found and "numpy" in sys.modules and is_fast():
        return _summed_at_once(found)
    rows = [table[at * DIMS : at * DIMS + DIMS] for at in found]
    sums = list(map(sum, zip(*rows, strict=True)))
    peak = max(map(abs, sums), default=0)
    return array("b", [round(127 * number / peak) for number in sums]).tobytes() if peak else b""


def _summed_at_once(rows: list[int]) -> bytes:
    """The same by NumPy, in a fifth of the time."""
    np = numpy()
    sums = _matrix()[rows].sum(0, dtype="i4")
    peak = int(np.abs(sums).max())
    found: bytes = np.rint(127 * sums / peak).astype("i1").tobytes() if peak else b""
    return found


def closeness(a: bytes, b: bytes) -> float:
    """Return the cosine of two vectors, -1 to 1; 0 if one is empty or they are not of one length."""
    if len(a) != len(b):
        return 0.0
    if "numpy" not in sys.modules or not is_fast():
        return next(_one_by_one(a, [(0, b)]))[1]
    one, other = (numpy().frombuffer(vector, "i1").astype("f8") for vector in (a, b))
    length = float((one @ one) * (other @ other))
    return float(one @ other) / sqrt(length) if length else 0.0


def nearest(query: bytes, rows: Iterable[tuple[int, bytes]], k: int) -> list[tuple[int, float]]:
    """Return the ``k`` of ``rows`` (id and vector) closest to ``query`` as id and closeness, the closest first.

    Vectors of another length are left out. The rows are read in blocks, and none is kept; NumPy is used if there is
    one and the rows are many.
    """
    return heapq.nlargest(k, _compared(query, rows), key=itemgetter(1))


def pieces(text: str, vocabulary: dict[str, int]) -> list[int]:
    """Return the rows of ``text``'s words: each whole if it is in the vocabulary, else its longest pieces.

    Case and accents do not count. A piece that is not at the start of its word is written "##piece".
    """
    text = text.lower()
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    found: list[int] = []
    for match in islice(_WORD.finditer(text), MOST_WORDS):
        word = match[0]
        whole = vocabulary.get(word)
        if whole is not None:
            found.append(whole)
        elif len(word) <= LONGEST_WORD:
            found += _parts(word, vocabulary)
    return found


def _parts(word: str, vocabulary: dict[str, int]) -> list[int]:
    """The rows of the longest pieces that make up ``word``; none if they do not."""
    parts, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        for end in range(len(word), start, -1):
            part = vocabulary.get(mark + word[start:end])
            if part is not None:
                parts.append(part)
                start = end
                break
        else:
            return []
    return parts


def _compared(query: bytes, rows: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, float]]:
    """Each row's id and closeness, of those that can be compared."""
    like = (row for row in rows if len(row[1]) == len(query) > 0)
    while block := list(islice(like, _BLOCK)):
        loaded = "numpy" in sys.modules  # else it must be worth its import
        fast = len(block) >= (_FEW if loaded else FAST_FROM) and is_fast()
        yield from _at_once(query, block) if fast else _one_by_one(query, block)


def _one_by_one(query: bytes, rows: list[tuple[int, bytes]]) -> Iterator[tuple[int, float]]:
    """The cosines without any library."""
    one = memoryview(query).cast("b")
    squared = sum(map(mul, one, one))
    for id_, vector in rows:
        other = memoryview(vector).cast("b")
        length = squared * sum(map(mul, other, other))
        yield id_, sum(map(mul, one, other)) / sqrt(length) if length else 0.0


def _at_once(query: bytes, rows: list[tuple[int, bytes]]) -> Iterator[tuple[int, float]]:
    """The cosines by NumPy."""
    np = numpy()
    others = np.frombuffer(b"".join(map(itemgetter(1), rows)), "i1").reshape(len(rows), -1).astype("f4")
    one = np.frombuffer(query, "i1").astype("f4")
    lengths = np.sqrt(np.einsum("ij,ij->i", others, others) * (one @ one))
    close = (others @ one) / np.maximum(lengths, 1)
    return zip(map(itemgetter(0), rows), close.tolist(), strict=True)


def is_fast() -> bool:
    """Whether many vectors are compared at once."""
    return numpy() is not None


@cache
def numpy() -> Any:
    """NumPy, or None where it is not installed."""
    try:
        return import_module("numpy")
    except ImportError:
        return None


@cache
def _matrix() -> Any:
    """The rows of the table, as NumPy has them."""
    return numpy().frombuffer(_table()[1], "i1").reshape(-1, DIMS)


@cache
def _table() -> tuple[dict[str, int], memoryview]:
    """Each word's row, and the rows one after another: mapped, so that only what is used of them takes memory."""
    try:
        with TABLE.open("rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        magic, dims, count, packed = HEADER.unpack_from(data)
        start = HEADER.size + packed
        if (magic, dims, len(data) - start) != (MAGIC, DIMS, count * DIMS):
            raise ValueError("not the table of this version")
        words = zlib.decompress(data[HEADER.size : start]).decode().split("\n")
        return dict(zip(words, range(count), strict=True)), data[start:].cast("b")
    except (OSError, ValueError, struct.error, zlib.error) as error:
        raise ZotuiError(f"the table of words {TABLE} cannot be read: {error}", "install zotui again") from None
