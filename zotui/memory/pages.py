"""Lists of memories, what was changed last first, page by page."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from zotui.memory.asking import Asked, asked
from zotui.memory.conditions import Condition, conditions
from zotui.memory.query import Match, match
from zotui.memory.records import COLUMNS, Memory, memory
from zotui.memory.writing import named
from zotui.store import Reader, now_ms
from zotui.store.schema.browsing import SPAN


class Wanted(msgspec.Struct, frozen=True):
    """Which memories: those that a text asks for (see :mod:`zotui.memory.asking`): that hold all of its words, the last as a
    prefix, and are what its facets say; that have a tag; that are pinned; that are of a source, which is a word, a
    conversation or a message."""

    search: str = ""
    tag: str = ""
    pinned: bool = False
    source: str = ""

    def asked(self) -> Asked:
        """All of it as one."""
        one = asked(self.search)
        return msgspec.structs.replace(
            one,
            tags=(*one.tags, *filter(None, (self.tag,))),
            sources=(*one.sources, *filter(None, (self.source,))),
            kinds=(*one.kinds, *(("pinned",) if self.pinned else ())),
        )


class Rows(msgspec.Struct, frozen=True):
    """Where rows are found: a table, its column that is their ``seq``, what they are ordered by, conditions, and the values
    of these."""

    table: str
    seq: str
    order: str
    conditions: list[str]
    values: list[Any]

    def __str__(self) -> str:
        return f"FROM {self.table} WHERE {' AND '.join(self.conditions) or '1'}"

    def add(self, condition: str, *values: Any) -> None:
        """Only those of which this is true, too."""
        self.conditions.append(condition)
        self.values.extend(values)


def rows(db: Reader, wanted: Wanted) -> Rows | None:
    """The wanted rows; None where there can be none."""
    one = wanted.asked()
    parts = conditions(db, one)
    sought = match(db, one.words) if one.words else None
    if parts is None or (one.words and sought is None):
        return None
    few = any(part.few for part in parts)
    timed = one.since is not None or one.until is not None
    found = _holding(sought) if sought else _in_time(one) if timed and not few else _all()
    if db.execute("SELECT 1 FROM memory WHERE expires_at <= ?", (now_ms(),)).get:  # until they are swept
        found.add(f"{found.seq} NOT IN (SELECT seq FROM memory WHERE expires_at <= ?)", now_ms())
    for part in parts:
        found.add(_as_sql(part, found), *part.values)
    return found


def _as_sql(part: Condition, found: Rows) -> str:
    if part.few:
        return f"{found.seq} IN ({part.of})"
    if found.seq == "m.seq":
        return part.each
    return f"EXISTS (SELECT 1 FROM memory m WHERE m.seq = {found.seq} AND {part.each})"


def _all() -> Rows:
    return Rows("memory m", "m.seq", "m.seq DESC", [], [])


def _in_time(one: Asked) -> Rows:
    """All, without the spans in which nothing was changed within the time."""
    within = f"m.seq >= s.span << {SPAN} AND m.seq < (s.span + 1) << {SPAN}"
    found = Rows("memory_spans s CROSS JOIN memory m", "m.seq", "s.span DESC, m.seq DESC", [within], [])
    if one.since is not None:
        found.add("s.newest >= ?", one.since)
    if one.until is not None:
        found.add("s.oldest < ?", one.until)
    return found


def _holding(sought: Match) -> Rows:
    first, second = ("memory_fts", sought.words), ("memory_drawn_fts", sought.signs)
    (table, text), other = (first, second) if sought.words else (second, first)
    found = Rows(table, f"{table}.rowid", f"{table}.rowid DESC", [f"{table} MATCH ?"], [text])
    if other[1]:
        found.add(f"{table}.rowid IN (SELECT rowid FROM {other[0]} WHERE {other[0]} MATCH ?)", other[1])
    return found


def listed(db: Reader, wanted: Wanted, limit: int, offset: int, after: str) -> list[Memory]:
    """A page of memories, ``after`` one or from an offset on. Raises NotFound where there is none to go on after."""
    found = rows(db, wanted)
    if found is None:
        return []
    if after:
        found.add(f"{found.seq} < ?", db.execute("SELECT seq FROM memory WHERE id = ?", (named(db, after).id,)).get)
    elif offset and not wanted.asked().narrows:
        first, offset = _number_at(db, offset), 0
        found.add(f"{found.seq} <= ?", first)
    return numbered(db, _numbers(db, found, limit, offset))


def numbers(db: Reader, wanted: Wanted, most: int) -> list[int]:
    """The numbers (``seq``) of the first of those that are listed."""
    found = rows(db, wanted)
    return [] if found is None else _numbers(db, found, most, 0)


def _numbers(db: Reader, found: Rows, limit: int, offset: int) -> list[int]:
    page = db.execute(
        f"SELECT {found.seq} {found} ORDER BY {found.order} LIMIT ? OFFSET ?", (*found.values, limit, offset)
    ).fetchall()
    return [number for (number,) in page]


def numbered(db: Reader, wanted: Sequence[int]) -> list[Memory]:
    """The memories of these numbers, in their order, without those that are gone."""
    found = db.execute(
        f"SELECT {COLUMNS} FROM json_each(?) page CROSS JOIN memory m ON m.seq = page.value",
        (msgspec.json.encode(wanted).decode(),),
    ).fetchall()
    return [memory(row) for row in found]


def counted(db: Reader, wanted: Wanted) -> int:
    """How many are listed in all."""
    if not wanted.asked().narrows:
        total = db.execute("SELECT coalesce(sum(memories), 0) FROM memory_spans").get
        return int(total) - int(db.execute("SELECT count(*) FROM memory WHERE expires_at <= ?", (now_ms(),)).get)
    found = rows(db, wanted)
    return 0 if found is None else int(db.execute(f"SELECT count(*) {found}", found.values).get)


def placed(db: Reader, identity: str) -> int | None:
    """How many of all are listed before one; None where there is none of this id."""
    number: int | None = db.execute(
        "SELECT seq FROM memory WHERE id = ? AND (expires_at IS NULL OR expires_at > ?)", (identity, now_ms())
    ).get
    if number is None:
        return None
    span = number >> SPAN
    before = db.execute("SELECT coalesce(sum(memories), 0) FROM memory_spans WHERE span > ?", (span,)).get
    within = "SELECT count(*) FROM memory WHERE seq > ? AND seq < ?"
    within_span = db.execute(within, (number, (span + 1) << SPAN)).get
    return int(before + within_span) - sum(ended > number for ended in _ended(db))


def _ended(db: Reader) -> list[int]:
    """The numbers of those that have expired, until they are swept."""
    return [seq for (seq,) in db.execute("SELECT seq FROM memory WHERE expires_at <= ?", (now_ms(),)).fetchall()]


def _number_at(db: Reader, offset: int) -> int:
    """The number of the memory that so many of all are listed before; -1 where there are not so many."""
    ended = _ended(db)
    gone = Counter(number >> SPAN for number in ended)
    for span, held in db.execute("SELECT span, memories FROM memory_spans ORDER BY span DESC").fetchall():
        here = held - gone[span]
        if offset < here:
            without = "AND seq NOT IN (SELECT seq FROM memory WHERE expires_at <= ?)" if gone[span] else "AND ?"
            return int(
                db.execute(
                    f"SELECT seq FROM memory WHERE seq < ? {without} ORDER BY seq DESC LIMIT 1 OFFSET ?",
                    ((span + 1) << SPAN, now_ms() if gone[span] else 1, offset),
                ).get
            )
        offset -= here
    return -1


def ids(db: Reader, wanted: Sequence[int]) -> list[str]:
    """The ids of these numbers, in their order."""
    found = db.execute(
        "SELECT m.id FROM json_each(?) page CROSS JOIN memory m ON m.seq = page.value",
        (msgspec.json.encode(wanted).decode(),),
    ).fetchall()
    return [identity for (identity,) in found]


def there(db: Reader, identities: Sequence[str]) -> list[str]:
    """Those of some ids that there are memories of."""
    found = db.execute(
        "SELECT m.id FROM json_each(?) c CROSS JOIN memory m ON m.id = c.value",
        (msgspec.json.encode(list(dict.fromkeys(identities))).decode(),),
    ).fetchall()
    return [identity for (identity,) in found]
