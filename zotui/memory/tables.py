"""Memories in a table of somebody's SQLite file, as lines of JSON: ZoClone's ``memory(id, key, value, updated_at)``, and those that
are like it."""

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from zotui.errors import UsageError
from zotui.memory.records import LONGEST
from zotui.store import foreign
from zotui.text import one_line

HEAD = b"SQLite format 3\0"
TABLES = ("memory", "memories", "facts")
TEXTS = ("value", "content", "memory", "text", "fact")  # columns that hold what is remembered
TIMES = ("updated_at", "created_at")
PAGE = 100  # rows that are read at once


def is_sqlite(path: Path) -> bool:
    """Whether a file begins as SQLite's do. Blocks."""
    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        with open(path, "rb") as file:
            return file.read(len(HEAD)) == HEAD
    except OSError:
        return False


def lines_of(path: Path) -> Iterator[str]:
    """A line of JSON for each row. The file is read in a child, and never written to. Blocks. Raises UsageError, StoreError."""
    found = {table.name.lower(): table for table in foreign.tables(path)}
    for table in filter(None, map(found.get, TABLES)):
        columns = [name.lower() for name in table.columns_named]
        text = next((name for name in TEXTS if name in columns), None)
        if text is not None:
            break
    else:
        raise UsageError(
            f"{one_line(path.name, 80)} has no table of memories", f"a table {' or '.join(TABLES)} with a text"
        )
    first = 0
    while rows := foreign.rows(path, table.name, first, PAGE, LONGEST + 1):
        first += len(rows)
        for row in rows:
            values = {name: value for name, value in zip(columns, row, strict=True) if value != "NULL"}
            line: dict[str, object] = {"text": values.get(text, "")}
            line |= {name: values[name] for name in ("id", "key") if name in values}
            line |= {name: when for name in TIMES if (when := _time(values.get(name, "")))}
            line |= dict(_meta(values.get("meta")))
            yield json.dumps(line)


def _time(value: str) -> str | float | None:
    """A number of seconds or milliseconds, a time that is written, or nothing."""
    with contextlib.suppress(ValueError):
        return float(value)
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(value).isoformat()
    return None


def _meta(value: str | None) -> Iterator[tuple[str, dict[str, object]]]:
    try:
        found = json.loads(value or "")
    except (ValueError, RecursionError):
        return
    if isinstance(found, dict):
        yield "meta", found
