"""What memories mean, beside the words that they hold: how close each is to a query, by vectors of one model."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from zotui import vectors
from zotui.errors import ZotuiError
from zotui.memory.embedding import READ, Embedder, by_table
from zotui.memory.whole import Whole
from zotui.store import Reader

MADE = 60  # vectors that are made to weigh the candidates of one recall
NEW = 500  # vectors that are made for one recall, for memories that share no word with it: tens of milliseconds
LIKELY = 100  # memories of a whole large file that are looked at more closely
KEPT = 60_000  # vectors that are kept in memory
LEAST = 0.35  # closeness from which a memory counts that shares no word, by the table
PAUSE_S = 60.0  # in which a model that did not answer is not asked again
_BITS = bytes(ord("0") if byte < 128 else ord("1") for byte in range(256))

log = logging.getLogger(__name__)


class Known:
    """Vectors of one model for the memories of one file, as far as they were read or made. A memory that is changed has another
    ``seq``."""

    def __init__(self, model: str) -> None:
        self.model = model
        self._vectors: dict[tuple[int, str], bytes] = {}
        self._codes: dict[tuple[int, str], int] = {}
        self._last = 0

    def load(self, db: Reader) -> None:
        """Read what was kept since the last time."""
        rows = db.execute(
            "SELECT v.n, m.seq, v.memory_id, v.vector FROM memory_vectors v JOIN memory m ON m.id = v.memory_id"
            " WHERE v.model = ? AND v.n > ? ORDER BY v.n",
            (self.model, self._last),
        ).fetchall()
        for n, seq, id_, vector in rows:
            self.put((seq, id_), vector)
            self._last = n

    def put(self, row: tuple[int, str], vector: bytes) -> None:
        """Remember a vector, and its signs as one number: how many differ tells quickly what is far."""
        if len(self._vectors) >= KEPT:
            for old in list(self._vectors)[: KEPT // 2]:
                del self._vectors[old], self._codes[old]
        self._vectors[row] = vector
        self._codes[row] = int(vector.translate(_BITS), 2) if vector else 0

    def __contains__(self, row: tuple[int, str]) -> bool:
        return row in self._vectors

    def get(self, row: tuple[int, str]) -> bytes:
        """The vector of a row; empty where there is none."""
        return self._vectors.get(row, b"")

    def nearest(self, query: bytes, limit: int, least: float) -> list[tuple[int, str]]:
        """The rows that are closest to a query, the closest first."""
        likely = list(self._vectors.items())
        if len(likely) > vectors.FAST_FROM and not vectors.is_fast():
            code = int(query.translate(_BITS), 2)
            far = sorted(self._codes, key=lambda row: (self._codes[row] ^ code).bit_count())
            likely = [(row, self._vectors[row]) for row in far[: max(400, 4 * limit)]]
        found = vectors.nearest(query, ((place, vector) for place, (_, vector) in enumerate(likely)), limit)
        return [likely[place][0] for place, close in found if close >= least]


class Vectors:
    """What the memories of one file mean: by a model that is asked, where there is one and it answers, else by the table."""

    def __init__(self, embedder: Embedder | None = None, problem: str = "") -> None:
        self.embedder = embedder
        self.problem = problem
        """Why the model that should be asked is not; empty where it answers, or none should be."""
        self._silent_until = 0.0
        self._by_table = Known(vectors.MODEL)
        self._by_model = Known(embedder.name) if embedder else None
        self._whole = Whole()

    async def of(self, query: str, *, private: bool = False) -> "Callable[[Reader], Closeness]":
        """What rows mean for a query. ``private``: nothing of it may leave this machine."""
        asked = b""
        if self.embedder is not None and self._by_model is not None and not (private and not self.embedder.here):
            asked = await self._asked(self.embedder, query)
        table = await asyncio.to_thread(by_table, query)
        least = self.embedder.least if self.embedder else LEAST

        def look(db: Reader) -> Closeness:
            whole = self._whole if self._whole.load(db) else None
            if whole is None:
                self._by_table.load(db)
            if self._by_model is not None:
                self._by_model.load(db)
            sides = [Side(self._by_model, asked, least)] if self._by_model is not None and asked else []
            return Closeness(db, [*sides, Side(self._by_table, table, LEAST)], whole)

        return look

    async def _asked(self, embedder: Embedder, query: str) -> bytes:
        """The vector of a query by the model; empty where it does not come in time."""
        now = asyncio.get_running_loop().time()
        if now < self._silent_until:
            return b""
        try:
            async with asyncio.timeout(embedder.patience_s):
                (found,) = await embedder.embed([query])
        except (ZotuiError, TimeoutError) as error:
            self.problem = str(error) or f"{embedder.name} did not answer within {embedder.patience_s:g} s"
            self._silent_until = now + PAUSE_S
            log.warning("meaning goes by the table that comes along: %s", self.problem)
            return b""
        self.problem = ""
        return found


class Side:
    """A query by one model, and what is known by it."""

    def __init__(self, known: Known, query: bytes, least: float) -> None:
        self.known = known
        self.query = query
        self.least = least


class Closeness:
    """How close rows are to one query: by the first model that knows both; by the table, whose vectors are made, where none
    does. ``whole``: the signs of all memories by the table, where they are kept."""

    def __init__(self, db: Reader, sides: Sequence[Side], whole: Whole | None = None) -> None:
        self._db = db
        self._whole = whole
        self._sides = [side for side in sides if side.query]
        self._left = MADE

    def near(self, limit: int) -> Sequence[int]:
        """The memories that mean nearly the same, whatever their words; the closest first."""
        found: dict[int, None] = {}
        for side in self._sides:
            if side.known.model == vectors.MODEL and self._whole is not None:
                found |= dict.fromkeys(self._likely(side, self._whole))
                continue
            if side.known.model == vectors.MODEL:
                self._make_new(side.known)
            close = side.known.nearest(side.query, limit, side.least)
            found |= dict.fromkeys(seq for seq, id_ in close if self._id(seq) == id_)
        self._left = MADE
        return list(found)[:limit]

    def closeness(self, seq: int) -> float | None:
        """How close a row is, from 0 to 1; None where that is not known."""
        id_ = self._id(seq) if self._sides else None
        if id_ is None:
            return None
        for side in self._sides:
            vector = side.known.get((seq, id_)) or self._made(side.known, seq, id_)
            if vector and len(vector) == len(side.query):
                return max(0.0, vectors.closeness(side.query, vector))
        return None

    def _id(self, seq: int) -> str | None:
        found: str | None = self._db.execute("SELECT id FROM memory WHERE seq = ?", (seq,)).get
        return found

    def _made(self, known: Known, seq: int, id_: str) -> bytes:
        """A vector by the table, made now, as long as not too many were; empty where it is known that there is none."""
        if known.model != vectors.MODEL or self._left <= 0 or (seq, id_) in known:
            return b""
        self._left -= 1
        text = self._db.execute(f"SELECT substr(value, 1, {READ}) FROM memory WHERE seq = ?", (seq,)).get
        known.put((seq, id_), by_table(str(text)))
        return known.get((seq, id_))

    def _likely(self, side: Side, whole: Whole) -> list[int]:
        """Of all memories those that are close, the closest first."""
        seqs = dict.fromkeys([*whole.newer(self._db, NEW), *whole.nearest(side.query, LIKELY)])
        self._left = len(seqs)
        close = []
        for seq in seqs:
            id_ = self._id(seq)
            vector = id_ and (side.known.get((seq, id_)) or self._made(side.known, seq, id_))
            if id_ and vector and (closeness := vectors.closeness(side.query, vector)) >= side.least:
                close.append((-closeness, seq))
        return [seq for _, seq in sorted(close)]

    def _make_new(self, known: Known) -> None:
        """Of the memories changed last, make the vectors that lack."""
        rows = self._db.execute("SELECT seq, id FROM memory ORDER BY seq DESC LIMIT ?", (2 * NEW,)).fetchall()
        lack = [row for row in rows if not any(row in side.known for side in self._sides)][:NEW]
        self._left = len(lack)
        for seq, id_ in lack:
            self._made(known, seq, id_)
