"""The rows that are worth weighing for a query: found by the indexes, within a budget of rows looked at.

The newest rows of every word tell how rare it is. The rarest words are then followed to their ends while the budget lasts; a
word that is too frequent for that is asked for beside the rare ones, and beside others like it.
"""

import math
from collections.abc import Iterable
from itertools import accumulate

import msgspec

from zotui.memory.query import Query, all_of, any_of, with_sign
from zotui.store import Reader

FIRST = 500  # rows that tell how rare a word is
BUDGET = 20_000  # rows that are looked at for one query
BESIDE = 3_000  # rows of rare words, beside which a frequent one is sought
FARTHEST = 100_000  # rows of a word that are gone through for those that hold all the others
ENOUGH = 20  # rows that hold many frequent words
MOST = 150  # candidates
NEAR = 2  # turns before and behind

_WORD = "SELECT rowid FROM memory_fts WHERE memory_fts MATCH ? AND rowid >= ? ORDER BY rowid DESC LIMIT ?"
_SIGN = "SELECT rowid FROM memory_drawn_fts WHERE memory_drawn_fts MATCH ? AND rowid >= ? ORDER BY rowid DESC LIMIT ?"
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


def find(db: Reader, query: Query, size: Corpus, more: Iterable[int] = ()) -> Candidates:
    """The rows with most of what is sought, those in ``more``, and the neighbours of them all."""
    leg = Leg(db, query, size)
    weights = {term: telling(size.rows, leg.frequency[term]) for term in leg.rows}
    found: dict[int, float] = {}
    for term in sorted(weights, key=leg.frequency.__getitem__):
        weight = weights[term]
        for row in dict.fromkeys(leg.rows[term]):
            found[row] = found.get(row, 0.0) + weight
    best = [*sorted(found, key=found.__getitem__, reverse=True)[:MOST], *more]
    near = db.execute(_NEAR, (packed(best),)).fetchall()
    rows = dict.fromkeys([*best, *(row for (row,) in near)])
    holding = {term: rows.keys() & held for term, held in leg.rows.items()}
    return Candidates(list(rows), weights, holding, query.signs)


def packed(seqs: Iterable[int]) -> str:
    """Rows as ``json_each`` takes them."""
    return msgspec.json.encode(list(seqs)).decode()


class Leg:
    """The rows known to hold each term, the newest first, and how many hold it, which is a guess where they are many."""

    def __init__(self, db: Reader, query: Query, size: Corpus) -> None:
        self._db = db
        self._size = size
        self._words = query.words
        self.rows: dict[str, list[int]] = {}
        self.frequency: dict[str, int] = {}
        for stem, word in query.words.items():
            self._begin(stem, _WORD, any_of([word]))
        for sign in query.signs:
            if begun := with_sign(db, sign):
                self._begin(sign, _SIGN, begun)
        known = sorted((stem for stem in query.words if self.rows[stem]), key=self.frequency.__getitem__)
        sums = accumulate(self.frequency[stem] for stem in known)
        rare = [stem for stem, total in zip(known, sums, strict=True) if total <= BUDGET]
        for stem in rare:
            if self.frequency[stem] > len(self.rows[stem]):
                self.rows[stem] = self._rows(_WORD, any_of([query.words[stem]]), BUDGET)
        if len(rare) < len(known) > 1:
            self._beside(rare, known[len(rare) :])

    def _begin(self, term: str, statement: str, asked: str) -> None:
        """The newest rows of a term; what share of the newest they are tells how many there are."""
        rows = self._rows(statement, asked, FIRST)
        share = len(rows) / (self._size.newest - rows[-1] + 1) if len(rows) == FIRST else 0
        self.rows[term] = rows
        self.frequency[term] = max(len(rows), min(self._size.rows, round(share * self._size.rows)))

    def _beside(self, rare: list[str], frequent: list[str]) -> None:
        """Beside the newest rows of frequent words, those that hold one of the rarest words too, and those that hold many."""
        words = self._words
        sums = accumulate(self.frequency[stem] for stem in rare)
        few = [stem for stem, total in zip(rare, sums, strict=True) if total <= BESIDE]
        if few:
            for stem in frequent:
                both = f'"{words[stem]}" AND ({any_of(words[one] for one in few)})'
                self.rows[stem] = self._rows(_WORD, both, BESIDE) + self.rows[stem]
        found = 0
        sought = [*rare[len(few) :], *frequent]
        while len(sought) > 1 and found < ENOUGH:  # all of them, all but the rarest, and so on
            together = self._rows(_WORD, all_of(words[stem] for stem in sought), MOST, sought[0])
            for stem in sought:
                self.rows[stem] = together + self.rows[stem]
            found += len(together)
            sought = sought[1:]

    def _rows(self, statement: str, asked: str, limit: int, rarest: str = "") -> list[int]:
        """The newest rows that fit; among the newest only, where even the rarest word is in more than can be looked at."""
        many, newest = self.frequency.get(rarest, 0), self._size.newest
        oldest = newest - newest * FARTHEST // many if many > FARTHEST else 0
        return [row for (row,) in self._db.execute(statement, (asked, oldest, limit)).fetchall()]
