"""How well a row fits a query: a sum of named parts. No database here.

The words are weighed by BM25. A row that is a turn of a talk also has what its neighbours have, what its session has in
all, who says it, and how much it says.
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
CLOSENESS = 0.5


class Row(msgspec.Struct, frozen=True):
    """What of a row is weighed: how often it holds each term that is sought, and how many terms in all."""

    seq: int
    counts: Mapping[str, int]
    length: int
    session: str | None = None
    turn: int | None = None
    speaker: str | None = None
    asks: bool = False


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
    turns: dict[tuple[str | None, int | None], float] = {}
    for row in rows:
        turns[row.session, row.turn] = max(words[row.seq], turns.get((row.session, row.turn), 0.0))
    sessions = _totals((row.session, words[row.seq]) for row in rows if row.session)
    weighed = []
    for row in rows:
        parts = {"words": words[row.seq]}
        if row.session:
            parts |= _in_talk(row, turns, sessions, scales.named)
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
    k1, b = TURN if row.session else TEXT
    short = k1 * (1 - b + b * row.length / (scales.average or 1.0))
    return math.fsum(
        scales.telling[term] * count * (k1 + 1) / (count + short)
        for term, count in row.counts.items()
        if count and term in scales.telling
    )


def _in_talk(
    row: Row, turns: Mapping[tuple[str | None, int | None], float], sessions: Mapping[str, float], named: str | None
) -> Parts:
    session = {"session": SESSION * sessions.get(row.session or "", 0.0)}
    if row.turn is None:
        return session
    near = ((share, turns.get((row.session, row.turn + away), 0.0)) for away, share in SHARES.items())
    return session | {
        "neighbours": math.fsum(share * score for share, score in near),
        "speaker": SPEAKER * (named is not None and row.speaker == named),
        "length": LENGTH * math.log1p(row.length),
        "question": -QUESTION * row.asks,
    }


def _totals(scores: Iterable[tuple[str | None, float]]) -> dict[str, float]:
    """The sum of each session, scaled to the best."""
    sums: dict[str, float] = {}
    for session, score in scores:
        sums[session or ""] = sums.get(session or "", 0.0) + score
    best = max(sums.values(), default=0.0) or 1.0
    return {session: score / best for session, score in sums.items()}
