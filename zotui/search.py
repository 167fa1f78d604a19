"""One search over everything: chats, memory, skills, runs, files, logs; grouped, each hit with the place it leads to.

The groups are searched side by side. Words that thousands of rows hold are not ranked: SQLite would have to weigh every row
(100 ms for a word that is in 100,000 messages). Where more than ``RARE`` hold them, the newest are shown, at which the index
stops. Of what has no index the newest is looked through; of tool calls and files, which are long, as a moment allows.
"""

import asyncio
import logging
import os
import stat
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from zotui.conversations.chats import ORIGINAL, match
from zotui.errors import ZotuiError
from zotui.home import LONGEST_LOG
from zotui.memory import pages
from zotui.regular import NotRegular, read_regular
from zotui.store import Reader
from zotui.text import clean, one_line, size
from zotui.workspace.finder import Finder, Hit, ranked

if TYPE_CHECKING:
    from zotui.computer import Computer

Group = Literal["chats", "memory", "skills", "runs", "files", "logs"]
GROUPS: tuple[Group, ...] = ("chats", "memory", "skills", "runs", "files", "logs")
AROUND = 60  # characters of an excerpt before and behind the match
RARE = 2_000  # rows with the words, up to which the best are sought among all of them
NEWEST = 20_000  # tool calls, turns, titles and stored files that are looked through
PAGE = 1_000  # tool calls that are read at once
MOMENT_S = 0.08  # for looking through what has no index
LARGEST = 1_000_000  # bytes of a file that is looked through
NEAR = 80  # of 100: how like the words a file's name must be that does not hold them
SHOWN = "c.deleted_at IS NULL AND c.kind <> 'trial'"

log = logging.getLogger(__name__)


class Found(msgspec.Struct, frozen=True):
    """A hit. ``place`` is where it leads, as notices name it; empty where there is nowhere to go, as for what only says
    that a group cannot be searched. ``at`` in milliseconds since 1970, 0 where that is not known."""

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
        sought: dict[Group, Callable[[], Awaitable[list[Found]]]] = {
            "chats": partial(self._read, _in_chats, query, limit),
            "memory": partial(self._read, _in_memory, query, limit),
            "skills": partial(asyncio.to_thread, self._in_skills, query, limit),
            "runs": partial(self._read, _in_runs, query, limit),
            "files": partial(self._files, query, limit),
            "logs": partial(asyncio.to_thread, _in_logs, self._computer.home.logs, query, limit),
        }
        groups = [group for group in GROUPS if only in (None, group)]
        parts = await asyncio.gather(*(sought[group]() for group in groups), return_exceptions=True)
        return [hit for group, part in zip(groups, parts, strict=True) for hit in _hits(group, part)]

    async def _read(self, look: Callable[[Reader, str, int], list[Found]], query: str, limit: int) -> list[Found]:
        return await self._computer.store.read(lambda db: look(db, query, limit))

    def _in_skills(self, query: str, limit: int) -> list[Found]:
        """Skills whose names hold the words, then others. Blocks."""
        words = _words(query)
        texts = [(one.name, f"{one.description} {one.body}") for one in self._computer.skills.list()]
        found = [(name, text) for name, text in texts if _holds(f"{name} {text}", words)]
        found.sort(key=lambda one: not _holds(one[0], words))
        return [Found("skills", name, name, excerpt_of(text, words), f"skill:{name}") for name, text in found[:limit]]

    async def _files(self, query: str, limit: int) -> list[Found]:
        """Files whose names hold the words, then whose contents do, then whose names are nearly like them."""
        named, held, near = await asyncio.to_thread(self._in_workspace, query, limit)
        stored = await self._read(_in_stored, query, limit)
        return [*named, *stored, *held, *near][:limit]

    def _in_workspace(self, query: str, limit: int) -> tuple[list[Found], list[Found], list[Found]]:
        """By their names, by what is in them, by names that are nearly the words. Blocks."""
        words, root = _words(query), self._computer.home.workspace
        files = [hit for hit in self._finder.entries() if not hit.folder]
        named = [hit for hit in files if _holds(hit.path, words)]
        named.sort(key=lambda hit: (not os.path.basename(hit.path).casefold().startswith(words[0]), len(hit.path)))
        if len(named) >= limit:
            return [_file(root, hit.path) for hit in named[:limit]], [], []
        texts = ((hit.path, _text_of(root / hit.path)) for hit in files if hit not in named)
        held = _first(limit, _for_a_moment(texts), words, column=1)
        known = {hit.path for hit in named} | {path for path, _ in held}
        return (
            [_file(root, hit.path) for hit in named],
            [_file(root, path, excerpt_of(text, words)) for path, text in held],
            [_file(root, hit.path) for hit in _nearly(query, files, limit) if hit.path not in known],
        )


