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
_STRICTEST: tuple[Decision, ...] = ("deny", "ask", "allow")


def decide(policy: Mapping[str, Decision], tool: Tool, arguments: Mapping[str, Any] | None = None) -> Decision:
    """What becomes of a call, by what ``[policy]`` says.

    Whatever denies wins, be it said of the tool, of its effect or by a pattern. Then patterns: ask, then allow. Then what
    is said of the tool and its effect, the stricter of both; at last what is usual for that effect. Where patterns deny
    some commands, one of which nobody can say before what it runs is asked about.
    """
    said = {policy[name] for name in (tool.name, tool.effect) if name in policy}
    by_pattern = _by_patterns(policy, tool, arguments or {})
    if "deny" in said or by_pattern == "deny":
        return "deny"
    if by_pattern is not None:
        return by_pattern
    return next((answer for answer in _STRICTEST if answer in said), USUAL[tool.effect])


def _by_patterns(policy: Mapping[str, Decision], tool: Tool, arguments: Mapping[str, Any]) -> Decision | None:
    """What the patterns say; None where they say nothing."""
    known = [(pattern, answer) for text, answer in policy.items() if (pattern := patterns.parse(text)) is not None]
    strict = [(one, "deny" if one.never else answer) for one, answer in known if one.never or answer != "allow"]
    answers = {answer for pattern, answer in strict if patterns.may_hold(pattern, tool, arguments)}
    if answers:
        return "deny" if "deny" in answers else "ask"
    if any(pattern.kind == "Bash" for pattern, _ in strict) and patterns.is_unsure(tool, arguments):
        return "ask"
    allowing = [pattern for pattern, answer in known if answer == "allow" and not pattern.never]
    return "allow" if patterns.holds(allowing, tool, arguments) else None


def by_effect(tool: Tool, arguments: Mapping[str, Any] | None = None) -> Decision:
    """What is usual where nothing else was said."""
    return USUAL[tool.effect]
