"""A memory as Markdown, and back: front matter that says what it is, then its text. Others write these files, so they are read
leniently, and what is wrong with one is said by the number of its line."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec

from zotui.errors import UsageError
from zotui.memory.records import Memory, checked, checked_name, packed, tidy
from zotui.store import now_ms
from zotui.text import clean, one_line
from zotui.yamltext import parse

OURS = ("id", "key", "tags", "pinned", "expires", "created", "updated", "tainted", "meta")
LATEST = 253_402_300_799_000  # ms since 1970; the year 9999
_PLAIN = re.compile(r"\w[\w./@+-]*(?: [\w./@+-]+)*")
_FIELD = re.compile(r"([^\s#'\"-][^:]*):(?:\s|$)")
_NO = ("", "false", "no", "~", "null")


class Said(msgspec.Struct, frozen=True):
    """What a file says. ``whole``: it has front matter, so that what this does not name is not so. Times in ms since 1970."""

    content: str
    whole: bool = False
    id: str = ""
    key: str | None = None
    tags: tuple[str, ...] = ()
    pinned: bool = False
    expires_at: int | None = None
    created_at: int | None = None
    tainted: bool = False
    meta: str | None = None

    def fits(self, one: Memory) -> bool:
        """Whether it says what a memory is already."""
        marks = self.tags, self.pinned, self.expires_at, self.key
        same = marks == (one.tags, one.pinned_at is not None, one.expires_at, one.key)
        return self.content == clean(one.content).strip() and (same or not self.whole)


def written(one: Memory, kept: Iterable[str] = ()) -> str:
    """A memory as Markdown; ``kept``: lines of the front matter that are not ours."""
    lines = [f"id: {_scalar(one.id)}"]
    lines += [f"key: {_scalar(one.key)}"] if one.key else []
    lines += [f"tags: [{', '.join(map(_scalar, one.tags))}]"] if one.tags else []
    times = (
        ("pinned", one.pinned_at),
        ("expires", one.expires_at),
        ("created", one.created_at),
        ("updated", one.updated_at),
    )
    lines += [f"{name}: {time_of(at)}" for name, at in times if at is not None]
    lines += ["tainted: true"] if one.tainted else []
    lines += [f"meta: {msgspec.json.encode(one.meta).decode()}"] if one.meta else []
    return "\n".join(["---", *lines, *kept, "---", clean(one.content).strip(), ""])


def time_of(ms: int) -> str:
    """A time as it is written, in UTC."""
    when = datetime.fromtimestamp(min(max(ms, 0), LATEST) / 1000, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def print_of(data: bytes) -> bytes:
    """By what bytes are known again."""
    return blake2b(data, digest_size=16).digest()


def read(data: bytes) -> Said:
    """What a file says. Raises ValueError with the line."""
    try:
        text = clean(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line}: it is not UTF-8") from None
    lines = text.split("\n")
    end = _end(lines)
    fields = parse(lines[1:end], 0) if any(line.strip() for line in lines[1:end]) else {}
    with _at(end + 2 if end else 1):
        content = checked("\n".join(lines[end + 1 if end else 0 :]))
    if not end:
        return Said(content)
    return Said(
        content,
        True,
        tidy(_text(fields, "id")),
        _named(lines, "key", [_text(fields, "key")])[0] if _text(fields, "key") else None,
        tuple(sorted(set(_named(lines, "tags", _list(fields.get("tags")))))),
        _text(fields, "pinned").lower() not in _NO,
        _when(lines, fields, "expires"),
        _when(lines, fields, "created"),
        _text(fields, "tainted").lower() not in _NO,
        _meta(lines[1:end], fields),
    )


def kept_of(data: bytes) -> list[str]:
    """The lines of a file's front matter that are not ours, as they are."""
    lines = clean(data.decode("utf-8-sig", "replace")).split("\n")
    kept, ours = list[str](), False
    for line in lines[1 : _end(lines, strict=False)]:
        if field := _FIELD.match(line):
            ours = field[1].strip() in OURS
        elif line.startswith("#"):
            ours = False
        if not ours and line.strip():
            kept.append(line)
    return kept


def _end(lines: Sequence[str], *, strict: bool = True) -> int:
    """The line that closes the front matter, counted from 0; 0 where there is none. Raises ValueError."""
    if lines[0].rstrip() != "---":
        return 0
    end = next((n for n in range(1, len(lines)) if lines[n].rstrip() == "---"), 0)
    if not end and strict:
        raise ValueError("line 1: the front matter has no closing '---'")
    return end


class _at:
    """What is wrong within becomes a ValueError with the line."""

    def __init__(self, line: int) -> None:
        self._line = line

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UsageError | ValueError | OverflowError):
            said = error.message if isinstance(error, UsageError) else str(error)
            raise ValueError(f"line {self._line}: {one_line(said, 160)}") from None


def _line_of(lines: Sequence[str], name: str) -> int:
    return next((n for n, line in enumerate(lines, 1) if line.startswith(f"{name}:")), 1)


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[str]:
    """Tags as a list, or as one text of them with commas or spaces between."""
    if isinstance(value, str):
        value = value.split(",") if "," in value else value.split()
    return (
        [tag.strip().lstrip("#") for tag in value if isinstance(tag, str) and tag.strip()]
        if isinstance(value, list)
        else []
    )


def _named(lines: Sequence[str], field: str, names: Iterable[str]) -> list[str]:
    with _at(_line_of(lines, field)):
        return [checked_name(name, field.removesuffix("s")) for name in names]
    return []


def _when(lines: Sequence[str], fields: dict[str, Any], name: str) -> int | None:
    value = _text(fields, name)
    if value.lower() in _NO:
        return None
    with _at(_line_of(lines, name)):
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{one_line(value, 40)!r} is no time, as 2030-01-31") from None
        at = int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
        if name == "expires" and at <= now_ms():
            raise ValueError("that time is past; delete the file to forget it")
    return at


def _meta(front: Sequence[str], fields: dict[str, Any]) -> str | None:
    """As it is kept; of JSON in one line with its numbers, else all of it as text."""
    found = fields.get("meta")
    if not isinstance(found, dict):
        return None
    line = _line_of(front, "meta")
    try:
        found = msgspec.json.decode(front[line - 1].partition(":")[2], type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        pass
    with _at(line + 1):
        return packed(found)
    return None


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text.lower() not in _NO else msgspec.json.encode(text).decode()
