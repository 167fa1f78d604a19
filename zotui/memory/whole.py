"""What all memories of a large file mean, by the table that comes along: the signs of their vectors, kept in blocks in the file
and in memory (16 bytes for each), where NumPy is there."""

import threading
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from zotui import vectors
from zotui.memory.embedding import READ, by_table
from zotui.signs import BLOCK, Signs, is_there, signs_of
from zotui.store import Reader, Transaction

COVERED = 20_000  # of the memories changed last, and of those used last, that need share no word without NumPy
AT_ONCE = 8  # blocks that are made in one go


class Block(msgspec.Struct, frozen=True):
    """A block as it was looked at: the first number that lacks, what the rows from there on say, by number and id, and the
    number behind its last one."""

    number: int
    known: int
    texts: dict[tuple[int, str], str]
    end: int

    def signs(self) -> dict[tuple[int, str], bytes]:
        """The signs of its rows."""
        return {row: signs_of(by_table(text)) for row, text in self.texts.items()}


class Whole:
    """The signs of all memories of one file, as far as they were read."""

    def __init__(self) -> None:
        self._signs: Signs | None = None
        self._last = 0
        self._end = 0
        self._lock = threading.Lock()

    def load(self, db: Reader) -> bool:
        """Read what is new; whether there is anything at all."""
        if db.execute("SELECT 1 FROM memory_signs LIMIT 1").get is None or not is_there():
            return False
        with self._lock:
            rows = db.execute(
                "SELECT n, block, known, signs FROM memory_signs WHERE n > ? AND model = ? ORDER BY n",
                (self._last, vectors.MODEL),
            ).fetchall()
            self._signs = self._signs or Signs()
            for n, block, known, signs in rows:
                self._signs.put(block, signs)
                self._last, self._end = n, max(self._end, known)
        return self._last > 0

    def nearest(self, query: bytes, limit: int) -> list[int]:
        """The ``seq`` of those that are likely to be closest to a query, some of which may be gone by now."""
        return self._signs.nearest(query, limit) if self._signs else []

    def newer(self, db: Reader, most: int) -> list[int]:
        """The ``seq`` of those that are too new to be known, the newest first."""
        rows = db.execute("SELECT seq FROM memory WHERE seq >= ? ORDER BY seq DESC LIMIT ?", (self._end, most))
        return [seq for (seq,) in rows.fetchall()]


def is_wanted(db: Reader) -> bool:
    """Whether there are more memories than are covered without, and a NumPy for it."""
    return int(db.execute("SELECT max(seq) FROM memory").get or 0) > COVERED and is_there()


def lacking(db: Reader) -> list[Block]:
    """Some of the blocks in which signs lack, the newest first."""
    last = int(db.execute("SELECT max(seq) FROM memory").get or 0)
    known = dict(db.execute("SELECT block, known FROM memory_signs WHERE model = ?", (vectors.MODEL,)).fetchall())
    return [_block(db, number, first, end) for number, first, end in islice(_gaps(last, known), AT_ONCE)]


def _gaps(last: int, known: dict[int, int]) -> Iterator[tuple[int, int, int]]:
    """The blocks that lack something up to the last number: their number, from where on, and where they end."""
    for number in range(last // BLOCK, -1, -1):
        first = max(known.get(number, 0), number * BLOCK)
        end = min((number + 1) * BLOCK, last + 1)
        if first < end:
            yield number, first, end


def _block(db: Reader, number: int, first: int, end: int) -> Block:
    rows = db.execute(
        f"SELECT seq, id, substr(value, 1, {READ}) FROM memory WHERE seq >= ? AND seq < ?", (first, end)
    ).fetchall()
    return Block(number, first, {(seq, id_): text for seq, id_, text in rows}, end)


def put(db: Transaction, block: Block, signs: dict[tuple[int, str], bytes]) -> None:
    """Write what was made for a block: of the memories that are still what they were."""
    start = block.number * BLOCK
    row = "SELECT known, signs FROM memory_signs WHERE block = ? AND model = ?"
    known, old = (db.execute(row, (block.number, vectors.MODEL)).fetchall() or [(start, b"")])[0]
    if max(known, start) != block.known:
        return  # others were at it meanwhile: it lacks something still
    there = db.execute("SELECT seq, id FROM memory WHERE seq >= ? AND seq < ?", (block.known, block.end)).fetchall()
    end = min((seq for seq, id_ in there if (seq, id_) not in signs), default=block.end)
    width = vectors.DIMS // 8
    made = [signs.get(one, b"") for one in _every(there, block.known, end)]
    kept = old[: (block.known - start) * width].ljust((block.known - start) * width, b"\0")
    whole = (kept + b"".join(one.ljust(width, b"\0") for one in made)).ljust(BLOCK * width, b"\0")
    db.execute(
        "INSERT OR REPLACE INTO memory_signs(block, model, known, n, signs)"
        " VALUES (?, ?, ?, (SELECT coalesce(max(n), 0) + 1 FROM memory_signs), ?)",
        (block.number, vectors.MODEL, end, whole if any(whole) else b""),
    )


def _every(there: Sequence[tuple[int, str]], first: int, end: int) -> list[tuple[int, str]]:
    """All places from one to another, with the ids of those that are taken."""
    ids = dict(there)
    return [(seq, ids.get(seq, "")) for seq in range(first, end)]