def _hits(group: Group, part: list[Found] | BaseException) -> list[Found]:
    """A group's hits, or in their place the one line that says what is wrong. Raises what ends the whole search."""
    if isinstance(part, list):
        return part
    if not isinstance(part, Exception):
        raise part
    if not isinstance(part, ZotuiError | OSError):
        log.error("%s cannot be searched", group, exc_info=part)
    return [Found(group, "", f"! {group} cannot be searched", one_line(str(part) or type(part).__name__, 200), "")]


def _in_chats(db: Reader, query: str, limit: int) -> list[Found]:
    """Titles that hold the words, then messages."""
    words, sought = _words(query), match(query)
    titles = db.execute(
        f"SELECT c.id, c.title, c.updated_at FROM conversations c WHERE {SHOWN} ORDER BY c.updated_at DESC LIMIT {NEWEST}"
    ).fetchall()
    titled = _first(limit, titles, words, column=1)
    found = [Found("chats", id_, title, "", f"chat:{id_}", at) for id_, title, at in titled]
    if not sought or len(found) >= limit:
        return found
    # What answers without a model repeats what was said: where all that hold the words are weighed, it comes last.
    order = "m.model = 'offline', rank" if _are_few(db, "messages_fts", sought) else "messages_fts.rowid DESC"
    rows = db.execute(
        "SELECT m.id, c.id, c.title, snippet(messages_fts, 0, '', '', '…', 24), m.created_at"
        " FROM messages_fts JOIN messages m ON m.seq = messages_fts.rowid JOIN conversations c ON c.id = m.conv_id"
        f" WHERE messages_fts MATCH ? AND {SHOWN} AND {ORIGINAL} ORDER BY {order} LIMIT ?",
        (sought, limit - len(found)),
    ).fetchall()
    return found + [
        Found("chats", message, title or "(no title)", one_line(piece, 200), f"chat:{chat}/{message}", at)
        for message, chat, title, piece, at in rows
    ]


def _in_memory(db: Reader, query: str, limit: int) -> list[Found]:
    sought = pages.rows(db, pages.Wanted(search=query))
    if sought is None:
        return []
    worded = sought.table == "memory_fts"
    order = "rank" if worded and _are_few(db, "memory_fts", sought.values[0]) else f"{sought.seq} DESC"
    piece = "snippet(memory_fts, 0, '', '', '…', 24)" if worded else "m.value"
    rows = db.execute(
        f"SELECT m.id, m.key, {piece}, m.updated_at FROM {sought.table} CROSS JOIN memory m ON m.seq = {sought.seq}"
        f" WHERE {' AND '.join(sought.conditions)} ORDER BY {order} LIMIT ?",
        (*sought.values, limit),
    ).fetchall()
    return [
        Found("memory", id_, key or one_line(piece, 60), one_line(piece, 200), f"memory:{id_}", at)
        for id_, key, piece, at in rows
    ]


def _are_few(db: Reader, index: str, sought: str) -> bool:
    """Whether so few rows of an index hold the words that the best can be sought among all of them."""
    some = f"SELECT 1 FROM {index} WHERE {index} MATCH ? LIMIT ?"
    return bool(db.execute(f"SELECT count(*) FROM ({some})", (sought, RARE + 1)).get <= RARE)


_FAILED = f"""
SELECT t.id, t.id, t.status, t.status || ' ' || t.input || ' ' || coalesce(t.reason, '') || ' ' || coalesce(t.error, ''),
  t.created_at
FROM (SELECT * FROM turns ORDER BY id DESC LIMIT {NEWEST}) t JOIN conversations c ON c.id = t.conv_id
WHERE t.status IN ('failed','interrupted','cancelled') AND {SHOWN} ORDER BY t.id DESC
"""
_CALLS = f"""
SELECT t.id, t.turn_id, t.name,
  t.name || ' ' || t.arguments || ' ' || t.summary || ' ' || substr(coalesce(t.result, ''), 1, 4000), t.created_at
FROM tool_calls t JOIN messages m ON m.id = t.message_id JOIN conversations c ON c.id = m.conv_id
WHERE t.id < ? AND {SHOWN} AND {ORIGINAL} ORDER BY t.id DESC LIMIT ?
"""


