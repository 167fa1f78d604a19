"""Memory: what the computer knows about its person's world, with the history of every key."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from zotui.errors import NotFound, UsageError
from zotui.memory.query import any_word, every_word
from zotui.store import Reader, Store, Transaction, new_id, now_ms
from zotui.text import clean, one_line

LONGEST = 100_000  # characters of one memory, and of its meta
MOST = 100_000  # memories in one answer
SHORTEST_END = 4  # characters of an id that can stand for it


class Memory(msgspec.Struct, frozen=True):
    """One memory. ``score`` is a recall's, higher is better; times in milliseconds since 1970. ``tainted``: it was made
    where anybody's words were."""

    id: str
    content: str
    meta: dict[str, Any]
    key: str | None = None
    created_at: int = 0
    updated_at: int = 0
    tainted: bool = False
    score: float = 0.0


class Version(msgspec.Struct, frozen=True):
    """One value a key has had, since when."""

    value: str
    created_at: int


_COLUMNS = "m.id, m.value, m.meta, m.key, m.created_at, m.updated_at, m.tainted"


Ids = list[str]
Found = list[Memory]
Versions = list[Version]


class Memories:
    """Remember, recall, forget."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def memorize(self, content: str, meta: Mapping[str, Any] | None = None) -> str:
        """Remember a text; its id. Raises UsageError for an empty or oversized text."""
        return (await self.memorize_many([(content, meta)]))[0]

    async def memorize_many(self, memories: Iterable[tuple[str, Mapping[str, Any] | None]]) -> Ids:
        """Remember many in one transaction; their ids in order."""
        rows = [(_checked(content), _packed(meta)) for content, meta in memories]

        def put(db: Transaction) -> Ids:
            ids = []
            for content, meta in rows:
                ids.append(new_id())
                now = now_ms()
                db.execute(
                    "INSERT INTO memory(id, value, meta, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
                    (ids[-1], content, meta, now, now),
                )
            return ids

        return await self._store.write(put)

    async def recall(self, query: str, top_k: int = 5) -> Found:
        """The memories that best fit the query's words, best first; none where no word occurs."""
        words = any_word(query)
        top_k = min(top_k, MOST)
        if not words or top_k < 1:
            return []

        def look(db: Reader) -> Found:
            rows = db.execute(
                f"SELECT {_COLUMNS}, -bm25(memory_fts) FROM memory_fts f JOIN memory m ON m.seq = f.rowid"
                " WHERE memory_fts MATCH ? ORDER BY rank LIMIT ?",
                (words, top_k),
            ).fetchall()
            return [_memory(row) for row in rows]

        return await self._store.read(look)

    async def get(self, key: str) -> str | None:
        """The value of a key, or None."""
        key = _tidy(key)
        row = await self._store.read(lambda db: db.execute("SELECT value FROM memory WHERE key = ?", (key,)).get)
        return None if row is None else str(row)

    async def set(self, key: str, value: str, meta: Mapping[str, Any] | None = None) -> str:
        """Give a key a value; the old one stays in its history. Returns the memory's id."""
        key = _checked_key(key)
        value = _checked(value)
        return await self._store.write(lambda db: put_key(db, key, value, _packed(meta)))

    async def revert(self, key: str) -> str:
        """Give a key the value it had before; that value. Raises NotFound where it had none."""
        key = _tidy(key)

        def back(db: Transaction) -> str:
            rows = db.execute(
                "SELECT value FROM memory_history WHERE key = ? ORDER BY seq DESC LIMIT 2", (key,)
            ).fetchall()
            if len(rows) < 2:
                raise NotFound(f"{one_line(key, 40)!r} has no earlier value", "zotui memory history KEY shows them")
            put_key(db, key, rows[1][0], str(db.execute("SELECT meta FROM memory WHERE key = ?", (key,)).get))
            return str(rows[1][0])

        return await self._store.write(back)

    async def history(self, key: str) -> Versions:
        """Every value a key has had, oldest first."""
        key = _tidy(key)

        def look(db: Reader) -> Versions:
            kept = db.execute(
                "SELECT value, created_at FROM memory_history WHERE key = ? ORDER BY seq", (key,)
            ).fetchall()
            # One that came with a ZoClone file has no history before it is first changed.
            return [
                Version(*row)
                for row in kept or db.execute("SELECT value, updated_at FROM memory WHERE key = ?", (key,)).fetchall()
            ]

        return await self._store.read(look)

    async def edit(self, memory: str, content: str) -> None:
        """Replace a memory's text. Raises NotFound, UsageError."""
        content = _checked(content)

        def change(db: Transaction) -> None:
            row = db.execute("SELECT key, meta FROM memory WHERE id = ?", (memory,)).get
            if row is None:
                raise NotFound(f"no memory {one_line(memory, 40)!r}")
            if row[0] is not None:
                put_key(db, row[0], content, row[1])
                return
            db.execute("UPDATE memory SET value = ?, updated_at = ? WHERE id = ?", (content, now_ms(), memory))

        await self._store.write(change)

    async def forget(self, id_or_key: str) -> Memory:
        """Delete a memory and its history; what it was. Raises NotFound, UsageError."""

        def remove(db: Transaction) -> Memory:
            memory = named(db, id_or_key)
            db.execute("DELETE FROM memory WHERE id = ?", (memory.id,))
            db.execute("DELETE FROM memory_history WHERE memory_id = ?", (memory.id,))
            return memory

        return await self._store.write(remove)

    async def find(self, id_or_key: str) -> Memory:
        """The memory of an id, a key, or the end of an id that fits only one. Raises NotFound, UsageError."""
        return await self._store.read(lambda db: named(db, id_or_key))

    async def list(self, *, search: str = "", limit: int = 100, offset: int = 0) -> Found:
        """The newest first; with ``search``, those that hold all its words, the last as a prefix."""
        return await self._store.read(lambda db: listed(db, search, limit, offset))

    async def place(self, memory: str) -> int | None:
        """How many memories :meth:`list` gives before this one; None where there is none of this id."""
        return await self._store.read(
            lambda db: (
                db.execute(
                    "SELECT (SELECT count(*) FROM memory m WHERE (m.updated_at, m.seq) > (w.updated_at, w.seq))"
                    " FROM memory w WHERE w.id = ?",
                    (memory,),
                ).get
            )
        )

    async def count(self, search: str = "") -> int:
        """How many :meth:`list` would give in all."""
        words = every_word(search)
        if search.strip() and not words:
            return 0
        if not words:
            return await self._store.read(lambda db: db.execute("SELECT count(*) FROM memory").get)
        return await self._store.read(
            lambda db: db.execute("SELECT count(*) FROM memory_fts WHERE memory_fts MATCH ?", (words,)).get
        )

    async def get_context(self, conv_id: str, *, query: str = "", top_k: int = 5) -> Found:
        """What the model should know for this conversation: recalled for ``query``, else for its last message."""
        if not query:
            row = await self._store.read(
                lambda db: (
                    db.execute(
                        "SELECT content FROM messages WHERE conv_id = ? AND role = 'user' ORDER BY position DESC LIMIT 1",
                        (conv_id,),
                    ).get
                )
            )
            query = str(row or "")
        return await self.recall(query[:2000], top_k)


