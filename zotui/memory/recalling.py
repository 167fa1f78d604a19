"""Recall: candidates, weighed."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from zotui.memory import candidates, query, ranking
from zotui.memory.records import COLUMNS, LIVE, Memory, memory
from zotui.store import Reader
from zotui.store.terms import terms

HEAD = 4_000  # characters of a row in which words are counted; beyond them it only counts that one is there

_ROWS = f"""
SELECT m.seq, substr(m.value, 1, {HEAD}), length(m.value), coalesce(m.key || ' ', '') || coalesce(m.dated, ''), m.session, m.turn, m.speaker
FROM json_each(?) c JOIN memory m ON m.seq = c.value WHERE {LIVE}
"""


class Meaning(Protocol):
    """What rows mean, beside the words they hold, for one query."""

    def near(self, limit: int) -> Sequence[int]:
        """Rows that mean nearly the same, whatever their words."""
        ...

    def closeness(self, seq: int) -> float | None:
        """How close a row is, from 0 to 1; None where that is not known."""
        ...


Mean = Callable[[Reader], Meaning]  # of one query


def weigh(
    db: Reader, text: str, mean: Mean | None = None, most: int = candidates.MOST, more: Sequence[int] = ()
) -> list[tuple[int, ranking.Parts]]:
    """The candidates for a query and the rows in ``more`` by their ``seq``, with the parts of their scores, best first."""
    sought = query.read(db, text)
    meaning = mean(db) if mean else None
    size = candidates.corpus(db)
    close = meaning.near(most) if meaning else ()
    found = candidates.find(db, sought, size, most, [*close, *more])
    rows = [_row(db, found, *values) for values in db.execute(_ROWS, (candidates.packed(found.rows),)).fetchall()]
    scales = ranking.Scales(
        found.telling,
        size.average,
        _named(db, {row.speaker for row in rows if row.speaker}, list(sought.words)),
        meaning.closeness if meaning else None,
    )
    return [(row.seq, parts) for row, parts in ranking.ranked(rows, scales)]


def recalled(db: Reader, text: str, top_k: int, mean: Mean | None = None) -> list[Memory]:
    """The memories that best fit a query, best first."""
    best = dict(weigh(db, text, mean, max(top_k, candidates.MOST))[:top_k])
    rows = db.execute(
        f"SELECT m.seq, {COLUMNS} FROM json_each(?) c JOIN memory m ON m.seq = c.value", (candidates.packed(best),)
    ).fetchall()
    found = {seq: memory(row, best[seq], ranking.total(best[seq])) for seq, *row in rows}
    return [found[seq] for seq in best]


def _row(db: Reader, found: candidates.Candidates, *values: Any) -> ranking.Row:
    seq, head, length, rest, session, turn, speaker = values
    stems = terms(db, f"{rest} {head}")
    held, lower = Counter(stems), f"{rest} {head}".lower()
    counts = {
        term: held[term] or (lower.count(term) if term in found.signs else 0) or int(seq in rows)
        for term, rows in found.holding.items()
    }
    whole = len(stems) * max(1.0, length / HEAD)
    return ranking.Row(
        seq, counts, round(whole), session, turn, speaker, length <= HEAD and head.rstrip().endswith("?")
    )


def _named(db: Reader, speakers: Iterable[str], said: Sequence[str]) -> str | None:
    """The one speaker whose name is said; None where it is nobody's or of several."""
    named = [speaker for speaker in speakers if not set(terms(db, speaker)).isdisjoint(said)]
    return named[0] if len(named) == 1 else None
