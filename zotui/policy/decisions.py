"""Allow, ask or deny: by the tool, by what it does to the world, and by patterns over what a call would do."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import structs

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


class Case(msgspec.Struct, frozen=True):
    """What else counts in a decision: whether the conversation is ``tainted``; patterns that the person ``remembered``, which
    hold as long as it is not; and those ``granted`` to this turn beforehand, which hold all the same."""

    tainted: bool = False
    remembered: Sequence[str] = ()
    granted: Sequence[str] = ()


UNTAINTED = Case()


def decide(
    policy: Mapping[str, Decision], tool: Tool, arguments: Mapping[str, Any] | None = None, case: Case = UNTAINTED
) -> Decision:
    """What becomes of a call, by what ``[policy]`` says, and by how the case stands.

    Whatever denies wins, be it said of the tool, of its effect or by a pattern. Then patterns: ask, then allow. Then what
    is said of the tool and its effect, the stricter of both; at last what is usual for that effect. What a pattern may
    deny, if something turns out so when it runs, is asked about. So is an address, or this machine, that no pattern names.
    """
    given = arguments or {}
    more: dict[str, Decision] = dict.fromkeys([*case.remembered, *case.granted], "allow")
    decision = _untainted({**more, **policy}, tool, given)
    if decision == "allow" and case.tainted and tool.effect in GUARDED:
        return _untainted(dict.fromkeys(case.granted, "allow"), tool, given)
    return decision


def _untainted(policy: Mapping[str, Decision], tool: Tool, arguments: Mapping[str, Any]) -> Decision:
    """The decision where nobody else's words count: of a command with a way out, the stricter of what holds for the command
    and for the hosts."""
    if tool.effect != "net" or "command" not in arguments:
        return _of_one(policy, tool, arguments)
    hosts = {name: value for name, value in arguments.items() if name != "command"}
    both = (_of_one(policy, structs.replace(tool, effect="run"), arguments), _of_one(policy, tool, hosts))
    return next(answer for answer in _STRICTEST if answer in both)


def _of_one(policy: Mapping[str, Decision], tool: Tool, arguments: Mapping[str, Any]) -> Decision:
    said = {policy[name] for name in (tool.name, tool.effect) if name in policy}
    by_pattern = _by_patterns(policy, tool, arguments)
    if "deny" in said or by_pattern == "deny":
        return "deny"
    if by_pattern is not None:
        return by_pattern
    answer = next((answer for answer in _STRICTEST if answer in said), USUAL[tool.effect])
    return stricter(answer, "ask") if tool.effect == "net" and patterns.is_near(arguments) else answer


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


def stricter(one: Decision, other: Decision) -> Decision:
    """The decision that lets less happen."""
    return min(one, other, key=_STRICTEST.index)


def by_effect(tool: Tool, arguments: Mapping[str, Any], case: Case) -> Decision:
    """What is usual where nothing else was said."""
    return decide({}, tool, arguments, case)
