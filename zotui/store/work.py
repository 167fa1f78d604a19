"""Rows in motion: claims with lanes, owners, leases and fences.

Everything that runs has these columns: ``status, reason, lane, priority, not_before, door, owner, lease_until,
attempt, fence, stop, created_at, started_at, finished_at``. All functions take the connection of a transaction.

A lane is what must not run twice at once: a unique index on the lanes of running and waiting rows holds it, and
claims skip busy lanes. ``door`` is who asked, as long as only its own workers shall take the row.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from zotui.errors import Fenced
from zotui.store.ids import now_ms
from zotui.store.owner import is_alive, lease_clock_ms
from zotui.store.sql import Database

LEASE_MS = 30_000


def claim(
    db: Database, table: str, owner: str, *, door: str | None = None, nobodys: bool = True
) -> tuple[str, int] | None:
    """Take the best ready row: its id and fence, or None. Rows of a door are for its own workers, which name it in
    ``door``; those of nobody are for all, where ``nobodys``.
    """
    taken: tuple[str, int] | None = db.execute(
        f"""
        UPDATE {table} SET status = 'running', reason = NULL, owner = ?1, lease_until = ?2, attempt = attempt + 1,
               fence = fence + 1, started_at = coalesce(started_at, ?3)
        WHERE id = (
          SELECT id FROM {table} AS ready
          WHERE status = 'queued' AND not_before <= ?3 AND (door = ?4 OR (door IS NULL AND ?5))
            AND NOT EXISTS (SELECT 1 FROM {table} AS busy WHERE busy.lane = ready.lane AND busy.status IN ('running','waiting'))
          ORDER BY priority DESC, id LIMIT 1)
        RETURNING id, fence
        """,
        (owner, lease_clock_ms() + LEASE_MS, now_ms(), door, nobodys),
    ).get
    return taken


def renew(db: Database, table: str, owner: str, held: Iterable[str]) -> None:
    """Extend the leases of the rows that this owner still works on. A row it has let go of runs out of its lease."""
    until = lease_clock_ms() + LEASE_MS
    for row in held:
        db.execute(
            f"UPDATE {table} SET lease_until = ? WHERE id = ? AND owner = ? AND status = 'running'", (until, row, owner)
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


def lost(db: Database, table: str, owner: str, held: Collection[str] = ()) -> Sequence[tuple[str, int]]:
    """Running rows that nobody works on, as ``(id, fence)``: their owner is dead, or hung past its lease, or is this
    one and does not hold them (a write failed when it was to end them)."""
    rows = db.execute(f"SELECT id, owner, fence, lease_until FROM {table} WHERE status = 'running'").fetchall()
    now = lease_clock_ms()
    return [
        (row, fence)
        for row, who, fence, lease in rows
        if (row not in held or who != owner) and (who is None or lease is None or lease < now or not is_alive(who))
    ]


def adopt_orphans(db: Database, table: str) -> None:
    """Queued rows of doors that are gone may be taken by anybody."""
    doors = db.execute(f"SELECT DISTINCT door FROM {table} WHERE status = 'queued' AND door IS NOT NULL").fetchall()
    for (door,) in doors:
        if not is_alive(door):
            db.execute(f"UPDATE {table} SET door = NULL WHERE status = 'queued' AND door = ?", (door,))


def leave_behind(db: Database, table: str, door: str) -> None:
    """A door closes: what it left queued may be taken by anybody, even if its process lives on."""
    db.execute(f"UPDATE {table} SET door = NULL WHERE status = 'queued' AND door = ?", (door,))
