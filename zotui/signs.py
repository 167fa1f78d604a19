"""The signs of vectors, a bit for each of their numbers: by how many of them differ, a million vectors are compared in
milliseconds, and those that are likely to be close can be looked at. It takes NumPy, and as many bytes as there are bits."""

import threading
from typing import Any

from zotui import vectors

BLOCK = 256
"""Vectors whose signs are put at once."""
LIKELY = 2_000
"""Vectors with the fewest differing signs, which are compared further."""


def is_there() -> bool:
    """Whether there is a NumPy that counts bits."""
    return hasattr(vectors.numpy(), "bitwise_count")


def signs_of(vector: bytes) -> bytes:
    """The signs of a vector; zeros for an empty one."""
    numpy = vectors.numpy()
    bits = numpy.frombuffer(vector or bytes(vectors.DIMS), "i1") < 0
    packed: bytes = numpy.packbits(bits).tobytes()
    return packed


class Signs:
    """Those of many vectors, in numbered blocks."""

    def __init__(self) -> None:
        self._numpy = vectors.numpy()
        self._bytes = vectors.DIMS // 8
        self._places: dict[int, int] = {}
        self._blocks = self._numpy.zeros(0, "i8")
        # Eight bytes at a time, those of all vectors one after another.
        self._words = self._numpy.zeros((self._bytes // 8, 0), "u8")
        self._lock = threading.Lock()

    def put(self, block: int, signs: bytes) -> None:
        """Take those of a block, ``BLOCK`` times those of a vector, in place of what it had; none where it is empty."""
        rows = self._numpy.frombuffer(signs or bytes(BLOCK * self._bytes), "u8").reshape(BLOCK, -1)
        with self._lock:
            place = self._places.setdefault(block, len(self._places))
            if place >= len(self._blocks):
                self._grow()
            self._blocks[place] = block
            self._words[:, place * BLOCK : (place + 1) * BLOCK] = rows.T

    def nearest(self, query: bytes, limit: int) -> list[int]:
        """The places of the vectors that are likely to be closest to one, the closest first: a block's number times ``BLOCK``, and
        the place in it."""
        numpy = self._numpy
        with self._lock:
            blocks, words, end = self._blocks, self._words, len(self._places) * BLOCK
        if not end or len(query) != vectors.DIMS:
            return []
        differ = numpy.zeros(end, "u1")
        for column, word in zip(words, numpy.frombuffer(signs_of(query), "u8"), strict=True):
            differ += numpy.bitwise_count(column[:end] ^ word)
        counts = numpy.cumsum(numpy.bincount(differ))
        found = numpy.flatnonzero(differ <= numpy.searchsorted(counts, min(LIKELY, end)))
        found = found[words[:, found].any(0)]
        closest = found[self._order(query, words[:, found])[:limit]]
        return (blocks[closest // BLOCK] * BLOCK + closest % BLOCK).tolist()  # type: ignore[no-any-return]

    def _order(self, query: bytes, words: Any) -> Any:
        """Vectors by their signs, those first in whose direction the numbers of a query go farthest."""
        numpy = self._numpy
        bits = numpy.unpackbits(numpy.ascontiguousarray(words.T).view("u1"), axis=1).astype("f4")
        return numpy.argsort(bits @ numpy.frombuffer(query, "i1").astype("f4"), kind="stable")

    def _grow(self) -> None:
        room = max(64, 2 * len(self._blocks))
        blocks = self._numpy.zeros(room, "i8")
        words = self._numpy.zeros((len(self._words), room * BLOCK), "u8")
        blocks[: len(self._blocks)] = self._blocks
        words[:, : self._words.shape[1]] = self._words
        self._blocks, self._words = blocks, words
