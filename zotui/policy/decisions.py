"""Allow, ask or deny: by the tool and by what it does to the world."""

from collections.abc import Mapping
from typing import Literal

from zotui.toolbox import Effect, Tool

Decision = Literal["allow", "ask", "deny"]
USUAL: Mapping[Effect, Decision] = {
    "read": "allow",
    "write": "allow",
    "run": "allow",  # behind the wall
    "net": "ask",
    "outside": "ask",
    "settings": "ask",
}
_STRICTEST: tuple[Decision, ...] = ("deny", "ask", "allow")


def decide(policy: Mapping[str, Decision], tool: Tool) -> Decision:
    """What becomes of a call: deny wins, then ask, among what ``[policy]`` says of the tool and of its effect; what is
    usual for that effect where it says nothing."""
    said = {policy[name] for name in (tool.name, tool.effect) if name in policy}
    return next((answer for answer in _STRICTEST if answer in said), USUAL[tool.effect])


def by_effect(tool: Tool) -> Decision:
    """What is usual where nothing else was said."""
    return USUAL[tool.effect]
