"""Allow, ask or deny."""

import msgspec
import pytest

from zotui.policy import USUAL, Decision, decide
from zotui.toolbox import Effect, Result, Tool, ToolContext


class Nothing(msgspec.Struct):
    pass


async def _run(arguments: Nothing, context: ToolContext) -> Result:
    return Result("")


def tool(effect: Effect) -> Tool:
    return Tool("a_tool", "It does something.", Nothing, effect, _run)


@pytest.mark.parametrize(
    ("policy", "effect", "decision"),
    [
        ({}, "read", "allow"), ({}, "write", "allow"), ({}, "run", "allow"), ({}, "net", "ask"), ({}, "outside", "ask"),
        ({}, "settings", "ask"), ({"a_tool": "deny"}, "read", "deny"), ({"a_tool": "allow"}, "outside", "allow"),
        ({"run": "ask"}, "run", "ask"), ({"run": "ask"}, "read", "allow"), ({"other": "deny"}, "run", "allow"),
        ({"run": "deny", "a_tool": "allow"}, "run", "deny"), ({"run": "allow", "a_tool": "ask"}, "run", "ask"),
    ],
)  # fmt: skip
def test_deny_wins_then_ask(policy: dict[str, Decision], effect: Effect, decision: Decision) -> None:
    assert decide(policy, tool(effect)) == decision


def test_every_effect_has_a_usual_answer() -> None:
    assert set(USUAL) == set(Effect.__args__)  # type: ignore[attr-defined]
