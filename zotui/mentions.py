"""Mentions: what ``@`` and a name stand for in a message, completed while one types, and given to the model.

``@path/to/file``, ``@folder/``, ``@"with spaces.txt"``, ``@skill:NAME``, ``@tool:NAME``, ``@memory:KEY``, ``@chat:ID``.
"""

import asyncio
import os
import re
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from zotui.conversations import Given
from zotui.documents import LONGEST, read
from zotui.errors import NotFound, UsageError, ZotuiError
from zotui.text import clean, one_line, size
from zotui.workspace.finder import EXPLICIT, Finder

if TYPE_CHECKING:
    from zotui.computer import Computer

Kind = Literal["file", "folder", "skill", "tool", "memory", "chat"]
KINDS: tuple[Kind, ...] = ("skill", "tool", "memory", "chat")  # named with their kind before them
CHAT = 20_000  # characters of a conversation that go along
MOST_LISTED = 300  # entries of a folder
_MENTION = re.compile(r'(?<![^\s(\[{"\'])@(?:"([^"\n]{1,400})"|([^\s"@]{1,400}))')
_FENCE = re.compile(r"^```.*?^```[^\n]*$", re.DOTALL | re.MULTILINE)


class Mention(msgspec.Struct, frozen=True):
    """Something that can be mentioned: ``text`` is what stands in the message for it."""

    kind: Kind
    name: str
    detail: str
    text: str


def written(name: str) -> str:
    """A name as a mention: in quotes where it has spaces."""
    return f'@"{name}"' if re.search(r"\s", name) or name.endswith((",", ".", ")", ";", ":")) else f"@{name}"


def mention_of(path: Path) -> str:
    """The mention of a file anywhere."""
    return written(str(path))


