"""What memories mean, beside the words that they hold: how close each is to a query, by the table of ``zotui.vectors``."""

from collections.abc import Sequence
from importlib.util import find_spec

from zotui import vectors
from zotui.errors import ZotuiError
from zotui.store import Reader

READ = 2_000  # characters of a memory that are looked at
NEW = 500  # vectors that are made for one recall, for memories that share no word with it: tens of milliseconds
COVERED = 20_000 if find_spec("numpy") else 2_000  # of the memories changed last, those that need share no word
KEPT = 40_000  # vectors that are kept in memory, of 128 bytes each
LEAST = 0.35  # closeness from which a memory counts that shares no word


class Vectors:
    """Vectors of the memories of one file, made when they are first needed. A memory that is changed has another ``seq``."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], bytes] = {}

    def __call__(self, db: Reader, query: str) -> "Closeness":
        """What rows mean for a query."""
        return Closeness(db, self, _embed(query))

    def of(self, db: Reader, rows: Sequence[tuple[int, str]], most: int) -> dict[int, bytes]:
        """The vectors of rows, given as ``seq`` and id; at most so many are made for it."""
        missing = [row for row in rows if row not in self._known][:most]
        if len(self._known) + len(missing) > KEPT:
            self._known = dict(list(self._known.items())[-KEPT // 2 :])
        for seq, id_ in missing:
            text = db.execute(f"SELECT substr(value, 1, {READ}) FROM memory WHERE seq = ?", (seq,)).get
            self._known[seq, id_] = _embed(str(text))
        return {seq: self._known[seq, id_] for seq, id_ in rows if (seq, id_) in self._known}


class Closeness:
    """How close rows are to one query; nothing where no word of it is known."""

    def __init__(self, db: Reader, known: Vectors, query: bytes) -> None:
        self._db = db
        self._known = known
        self._query = query

    def near(self, limit: int) -> Sequence[int]:
        """Of the memories changed last, those that mean nearly the same, whatever their words; the closest first."""
        if not self._query:
            return []
        rows = self._db.execute(f"SELECT seq, id FROM memory ORDER BY seq DESC LIMIT {COVERED}").fetchall()
        found = vectors.nearest(self._query, self._known.of(self._db, rows, NEW).items(), limit)
        return [seq for seq, close in found if close >= LEAST]

    def closeness(self, seq: int) -> float | None:
        """How close a row is, from 0 to 1; None where that is not known."""
        id_ = self._db.execute("SELECT id FROM memory WHERE seq = ?", (seq,)).get if self._query else None
        found = self._known.of(self._db, [(seq, str(id_))], 1).get(seq) if id_ else None
        return max(0.0, vectors.closeness(self._query, found)) if found else None


def _embed(text: str) -> bytes:
    try:
        return vectors.embed(text)
    except ZotuiError:  # the table did not come along: words are all there is
        return b""
