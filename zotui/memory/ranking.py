"""How well a row fits a query: a sum of named parts. No database here.

The words are weighed by BM25. A row that is a turn of a talk also has a share of what its neighbours and its session have, is
worth more from whom the query names and where it says much, and less where it asks.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

Parts = dict[str, float]
Closeness = Callable[[int], float | None]

TEXT = 1.2, 0.75  # BM25's k1 and b
TURN = 0.9, 0.3  # in a turn a word said twice and a long breath tell less
SHARES = {-2: 0.3, -1: 0.4, 1: 0.3, 2: 0.2}  # of the score of the turn so far away
SESSION = 0.15
SPEAKER = 0.3
LENGTH = 0.08  # times the logarithm
QUESTION = 0.2
CLOSENESS = 0.6


class Row(msgspec.Struct, frozen=True):
    """What of a row is weighed: how often it holds each term that is sought, and how many terms in all."""

    seq: int
    counts: Mapping[str, int]
    length: int
    session: str | None = None
    turn: int | None = None
    speaker: str | None = None
    asks: bool = False

    @property
    def is_turn(self) -> bool:
        """Whether it is a turn of a talk."""
        return self.session is not None and self.turn is not None


class Scales(msgspec.Struct, frozen=True):
    """What rows are weighed by: how much each term tells, how long a row is on average, whom the query names."""

    telling: Mapping[str, float]
    average: float
    named: str | None = None
    closeness: Closeness | None = None


def ranked(rows: Collection[Row], scales: Scales) -> list[tuple[Row, Parts]]:
    """The rows with the parts of their scores, best first; those that nothing speaks for are left out."""
    words = {row.seq: bm25(row, scales) for row in rows}
    best = max(words.values(), default=0.0) or 1.0
    words = {seq: score / best for seq, score in words.items()}
    talks = Talks([row for row in rows if row.is_turn], words)
    weighed = []
    for row in sorted(rows, key=lambda row: -words[row.seq]):  # as only so many vectors are made for a query
        parts = {"words": words[row.seq]}
        if row.is_turn:
            parts |= talks.parts(row, scales)
        close = scales.closeness(row.seq) if scales.closeness else None
        if close is not None:
            parts["closeness"] = CLOSENESS * close
        if parts["words"] or parts.get("neighbours") or parts.get("closeness"):
            weighed.append((row, {name: part for name, part in parts.items() if part}))
    return sorted(weighed, key=lambda one: (-total(one[1]), -one[0].seq))


def total(parts: Parts) -> float:
    """The score."""
    return math.fsum(parts.values())


def bm25(row: Row, scales: Scales) -> float:
    """The score of a row's words."""
    k1, b = TURN if row.is_turn else TEXT
    short = k1 * (1 - b + b * row.length / (scales.average or 1.0))
    return math.fsum(
        scales.telling[term] * count * (k1 + 1) / (count + short)
        for term, count in row.counts.items()
        if count and term in scales.telling
    )


class Talks:
    """What turns have of the turns beside them and of their sessions."""

    def __init__(self, turns: Iterable[Row], words: Mapping[int, float]) -> None:
        self._turns: dict[tuple[str | None, int | None], float] = {}
        self._sessions: dict[str | None, float] = {}
        for turn in turns:
            place = turn.session, turn.turn
            self._turns[place] = max(words[turn.seq], self._turns.get(place, 0.0))
            self._sessions[turn.session] = self._sessions.get(turn.session, 0.0) + words[turn.seq]
        self._best = max(self._sessions.values(), default=0.0) or 1.0

    def parts(self, turn: Row, scales: Scales) -> Parts:
        """The parts of a turn's score beside that of its words."""
        beside = ((share, (turn.session, (turn.turn or 0) + away)) for away, share in SHARES.items())
        return {
            "neighbours": math.fsum(share * self._turns.get(place, 0.0) for share, place in beside),
            "session": SESSION * self._sessions[turn.session] / self._best,
            "speaker": SPEAKER * (scales.named is not None and turn.speaker == scales.named),
            "length": LENGTH * math.log((1 + turn.length) / (1 + scales.average)),
            "question": -QUESTION * turn.asks,
        }
