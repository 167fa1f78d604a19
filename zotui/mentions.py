"""Mentions: what ``@`` and a name stand for in a message, completed while one types, and given to the model.

``@path/to/file``, ``@folder/``, ``@"with spaces.txt"``, ``@skill:NAME``, ``@tool:NAME``, ``@memory:KEY``, ``@chat:ID``.
"""

import asyncio
import os
import re
from collections.abc import Collection, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from zotui.conversations import Given
from zotui.documents import read, shortened
from zotui.errors import NotFound, UsageError
from zotui.text import clean, one_line, size
from zotui.workspace.finder import EXPLICIT, Finder

if TYPE_CHECKING:
    from zotui.computer import Computer

Kind = Literal["file", "folder", "skill", "tool", "memory", "chat"]
KINDS: tuple[Kind, ...] = ("skill", "tool", "memory", "chat")  # named with their kind before them
SEARCHED = ("memory", "chat")  # the store has found those that fit already
CHAT = 20_000  # characters of a conversation that go along
MOST_LISTED = 300  # entries of a folder
FIRST_FILES = 3  # come before the other kinds, which are then mixed with them
_MENTION = re.compile(r'(?<![^\s(\[{])@(?:"([^"\n]{1,4096})"|([^\s"]{1,4096}))')
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)


class Mention(msgspec.Struct, frozen=True):
    """Something that can be mentioned: ``text`` is what stands in the message for it."""

    kind: Kind
    name: str
    detail: str
    text: str


def found_in(text: str) -> list[str]:
    """The names that are mentioned in a text, blocks of code left out, each once."""
    found = (quoted or bare.rstrip(".,;:!?)]}'") for quoted, bare in _MENTION.findall(_FENCE.sub("", text)))
    return list(dict.fromkeys(name for name in found if name))


def written(name: str) -> str:
    """A name as a mention: in quotes where it would not be found without."""
    return f"@{name}" if found_in(f"@{name}") == [name] else f'@"{name}"'


def mention_of(path: Path) -> str:
    """The mention of a file anywhere."""
    return written(str(path))


def left_as_text(text: str, paths: Collection[str]) -> list[str]:
    """The names in a text that stood for none of the files which went along with it: they were pasted, or unknown."""
    given = {path.rstrip("/") for path in paths}
    return [name for name in found_in(text) if _shown(name) not in given and not _is_of_chat(name, given)]


def _shown(name: str) -> str:
    """What a name is called where it went along."""
    path = os.path.abspath(os.path.expanduser(name)) if name.startswith(EXPLICIT) else name
    return path.rstrip("/")


