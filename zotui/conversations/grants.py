"""What the person allowed for more than one call: in one conversation, or always."""

from collections.abc import Sequence

import msgspec

from zotui.errors import NotFound
from zotui.store import Reader, Store, Transaction, audit, new_id, now_ms
from zotui.text import one_line

IN_CHAT, ALWAYS = "allow in this conversation", "always allow"
"""Answers to whether a call may run that hold for others like it, too."""


class Grant(msgspec.Struct, frozen=True):
    """A pattern of ``[policy]`` that allows; ``conv_id`` is None where it does so everywhere."""

    id: str
    pattern: str
    conv_id: str | None
    call_id: str | None
    created_at: int


class Grants:
    """What was allowed, and how it is taken back."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self) -> list[Grant]:
        """All of them, the newest first."""
        return await self._store.read(
            lambda db: [
                Grant(*row)
                for row in db.execute(
                    "SELECT id, pattern, conv_id, call_id, created_at FROM grants ORDER BY id DESC"
                ).fetchall()
            ]
        )

    async def add(self, pattern: str, conversation: str | None = None) -> None:
        """Allow what a pattern says from now on; it has been checked."""
        await self._store.write(lambda db: add(db, [pattern], conversation))

    async def forget(self, id: str) -> str:
        """Allow it no more; its pattern. ``id`` may be its end, or the pattern. Raises NotFound."""

        def put(db: Transaction) -> str:
            rows = db.execute(
                "SELECT id, pattern, conv_id FROM grants WHERE pattern = ?1 OR substr(id, -length(?1)) = ?1", (id,)
            ).fetchall()
            if not id or not rows or len({pattern for _, pattern, _ in rows}) > 1:
                raise NotFound(f"nothing is allowed as {one_line(id, 60)!r}", "zotui approvals allowed lists it")
            for found, pattern, conversation in rows:
                db.execute("DELETE FROM grants WHERE id = ?", (found,))
                audit.add(db, "grant", pattern, conversation=conversation, details={"status": "forgotten"})
            return str(rows[0][1])

        return await self._store.write(put)


def add(db: Transaction, patterns: Sequence[str], conversation: str | None, call: str | None = None) -> None:
    """Allow what these patterns say: in a conversation, or everywhere."""
    for pattern in patterns:
        db.execute(
            "INSERT OR IGNORE INTO grants(id, pattern, conv_id, call_id, created_at) VALUES (?, ?, ?, ?, ?)",
            (new_id(), pattern, conversation, call, now_ms()),
        )
        where = "in this conversation" if conversation else "everywhere"
        audit.add(db, "grant", pattern, conversation=conversation, call=call, details={"status": where})


def holding(db: Reader, conversation: str) -> list[str]:
    """The patterns that hold in a conversation."""
    return [
        pattern
        for (pattern,) in db.execute(
            "SELECT pattern FROM grants WHERE conv_id IS NULL OR conv_id = ? ORDER BY id", (conversation,)
        ).fetchall()
    ]
