"""What a person may allow for more than once, when asked about a call: others that would do the same; and beforehand."""

import glob
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from zotui.errors import UsageError
from zotui.policy import patterns, shell
from zotui.text import one_line
from zotui.toolbox import Tool


def offered(tool: Tool, arguments: Mapping[str, Any]) -> Sequence[str]:
    """Patterns that allow this call, and no more than its like: the same commands word by word, the same files, the same
    hosts. Nothing for what cannot be said so, nor for what reaches beyond or changes what this computer does."""
    if tool.effect == "run":
        line = shell.read(patterns.command_of(tool, arguments) or "")
        commands = line.commands if line.plain else []
        return list(dict.fromkeys(f"Bash({shlex.join(map(glob.escape, words))})" for words in commands if words))
    if tool.effect == "write":
        paths = patterns.paths_of(arguments)
        if any(sign in path for path in paths for sign in "*?()"):
            return []
        return [f"Write({path if '/' in path else f'/{path}'})" for path in paths]  # a bare name is one of any folder
    if tool.effect == "net":
        return [f"Net({host})" for host in patterns.hosts_of(arguments)]
    return []


def check(text: str) -> str:
    """A pattern or the name of a tool that may be allowed, without blanks around it. Raises UsageError for what is none."""
    text = text.strip()
    try:
        pattern = patterns.parse(text)
    except ValueError as error:
        raise UsageError(f"{one_line(text, 60)!r} cannot be allowed: {error}") from None
    if pattern.never if pattern is not None else not re.fullmatch(r"[a-z][a-z0-9_]*", text):
        hint = "the name of a tool, or Bash(git *), Read(src/**), Write(*.md), Net(example.org)"
        raise UsageError(f"{one_line(text, 60)!r} is nothing that can be allowed", hint)
    return text
