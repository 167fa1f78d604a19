"""Patterns of ``[policy]``: calls by what they would do, not by what their text looks like.

``Bash(docker *)``   a command whose words are these; ``*`` stands for any number of words, within a word for any letters.
``Read(src/**)`` ``Write(*.md)``   a file of the workspace that is read or written; ``*`` stays within a folder, ``**`` does not.
``Net(example.org)`` ``Net(*.example.org)``   a host.
``!Bash(docker rm *)``   the same, always denied.

A pattern that allows must hold for all that a call does, for certain. One that denies or asks holds for any of the
commands of a line, within wrappers and substitutions, with other words between its own. Where it would hold only if
something turned out so (``docker $WHAT x``), that is ``maybe``. Paths are taken as a call names them.
"""

import fnmatch
import os
import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from zotui.policy import shell
from zotui.sandbox import hosts
from zotui.toolbox import Tool

Holding = Literal["no", "maybe", "yes"]
PATHS = ("path", "to", "source", "target")
"""Arguments that are paths of the workspace."""
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
    if (command := command_of(tool, arguments)) is not None:
        line = shell.read(command)
        wanted = [pattern for pattern in patterns if pattern.kind == "Bash"]
        return (
            line.plain
            and bool(line.commands)
            and all(any(_is(pattern.words, words) for pattern in wanted) for words in line.commands)
        )
    paths, named = paths_of(arguments), hosts_of(arguments)
    if tool.effect in ("read", "write") and paths:
        wanted = [one for one in patterns if one.kind == ("Read" if tool.effect == "read" else "Write")]
        return all(any(_in(pattern.words[0], path) for pattern in wanted) for path in paths)
    if tool.effect == "net" and named:
        wanted = [one for one in patterns if one.kind == "Net"]
        return all(any(_covers(one.words[0], host) for one in wanted) for host in named)
    return False


def is_near(arguments: Mapping[str, Any]) -> bool:
    """Whether a call names addresses, or this machine: leave for that is given for the very one."""
    return any(hosts.is_near(hosts.parted(host)[0]) for host in hosts_of(arguments))


def touches(pattern: Pattern, tool: Tool, arguments: Mapping[str, Any]) -> Holding:
    """Whether a pattern that denies or asks holds for any part of a call."""
    if (command := command_of(tool, arguments)) is not None:
        if pattern.kind != "Bash":
            return "no"
        line = shell.read(command)
        ways = [_may_be(pattern.words, one) for words in line.commands for one in shell.candidates(words)]
        return "yes" if "yes" in ways else "maybe" if line.hidden or "maybe" in ways else "no"
    if pattern.kind == "Net":
        ways = [_reaches(pattern.words[0], host) for host in hosts_of(arguments)]
        return "yes" if "yes" in ways else "maybe" if "maybe" in ways else "no"
    if pattern.kind == ("Write" if tool.effect == "write" else "Read") and tool.effect in ("read", "write"):
        paths = paths_of(arguments)
        if any(_in(pattern.words[0], path) for path in paths):
            return "yes"
        return "maybe" if tool.effect == "write" and any(_is_below(pattern.words[0], path) for path in paths) else "no"
    return "no"


def command_of(tool: Tool, arguments: Mapping[str, Any]) -> str | None:
    """The line for bash that a call runs, or feeds to one that runs, if it does that."""
    command = arguments.get("command", arguments.get("input"))
    return command if tool.effect in ("run", "net") and isinstance(command, str) else None


def paths_of(arguments: Mapping[str, Any]) -> list[str]:
    """The paths of the workspace that a call names."""
    named = [arguments.get(name) for name in PATHS]
    return [posixpath.normpath(path.lstrip("/")) for path in named if isinstance(path, str) and path]


