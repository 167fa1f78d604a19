"""What a request is about: the paths that are named in it, go with it, or were worked on in the last turns."""

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from zotui.conversations import Message
from zotui.policy.conditions import Scope

TURNS = 3  # this one and those before it whose tool calls count
MOST = 200  # paths
LOOKED_AT = 20_000  # characters of a text in which paths are looked for
NAMES = frozenset({"path", "paths", "file", "files", "folder", "source", "destination", "from", "to", "target", "cwd"})
"""Arguments of tools that are paths."""
COMMANDS = frozenset({"command", "argv"})
"""Arguments of tools in which paths are named."""
_WORD = re.compile(r"[^\s\"'`<>|,;:=(){}\[\]&$]+")
_ENDING = re.compile(r"\.[A-Za-z0-9_]{1,10}$")


def scope_in(text: str, history: Sequence[Message], workspace: str) -> Scope:
    """The scope of the request with this text that ends ``history``."""
    found: dict[str, None] = dict.fromkeys(_placed(path, workspace) for path in named_in(text))
    for message in reversed(_last_turns(history)):
        paths = [file.path or file.name for file in message.attachments]
        paths += [path for call in message.tool_calls for path in worked_on(call.given or {})]
        found.update(dict.fromkeys(_placed(path, workspace) for path in paths))
    return Scope(text, [path for path in found if path not in ("", ".")][:MOST])


def named_in(text: str) -> Iterator[str]:
    """The words of a text that look like paths: with a slash in them or an ending as files have."""
    for word in _WORD.findall(text[:LOOKED_AT]):
        path = word.lstrip("@").rstrip(".!?")
        if not path.startswith(("//", "/.", "-")) and ("/" in path.strip("/") or _ENDING.search(path)):
            yield path


def worked_on(given: dict[str, Any]) -> Iterator[str]:
    """The paths in a tool call's arguments."""
    for name, value in given.items():
        words = [word for word in (value if isinstance(value, list) else [value]) if isinstance(word, str)]
        if name in NAMES:
            yield from (word for word in words if word)
        elif name in COMMANDS:
            for word in words:
                yield from named_in(word)


def _last_turns(history: Sequence[Message]) -> Sequence[Message]:
    starts = [place for place, message in enumerate(history) if message.role == "user"]
    return history[starts[-TURNS] if len(starts) >= TURNS else 0 :]


def _placed(path: str, workspace: str) -> str:
    """A path from the workspace's root; one outside of it whole."""
    whole = os.path.normpath(os.path.join(workspace, path.replace("\0", "")))
    return whole[len(workspace) :].lstrip("/") if f"{whole}/".startswith(f"{workspace.rstrip('/')}/") else whole
