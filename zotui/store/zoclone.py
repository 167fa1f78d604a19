"""A ZoClone database: its four tables, taken over by the first migration with no row lost.

ZoClone's times are ISO text or seconds; its memory has no id of ours, its files hold text or base64.
"""

import base64
import contextlib
import hashlib
import math
from datetime import UTC, datetime
from typing import Any

from zotui.store.ids import new_id, now_ms
from zotui.store.sql import Database

TABLES = ("conversations", "messages", "memory", "files")


def move_aside(db: Database) -> list[str]:
    """Rename ZoClone's tables out of the way; returns those there were."""
    found = [
        name
        for name in TABLES
        if db.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", (name,)).get
    ]
    for name in found:
        db.execute(f"ALTER TABLE {name} RENAME TO zoclone_{name}")
        for (index,) in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
            (f"zoclone_{name}",),
        ).fetchall():
            db.execute(f'DROP INDEX "{index}"')
    return found


def take_over(db: Database, tables: list[str]) -> None:
    """Copy the rows of the tables moved aside into ours, then drop those."""
    readers = {"conversations": _conversation, "messages": _message, "memory": _memory, "files": _file}
    db.execute("PRAGMA defer_foreign_keys = ON")
    for name in tables:
        cursor = db.execute(f"SELECT * FROM zoclone_{name} ORDER BY rowid")
        columns: list[str] = []
        for values in cursor.fetchall():
            columns = columns or [row[1] for row in db.execute(f"PRAGMA table_info(zoclone_{name})").fetchall()]
            readers[name](db, dict(zip(columns, values, strict=True)))
    for name in reversed(tables):  # messages may refer to conversations
        db.execute(f"DROP TABLE zoclone_{name}")


def _conversation(db: Database, row: dict[str, Any]) -> None:
    when = _ms(row.get("updated_at"))
    db.execute(
        "INSERT OR REPLACE INTO conversations(id, title, created_at, updated_at) VALUES (?, ?, ?, ?)",
        (str(row["id"]), _text(row.get("title")), when, when),
    )


def _message(db: Database, row: dict[str, Any]) -> None:
    conversation, when = _text(row.get("conv_id")) or "zoclone", _ms(row.get("created_at"))
    db.execute(
        "INSERT OR IGNORE INTO conversations(id, created_at, updated_at) VALUES (?, ?, ?)",
        (conversation, when, when),
    )
    role = _text(row.get("role"))
    db.execute(
        "INSERT INTO messages(id, conv_id, position, role, content, tools, created_at, finished_at)"
        " VALUES (?, ?, (SELECT coalesce(max(position), 0) + 1 FROM messages WHERE conv_id = ?), ?, ?, ?, ?, ?)",
        (
            str(row["id"]),
            conversation,
            conversation,
            role if role in ("system", "user", "assistant") else "assistant",
            _text(row.get("content")),
            None if row.get("tools") is None else _text(row["tools"]),
            when,
            when,
        ),
    )


def _memory(db: Database, row: dict[str, Any]) -> None:
    when = _ms(row.get("updated_at"))
    key = None if row.get("key") is None else _text(row["key"])
    db.execute(
        "INSERT INTO memory(id, key, value, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
        (str(row["id"]), key, _text(row.get("value")), when, when),
    )


def _file(db: Database, row: dict[str, Any]) -> None:
    raw = row.get("content")
    content = raw if isinstance(raw, bytes) else _text(raw).encode("utf-8", "surrogateescape")
    if isinstance(raw, str) and row.get("encoding") == "base64":
        with contextlib.suppress(ValueError):  # what is none stays as it is
            content = base64.b64decode(raw, validate=True)
    digest, when = hashlib.sha256(content).hexdigest(), _ms(row.get("updated_at"))
    db.execute("INSERT OR IGNORE INTO blobs(hash, content) VALUES (?, ?)", (digest, content))
    db.execute(
        "INSERT INTO files(id, path, content, size, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
        (str(row.get("id") or new_id()), _text(row.get("path")), digest, len(content), when, when),
    )


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else "" if value is None else str(value)


def _ms(value: Any) -> int:
    """ZoClone's time in milliseconds: ISO text (UTC where it names no zone), seconds or milliseconds; else now."""
    if isinstance(value, str):
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return now_ms()
        else:
            return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
    if isinstance(value, int | float) and math.isfinite(value):
        return int(value) if value > 1e11 else int(value * 1000)
    return now_ms()
