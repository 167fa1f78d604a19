"""The audit log: what was allowed, refused, done and taken back, each row sealed by the hash of it and of the one before.

A row's hash is SHA-256 over the hash before it and the row's columns as a JSON array, without spaces and in UTF-8. The
first row follows 64 zeros. Rows are only added: triggers refuse all else, and :func:`verify` finds what was changed
behind their back.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from zotui.store.ids import now_ms
from zotui.store.sql import Database
from zotui.text import one_line

START = "0" * 64
PAGE = 5_000  # rows that are checked at a time
_COLUMNS = "seq, at, kind, conv_id, turn_id, call_id, subject, details"


class Entry(msgspec.Struct, frozen=True):
    """One row; ``details`` is JSON."""

    seq: int
    at: int
    kind: str
    conversation: str | None
    turn: str | None
    call: str | None
    subject: str
    details: str
    hash: str


class Verdict(msgspec.Struct, frozen=True):
    """What a check of the whole log found: how many rows hold, and the first that does not, with what is wrong."""

    rows: int
    head: str
    broken_at: int | None = None
    said: str = ""


def add(
    db: Database,
    kind: str,
    subject: str,
    *,
    conversation: str | None = None,
    turn: str | None = None,
    call: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add a row, in the transaction of what it tells of."""
    row = db.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").get
    last, before = row if row is not None else (0, START)
    told = msgspec.json.encode(details or {}).decode()
    columns = (last + 1, now_ms(), kind, conversation, turn, call, one_line(subject, 1000), told)
    db.execute(
        f"INSERT INTO audit({_COLUMNS}, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*columns, _seal(before, columns))
    )


def entries(db: Database, limit: int = 100, before: int | None = None, turn: str | None = None) -> list[Entry]:
    """The newest rows, the last one first; those ``before`` a row, of one ``turn``."""
    return [
        Entry(*row)
        for row in db.execute(
            f"SELECT {_COLUMNS}, hash FROM audit WHERE (?1 IS NULL OR seq < ?1) AND (?2 IS NULL OR turn_id = ?2)"
            " ORDER BY seq DESC LIMIT ?3",
            (before, turn, limit),
        ).fetchall()
    ]


def verify(db: Database) -> Verdict:
    """Check every row against the one before it. Names the first that was changed, or in whose place rows are missing."""
    before, last = START, 0
    while rows := db.execute(
        f"SELECT {_COLUMNS}, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT {PAGE}", (last,)
    ).fetchall():
        for *columns, seal in rows:
            seq = columns[0]
            if seq != last + 1:
                missing = f"row {last + 1} is" if seq == last + 2 else f"rows {last + 1} to {seq - 1} are"
                return Verdict(last, before, last + 1, f"{missing} missing")
            if _seal(before, columns) != seal:
                return Verdict(last, before, seq, f"row {seq} was changed: it does not fit its hash and the row before")
            before, last = seal, seq
    return Verdict(last, before)


def _seal(before: str, columns: object) -> str:
    return hashlib.sha256(before.encode() + msgspec.json.encode(columns)).hexdigest()