def _is_of_chat(name: str, given: Collection[str]) -> bool:
    """Whether it is the end of the id of a conversation that went along."""
    kind, _, end = name.partition(":")
    return kind == "chat" and any(path.startswith("chat:") and path.endswith(end) for path in given)


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
        if words.startswith(EXPLICIT):
            return await files
        best, *others = await asyncio.gather(files, *(self._of_kind(kind, words, 4) for kind in KINDS))
        return _mixed(best, [one for row in zip_longest(*others) for one in row if one is not None], limit)

    def found_in(self, text: str) -> list[str]:
        """The names that are mentioned in a text, blocks of code left out, each once."""
        return found_in(text)

    async def given(self, names: Sequence[str]) -> tuple[list[Given], list[str]]:
        """What goes along for these names, and the names that are nothing. Raises UsageError for a file that is there
        and cannot be read, or a skill that may not be used."""
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
        """The skills, tools, memories or chats that fit, those whose names do first."""
        known, wanted = await self._known(kind, words), words.lower()
        named = [one for one in known if wanted in one[0].lower()]
        named.sort(key=lambda one: not one[0].lower().startswith(wanted))
        near = known if kind in SEARCHED else _near(words, known, limit)
        return [
            Mention(kind, f"{kind}:{name}", one_line(detail, 80), written(f"{kind}:{name}"))
            for name, detail in list(dict.fromkeys([*named, *near]))[:limit]
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
        """What goes along for a skill, tool, memory or chat. Raises NotFound, UsageError for a skill that may not be used."""
        computer = self._computer
        if kind == "skill":
            skill = await asyncio.to_thread(computer.skills.usable, name)
            return _text(f"skill:{name}", f"Follow this skill.\n\n{skill.body}")
        if kind == "tool":
            if name not in [tool for tool, _ in await self._known("tool", "")]:
                raise NotFound(f"no tool {name!r}")
            return _text(f"tool:{name}", f"Use the tool {name} for this.")
        if kind == "memory":
            value = await computer.memory.get(name)
            return _text(f"memory:{name}", value or (await computer.memory.find(name)).content)
        return await self._chat(name)

    async def _chat(self, name: str) -> Given:
        """The end of a conversation. Raises NotFound."""
        chats = self._computer.chats
        chat = await chats.find(name)
        messages = await chats.messages(chat.id)
        said = "\n\n".join(
            f"{'person' if message.role == 'user' else 'computer'}: {message.content}"
            for message in messages
            if message.content
        )
        head = f"The conversation “{one_line(chat.title)}”:\n\n"
        if chat.messages > len(messages) or len(head) + len(said) > CHAT:
            head += "[what was said earlier is left out]\n\n"
        return _text(f"chat:{chat.id}", head + said[-(CHAT - len(head)) :])

    def _file(self, name: str) -> Given:
        """A file, or what is in a folder. One outside of the workspace only by an explicit path: that is the person's
        own act. Blocks. Raises NotFound, UsageError."""
        if name.startswith(EXPLICIT):
            path = Path(os.path.abspath(os.path.expanduser(name)))
            shown = str(path)
        else:
            path, shown = self._within(name), name.rstrip("/")
        if os.path.isdir(path):
            return _text(shown.rstrip("/") + "/", _listing(path))
        return msgspec.structs.replace(read(path), path=shown)

    def _within(self, name: str) -> Path:
        """Where in the workspace a name leads to. Raises NotFound, UsageError where it leads out."""
        root = self._computer.home.workspace
        try:
            path = (root / name).resolve(strict=True)
            within = path.is_relative_to(root.resolve())
        except (OSError, RuntimeError, ValueError):
            raise NotFound(f"no {one_line(name, 80)!r} in the workspace") from None
        if not within:
            raise UsageError(f"{one_line(name, 80)} leads out of the workspace", "name it by its whole path")
        return path


def _near(words: str, known: Sequence[tuple[str, str]], limit: int) -> Sequence[tuple[str, str]]:
    """Those whose names or details are like the words; of a letter or two everything is."""
    from rapidfuzz import fuzz, process, utils

    if len(words) < 3:
        return []
    texts = [f"{name} {detail}" for name, detail in known]
    found = process.extract(
        words, texts, scorer=fuzz.WRatio, processor=utils.default_process, limit=limit, score_cutoff=60
    )
    return [known[at] for _, _, at in found]


def _mixed(files: Sequence[Mention], others: Sequence[Mention], limit: int) -> Sequence[Mention]:
    """The first files, then one of the others and one file in turn: the best of all are near the top."""
    turns = zip_longest(others, files[FIRST_FILES:])
    mixed = chain(files[:FIRST_FILES], (one for turn in turns for one in turn if one is not None))
    return list(mixed)[:limit]


def _text(name: str, text: str) -> Given:
    text = shortened(clean(text))
    return Given(name, text.encode(), "text/plain", text, name)


def _listing(folder: Path) -> str:
    """What is in a folder, names and sizes. Raises UsageError."""
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError(f"{one_line(str(folder), 200)}: {error.strerror}") from None
    more = [f"… {len(entries) - MOST_LISTED} more"] if len(entries) > MOST_LISTED else []
    return "\n".join([*map(_listed, entries[:MOST_LISTED]), *more]) or "(empty)"


def _listed(entry: "os.DirEntry[str]") -> str:
    name = one_line(entry.name, 255)
    try:
        if entry.is_dir(follow_symlinks=False):
            return f"{name}/"
        return f"{name}  {size(entry.stat(follow_symlinks=False).st_size)}"
    except OSError:  # it has gone meanwhile
        return name