def named(db: Reader, name: str) -> Memory:
    """The memory of an id, a key, or the end of an id that fits only one. Raises NotFound, UsageError."""
    name = _tidy(name)
    where = "id = ?1", "key = ?1", f"length(?1) >= {SHORTEST_END} AND substr(id, -length(?1)) = ?1"
    for condition in where:
        rows = db.execute(f"SELECT {_COLUMNS} FROM memory m WHERE {condition} LIMIT 2", (name,)).fetchall()
        if len(rows) > 1:
            raise UsageError(f"{one_line(name, 40)!r} fits several memories", "give more of the id")
        if rows:
            return _memory(rows[0])
    raise NotFound(f"no memory has the id or key {one_line(name, 40)!r}", "zotui memory list shows them")


def listed(db: Reader, search: str, limit: int, offset: int) -> list[Memory]:
    """A page of memories."""
    words = every_word(search)
    if search.strip() and not words:
        return []
    if words:
        # A subquery first: FTS5 finds the rows, then they are put in order.
        rows = db.execute(
            f"SELECT {_COLUMNS} FROM memory m WHERE seq IN (SELECT rowid FROM memory_fts WHERE memory_fts MATCH ?)"
            " ORDER BY m.updated_at DESC, m.seq DESC LIMIT ? OFFSET ?",
            (words, limit, offset),
        ).fetchall()
        return [_memory(row) for row in rows]
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM (SELECT seq FROM memory ORDER BY updated_at DESC, seq DESC LIMIT ? OFFSET ?) page"
        " JOIN memory m ON m.seq = page.seq ORDER BY m.updated_at DESC, m.seq DESC",
        (limit, offset),
    ).fetchall()
    return [_memory(row) for row in rows]


def put_key(db: Transaction, key: str, value: str, meta: str) -> str:
    """Write a key and its history; the memory's id."""
    now = now_ms()
    db.execute(  # the value a ZoClone file brought, which has no history yet
        "INSERT INTO memory_history(memory_id, key, value, created_at) SELECT id, key, value, updated_at FROM memory m"
        " WHERE key = ? AND NOT EXISTS (SELECT 1 FROM memory_history h WHERE h.memory_id = m.id)",
        (key,),
    )
    memory = db.execute(
        "INSERT INTO memory(id, key, value, meta, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)"
        " ON CONFLICT (key) DO UPDATE SET value = ?3, meta = ?4, updated_at = ?5 RETURNING id",
        (new_id(), key, value, meta, now),
    ).get
    db.execute(
        "INSERT INTO memory_history(memory_id, key, value, created_at) VALUES (?, ?, ?, ?)",
        (memory, key, value, now),
    )
    return str(memory)


def _memory(row: tuple[Any, ...]) -> Memory:
    identity, content, meta, key, created, updated, tainted, *score = row
    return Memory(identity, content, msgspec.json.decode(meta), key, created, updated, bool(tainted), *score)


def _packed(meta: Mapping[str, Any] | None) -> str:
    try:
        packed = msgspec.json.encode(_cleaned(dict(meta or {}))).decode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"meta must be a JSON object: {one_line(str(error), 200)}") from None
    if len(packed) > LONGEST:
        raise UsageError(f"meta holds at most {LONGEST:,} characters, this one has {len(packed):,}")
    return packed


def _cleaned(value: Any) -> Any:
    """A JSON value whose texts are clean."""
    match value:
        case str():
            return clean(value)
        case dict():
            return {_cleaned(name): _cleaned(item) for name, item in value.items()}
        case list() | tuple():
            return [_cleaned(item) for item in value]
    return value


def _tidy(name: str) -> str:
    """An id or a key as it is kept."""
    return clean(name).strip()


def _checked(content: str) -> str:
    content = clean(content).strip()
    if not content:
        raise UsageError("a memory cannot be empty")
    if len(content) > LONGEST:
        raise UsageError(f"a memory holds at most {LONGEST:,} characters, this one has {len(content):,}")
    return content


def _checked_key(key: str) -> str:
    key = _tidy(key)
    if not key or "\n" in key or len(key) > 200:
        raise UsageError("a key is one line of 1 to 200 characters")
    return key
