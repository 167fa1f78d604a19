"""Lists of memories, what was changed last first, page by page."""

from typing import Any

import msgspec

from zotui.memory.query import Match, match
from zotui.memory.records import COLUMNS, LIVE, Memory, memory, tidy
from zotui.memory.writing import named
from zotui.store import Reader, now_ms


class Wanted(msgspec.Struct, frozen=True):
    """Which memories: those that hold all words of ``search``, the last as a prefix; that have a tag; that are pinned; that
    are of a source, which is a word, a conversation or a message."""

    search: str = ""
    tag: str = ""
    pinned: bool = False
    source: str = ""


class Rows(msgspec.Struct, frozen=True):
    """Where rows are found: a table, its column that is their ``seq``, conditions on that, and the values of these."""

    table: str
    seq: str
    conditions: list[str]
    values: list[Any]

    def __str__(self) -> str:
        return f"FROM {self.table} WHERE {' AND '.join(self.conditions) or '1'}"


def rows(db: Reader, wanted: Wanted) -> Rows | None:
    """The wanted rows; None where there can be none."""
    found = Rows("memory", "seq", [], [])
    if wanted.search.strip():
        sought = match(db, wanted.search)
        if sought is None:
            return None
        found = _holding(sought)
    if db.execute("SELECT 1 FROM memory WHERE expires_at <= ?", (now_ms(),)).get:  # until they are swept
        found.conditions.append(f"{found.seq} NOT IN (SELECT m.seq FROM memory m WHERE NOT {LIVE})")
    if wanted.tag:
        tagged = "SELECT m.seq FROM memory_tags t JOIN memory m ON m.id = t.memory_id WHERE t.tag = ?"
        found.conditions.append(f"{found.seq} IN ({tagged})")
        found.values.append(tidy(wanted.tag))
    if wanted.pinned:
        found.conditions.append(f"{found.seq} IN (SELECT seq FROM memory WHERE pinned_at IS NOT NULL)")
    if wanted.source:
        of = [f"SELECT seq FROM memory WHERE {name} = ?" for name in ("source", "conversation", "message")]
        found.conditions.append(f"{found.seq} IN ({' UNION ALL '.join(of)})")
        found.values.extend([tidy(wanted.source)] * len(of))
    return found


def _holding(sought: Match) -> Rows:
    first, second = ("memory_fts", sought.words), ("memory_drawn_fts", sought.signs)
    (table, text), other = (first, second) if sought.words else (second, first)
    found = Rows(table, f"{table}.rowid", [f"{table} MATCH ?"], [text])
    if other[1]:
        found.conditions.append(f"{table}.rowid IN (SELECT rowid FROM {other[0]} WHERE {other[0]} MATCH ?)")
        found.values.append(other[1])
    return found


def listed(db: Reader, wanted: Wanted, limit: int, offset: int, after: str) -> list[Memory]:
    """A page of memories, ``after`` one or from an offset on. Raises NotFound where there is none to go on after."""
    found = rows(db, wanted)
    if found is None:
        return []
    if after:
        found.conditions.append(f"{found.seq} < ?")
        found.values.append(db.execute("SELECT seq FROM memory WHERE id = ?", (named(db, after).id,)).get)
    page = db.execute(
        f"SELECT {COLUMNS} FROM (SELECT {found.seq} AS at {found} ORDER BY {found.seq} DESC LIMIT ? OFFSET ?) page"
        " JOIN memory m ON m.seq = page.at ORDER BY page.at DESC",
        (*found.values, limit, offset),
    ).fetchall()
    return [memory(row) for row in page]


def counted(db: Reader, wanted: Wanted) -> int:
    """How many are listed in all."""
    found = rows(db, wanted)
    return 0 if found is None else int(db.execute(f"SELECT count(*) {found}", found.values).get)
