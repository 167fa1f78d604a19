"""One search over everything: chats, memory, skills, runs, files, logs; grouped, each hit with the place it leads to.

Words of the index that are in many thousand rows are not ranked over all of them: a ranked look is given a moment, and
where that is not enough the newest that hold the words are shown.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from zotui.conversations.chats import ORIGINAL, match
from zotui.errors import UsageError, ZotuiError
from zotui.regular import read_regular
from zotui.store import Reader
from zotui.text import clean, one_line
from zotui.workspace.finder import Finder

if TYPE_CHECKING:
    from zotui.computer import Computer

Group = Literal["chats", "memory", "skills", "runs", "files", "logs"]
GROUPS: tuple[Group, ...] = ("chats", "memory", "skills", "runs", "files", "logs")
AROUND = 60  # characters of an excerpt before and behind the match
RARE = 2_000  # rows with the words, up to which the best are sought among all of them
CALLS = 20_000  # tool calls that are looked through, the newest
FILES_S = 0.08  # for the contents of files
LARGEST = 1_000_000  # bytes of a file that is looked through
LOG = 2_000_000  # bytes of a log's end that are looked through


class Found(msgspec.Struct, frozen=True):
    """A hit. ``place`` is where it leads, as notices name it; empty for what only says that a group cannot be searched.
    ``at`` in milliseconds since 1970, 0 where that is not known."""

    group: Group
    id: str
    title: str
    excerpt: str
    place: str
    at: int = 0


class Search:
    """Searches one computer."""

    def __init__(self, computer: "Computer") -> None:
        self._computer = computer
        self._finder = Finder(computer.home.workspace)

    async def __call__(self, query: str, limit: int = 5, only: Group | None = None) -> list[Found]:
        """The hits by groups, at most ``limit`` of each. A group that cannot be searched says so in a hit of its own."""
        query = one_line(query, 400)
        if not query.strip():
            return []
        sought: dict[Group, Callable[[str, int], Awaitable[list[Found]]]] = {
            "chats": self._chats,
            "memory": self._memory,
            "skills": self._skills,
            "runs": self._runs,
            "files": self._files,
            "logs": self._logs,
        }
        groups = [group for group in GROUPS if only in (None, group)]
        found = await asyncio.gather(*(sought[group](query, limit) for group in groups), return_exceptions=True)
        hits: list[Found] = []
        for group, part in zip(groups, found, strict=True):
            if isinstance(part, ZotuiError | OSError):
                hits.append(Found(group, "", f"! {group} cannot be searched", one_line(str(part), 200), ""))
            elif isinstance(part, BaseException):
                raise part
            else:
                hits += part
        return hits

    async def _chats(self, query: str, limit: int) -> list[Found]:
        return await self._computer.store.read(lambda db: _in_chats(db, query, limit))

    async def _memory(self, query: str, limit: int) -> list[Found]:
        return await self._computer.store.read(lambda db: _in_memory(db, query, limit))

    async def _skills(self, query: str, limit: int) -> list[Found]:
        words = query.casefold().split()
        found = []
        for skill in await asyncio.to_thread(self._computer.skills.list):
            text = f"{skill.name} {skill.description} {skill.body}".casefold()
            if all(word in text for word in words):
                excerpt = excerpt_of(f"{skill.description} {skill.body}", words)
                found.append(
                    (
                        words[0] not in skill.name,
                        Found("skills", skill.name, skill.name, excerpt, f"skill:{skill.name}"),
                    )
                )
        return [hit for _, hit in sorted(found, key=lambda one: (one[0], one[1].title))[:limit]]

    async def _runs(self, query: str, limit: int) -> list[Found]:
        return await self._computer.store.read(lambda db: _in_runs(db, query, limit))

    async def _files(self, query: str, limit: int) -> list[Found]:
        return await asyncio.to_thread(self._in_files, query, limit)

    def _in_files(self, query: str, limit: int) -> list[Found]:
        """Files by their names, then by what is in them, as far as there is time. Blocks."""
        named = [hit.path for hit in self._finder.find(query, limit) if not hit.folder]
        found = {path: Found("files", path, path, "", f"file:{path}") for path in named}
        words = query.casefold().split()
        end = time.monotonic() + FILES_S
        for hit in self._finder.entries():
            if len(found) >= limit or time.monotonic() > end:
                break
            if hit.folder or hit.path in found:
                continue
            text = _text_of(self._computer.home.workspace / hit.path)
            if text and all(word in text.casefold() for word in words):
                excerpt = excerpt_of(text, words)
                found[hit.path] = Found("files", hit.path, hit.path, excerpt, f"file:{hit.path}")
        return list(found.values())[:limit]

    async def _logs(self, query: str, limit: int) -> list[Found]:
        return await asyncio.to_thread(_in_logs, self._computer.home.logs, query, limit)


def _in_chats(db: Reader, query: str, limit: int) -> list[Found]:
    """Titles that hold the words, then messages."""
    words = match(query)
    shown = "c.deleted_at IS NULL AND c.kind <> 'trial'"
    pattern = "%" + query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    titled = db.execute(
        f"SELECT c.id, c.title, c.updated_at FROM conversations c WHERE {shown} AND c.title LIKE ? ESCAPE '\\'"
        " ORDER BY c.updated_at DESC LIMIT ?",
        (pattern, limit),
    ).fetchall()
    found = [Found("chats", id_, title or "(no title)", "", f"chat:{id_}", at) for id_, title, at in titled]
    if words:
        rows = db.execute(
            f"SELECT m.id, c.id, c.title, m.content, m.created_at FROM messages_fts JOIN messages m ON m.seq = messages_fts.rowid"
            f" JOIN conversations c ON c.id = m.conv_id WHERE messages_fts MATCH ? AND {shown} AND {ORIGINAL}"
            f" ORDER BY {_order(db, 'messages_fts', words)} LIMIT ?",
            (words, limit),
        ).fetchall()
        split = query.casefold().split()
        found += [
            Found("chats", message, title or "(no title)", excerpt_of(content, split), f"chat:{chat}/{message}", at)
            for message, chat, title, content, at in rows
        ]
    return list({hit.id: hit for hit in found}.values())[:limit]


def _in_memory(db: Reader, query: str, limit: int) -> list[Found]:
    words = match(query)
    if not words:
        return []
    rows = db.execute(
        "SELECT m.id, m.key, m.value, m.updated_at FROM memory_fts JOIN memory m ON m.seq = memory_fts.rowid"
        f" WHERE memory_fts MATCH ? ORDER BY {_order(db, 'memory_fts', words)} LIMIT ?",
        (words, limit),
    ).fetchall()
    split = query.casefold().split()
    return [
        Found("memory", id_, key or one_line(value, 60), excerpt_of(value, split), f"memory:{id_}", at)
        for id_, key, value, at in rows
    ]


def _order(db: Reader, index: str, words: str) -> str:
    """How to sort: the best first where few rows hold the words, else the newest, which needs no look at all of them."""
    many = db.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {index} WHERE {index} MATCH ? LIMIT ?)", (words, RARE + 1)
    ).get
    return "rank" if many <= RARE else f"{index}.rowid DESC"


def _in_runs(db: Reader, query: str, limit: int) -> list[Found]:
    """Turns that did not end well, and tool calls, the newest first."""
    split = query.casefold().split()
    within = " AND ".join(["instr(lower(what), ?)"] * len(split))
    rows = db.execute(
        "SELECT id, title, what, at FROM ("
        " SELECT t.turn_id AS id, t.name AS title, t.name || ' ' || t.arguments || ' ' || t.summary || ' '"
        "  || substr(coalesce(t.result, ''), 1, 4000) AS what, t.created_at AS at"
        "  FROM (SELECT * FROM tool_calls ORDER BY id DESC LIMIT ?) t JOIN messages m ON m.id = t.message_id"
        "  JOIN conversations c ON c.id = m.conv_id WHERE c.deleted_at IS NULL AND m.copy_of IS NULL"
        " UNION ALL"
        " SELECT t.id, t.status, t.status || ' ' || t.input || ' ' || coalesce(t.error, ''), t.created_at FROM turns t"
        "  JOIN conversations c ON c.id = t.conv_id WHERE t.status IN ('failed','interrupted') AND c.deleted_at IS NULL"
        f") WHERE {within} ORDER BY at DESC LIMIT ?",
        (CALLS, *split, limit),
    ).fetchall()
    return [
        Found("runs", f"{id_}:{number}", title, excerpt_of(what, split), f"run:{id_}", at)
        for number, (id_, title, what, at) in enumerate(rows)
    ]


def _in_logs(folder: Path, query: str, limit: int) -> list[Found]:
    """Lines of logs that hold the words, the last ones first. Blocks. Raises OSError."""
    words, found = query.casefold().split(), []
    for log in sorted(folder.glob("*.log")):
        text = clean(log.read_bytes()[-LOG:].decode("utf-8", "replace"))
        at = int(log.stat().st_mtime * 1000)
        lines = text.split("\n")
        hits = [number for number, line in enumerate(lines, 1) if all(word in line.casefold() for word in words)]
        found += [
            Found("logs", f"{log.name}:{number}", f"{log.name}:{number}", excerpt_of(lines[number - 1], words),
                  f"log:{log.name}:{number}", at)
            for number in reversed(hits[-limit:])
        ]  # fmt: skip
    return found[:limit]


def _text_of(path: Path) -> str:
    """A text file's content; empty for any other, and for one that cannot be read. Blocks."""
    try:
        if os.path.getsize(path) > LARGEST:
            return ""
        content = read_regular(path, LARGEST)
    except OSError:
        return ""
    return "" if b"\0" in content[:4096] else clean(content.decode("utf-8", "replace"))


def excerpt_of(text: str, words: Sequence[str]) -> str:
    """A line of a text around the first of the words."""
    folded = text.casefold()
    at = min((place for word in words if (place := folded.find(word)) >= 0), default=0)
    start = max(0, at - AROUND)
    piece = " ".join(text[start : at + 2 * AROUND].split())
    return one_line(("… " if start else "") + piece, 200)


def check_group(name: str) -> Group:
    """A group by its name. Raises UsageError."""
    for group in GROUPS:
        if group == name:
            return group
    raise UsageError(f"no group {one_line(name, 40)!r}", f"there are: {', '.join(GROUPS)}")
