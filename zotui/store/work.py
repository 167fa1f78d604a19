"""Rows in motion: claims with lanes, owners, leases and fences.

Everything that runs has these columns: ``status, reason, lane, priority, not_before, door, owner, lease_until,
attempt, fence, stop, created_at, started_at, finished_at``. All functions take the connection of a transaction.

A lane is what must not run twice at once: a unique index on the lanes of running and waiting rows holds it, and
claims skip busy lanes. ``door`` is who asked, as long as only its own workers shall take the row.
"""

from collections.abc import Sequence
from typing import Any

from zotui.errors import Fenced
from zotui.store.ids import now_ms
from zotui.store.owner import is_alive, lease_clock_ms
from zotui.store.sql import Database

LEASE_MS = 30_000


def claim(db: Database, table: str, owner: str, *, door: str | None = None) -> tuple[str, int] | None:
    """Take the best ready row: its id and fence, or None. With ``door``, only rows of that door or of nobody."""
    taken: tuple[str, int] | None = db.execute(
        f"""
        UPDATE {table} SET status = 'running', reason = NULL, owner = ?1, lease_until = ?2, attempt = attempt + 1,
               fence = fence + 1, started_at = coalesce(started_at, ?3)
        WHERE id = (
          SELECT id FROM {table} AS ready
          WHERE status = 'queued' AND not_before <= ?3 AND (?4 IS NULL OR door IS NULL OR door = ?4)
            AND NOT EXISTS (SELECT 1 FROM {table} AS busy WHERE busy.lane = ready.lane AND busy.status IN ('running','waiting'))
          ORDER BY priority DESC, id LIMIT 1)
        RETURNING id, fence
        """,
        (owner, lease_clock_ms() + LEASE_MS, now_ms(), door),
    ).get
    return taken


def renew(db: Database, table: str, owner: str) -> None:
    """Extend the lease of everything this owner runs."""
    db.execute(
        f"UPDATE {table} SET lease_until = ? WHERE owner = ? AND status = 'running'",
        (lease_clock_ms() + LEASE_MS, owner),
    )


def check(db: Database, table: str, row: str, fence: int) -> None:
    """Raise Fenced unless the row still runs under this fence."""
    if db.execute(f"SELECT 1 FROM {table} WHERE id = ? AND fence = ? AND status = 'running'", (row, fence)).get is None:
        raise Fenced(f"{table} {row} is no longer this worker's")


def finish(
    db: Database, table: str, row: str, fence: int, status: str, reason: str | None = None, **columns: Any
) -> None:
    """End or park a running row. Raises Fenced when it has been given to somebody else."""
    check(db, table, row, fence)
    more = "".join(f", {name} = ?" for name in columns)
    ended = None if status in ("queued", "waiting") else now_ms()
    db.execute(
        f"UPDATE {table} SET status = ?, reason = ?, owner = NULL, lease_until = NULL, finished_at = ?{more} WHERE id = ?",
        (status, reason, ended, *columns.values(), row),
    )


def lost(db: Database, table: str, owner: str) -> Sequence[tuple[str, str, int]]:
    """Running rows of others whose owner is dead, or hung past its lease: ``(id, owner, fence)``."""
    rows = db.execute(
        f"SELECT id, owner, fence, lease_until FROM {table} WHERE status = 'running' AND owner <> ?", (owner,)
    ).fetchall()
    now = lease_clock_ms()
    return [(row, who, fence) for row, who, fence, lease in rows if not is_alive(who) or lease < now]


def adopt_orphans(db: Database, table: str) -> None:
    """Queued rows of doors that are gone may be taken by anybody."""
    doors = db.execute(f"SELECT DISTINCT door FROM {table} WHERE status = 'queued' AND door IS NOT NULL").fetchall()
    for (door,) in doors:
        if not is_alive(door):
            db.execute(f"UPDATE {table} SET door = NULL WHERE status = 'queued' AND door = ?", (door,))