class Mentions:
    """Completes and gives what is mentioned."""

    def __init__(self, computer: "Computer") -> None:
        self._computer = computer
        self._finder = Finder(computer.home.workspace)

    async def complete(self, words: str, limit: int = 12) -> Sequence[Mention]:
        """What the letters behind an ``@`` may mean, the kinds mixed, the best first; of one kind with ``skill:`` and
        the like before them."""
        words = words.removeprefix('"')
        kind, colon, rest = words.partition(":")
        if colon and kind in KINDS:
            return (await self._of_kind(kind, rest, limit))[:limit]
        files = asyncio.to_thread(self._files, words, limit)
        if not words or words.startswith(EXPLICIT):
            return await files
        others = [self._of_kind(kind, words, 4) for kind in KINDS]
        found = await asyncio.gather(files, *others)
        best, *rest_ = found
        mixed = [one for row in zip_longest(*rest_) for one in row if one is not None]
        return [*best[: max(limit - 4, limit - len(mixed))], *mixed][:limit]

    def found_in(self, text: str) -> list[str]:
        """The names that are mentioned in a text, code left out, each once."""
        plain = _FENCE.sub("", text)
        found = (quoted or bare.rstrip(".,;:!?)]}'") for quoted, bare in _MENTION.findall(plain))
        return list(dict.fromkeys(name for name in found if name))

    async def given(self, names: Sequence[str]) -> tuple[list[Given], list[str]]:
        """What goes along for these names, and the names that are nothing. Raises UsageError for a file that is there
        and cannot be read."""
        files: list[Given] = []
        unknown: list[str] = []
        for name in names:
            kind, colon, rest = name.partition(":")
            try:
                if colon and kind in KINDS:
                    files.append(await self._named(kind, rest))
                else:
                    files.append(await asyncio.to_thread(self._file, name))
            except NotFound:
                unknown.append(name)
        return files, unknown

    def _files(self, words: str, limit: int) -> list[Mention]:
        return [
            Mention("folder" if hit.folder else "file", hit.path, "", written(hit.path))
            for hit in self._finder.find(words, limit)
        ]

    async def _of_kind(self, kind: Kind, words: str, limit: int) -> list[Mention]:
        """The skills, tools, memories or chats that fit."""
        from rapidfuzz import fuzz, process, utils

        known = {f"{name} {detail}": (name, detail) for name, detail in await self._known(kind, words)}
        if not words:
            best = list(known)[:limit]
        else:
            scored = process.extract(
                words, list(known), scorer=fuzz.WRatio, processor=utils.default_process, limit=limit, score_cutoff=60
            )
            best = [text for text, _, _ in scored]
        return [
            Mention(kind, f"{kind}:{known[text][0]}", one_line(known[text][1], 80), written(f"{kind}:{known[text][0]}"))
            for text in best
        ]

    async def _known(self, kind: Kind, words: str) -> list[tuple[str, str]]:
        """Names and what they are."""
        computer = self._computer
        if kind == "skill":
            return [(one.name, one.description) for one in await asyncio.to_thread(computer.skills.list) if one.valid]
        if kind == "tool":
            from zotui.workers import toolbox

            return [(tool.name, tool.description) for tool in toolbox(computer).tools]
        if kind == "memory":
            memories = await computer.memory.list(search=words, limit=20)
            return [(one.key or one.id[-8:], one.content) for one in memories]
        chats = await computer.chats.list(search=words, limit=20)
        return [(one.id[-8:], one.title or "(no title)") for one in chats]

    async def _named(self, kind: str, name: str) -> Given:
        """What goes along for a skill, tool, memory or chat. Raises NotFound."""
        computer = self._computer
        if kind == "skill":
            skills = {one.name: one for one in await asyncio.to_thread(computer.skills.list)}
            if name not in skills:
                raise NotFound(f"no skill {name!r}")
            return _text(f"skill:{name}", f"Follow this skill.\n\n{skills[name].body}")
        if kind == "tool":
            if name not in [tool for tool, _ in await self._known("tool", "")]:
                raise NotFound(f"no tool {name!r}")
            return _text(f"tool:{name}", f"Use the tool {name} for this.")
        if kind == "memory":
            value = await computer.memory.get(name)
            return _text(f"memory:{name}", value or (await computer.memory.find(name)).content)
        chat = await computer.chats.find(name)
        said = [
            f"{'person' if message.role == 'user' else 'computer'}: {message.content}"
            for message in await computer.chats.messages(chat.id)
            if message.content
        ]
        return _text(f"chat:{chat.id}", f"The conversation “{chat.title}”:\n\n" + "\n\n".join(said)[-CHAT:])

    def _file(self, name: str) -> Given:
        """A file, or what is in a folder. One outside of the workspace only by an explicit path: that is the person's
        own act. Blocks. Raises NotFound, UsageError."""
        if name.startswith(EXPLICIT):
            path = Path(os.path.abspath(os.path.expanduser(name)))
            shown = str(path)
        else:
            path = self._computer.home.workspace / name
            shown = name.rstrip("/")
            try:
                if not path.resolve(strict=True).is_relative_to(self._computer.home.workspace.resolve()):
                    raise UsageError(f"{one_line(name, 80)} leads out of the workspace", "name it by its whole path")
            except (OSError, RuntimeError, ValueError):
                raise NotFound(f"no {one_line(name, 80)!r} in the workspace") from None
        if path.is_dir():
            return _text(shown + "/", _listing(path))
        return msgspec.structs.replace(read(path), path=shown)


def _text(name: str, text: str) -> Given:
    text = clean(text)[:LONGEST]
    return Given(name, text.encode(), "text/plain", text, name)


def _listing(folder: Path) -> str:
    """What is in a folder, names and sizes. Raises UsageError."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}") from None
    lines = []
    for entry in entries[:MOST_LISTED]:
        try:
            lines.append(f"{entry.name}/" if entry.is_dir() else f"{entry.name}  {size(entry.lstat().st_size)}")
        except OSError as error:
            raise ZotuiError(f"{entry}: {error.strerror}") from None
    more = [f"… {len(entries) - MOST_LISTED} more"] if len(entries) > MOST_LISTED else []
    return "\n".join([*lines, *more]) or "(empty)"
