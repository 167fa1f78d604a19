"""What memories can be narrowed to, with counts that stop where counting would take long."""

import msgspec

from zotui.memory import conditions, pages
from zotui.memory.asking import KINDS, OLDER, TIMES, asked, facet
from zotui.memory.conditions import Condition
from zotui.memory.pages import Wanted
from zotui.store import Reader

MOST = 1_000  # memories that are counted; there may be more
NAMED = 100  # tags, and sources
_WHEN = {"today": "today", "week": "the last 7 days", "month": "30 days", "year": "a year", OLDER: "older"}


class Facet(msgspec.Struct, frozen=True):
    """Something that memories can be narrowed to: its group, how it is typed, in words, and how many are that, ``MOST`` + 1
    for more."""

    group: str
    typed: str
    words: str
    memories: int


def facets(db: Reader, search: str) -> list[Facet]:
    """All that the memories of a search can be narrowed to, by groups; what none are is left out."""
    narrows = asked(search).narrows
    among = pages.numbers(db, Wanted(search), MOST + 1) if narrows else None
    found = [Facet("Kind", f"is:{kind}", words, 0) for kind, words in KINDS.items()]
    found += [Facet("Time", f"when:{name}", words, 0) for name, words in _WHEN.items() if name in (*TIMES, OLDER)]
    found += [Facet("Source", facet("source", name), name, 0) for name in _values(db, "source", "memory")]
    found += [Facet("Tag", facet("tag", name), f"#{name}", 0) for name in _values(db, "tag", "memory_tags")]
    counted = [msgspec.structs.replace(one, memories=_count(db, one.typed, among)) for one in found]
    return [one for one in counted if one.memories]


def _count(db: Reader, typed: str, among: list[int] | None) -> int:
    """How many are that, of all or among these numbers."""
    if among is None:
        return len(pages.numbers(db, Wanted(typed), MOST + 1))
    parts: list[Condition] = conditions.conditions(db, asked(typed)) or []
    where = " AND ".join(part.each for part in parts) or "0"
    values = [value for part in parts for value in part.values]
    return int(
        db.execute(
            f"SELECT count(*) FROM json_each(?) c CROSS JOIN memory m ON m.seq = c.value WHERE {where}",
            (msgspec.json.encode(among).decode(), *values),
        ).get
    )


def _values(db: Reader, name: str, table: str) -> list[str]:
    """The first different values of a column, by its index."""
    found = db.execute(
        f"WITH RECURSIVE v(v) AS (SELECT min({name}) FROM {table} UNION ALL"
        f" SELECT (SELECT min({name}) FROM {table} WHERE {name} > v.v) FROM v WHERE v.v IS NOT NULL)"
        " SELECT v FROM v WHERE v IS NOT NULL LIMIT ?",
        (NAMED,),
    ).fetchall()
    return [value for (value,) in found]
