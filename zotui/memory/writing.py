"""Writing memories: new ones, keys and their history, marks, and the end of what has expired."""

from collections.abc import Callable, Iterable

from zotui.errors import NotFound, UsageError
from zotui.memory import undoing
from zotui.memory.records import COLUMNS, LIVE, Memory, memory, tidy
from zotui.store import Reader, Transaction, new_id, now_ms
from zotui.text import one_line

USES_KEPT = 100  # answers of a memory that are known by name
SHORTEST_END = 4  # characters of an id that can stand for it
_LAST = "(SELECT max(seq) + 1 FROM memory)"  # what was changed last comes first in lists


def named(db: Reader, name: str) -> Memory:
    """The memory of an id, a key, or the end of an id that fits only one. Raises NotFound, UsageError."""
    name = tidy(name)
    where = "id = ?1", "key = ?1", f"length(?1) >= {SHORTEST_END} AND substr(id, -length(?1)) = ?1"
    for condition in where:
        rows = db.execute(f"SELECT {COLUMNS} FROM memory m WHERE {condition} AND {LIVE} LIMIT 2", (name,)).fetchall()
        if len(rows) > 1:
            raise UsageError(f"{one_line(name, 40)!r} fits several memories", "give more of the id")
        if rows:
            return memory(rows[0])
    raise NotFound(f"no memory has the id or key {one_line(name, 40)!r}", "zotui memory list shows them")


def put(db: Transaction, rows: Iterable[tuple[str, str]]) -> list[str]:
    """Write new memories of a text and a meta each; their ids."""
    sweep(db)
    ids = []
    for content, meta in rows:
        ids.append(new_id())
        now = now_ms()
        db.execute(
            "INSERT INTO memory(id, value, meta, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
            (ids[-1], content, meta, now, now),
        )
    return ids


def put_key(db: Transaction, key: str, value: str, meta: str) -> str:
    """Write a key and its history; the memory's id."""
    sweep(db)
    now = now_ms()
    db.execute(  # the value a ZoClone file brought, which has no history yet
        "INSERT INTO memory_history(memory_id, key, value, created_at) SELECT id, key, value, updated_at FROM memory m"
        " WHERE key = ? AND NOT EXISTS (SELECT 1 FROM memory_history h WHERE h.memory_id = m.id)",
        (key,),
    )
    identity = db.execute(
        "INSERT INTO memory(id, key, value, meta, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)"
        f" ON CONFLICT (key) DO UPDATE SET seq = {_LAST}, value = ?3, meta = ?4, updated_at = ?5"
        " RETURNING id",
        (new_id(), key, value, meta, now),
    ).get
    db.execute(
        "INSERT INTO memory_history(memory_id, key, value, created_at) VALUES (?, ?, ?, ?)",
        (identity, key, value, now),
    )
    return str(identity)


def revert(db: Transaction, key: str) -> str:
    """Give a key the value it had before; that value. Raises NotFound where it had none."""
    rows = db.execute("SELECT value FROM memory_history WHERE key = ? ORDER BY seq DESC LIMIT 2", (key,)).fetchall()
    if len(rows) < 2:
        raise NotFound(f"{one_line(key, 40)!r} has no earlier value", "zotui memory history KEY shows them")
    put_key(db, key, rows[1][0], str(db.execute("SELECT meta FROM memory WHERE key = ?", (key,)).get))
    return str(rows[1][0])


def supersede(db: Transaction, identity: str, content: str, meta: str, old: str, since: int) -> None:
    """Give a memory without a key another text; the old one stays in its history."""
    now = now_ms()
    history = "INSERT INTO memory_history(memory_id, key, value, created_at) VALUES (?, NULL, ?, ?)"
    if not db.execute("SELECT 1 FROM memory_history WHERE memory_id = ? LIMIT 1", (identity,)).get:
        db.execute(history, (identity, old, since))
    db.execute(history, (identity, content, now))
    db.execute(
        f"UPDATE memory SET seq = {_LAST}, value = ?, meta = ?, updated_at = ? WHERE id = ?",
        (content, meta, now, identity),
    )


def edit(db: Transaction, identity: str, content: str) -> None:
    """Replace a memory's text. Raises NotFound."""
    sweep(db)
    row = db.execute("SELECT key, meta FROM memory WHERE id = ?", (identity,)).get
    if row is None:
        raise NotFound(f"no memory {one_line(identity, 40)!r}")
    if row[0] is not None:
        put_key(db, row[0], content, row[1])
        return
    db.execute(
        f"UPDATE memory SET seq = {_LAST}, value = ?, updated_at = ? WHERE id = ?", (content, now_ms(), identity)
    )


def forget(db: Transaction, name: str) -> Memory:
    """Delete a memory and its history, without undo; what it was. Raises NotFound, UsageError."""
    gone = named(db, name)
    values = db.execute("SELECT value FROM memory_history WHERE memory_id = ?", (gone.id,)).fetchall()
    undoing.purge(db, [gone.id, *parts(gone)], [gone.content, *(value for (value,) in values)])
    db.execute("DELETE FROM memory_history WHERE memory_id = ?", (gone.id,))
    db.execute("DELETE FROM memory WHERE id = ?", (gone.id,))
    return gone


def parts(one: Memory) -> list[str]:
    """The ids of the memories that one was made of."""
    merged = one.meta.get("merged")
    return [str(part.get("id")) for part in merged if isinstance(part, dict)] if isinstance(merged, list) else []


def sweep(db: Transaction) -> None:
    """Delete what has expired, with its history."""
    for (identity,) in db.execute("SELECT id FROM memory WHERE expires_at <= ?", (now_ms(),)).fetchall():
        db.execute("DELETE FROM memory_history WHERE memory_id = ?", (identity,))
        db.execute("DELETE FROM memory_was WHERE memory_id = ?", (identity,))
        db.execute("DELETE FROM memory WHERE id = ?", (identity,))


def marked(name: str, statement: str, *values: str | int | None) -> Callable[[Transaction], Memory]:
    """Do something to the memory of a name, whose id goes before the values; what it is then."""

    def mark(db: Transaction) -> Memory:
        found = named(db, name)
        db.execute(statement, (found.id, *values))
        return named(db, found.id)

    return mark


def use(db: Transaction, identities: Iterable[str], turn: str = "") -> None:
    """Note that memories were recalled into an answer, that of a turn where it is given; in one they count once."""
    now = now_ms()
    for identity in identities:
        if turn and not _noted(db, identity, turn, now):
            continue
        db.execute(
            "INSERT INTO memory_uses(memory_id, uses, used_at) SELECT id, 1, ?2 FROM memory WHERE id = ?1"
            " ON CONFLICT DO UPDATE SET uses = uses + 1, used_at = excluded.used_at",
            (identity, now),
        )


def _noted(db: Transaction, identity: str, turn: str, now: int) -> bool:
    """Write which answer a memory was in, of the last ones; whether that was not known."""
    db.execute(
        "INSERT OR IGNORE INTO memory_used(memory_id, turn_id, used_at) SELECT id, ?2, ?3 FROM memory WHERE id = ?1",
        (identity, turn, now),
    )
    new: bool = db.execute("SELECT changes() > 0").get
    if new:
        db.execute(
            "DELETE FROM memory_used WHERE memory_id = ?1 AND turn_id IN (SELECT turn_id FROM memory_used"
            " WHERE memory_id = ?1 ORDER BY used_at DESC, turn_id DESC LIMIT -1 OFFSET ?2)",
            (identity, USES_KEPT),
        )
    return new
