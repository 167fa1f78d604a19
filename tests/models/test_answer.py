"""How an answer is put together, without a network."""

import contextlib
from typing import Any

import pytest
from conftest import answered, choice, events
from hypothesis import given
from hypothesis import strategies as st

from zotui.models import Finished, ProviderError, ReasoningDelta, TextDelta, ToolCall, Usage

STREAM = events(
    choice({"role": "assistant", "content": ""}),
    choice({"reasoning": "weigh 🐢"}),
    choice({"content": "za\u2028żółć \ud83d"}),  # an emoji in two halves
    choice({"content": "\udc22!"}),
    choice({"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "now", "arguments": '{"tz": "ż"}'}}]}),
    choice({}, "tool_calls"),
    {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}},
).replace(b"\\u017c", "ż".encode())
ANSWER = [
    ReasoningDelta("weigh 🐢"),
    TextDelta("za\u2028żółć 🐢!"),
    ToolCall("c1", "now", {"tz": "ż"}, '{"tz": "ż"}'),
    Usage(input_tokens=9, output_tokens=3),
    Finished("tool_calls"),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=6).map(sorted))
def test_any_cuts_give_the_same_answer(cuts: list[int]) -> None:
    bounds = [0, *cuts, len(STREAM)]
    assert answered(*(STREAM[start:end] for start, end in zip(bounds, bounds[1:]))) == ANSWER  # noqa: B905, RUF007


def test_every_cut_in_two_gives_the_same_answer() -> None:
    for place in range(len(STREAM)):
        assert answered(STREAM[:place], STREAM[place:]) == ANSWER


WORDS = ["choices", "index", "delta", "message", "content", "tool_calls", "function", "name", "arguments", "id"]
WORDS += ["usage", "error", "code", "finish_reason", "reasoning", "reasoning_details", "extra_content", "detail"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=20,
)


@given(JSON, JSON)
def test_any_json_ends_in_an_answer_or_an_error(chunk: Any, delta: Any) -> None:
    for document in (chunk, {"choices": [{"delta": delta}]}, {"choices": [{"message": delta}]}, {"error": chunk}):
        with contextlib.suppress(ProviderError):
            answered(events(document, choice({}, "stop")))


@pytest.mark.parametrize(
    ("reason", "finished"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("max_tokens", "length"),
        ("SAFETY", "content_filter"),
        ("tool_calls", "stop"),
    ],
)
def test_reasons_to_finish(reason: str, finished: str) -> None:
    assert answered(events(choice({"content": "x"}, reason)))[-1] == Finished(finished)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("error", "server"),
        ("function_call_filter: MALFORMED_FUNCTION_CALL", "tool_use_failed"),
        ("insufficient_system_resource", "overloaded"),
    ],
)
def test_reasons_that_are_faults(reason: str, kind: str) -> None:
    with pytest.raises(ProviderError) as caught:
        answered(events(choice({"content": "x"}, reason)))
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("chunk", "usage"),
    [
        (
            {"usage": {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 2}}},
            {"cached_tokens": 2},
        ),
        ({"usage": {"prompt_tokens": 5, "prompt_cache_hit_tokens": 3}}, {"cached_tokens": 3}),
        (
            {"usage": {"prompt_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 4}}},
            {"reasoning_tokens": 4},
        ),
        ({"usage": {"prompt_tokens": 5, "completion_tokens": True, "cost": "x"}}, {}),
        ({"usage": {"prompt_tokens": 5, "cost": float("inf")}}, {}),
        ({"usage": {"prompt_tokens": 5, "cost": 10**400}}, {}),
        ({"x_groq": {"usage": {"prompt_tokens": 5}}}, {}),
        ({"choices": [{"index": 0, "delta": {}, "usage": {"prompt_tokens": 5}}]}, {}),
    ],
)
def test_usage_wherever_it_is(chunk: dict[str, Any], usage: dict[str, int]) -> None:
    first = {"choices": [], "usage": {"prompt_tokens": 1}}
    out = answered(events(first, choice({"content": "x"}, "stop"), chunk, {"usage": None}))
    assert Usage(input_tokens=5, **usage) in out


def test_opaque_data_of_any_shape_is_taken() -> None:
    for value in ({"a": 1}, [1], "x", 5):
        answered(events(*[choice({"reasoning_details": value})] * 2, choice({}, "stop")))
