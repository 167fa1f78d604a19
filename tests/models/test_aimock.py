"""Answers of a server that is not ours: aimock streams OpenAI's, Anthropic's and Ollama's shapes."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import asked, failure

from tests.aimock import Unavailable, aimock
from zotui.models import Finished, Provider, ReasoningDelta, TextDelta, ToolCall, Usage, open_provider

pytestmark = pytest.mark.timeout(240)  # the first of them may have to install it

TEXT = "Zażółć gęślą jaźń 🐢, all of it, and in more than one piece: za\u2028żółć."
FIXTURES: list[dict[str, Any]] = [
    {
        "match": {"userMessage": "text"},
        "response": {
            "content": TEXT,
            "usage": {"prompt_tokens": 7, "completion_tokens": 5, "input_tokens": 7, "output_tokens": 5},
        },
    },
    {
        "match": {"userMessage": "weather", "hasToolResult": True},
        "response": {"content": "Rain in Łódź, and it is noon."},
    },
    {
        "match": {"userMessage": "weather"},
        "response": {
            "reasoning": "Both at once.",
            "reasoningSignature": "EqQBaimock==",
            "toolCalls": [
                {"name": "get_weather", "arguments": '{"city": "Łódź", "days": [1, 2]}'},
                {"name": "get_time", "arguments": "{}"},
            ],
        },
    },
    {
        "match": {"userMessage": "think"},
        "response": {"content": "Forty-two.", "reasoning": "Let me weigh this carefully, and then again."},
    },
    {
        "match": {"userMessage": "hurry", "sequenceIndex": 0},
        "response": {
            "error": {"message": "Rate limit exceeded", "type": "rate_limit_error"},
            "status": 429,
            "retryAfter": 0,
        },
    },
    {"match": {"userMessage": "hurry"}, "response": {"content": "Now."}},
    {
        "match": {"userMessage": "stop"},
        "response": {
            "error": {"message": "Rate limit exceeded", "type": "rate_limit_error"},
            "status": 429,
            "retryAfter": 3600,
        },
    },
    {
        "match": {"userMessage": "busy"},
        "response": {"error": {"message": "Overloaded", "type": "overloaded_error"}, "status": 529},
    },
]
TOOLS = [
    {"type": "function", "function": {"name": name, "description": "", "parameters": {"type": "object"}}}
    for name in ("get_weather", "get_time")
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where aimock is."""
    try:
        with aimock(FIXTURES) as url:
            yield url
    except Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture(params=["openai", "anthropic", "ollama"])
def provider(request: pytest.FixtureRequest, address: str) -> Provider:
    """A provider that speaks each of its shapes; what it counts, it counts by the header."""
    headers = {"x-test-id": request.node.name}
    return open_provider(request.param, address, "sk-aimock", backoff_s=60, pace_s=0, headers=headers)


def said(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def joined(events: list[Any]) -> list[Any]:
    """The events, neighbouring deltas as one; usage is left out where it counts nothing."""
    found: list[Any] = []
    for event in events:
        if found and isinstance(event, TextDelta | ReasoningDelta) and type(found[-1]) is type(event):
            found[-1] = type(event)(found[-1].text + event.text)
        elif not isinstance(event, Usage) or event.output_tokens:
            found.append(event)
    return found


async def test_text(provider: Provider) -> None:
    events = joined(await asked(provider, said("text")))
    assert events[0] == TextDelta(TEXT)
    assert events[-1] == Finished("stop")
    if "Ollama" not in repr(provider):  # it counts nothing there
        assert events[1:-1] == [Usage(input_tokens=7, output_tokens=5)]


async def test_two_calls_and_what_becomes_of_them(provider: Provider) -> None:
    messages = said("What is the weather in Łódź?")
    turn = provider.stream(model="m", messages=messages, tools=TOOLS)
    events = joined([event async for event in turn])
    calls = [event for event in events if isinstance(event, ToolCall)]
    assert [(call.name, call.arguments) for call in calls] == [
        ("get_weather", {"city": "Łódź", "days": [1, 2]}),
        ("get_time", {}),
    ]
    assert len({call.id for call in calls}) == 2
    assert events[-1] == Finished("tool_calls")
    told = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.raw}} for call in calls
    ]
    messages.append({"role": "assistant", "content": "", "tool_calls": told})
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "rain"} for call in calls]
    second = provider.stream(model="m", messages=messages, tools=TOOLS)
    assert joined([event async for event in second])[0] == TextDelta("Rain in Łódź, and it is noon.")
    if "Anthropic" in repr(provider):
        thinking = {"type": "thinking", "thinking": "Both at once.", "signature": "EqQBaimock=="}
        assert json.loads(second.sent)["messages"][1]["content"][0] == thinking


async def test_reasoning(provider: Provider) -> None:
    thought, text, *_, last = joined(await asked(provider, said("think")))
    assert thought == ReasoningDelta("Let me weigh this carefully, and then again.")
    assert text == TextDelta("Forty-two.")
    assert last == Finished("stop")


async def test_it_is_asked_again_when_it_says_so(provider: Provider) -> None:
    """Retry-After: 0 goes before the minute that would be waited otherwise."""
    assert joined(await asked(provider, said("hurry")))[0] == TextDelta("Now.")


async def test_a_long_wait_is_told(provider: Provider) -> None:
    error = await failure(provider, messages=said("stop"))
    assert (error.kind, error.status, error.retry_after_s, error.retryable) == ("rate_limit", 429, 3600, True)
    assert "it asks to wait 60 min" in error.hint


async def test_a_busy_server(address: str) -> None:
    error = await failure(open_provider("anthropic", address, retries=0), messages=said("busy"))
    assert (error.kind, error.status) == ("overloaded", 529)


async def test_models(provider: Provider) -> None:
    assert all(model.id for model in await provider.models())


def test_it_was_sent_what_its_shapes_allow(address: str) -> None:
    """It journals what it could not understand as an error."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{address}/__aimock/journal?limit=200", timeout=20) as answer:
        entries = json.load(answer)
    statuses = {entry["response"]["status"] for entry in entries}
    assert statuses <= {200, 429, 529}
