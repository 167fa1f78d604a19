"""Which tools there are at all: of a turn, of a persona. What is not in the scope is not offered, and not run."""

import re
from collections.abc import Mapping

from zotui.errors import UsageError
from zotui.text import one_line
from zotui.toolbox import Tool

PRESETS: Mapping[str, frozenset[str] | None] = {
    "all": None,
    "workspace": frozenset({"read", "write", "run"}),
    "read-only": frozenset({"read"}),
    "chat": frozenset(),
}
"""Names of scopes, and the effects of the tools in them; None for all."""
EFFECTS = ("read", "write", "run", "net", "outside", "settings")


def allowed(scope: str, tool: Tool) -> bool:
    """Whether a tool is in a scope: a preset, or effects and names of tools with commas between. To write implies to
    read."""
    if scope in PRESETS:
        effects = PRESETS[scope]
        return effects is None or tool.effect in effects
    named = names(scope)
    return tool.name in named or tool.effect in named or (tool.effect == "read" and "write" in named)


def names(scope: str) -> set[str]:
    """The effects and tools of a scope that is none of the presets."""
    return {name for name in re.split(r"[\s,]+", scope.strip()) if name}


def check(scope: str) -> str:
    """A scope as it is kept. Raises UsageError for what can be none."""
    text = scope.strip().lower()
    if text in PRESETS:
        return text
    wrong = [name for name in names(text) if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name)]
    if wrong or not names(text):
        raise UsageError(
            f"{one_line(scope, 60)!r} is no scope of tools",
            f"one of {', '.join(PRESETS)}, or of {', '.join(EFFECTS)} and names of tools, with commas between them",
        )
    return ", ".join(sorted(names(text)))
