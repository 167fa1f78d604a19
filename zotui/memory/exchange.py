"""Memories out into lines of JSON, and in again: ours, and those of others (mem0, Claude, ZoClone's scripts), or Markdown.

A line is an object with ``content``, and what else is known: ``id``, ``key``, ``meta``, ``tags``, ``pinned_at``,
``expires_at``, ``tainted``, ``created_at``, ``updated_at`` (RFC 3339, or seconds or milliseconds since 1970), ``history``
(earlier values of a key). Others write ``memory`` or ``text`` for the content and ``metadata`` for the meta. What is read
twice is kept once.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

import msgspec

from zotui.errors import UsageError
from zotui.memory.records import COLUMNS, LIVE, Memory, checked, checked_name, memory, packed, tidy
from zotui.store import Reader, Store, now_ms
from zotui.text import one_line

PAGE = 500  # memories that are read at a time
CONTENT = ("content", "memory", "text", "value")
OF_CLAUDE = "conversations_memory"  # one text of all that it knows
META = ("meta", "metadata")
_BULLET = re.compile(r"^\s{0,3}(?:[-*+]|\d+[.)])\s+")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})")
_SEPARATORS = ("§", "---", "***", "___")


class Line(msgspec.Struct, frozen=True):
    """A memory as it is read; ``id`` is its own, or made of what it says. Times in milliseconds since 1970."""

    id: str
    content: str
    meta: str
    key: str | None
    tags: tuple[str, ...]
    pinned_at: int | None
    expires_at: int | None
    created_at: int
    updated_at: int
    history: tuple[tuple[str, int], ...] = ()
    tainted: bool = False


async def written(store: Store) -> AsyncIterator[str]:
    """All memories, the oldest first, as lines with their ends, a page at a time. The same memories are the same bytes."""
    last = -1
    while True:
        last, lines = await store.read(lambda db, last=last: _page(db, last))  # type: ignore[misc]
        if not lines:
            return
        yield "".join(lines)


def _page(db: Reader, last: int) -> tuple[int, list[str]]:
    rows = db.execute(
        f"SELECT m.seq, {COLUMNS} FROM memory m WHERE m.seq > ? AND {LIVE} ORDER BY m.seq LIMIT {PAGE}", (last,)
    ).fetchall()
    return (rows[-1][0] if rows else last), [_line(db, memory(row)) for _, *row in rows]


def _line(db: Reader, one: Memory) -> str:
    line: dict[str, Any] = {"id": one.id, "content": one.content}
    line |= {"key": one.key} if one.key else {}
    line |= {"meta": one.meta} if one.meta else {}
    line |= {"tags": list(one.tags)} if one.tags else {}
    line |= {"tainted": True} if one.tainted else {}
    for name in ("pinned_at", "expires_at", "created_at", "updated_at"):
        if (at := getattr(one, name)) is not None:
            line[name] = _written_time(at)
    earlier = db.execute(
        "SELECT value, created_at FROM memory_history WHERE memory_id = ? ORDER BY seq", (one.id,)
    ).fetchall()[:-1]
    if earlier:
        line["history"] = [{"value": value, "created_at": _written_time(at)} for value, at in earlier]
    return msgspec.json.encode(line).decode() + "\n"


def lines_in(text: Iterable[str], source: str) -> Iterator[tuple[int, Line | str]]:
    """Each line of JSON with its number: what it says, or what is wrong with it. A file that is one array of objects is read
    as if each stood on a line of its own."""
    lines = iter(text)
    for number, line in enumerate(lines, 1):
        if number == 1 and line.lstrip().startswith("["):
            yield from _array("\n".join([line, *lines]), source)
            return
        if line.strip():
            yield number, _read(line, source)


def paragraphs_in(text: str, source: str) -> Iterator[tuple[int, Line | str]]:
    """The entries of Markdown with the number of the line that each begins on: bullets and paragraphs, under their headings."""
    heading, begun, entry = "", 0, list[str]()
    day = _DAY.search(PurePath(source).name)
    for number, line in enumerate([*text.splitlines(), ""], 1):
        bullet = _BULLET.match(line)
        title = _HEADING.match(line)
        if entry and (bullet or title or not line.strip() or line.strip() in _SEPARATORS):
            meta = {"source": source} | ({"heading": heading} if heading else {}) | ({"at": day[1]} if day else {})
            yield begun, made({"content": " ".join(entry), "meta": meta}, source)
            entry = []
        if title:
            heading = title[1]
        elif line.strip() and line.strip() not in _SEPARATORS:
            begun = begun if entry else number
            entry.append(line[bullet.end() :].strip() if bullet else line.strip())


def _array(text: str, source: str) -> Iterator[tuple[int, Line | str]]:
    try:
        items = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        yield 1, f"no JSON: {one_line(str(error), 100)}"
        return
    for number, item in enumerate(items if isinstance(items, list) else [], 1):
        if isinstance(item, dict) and isinstance(item.get(OF_CLAUDE), str):
            yield from paragraphs_in(item[OF_CLAUDE], source)
        else:
            yield number, made(item, source) if isinstance(item, dict) else "no JSON object"


def _read(line: str, source: str) -> Line | str:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        return f"no JSON: {one_line(str(error), 100)}"
    return made(found, source) if isinstance(found, dict) else "no JSON object"


def made(found: dict[str, Any], source: str) -> Line | str:
    """A memory of an object, or what is wrong with it."""
    content = next((found[name] for name in CONTENT if isinstance(found.get(name), str)), None)
    if content is None:
        return "it has no content"
    meta: dict[str, Any] = next((found[name] for name in META if isinstance(found.get(name), dict)), {})
    tags = found.get("tags", found.get("categories"))
    try:
        ours = "content" in found and "updated_at" in found  # which says itself where it comes from
        text, kept = checked(content), packed(meta if ours or "source" in meta else {"source": source, **meta})
        key = checked_name(found["key"], "key") if isinstance(found.get("key"), str) else None
        names = (
            tuple(checked_name(tag, "tag") for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()
        )
        created = _time(found.get("created_at")) or _time(found.get("updated_at")) or now_ms()
        return Line(
            tidy(str(found.get("id") or "")) or id_of(text, kept),
            text,
            kept,
            key,
            names,
            _time(found.get("pinned_at")),
            _time(found.get("expires_at")),
            created,
            _time(found.get("updated_at")) or created,
            tuple(_earlier(found.get("history"))),
            found.get("tainted") is True,
        )
    except (UsageError, ValueError, OverflowError) as error:
        return one_line(str(error), 200)


def _earlier(history: Any) -> Iterator[tuple[str, int]]:
    """The earlier values of a key. Raises UsageError, ValueError."""
    for one in history if isinstance(history, list) else []:
        if isinstance(one, dict) and isinstance(one.get("value"), str):
            yield checked(one["value"]), _time(one.get("created_at")) or now_ms()


def id_of(content: str, meta: str) -> str:
    """An id for what has none: the same for the same."""
    return f"in-{hashlib.sha256(b'%b %b' % (content.encode(), meta.encode())).hexdigest()[:23]}"


def _time(value: Any) -> int | None:
    """A time in milliseconds since 1970. Raises ValueError."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value if value > 1e11 else value * 1000)
    when = datetime.fromisoformat(str(value))
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)


def _written_time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def export(store: Store, identities: Sequence[str], path: str) -> tuple[Path, int]:
    """Write the memories of these ids into a new file, 0600, in their order; where that is, and how many. Raises UsageError."""
    lines: list[str] = []
    for start in range(0, len(identities), PAGE):
        some = identities[start : start + PAGE]
        lines += await store.read(lambda db, some=some: _lines_of(db, some))  # type: ignore[misc]

    def write() -> Path:
        target = Path(path).expanduser().absolute()
        try:
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.writelines(lines)
        except FileExistsError:
            raise UsageError(f"{target} is there already", "choose another name") from None
        except OSError as error:
            raise UsageError(f"{target} cannot be written: {error.strerror}") from None
        return target

    return await asyncio.to_thread(write), len(lines)


def _lines_of(db: Reader, identities: Sequence[str]) -> list[str]:
    rows = db.execute(
        f"SELECT {COLUMNS} FROM json_each(?) c CROSS JOIN memory m ON m.id = c.value WHERE {LIVE}",
        (msgspec.json.encode(list(identities)).decode(),),
    ).fetchall()
    return [_line(db, memory(row)) for row in rows]
