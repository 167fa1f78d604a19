"""Patterns of ``[policy]``: calls by what they would do, not by what their text looks like.

``Bash(docker *)``   a command whose words are these; ``*`` stands for any number of words, within a word for any letters.
``Read(src/**)`` ``Write(*.md)``   a file of the workspace that is read or written; ``*`` stays within a folder, ``**`` does not.
``Net(example.org)`` ``Net(*.example.org)``   a host.
``!Bash(docker rm *)``   the same, always denied.

A pattern that allows must hold for all that a call does, for certain. One that denies or asks need only be possible: in
any of the commands of a line, within wrappers and substitutions, with other words between its own.
"""

import fnmatch
import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from zotui.policy import shell
from zotui.toolbox import Tool

_PATTERN = re.compile(r"(!?)(Bash|Read|Write|Net)\((.+)\)", re.DOTALL)


class Pattern(NamedTuple):
    """``kind``: Bash, Read, Write or Net; ``words`` those of a command, or the one path or host; ``never``: with a
    ``!``."""

    kind: str
    words: tuple[str, ...]
    never: bool


@lru_cache(maxsize=512)
def parse(text: str) -> Pattern | None:
    """The pattern that a key of ``[policy]`` is; None for the name of a tool or an effect. Raises ValueError."""
    found = _PATTERN.fullmatch(text.strip())
    if found is None:
        return None
    words = shlex.split(found[3]) if found[2] == "Bash" else [found[3].strip()]
    if not words or not words[0]:
        raise ValueError("there is nothing between the brackets")
    return Pattern(found[2], tuple(words), bool(found[1]))


def holds(patterns: Sequence[Pattern], tool: Tool, arguments: Mapping[str, Any]) -> bool:
    """Whether patterns that allow cover all that a call does, and that for certain."""
    if (command := _command(tool, arguments)) is not None:
        line = shell.read(command)
        wanted = [pattern for pattern in patterns if pattern.kind == "Bash"]
        return (
            line.plain
            and bool(line.commands)
            and all(any(_is(pattern.words, words) for pattern in wanted) for words in line.commands)
        )
    paths, host = _paths(tool, arguments), _host(arguments)
    if tool.effect in ("read", "write") and paths:
        wanted = [one for one in patterns if one.kind == ("Read" if tool.effect == "read" else "Write")]
        return all(any(_in(pattern.words[0], path) for pattern in wanted) for path in paths)
    if tool.effect == "net" and host:
        return any(one.kind == "Net" and fnmatch.fnmatchcase(host, one.words[0].lower()) for one in patterns)
    return False


def may_hold(pattern: Pattern, tool: Tool, arguments: Mapping[str, Any]) -> bool:
    """Whether a pattern that denies or asks is possible for any part of a call."""
    if (command := _command(tool, arguments)) is not None:
        if pattern.kind != "Bash":
            return False
        found = shell.read(command).commands
        return any(_may_be(pattern.words, one) for words in found for one in shell.candidates(words))
    if pattern.kind == "Net":
        host = _host(arguments)
        return bool(host) and fnmatch.fnmatchcase(host, pattern.words[0].lower())
    if pattern.kind == ("Write" if tool.effect == "write" else "Read") and tool.effect in ("read", "write"):
        return any(_in(pattern.words[0], path) for path in _paths(tool, arguments))
    return False


def is_unsure(tool: Tool, arguments: Mapping[str, Any]) -> bool:
    """Whether a call is a command of which nobody can say before what it runs."""
    command = _command(tool, arguments)
    return command is not None and not shell.read(command).plain


def _command(tool: Tool, arguments: Mapping[str, Any]) -> str | None:
    command = arguments.get("command")
    return command if tool.effect == "run" and isinstance(command, str) else None


def _paths(tool: Tool, arguments: Mapping[str, Any]) -> list[str]:
    named = [arguments.get(name) for name in ("path", "to", "source", "target")]
    return [posixpath.normpath(path.lstrip("/")) for path in named if isinstance(path, str) and path]


def _host(arguments: Mapping[str, Any]) -> str:
    for name in ("url", "host"):
        value = arguments.get(name)
        if isinstance(value, str):
            return (urlsplit(value).hostname or value).lower() if "//" in value else value.lower()
    return ""


def _is(pattern: Sequence[str], words: Sequence[str]) -> bool:
    """Whether words are those of a pattern, each in its place."""
    if not pattern:
        return not words
    if pattern[0] == "*":
        return any(_is(pattern[1:], words[at:]) for at in range(len(words) + 1))
    return bool(words) and fnmatch.fnmatchcase(words[0], pattern[0]) and _is(pattern[1:], words[1:])


def _may_be(pattern: Sequence[str], words: Sequence[str]) -> bool:
    """Whether words may mean what a pattern does: its words in this order, others between; an unknown word may be any."""
    wanted = [word for word in pattern if word != "*"]
    if not words:
        return False
    if not wanted:
        return True
    name = words[0] if words[0] == shell.UNKNOWN else posixpath.basename(words[0])
    if not _word_may_be(posixpath.basename(wanted[0]), name):
        return False
    rest = iter(words[1:])
    unknown = shell.UNKNOWN in words  # which may be several words
    return all(any(_word_may_be(one, word) for word in rest) or unknown for one in wanted[1:])


def _word_may_be(pattern: str, word: str) -> bool:
    return word == shell.UNKNOWN or fnmatch.fnmatchcase(word, pattern)


@lru_cache(maxsize=512)
def _glob(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/?|\*|\?)", posixpath.normpath(pattern.lstrip("/")) if pattern != "**" else pattern)
    signs = {"**": ".*", "**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(signs.get(part, re.escape(part)) for part in parts), re.DOTALL)


def _in(pattern: str, path: str) -> bool:
    """Whether a path is one of a pattern; one without a ``/`` is of files of any folder."""
    whole = _glob(pattern)
    return bool(whole.fullmatch(path)) or ("/" not in pattern and bool(whole.fullmatch(posixpath.basename(path))))
