"""Memories as rows of the file, and what may become one."""

from collections.abc import Mapping
from typing import Any

import msgspec

from zotui.errors import UsageError
from zotui.text import clean, one_line

LONGEST = 100_000  # characters of one memory, and of its meta
SUMMARY = "summary"  # the source of what summaries say
LONGEST_NAME = 200  # characters of a key or a tag


class Memory(msgspec.Struct, frozen=True):
    """One memory. ``score`` is a recall's, higher is better, the sum of the named parts in ``why``; times in milliseconds
    since 1970. ``tainted``: it was made where anybody's words were. ``uses``: how many answers it was recalled into,
    ``used_at``: when last."""

    id: str
    content: str
    meta: dict[str, Any]
    key: str | None = None
    created_at: int = 0
    updated_at: int = 0
    tainted: bool = False
    score: float = 0.0
    why: dict[str, float] = {}
    tags: tuple[str, ...] = ()
    pinned_at: int | None = None
    expires_at: int | None = None
    uses: int = 0
    used_at: int | None = None

    @property
    def is_summary(self) -> bool:
        """Whether it is a line of a summary of older turns, which goes when that no longer applies."""
        return self.meta.get("source") == SUMMARY


class Version(msgspec.Struct, frozen=True):
    """One value a key has had, since when."""

    value: str
    created_at: int


# Every row of ``memory m`` that has not come to its end.
LIVE = "(m.expires_at IS NULL OR m.expires_at > CAST(unixepoch('subsec') * 1000 AS INTEGER))"
COLUMNS = """
m.id, m.value, m.meta, m.key, m.created_at, m.updated_at, m.tainted,
(SELECT json_group_array(tag) FROM (SELECT tag FROM memory_tags t WHERE t.memory_id = m.id ORDER BY tag)),
m.pinned_at, m.expires_at,
(SELECT json_array(uses, used_at) FROM memory_uses u WHERE u.memory_id = m.id)
"""


def memory(row: tuple[Any, ...], parts: Mapping[str, float] | None = None, score: float = 0.0) -> Memory:
    """A row of ``COLUMNS`` as a memory, with the parts of its score."""
    identity, content, meta, key, created, updated, tainted, tags, pinned, expires, uses = row
    return Memory(
        identity,
        content,
        msgspec.json.decode(meta),
        key,
        created,
        updated,
        bool(tainted),
        score,
        dict(parts or {}),
        tuple(msgspec.json.decode(tags)),
        pinned,
        expires,
        *(msgspec.json.decode(uses) if uses else ()),
    )


def packed(meta: Mapping[str, Any] | None) -> str:
    """Meta as it is kept. Raises UsageError."""
    try:
        packed = msgspec.json.encode(_cleaned(dict(meta or {}))).decode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"meta must be a JSON object: {one_line(str(error), 200)}") from None
    if len(packed) > LONGEST:
        raise UsageError(f"meta holds at most {LONGEST:,} characters, this one has {len(packed):,}")
    return packed


def _cleaned(value: Any) -> Any:
    """A JSON value whose texts are clean."""
    match value:
        case str():
            return clean(value)
        case dict():
            return {_cleaned(name): _cleaned(item) for name, item in value.items()}
        case list() | tuple():
            return [_cleaned(item) for item in value]
    return value


def tidy(name: str) -> str:
    """An id, a key or a tag as it is kept."""
    return clean(name).strip()


def checked(content: str) -> str:
    """A text as it is kept. Raises UsageError for an empty or oversized one."""
    content = clean(content).strip()
    if not content:
        raise UsageError("a memory cannot be empty")
    if len(content) > LONGEST:
        raise UsageError(f"a memory holds at most {LONGEST:,} characters, this one has {len(content):,}")
    return content


def checked_name(name: str, what: str) -> str:
    """A key or a tag as it is kept. Raises UsageError for what is none."""
    name = tidy(name)
    if not name or "\n" in name or len(name) > LONGEST_NAME:
        raise UsageError(f"a {what} is one line of 1 to {LONGEST_NAME} characters")
    return name
