"""Reasoning in tags, wherever they are cut."""

import pytest
from conftest import answered, choice, events

from zotui.models import Event, ReasoningDelta, TextDelta


@pytest.mark.parametrize(
    ("contents", "out"),
    [
        (["<think>", "a", "b</think>", "\n\n", "c"], [ReasoningDelta("ab"), TextDelta("c")]),
        (["  <think>\na</think>c"], [ReasoningDelta("a"), TextDelta("c")]),
        (["<think>\n\n</think>\n\nc"], [TextDelta("c")]),
        (["<think>a</", "b"], [ReasoningDelta("a</b")]),
        (["<think>a</thi"], [ReasoningDelta("a</thi")]),
        (["<thi"], [TextDelta("<thi")]),
        (["<thing>x"], [TextDelta("<thing>x")]),
        ([" ", "a <think>b</think>"], [TextDelta(" a <think>b</think>")]),
    ],
)
def test_think_tags(contents: list[str], out: list[Event]) -> None:
    assert answered(events(*(choice({"content": text}) for text in contents), choice({}, "stop")))[:-1] == out
