"""How tool calls are put together from fragments."""

from typing import Any

import pytest
from conftest import answered, choice, events

from zotui.models import ToolCall


def piece(name: str | None = None, arguments: Any = None, **more: Any) -> dict[str, Any]:
    return {**more, "function": {"name": name, "arguments": arguments}}


def called(*pieces: dict[str, Any], reason: str = "tool_calls") -> list[tuple[str, dict[str, Any] | None]]:
    """The tool calls that items of ``delta.tool_calls`` come to, one item a chunk."""
    out = answered(events(*(choice({"tool_calls": [piece]}) for piece in pieces), choice({}, reason)))
    return [(event.name, event.arguments) for event in out if isinstance(event, ToolCall)]


@pytest.mark.parametrize(
    ("pieces", "calls"),
    [
        # the same server, twice the same call without ids
        ([piece("a", "{}", index=0), piece("a", '{"x": 1}', index=0)], [("a", {}), ("a", {"x": 1})]),
        ([piece("a", "{}"), piece("b", "{}")], [("a", {}), ("b", {})]),
        # an id that comes late, a name that comes late
        ([piece("a", '{"x"', index=0), piece(None, ": 1}", index=0, id="c1")], [("a", {"x": 1})]),
        ([piece(None, None, index=0, id="c1"), piece("a", "{}", index=0)], [("a", {})]),
        # the same id for two calls at different places
        (
            [piece("a", "{}", index=0, id="c"), piece("b", "{}", index=1, id="c")],
            [("a", {}), ("b", {})],
        ),
        # the name again on a fragment that adds nothing
        ([piece("a", '{"x": 1}', index=0), piece("a", "", index=0)], [("a", {"x": 1})]),
        # an index that counts from one, and one that is no number
        ([piece("a", "{", index=1, id="c1"), piece(None, "}", index=1)], [("a", {})]),
        ([piece("a", "{", index="0", id="c1"), piece(None, "}", index="0")], [("a", {})]),
        # spaces, a list, a string, NaN, a number after the object
        ([piece("a", " \n", index=0, id="c1")], [("a", {})]),
        ([piece("a", [1], index=0, id="c1")], [("a", None)]),
        ([piece("a", '"{}"', index=0, id="c1")], [("a", None)]),
        ([piece("a", '{"x": NaN}', index=0, id="c1")], [("a", None)]),
        ([piece("a", "{} 1", index=0, id="c1")], [("a", None)]),
        ([piece("a", "[" * 100_000, index=0, id="c1")], [("a", None)]),
        ([piece()], []),
    ],
)
def test_fragments_of_tool_calls(pieces: list[dict[str, Any]], calls: list[tuple[str, Any]]) -> None:
    assert called(*pieces) == calls


def test_arguments_that_were_cut_are_not_none() -> None:
    whole = piece("a", '{"x": 1}', index=0, id="c1")
    assert called(whole, piece("b", "", index=1, id="c2"), reason="length") == [("a", {"x": 1}), ("b", None)]
    assert called(whole, piece("b", '{"y', index=1, id="c2"), reason="length") == [
        ("a", {"x": 1}),
        ("b", None),
    ]
