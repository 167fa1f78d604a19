"""Notices as rows: written with what they tell of, in one transaction; kept until they are too many."""

from typing import Literal, Protocol

import msgspec

from zotui.errors import NotFound
from zotui.store import Store, Transaction, new_id, now_ms
from zotui.text import one_line

LONGEST = 300  # characters of a notice
KEPT = 1_000  # the newest that are kept
Level = Literal["info", "warning", "error"]


class Notice(msgspec.Struct, frozen=True):
    """One notice. ``place`` is where it leads: ``chat:CONVERSATION``, ``chat:CONVERSATION/MESSAGE``, ``memory:ID``,
    ``skill:NAME``, ``file:PATH``, ``log:NAME:LINE``, ``run:TURN``, ``facts:``, or nowhere. Times in milliseconds since 1970.
    """

    id: str
    kind: str
    level: Level
    text: str
    place: str
    created_at: int
    read_at: int | None


Found = list[Notice]
Ids = list[str]


class Notify(Protocol):
    """How other rooms write a notice within a transaction of theirs."""

    def __call__(self, db: Transaction, kind: str, text: str, place: str = "", level: Level = "info") -> str: ...


def add(db: Transaction, kind: str, text: str, place: str = "", level: Level = "info") -> str:
    """Write a notice; its id. The oldest beyond the newest 1,000 go."""
    notice = new_id()
    db.execute(
        "INSERT INTO notices(id, kind, level, text, place, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (notice, one_line(kind, 40), level, one_line(text, LONGEST), one_line(place, 400), now_ms()),
    )
    db.execute(
        "DELETE FROM notices WHERE id <= (SELECT id FROM notices ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (KEPT,),
    )
    return notice


def tell(db: Transaction, kind: str, text: str, place: str) -> str:
    """Write a notice of work; its id. What failed is a warning."""
    return add(db, kind, text, place, "warning" if kind == "failure" else "info")


class Notices:
    """Read notices, and mark them as read."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, *, unread: bool = False, limit: int = 100, before: str | None = None) -> Found:
        """The newest first; ``before``: those older than the notice of this id."""
        where = "read_at IS NULL" if unread else "1"
        rows = await self._store.read(
            lambda db: db.execute(
                f"SELECT {', '.join(Notice.__struct_fields__)} FROM notices"
                f" WHERE {where} AND (?1 IS NULL OR id < ?1) ORDER BY id DESC LIMIT ?2",
                (before, limit),
            ).fetchall()
        )
        return [Notice(*row) for row in rows]

    async def count(self) -> int:
        """How many are unread."""
        return await self._store.read(lambda db: db.execute("SELECT count(*) FROM notices WHERE read_at IS NULL").get)

    async def add(self, kind: str, text: str, place: str = "", level: Level = "info") -> str:
        """Write a notice; its id."""
        return await self._store.write(lambda db: add(db, kind, text, place, level))

    async def read(self, ids: Ids | None = None) -> int:
        """Mark these as read, or all; how many were unread. Raises NotFound for an id that is none."""

        def mark(db: Transaction) -> int:
            now = now_ms()
            if ids is None:
                db.execute("UPDATE notices SET read_at = ? WHERE read_at IS NULL", (now,))
                return db.changes()
            count = 0
            for name in ids:
                found = db.execute(
                    "SELECT id FROM notices WHERE substr(id, -length(?1)) = ?1 LIMIT 2", (name,)
                ).fetchall()
                if len(found) != 1 or not name:
                    raise NotFound(f"no notice {one_line(name, 40)!r}", "zotui notices --all lists them")
                db.execute("UPDATE notices SET read_at = ? WHERE id = ? AND read_at IS NULL", (now, found[0][0]))
                count += db.changes()
            return count

        return await self._store.write(mark)

    async def read_place(self, place: str) -> int:
        """Mark as read what leads to a place or into it (``chat:ID`` and ``chat:ID/MESSAGE``); how many those were."""
        where = "read_at IS NULL AND (place = ?1 OR substr(place, 1, length(?1) + 1) = ?1 || '/')"
        if not await self._store.read(
            lambda db: db.execute(f"SELECT 1 FROM notices WHERE {where} LIMIT 1", (place,)).get
        ):
            return 0  # nothing is written where nothing changes

        def mark(db: Transaction) -> int:
            db.execute(f"UPDATE notices SET read_at = ?2 WHERE {where}", (place, now_ms()))
            return db.changes()

        return await self._store.write(mark, durable=False)

    async def clear(self, before_ms: int | None = None) -> int:
        """Delete those that were read, or of them those that are older (ms since 1970); how many that was."""

        def remove(db: Transaction) -> int:
            db.execute(
                "DELETE FROM notices WHERE read_at IS NOT NULL AND (?1 IS NULL OR created_at < ?1)", (before_ms,)
            )
            return db.changes()

        return await self._store.write(remove)
