"""Memories in SQLite files of other programs: ZoClone's table ``memory(id, key, value, updated_at)``, and tables like it. The
file is only read, in a child process."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from zotui.errors import UsageError
from zotui.memory.exchange import Line, made
from zotui.store import foreign
from zotui.store.foreign import Table, Value
from zotui.text import one_line

HEAD = b"SQLite format 3\0"
NAMES = ("memory", "memories", "facts")  # of tables, first where there are several
PAGE = 500  # rows that are asked for at a time
_FIELDS = {
    "id": ("id", "uuid", "memory_id"),
    "key": ("key", "name"),
    "content": ("value", "content", "memory", "text", "data", "fact"),
    "meta": ("meta", "metadata"),
    "tags": ("tags", "categories"),
    "created_at": ("created_at", "created", "timestamp"),
    "updated_at": ("updated_at", "updated", "modified_at"),
    "pinned_at": ("pinned_at",),
    "expires_at": ("expires_at",),
    "tainted": ("tainted",),
}


def rows_in(path: Path, source: str, table: str = "") -> Iterator[tuple[int, Line | str]]:
    """Each row of a file's table with its number: what it says, or what is wrong with it. Blocks. Raises StoreError, and
    UsageError where no table holds memories."""
    chosen = _chosen(path, table)
    columns = {name.lower(): name for name in chosen.columns_named}
    fields = {field: columns[name] for field, names in _FIELDS.items() for name in reversed(names) if name in columns}
    last = -(1 << 63)  # rows may have numbers below 0
    while page := foreign.records(path, chosen.name, last, PAGE):
        for number, values in page:
            yield number, made({"meta": {"source": source}} | _told(values, fields), source)
        last = page[-1][0]


def _chosen(path: Path, table: str) -> Table:
    found = foreign.tables(path)
    wanted = [table] if table else NAMES
    for one in [one for name in wanted for one in found if name in (one.name, one.name.lower())]:
        if {name.lower() for name in one.columns_named} & set(_FIELDS["content"]):
            return one
    named = ", ".join(one_line(one.name, 40) for one in found[:10]) or "none"
    missing = f"no table {one_line(table, 40)!r} with a column value or content" if table else "no table of memories"
    raise UsageError(f"{one_line(path.name, 80)} has {missing}; its tables: {named}", "--table NAME takes another")


def _told(values: Mapping[str, Value], fields: Mapping[str, str]) -> dict[str, Any]:
    """A row as a line of JSON would tell it. A time that is none is left out: the row matters more."""
    told: dict[str, Any] = {
        field: values[column]
        for field, column in fields.items()
        if values.get(column) is not None and (field == "content" or values[column] != "")
    }
    for field in ("id", "key", "content"):
        if field in told:
            told[field] = str(told[field])
    for field, kind in (("meta", dict), ("tags", list)):
        if field in told:
            told[field] = _packed(told[field], kind)
    for field in ("created_at", "updated_at", "pinned_at", "expires_at"):
        told[field] = _time(told.get(field))
    return told | {"created_at": told["created_at"] or told["updated_at"], "tainted": bool(told.get("tainted"))}


def _packed(value: Value, kind: type) -> Any:
    try:
        found = msgspec.json.decode(str(value))
    except (msgspec.DecodeError, RecursionError):
        found = None
    if isinstance(found, kind):
        return found
    return {"meta": str(value)} if kind is dict else str(value).replace(",", " ").split()


def _time(value: Value | None) -> Value | None:
    """A time as it may be told: a number, also one that is kept as text, or ISO 8601; None for what is neither."""
    if isinstance(value, str):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
        else:
            return value
    return value if value is not None and 0 < value < 2.5e14 else None