def _in_runs(db: Reader, query: str, limit: int) -> list[Found]:
    """Turns that did not end well, and tool calls, the newest first."""
    words = _words(query)
    sources = db.execute(_FAILED).fetchall(), _for_a_moment(islice(_calls(db), NEWEST))
    rows = [row for source in sources for row in _first(limit, source, words, column=3)]
    rows.sort(key=lambda row: row[4], reverse=True)
    return [
        Found("runs", id_, title, excerpt_of(what, words), f"run:{turn}", at)
        for id_, turn, title, what, at in rows[:limit]
    ]


def _calls(db: Reader) -> Iterator[Any]:
    """All tool calls, page by page: who has found enough has read no more."""
    before = "~"  # above all ids
    while rows := db.execute(_CALLS, (before, PAGE)).fetchall():
        yield from rows
        before = rows[-1][0]


def _in_stored(db: Reader, query: str, limit: int) -> list[Found]:
    """Files in the database by their names. Nothing shows them, so they lead nowhere."""
    rows = db.execute(
        f"SELECT id, path, size, updated_at FROM files ORDER BY updated_at DESC LIMIT {NEWEST}"
    ).fetchall()
    return [
        Found("files", id_, one_line(path, 200), f"stored in the database, {size(n_bytes)}", "", at)
        for id_, path, n_bytes, at in _first(limit, rows, _words(query), column=1)
    ]


def _nearly(query: str, files: Sequence[Hit], limit: int) -> list[Hit]:
    """The files whose names are almost the words, as where one letter is wrong. Blocks."""
    from rapidfuzz import fuzz

    def likeness(path: str) -> float:
        return fuzz.partial_ratio(query.casefold(), os.path.basename(path).casefold())

    return [hit for hit in ranked(query, files, limit) if likeness(hit.path) >= NEAR]


def _file(root: Path, path: str, excerpt: str = "") -> Found:
    """A hit of a file of the workspace. Blocks."""
    try:
        at = os.lstat(root / path).st_mtime_ns // 1_000_000
    except OSError:
        at = 0
    return Found("files", path, path, excerpt, f"file:{path}", at)


def _text_of(path: Path) -> str:
    """A text file's content; empty for any other, for a link, and for one that cannot be read. Blocks."""
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            return ""
        content = read_regular(path, LARGEST)
    except OSError:
        return ""
    return "" if b"\0" in content[:4096] else clean(content.decode("utf-8", "replace"))


def _in_logs(folder: Path, query: str, limit: int) -> list[Found]:
    """Lines at the ends of logs that hold the words, the last ones of the latest log first. Blocks. Raises OSError."""
    words, found = _words(query), []
    for at, name, text in sorted(map(_end_of, folder.glob("*.log")), reverse=True):
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if _holds(line, words)]
        found += [
            Found("logs", f"{name}:{number}", f"{name}:{number}", excerpt_of(line, words), f"log:{name}:{number}", at)
            for number, line in reversed(lines[-limit:])
        ]
    return found[:limit]


def _end_of(path: Path) -> tuple[int, str, str]:
    """When a log was written, its name, and as much of its end as the home reads: lines have the same numbers. Blocks."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise NotRegular(f"{path.name} is no regular file")
        file.seek(max(0, status.st_size - LONGEST_LOG))
        return status.st_mtime_ns // 1_000_000, path.name, clean(file.read(LONGEST_LOG).decode("utf-8", "replace"))


def _words(query: str) -> list[str]:
    return query.casefold().split()


def _holds(text: str, words: Iterable[str]) -> bool:
    """Whether a text holds all of the folded words."""
    folded = text.casefold()
    return all(word in folded for word in words)


def _for_a_moment(rows: Iterable[Any]) -> Iterator[Any]:
    """As many of them as there is time for."""
    end = time.monotonic() + MOMENT_S
    return takewhile(lambda _: time.monotonic() < end, rows)


def _first(limit: int, rows: Iterable[Any], words: Sequence[str], *, column: int) -> list[Any]:
    """The first rows that hold the words in a column."""
    return list(islice((row for row in rows if _holds(row[column], words)), limit))


def excerpt_of(text: str, words: Sequence[str]) -> str:
    """A line of a text around the first of the words."""
    folded = text.casefold()
    at = min((place for word in words if (place := folded.find(word)) >= 0), default=0)
    start = max(0, at - AROUND)
    piece = " ".join(text[start : at + 2 * AROUND].split())
    return one_line(("… " if start else "") + piece, 200)
