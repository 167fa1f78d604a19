"""The rows that are worth weighing for a query: found by the indexes, within a budget of rows looked at.

The newest rows of every word tell how rare it is. The rarest words are then followed to their ends while the budget lasts; a
word that is too frequent for that is asked for beside the rare ones, and beside others like it.
"""

import math
from collections.abc import Iterable, Mapping
from itertools import accumulate

import msgspec

from zotui.memory.query import Query, all_of, any_of, quoted, with_sign
from zotui.store import Reader

FIRST = 500  # rows that tell how rare a word is
BUDGET = 20_000  # rows that are looked at for one query
BESIDE = 3_000  # rows of rare words, beside which a frequent one is sought
FARTHEST = 100_000  # rows of a word that are gone through for those that hold all the others
TOGETHER = 8  # frequent terms that are sought beside others
ENOUGH = 20  # such rows
MOST = 150  # candidates
NEAR = 2  # turns before and behind

_NEAR = f"""
SELECT n.seq FROM json_each(?) c JOIN memory m ON m.seq = c.value
JOIN memory n ON n.session = m.session AND n.turn BETWEEN m.turn - {NEAR} AND m.turn + {NEAR}
"""


class Corpus(msgspec.Struct, frozen=True):
    """How much there is: rows, and terms of one on average; the newest row."""

    rows: int
    average: float
    newest: int


class Candidates(msgspec.Struct, frozen=True):
    """Rows by their ``seq``, with their neighbours; how much each term sought tells, and rows that are known to hold it."""

    rows: list[int]
    telling: dict[str, float]
    holding: dict[str, set[int]]
    signs: list[str]


def corpus(db: Reader) -> Corpus:
    """What the index keeps of its own size: the record of its averages, numbers of seven bits a byte."""
    record = bytes(db.execute("SELECT block FROM memory_fts_data WHERE id = 1").get or b"")
    numbers = [0]
    for byte in record:
        numbers[-1] = numbers[-1] << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(0)
    rows, *terms = numbers[:-1] or [0]
    return Corpus(rows, sum(terms) / max(1, rows), int(db.execute("SELECT max(seq) FROM memory").get or 0))


def telling(rows: int, held: int) -> float:
    """How much a word tells that so many of the rows hold: its inverse document frequency, as FTS5 has it."""
    return max(1e-6, math.log((rows - held + 0.5) / (held + 0.5)))


def find(db: Reader, query: Query, size: Corpus, most: int = MOST, more: Iterable[int] = ()) -> Candidates:
    """At most ``most`` rows with most of what is sought, those in ``more``, and the neighbours of them all."""
    words = Leg(db, size, "memory_fts", {stem: quoted(word) for stem, word in query.words.items()})
    signs = Leg(db, size, "memory_drawn_fts", {sign: begun for sign in query.signs if (begun := with_sign(db, sign))})
    held, frequency = words.rows | signs.rows, words.frequency | signs.frequency
    weights = {term: telling(size.rows, frequency[term]) for term in held}
    found: dict[int, float] = {}
    for term in sorted(weights, key=frequency.__getitem__):
        weight = weights[term]
        for row in dict.fromkeys(held[term]):
            found[row] = found.get(row, 0.0) + weight
    best = [*sorted(found, key=found.__getitem__, reverse=True)[:most], *more]
    near = db.execute(_NEAR, (packed(best),)).fetchall()
    rows = dict.fromkeys([*best, *(row for (row,) in near)])
    return Candidates(list(rows), weights, {term: rows.keys() & of for term, of in held.items()}, query.signs)


def packed(seqs: Iterable[int]) -> str:
    """Rows as ``json_each`` takes them."""
    return msgspec.json.encode(list(seqs)).decode()


class Leg:
    """The rows of an index known to hold each term, the newest first, and how many hold it, a guess where they are many.

    ``asked``: the query of the index for each term.
    """

    def __init__(self, db: Reader, size: Corpus, index: str, asked: Mapping[str, str]) -> None:
        self._db = db
        self._size = size
        self._asked = asked
        self._statement = f"SELECT rowid FROM {index} WHERE {index} MATCH ? AND rowid >= ? ORDER BY rowid DESC LIMIT ?"
        self.rows = {term: self._rows(query, FIRST) for term, query in asked.items()}
        self.frequency = {term: self._guess(rows) for term, rows in self.rows.items()}
        known = sorted((term for term, rows in self.rows.items() if rows), key=self.frequency.__getitem__)
        sums = accumulate(self.frequency[term] for term in known)
        rare = [term for term, total in zip(known, sums, strict=True) if total <= BUDGET]
        for term in rare:
            if len(self.rows[term]) == FIRST:
                self.rows[term] = self._rows(asked[term], BUDGET)
                self.frequency[term] = len(self.rows[term])
        if len(rare) < len(known) > 1:
            self._beside(rare, known[len(rare) :])

    def _guess(self, rows: list[int]) -> int:
        """How many rows hold a term whose newest these are: what share of the newest they are tells it."""
        if len(rows) < FIRST:
            return len(rows)
        share = len(rows) / (self._size.newest - rows[-1] + 1)
        return max(len(rows), min(self._size.rows, round(share * self._size.rows)))

    def _beside(self, rare: list[str], frequent: list[str]) -> None:
        """Beside the newest rows of frequent terms, those that hold one of the rarest too, and those that hold many."""
        sums = accumulate(self.frequency[term] for term in rare)
        few = [term for term, total in zip(rare, sums, strict=True) if total <= BESIDE]
        if few:
            any_of_few = any_of(self._asked[term] for term in few)
            for term in frequent[:TOGETHER]:
                self.rows[term] = self._rows(f"{self._asked[term]} AND ({any_of_few})", BESIDE) + self.rows[term]
        sought = [*rare[len(few) :], *frequent][:TOGETHER]
        found = 0
        while len(sought) > 1 and found < ENOUGH:  # all of them, all but the rarest, and so on
            rows = self._rows(all_of(self._asked[term] for term in sought), MOST, self.frequency[sought[0]])
            for term in sought:
                self.rows[term] = rows + self.rows[term]
            found += len(rows)
            sought = sought[1:]

    def _rows(self, query: str, limit: int, cost: int = 0) -> list[int]:
        """The newest rows that fit; among the newest only, where all would ``cost`` looking at more than is allowed."""
        newest = self._size.newest
        oldest = newest - newest * FARTHEST // cost if cost > FARTHEST else 0
        return [row for (row,) in self._db.execute(self._statement, (query, oldest, limit)).fetchall()]