def from_root(arguments: Mapping[str, Any], root: str) -> dict[str, Any]:
    """The same arguments, but whole paths of the workspace begin at its root, as file tools take them."""
    roots = {os.path.normpath(root), os.path.realpath(root)}

    def shortened(path: str) -> str:
        whole = os.path.normpath(path)
        return next((whole[len(one) :] for one in roots if f"{whole}/".startswith(f"{one}/")), path)

    return {
        name: shortened(value) if name in PATHS and isinstance(value, str) and value.startswith("/") else value
        for name, value in arguments.items()
    }


def hosts_of(arguments: Mapping[str, Any]) -> list[str]:
    """The hosts that a call names, each once."""
    listed = arguments.get("hosts")
    named = [arguments.get("url"), arguments.get("host"), *(listed if isinstance(listed, list) else [])]
    return list(dict.fromkeys(_host(value) for value in named if isinstance(value, str) and value))


def _host(value: str) -> str:
    try:
        return ((urlsplit(value).hostname or value) if "//" in value else value).strip().lower()
    except ValueError:
        return value


def _covers(pattern: str, host: str) -> bool:
    """Whether a pattern that allows is one for this host, and its port. No star stands for an address."""
    (wanted, port), (name, given) = hosts.parted(pattern), hosts.parted(host)
    if port != given:
        return False
    return name == wanted or (fnmatch.fnmatchcase(name, wanted) and not (wanted[:1] == "*" and hosts.is_near(name)))


def _reaches(pattern: str, host: str) -> Holding:
    """Whether a host is one of a pattern; one with stars stands for many, of which some may be."""
    (wanted, port), (name, given) = hosts.parted(pattern), hosts.parted(host)
    if fnmatch.fnmatchcase(name, wanted) and port in ("", given):
        return "yes"
    return "maybe" if "*" in name and fnmatch.fnmatchcase(wanted.replace("*", "x"), name) else "no"


def _is(pattern: Sequence[str], words: Sequence[str]) -> bool:
    """Whether words are those of a pattern, each in its place."""
    if not pattern:
        return not words
    if pattern[0] == "*":
        return any(_is(pattern[1:], words[at:]) for at in range(len(words) + 1))
    return bool(words) and fnmatch.fnmatchcase(words[0], pattern[0]) and _is(pattern[1:], words[1:])


def _may_be(pattern: Sequence[str], words: Sequence[str]) -> Holding:
    """Whether words mean what a pattern does: its words in this order, others between; an unknown word may be any, and
    several."""
    wanted = [word for word in pattern if word != "*"]
    if not words or not _fit(wanted, [posixpath.basename(word) if at == 0 else word for at, word in enumerate(words)]):
        return "no"
    known = [word for word in words if word != shell.UNKNOWN]
    certain = words[0] != shell.UNKNOWN and _fit(wanted, [posixpath.basename(known[0]), *known[1:]])
    return "yes" if certain else "maybe"


def _fit(wanted: Sequence[str], words: Sequence[str]) -> bool:
    """Whether the first word fits, and the others after it in their order."""
    if not wanted:
        return True
    first, *others = words
    if not (first == shell.UNKNOWN or fnmatch.fnmatchcase(first, posixpath.basename(wanted[0]))):
        return False
    if shell.UNKNOWN in words:  # which may be whatever is missing
        return True
    rest = iter(others)
    return all(any(fnmatch.fnmatchcase(word, one) for word in rest) for one in wanted[1:])


@lru_cache(maxsize=512)
def _glob(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/?|\*|\?)", posixpath.normpath(pattern.lstrip("/")) if pattern != "**" else pattern)
    signs = {"**": ".*", "**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(signs.get(part, re.escape(part)) for part in parts), re.DOTALL)


def _is_below(pattern: str, path: str) -> bool:
    """Whether what a pattern says lies in what a path names, which goes with it."""
    return posixpath.normpath(pattern.lstrip("/")).startswith(f"{path}/")


def _in(pattern: str, path: str) -> bool:
    """Whether a path is one of a pattern; one without a ``/`` is of files of any folder."""
    whole = _glob(pattern)
    return bool(whole.fullmatch(path)) or ("/" not in pattern and bool(whole.fullmatch(posixpath.basename(path))))
