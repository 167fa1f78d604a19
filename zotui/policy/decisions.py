"""Allow, ask or deny: by the tool, by what it does to the world, and by patterns over what a call would do."""

from collections.abc import Mapping
from typing import Any, Literal

from zotui.policy import patterns
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
GUARDED: frozenset[Effect] = frozenset({"net", "outside", "settings"})
"""What asks each time where anybody's words are in a conversation: nothing leaves it, nor changes what this computer does,
because they said so."""
_STRICTEST: tuple[Decision, ...] = ("deny", "ask", "allow")


def decide(
    policy: Mapping[str, Decision], tool: Tool, arguments: Mapping[str, Any] | None = None, tainted: bool = False
) -> Decision:
    """What becomes of a call, by what ``[policy]`` says, and by whether its conversation is ``tainted``.

    Whatever denies wins, be it said of the tool, of its effect or by a pattern. Then patterns: ask, then allow. Then what
    is said of the tool and its effect, the stricter of both; at last what is usual for that effect. What a pattern may
    deny, if something turns out so when it runs, is asked about.
    """
    decision = _untainted(policy, tool, arguments or {})
    return "ask" if decision == "allow" and tainted and tool.effect in GUARDED else decision


def _untainted(policy: Mapping[str, Decision], tool: Tool, arguments: Mapping[str, Any]) -> Decision:
    said = {policy[name] for name in (tool.name, tool.effect) if name in policy}
    by_pattern = _by_patterns(policy, tool, arguments)
    if "deny" in said or by_pattern == "deny":
        return "deny"
    if by_pattern is not None:
        return by_pattern
    return next((answer for answer in _STRICTEST if answer in said), USUAL[tool.effect])


def _by_patterns(policy: Mapping[str, Decision], tool: Tool, arguments: Mapping[str, Any]) -> Decision | None:
    """What the patterns say; None where they say nothing."""
    known = [(pattern, answer) for text, answer in policy.items() if (pattern := patterns.parse(text)) is not None]
    strict = [(one, "deny" if one.never else answer) for one, answer in known if one.never or answer != "allow"]
    holding = [(patterns.touches(pattern, tool, arguments), answer) for pattern, answer in strict]
    if ("yes", "deny") in holding:
        return "deny"
    if any(how != "no" for how, _ in holding):
        return "ask"
    allowing = [pattern for pattern, answer in known if answer == "allow" and not pattern.never]
    return "allow" if patterns.holds(allowing, tool, arguments) else None


def by_effect(tool: Tool, arguments: Mapping[str, Any], tainted: bool) -> Decision:
    """What is usual where nothing else was said."""
    return decide({}, tool, arguments, tainted)
