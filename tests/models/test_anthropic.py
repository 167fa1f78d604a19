"""Anthropic's Messages: what is asked, what is made of the answer, and what goes wrong."""

import asyncio
import contextlib
import json
from typing import Any

import pytest
from conftest import (
    CUTS,
    HELLO,
    HOST,
    KEY,
    answering,
    asked,
    cut,
    failure,
    head_of,
    json_of,
    opened,
    put_together,
    serving,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from zotui.models import Finished, ProviderError, ReasoningDelta, TextDelta, ToolCall, Usage
from zotui.models.anthropic import CACHED, Anthropic
from zotui.models.anthropic_answer import Answer
from zotui.models.body import Body
from zotui.models.dialect import Request
from zotui.models.prices import known
from zotui.models.turn import Tail

pytestmark = pytest.mark.timeout(20)

PIXEL = "data:image/png;base64,iVBORw0KGgo="
NOW = {"type": "function", "function": {"name": "now", "description": "The time.", "parameters": {"type": "object"}}}


def call(id_: str, name: str = "now", arguments: str = "{}") -> dict[str, Any]:
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


def body(*messages: dict[str, Any], tools: Any = (), schema: Any = None, refused: Any = ()) -> dict[str, Any]:
    """The document that asks for an answer to these messages."""
    request = Request(model="claude-new", messages=messages, tools=tools, schema=schema, refused=refused)
    return Anthropic().body(request)


def turns(*messages: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of the document, without marks."""
    found: list[dict[str, Any]] = body(*messages, refused=("cache_control",))["messages"]
    return found


def text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def stream(*documents: dict[str, Any], done: bool = True) -> bytes:
    """Events of Anthropic's stream."""
    documents = (*documents, {"type": "message_stop"}) if done else documents
    return b"".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in documents)


def start(index: int, type_: str, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": {"type": type_, **fields}}


def delta(index: int, type_: str, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": type_, **fields}}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def ended(reason: str | None = "end_turn", **usage: int) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}


def begun(**usage: int) -> dict[str, Any]:
    return {"type": "message_start", "message": {"id": "m1", "type": "message", "content": [], "usage": usage}}


def answered(*chunks: bytes) -> list[Any]:
    return put_together(Answer(HOST), Body(HOST, Tail(HOST)), *chunks)


def opaque_of(*documents: dict[str, Any]) -> Any:
    """What is to come back with an answer."""
    answer = Answer(HOST)
    put_together(answer, Body(HOST, Tail(HOST)), stream(*documents))
    return answer.opaque


PLAIN = stream(begun(input_tokens=5), start(0, "text", text=""), delta(0, "text_delta", text="Hi"), stop(0), ended())
SAID = [TextDelta("Hi"), Usage(input_tokens=5), Finished("stop")]


# --- What is asked ----------------------------------------------------------------------------------------


def test_a_whole_request() -> None:
    system = [{"type": "text", "text": part, "name": part} for part in ("persona", "instructions", "memory", "digest")]
    history = [
        {"role": "system", "content": system},
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": "I look.", "tool_calls": [call("c1"), call("c2", "now", '{"tz": "ż"}')]},
        {"role": "tool", "tool_call_id": "c1", "content": "noon"},
        {"role": "tool", "tool_call_id": "c2", "content": ""},
        {"role": "user", "content": "And now?"},
    ]
    assert body(*history, tools=[NOW, NOW]) == {
        "model": "claude-new",
        "max_tokens": 8192,
        "stream": True,
        "system": [text("personainstructions") | CACHED, text("memorydigest") | CACHED],
        "tools": [
            {"name": "now", "description": "The time.", "input_schema": {"type": "object"}},
            {"name": "now", "description": "The time.", "input_schema": {"type": "object"}} | CACHED,
        ],
        "messages": [
            {"role": "user", "content": [text("What time is it?")]},
            {
                "role": "assistant",
                "content": [
                    text("I look."),
                    {"type": "tool_use", "id": "c1", "name": "now", "input": {}},
                    {"type": "tool_use", "id": "c2", "name": "now", "input": {"tz": "ż"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": "noon"},
                    {"type": "tool_result", "tool_use_id": "c2", "content": ""},
                    text("And now?") | CACHED,
                ],
            },
        ],
    }
    assert json.dumps(body(*history, tools=[NOW])).count("cache_control") == 4  # no more are allowed


def test_a_known_limit_is_asked_for() -> None:
    model = "claude-sonnet-4-5"
    limits = known("anthropic", model)
    assert limits
    assert Anthropic().body(Request(model=model, messages=HELLO))["max_tokens"] == limits.max_output != 8192


def test_a_schema_is_asked_for() -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    assert body(*HELLO, schema=schema)["output_config"] == {"format": {"type": "json_schema", "schema": schema}}
    assert "output_config" not in body(*HELLO)


@pytest.mark.parametrize("empty", ["", " \n", [], [{"type": "text", "text": " "}]])
def test_what_is_empty_is_left_out_and_roles_alternate(empty: Any) -> None:
    assert turns(
        {"role": "system", "content": empty},
        {"role": "user", "content": "a"},
        {"role": "user", "content": "b"},
        {"role": "assistant", "content": "c"},
        {"role": "user", "content": empty},
        {"role": "assistant", "content": empty},
        {"role": "assistant", "content": "d"},
    ) == [{"role": "user", "content": [text("a"), text("b")]}, {"role": "assistant", "content": [text("c"), text("d")]}]
    assert "system" not in body({"role": "system", "content": empty}, *HELLO)


def test_the_first_message_is_the_users() -> None:
    first, *rest = turns({"role": "assistant", "content": "Welcome."}, *HELLO)
    assert first["role"] == "user"
    assert [message["role"] for message in rest] == ["assistant", "user"]
    assert turns() == []


def test_the_system_text_that_lasts_is_a_block_of_its_own() -> None:
    parts = [{"text": "a", "name": "persona"}, {"text": "b", "name": "memory"}, {"text": "c", "name": "skills"}]
    system = body({"role": "system", "content": parts}, *HELLO)["system"]
    assert [block["text"] for block in system] == ["a", "bc"]  # what stands behind what changes changes too
    assert [block["text"] for block in body({"role": "system", "content": "plain"}, *HELLO)["system"]] == ["plain"]


def test_images_keep_their_place() -> None:
    content = [
        {"type": "text", "text": "before"},
        {"type": "image_url", "image_url": {"url": PIXEL}},
        {"type": "text", "text": "after"},
    ]
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
    blocks = [text("before"), picture, text("after")]
    assert turns({"role": "user", "content": content}) == [{"role": "user", "content": blocks}]
    shot = {"role": "tool", "tool_call_id": "c1", "content": content}
    (_, _, results) = turns(*HELLO, {"role": "assistant", "content": "", "tool_calls": [call("c1")]}, shot)
    assert results["content"] == [{"type": "tool_result", "tool_use_id": "c1", "content": blocks}]


@pytest.mark.parametrize("url", ["https://example.org/x.png", "data:image/png,raw", "", None, 5])
def test_an_image_elsewhere_is_not_dropped_in_silence(url: Any) -> None:
    with pytest.raises(ProviderError, match="image") as caught:
        turns({"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]})
    assert caught.value.kind == "unsupported"


def test_calls_that_began_elsewhere_are_made_to_fit() -> None:
    """Ids of other servers are no ids here, or come again in each turn; botched calls have no object."""
    history = [
        *HELLO,
        {"role": "assistant", "content": None, "tool_calls": [call("functions.ls:0", "get.the time!", '{"x"')]},
        {"role": "tool", "tool_call_id": "functions.ls:0", "content": "1"},
        {"role": "assistant", "content": "", "tool_calls": [call("functions_ls_0", ""), call("call_0", "now", "[1]")]},
        {"role": "tool", "tool_call_id": "functions_ls_0", "content": "2"},
        {"role": "tool", "tool_call_id": "call_0", "content": "3"},
        {"role": "assistant", "content": "", "tool_calls": [call("call_0", "now", " ")]},
        {"role": "tool", "tool_call_id": "call_0", "content": "4"},
        {"role": "tool", "tool_call_id": "nobody's", "content": "5"},
    ]
    blocks = [block for message in turns(*history)[1:] for block in message["content"]]
    uses = [(block["id"], block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]
    assert uses == [
        ("functions_ls_0", "get_the_time_", {"_raw": '{"x"'}),
        ("functions_ls_0_2", "unknown", {}),
        ("call_0", "now", {"_raw": "[1]"}),
        ("call_0_2", "now", {}),
    ]
    results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
    assert results == ["functions_ls_0", "functions_ls_0_2", "call_0", "call_0_2", "nobody_s"]


# --- Thinking ---------------------------------------------------------------------------------------------

THOUGHTS = (
    begun(),
    start(0, "thinking", thinking="", signature=""),
    delta(0, "thinking_delta", thinking="weigh \ud83d"),
    delta(0, "thinking_delta", thinking="\udc22"),
    delta(0, "signature_delta", signature="EqQ"),
    delta(0, "signature_delta", signature="Bdef=="),
    stop(0),
    start(1, "redacted_thinking", data="secret=="),
    stop(1),
    start(2, "text", text=""),
    delta(2, "text_delta", text="I look."),
    stop(2),
    start(3, "tool_use", id="c1", name="now", input={}),
    delta(3, "input_json_delta", partial_json=""),
    delta(3, "input_json_delta", partial_json='{"tz": '),
    delta(3, "input_json_delta", partial_json='"ż"}'),
    stop(3),
    start(4, "thinking", thinking="", signature=""),
    delta(4, "thinking_delta", thinking="again"),
    delta(4, "signature_delta", signature="Xyz=="),
    stop(4),
    start(5, "tool_use", id="c2", name="now", input={}),
    stop(5),
    ended("tool_use"),
)
ECHO = [
    {"type": "thinking", "thinking": "weigh 🐢", "signature": "EqQBdef=="},
    {"type": "redacted_thinking", "data": "secret=="},
    text("I look."),
    {"type": "tool_use", "id": "c1", "name": "now", "input": {"tz": "ż"}},
    {"type": "thinking", "thinking": "again", "signature": "Xyz=="},
    {"type": "tool_use", "id": "c2", "name": "now", "input": {}},
]
ANSWERED = [
    ReasoningDelta("weigh 🐢"),
    TextDelta("I look."),
    ReasoningDelta("again"),
    ToolCall("c1", "now", {"tz": "ż"}, '{"tz": "ż"}'),
    ToolCall("c2", "now", {}, ""),
    Finished("tool_calls"),
]


def spoken(**more: Any) -> list[dict[str, Any]]:
    """The conversation behind THOUGHTS."""
    calls = [call("c1", "now", '{"tz": "ż"}'), call("c2")]
    return [
        *HELLO,
        {"role": "assistant", "content": "I look.", "tool_calls": calls, **more},
        {"role": "tool", "tool_call_id": "c1", "content": "noon"},
        {"role": "tool", "tool_call_id": "c2", "content": "noon"},
    ]


def test_thinking_comes_back_as_it_was_and_in_its_order() -> None:
    assert answered(stream(*THOUGHTS)) == ANSWERED
    opaque = opaque_of(*THOUGHTS)
    before = json.dumps(opaque)
    assert turns(*spoken(opaque=opaque))[1]["content"] == ECHO
    assert body(*spoken(opaque=opaque)[:2])["messages"][1]["content"][:-1] == ECHO[:-1]
    assert json.dumps(opaque) == before  # marks go into the request alone


def test_thinking_may_not_be_marked() -> None:
    kept = {"content": [{"type": "thinking", "thinking": "x", "signature": "s"}]}
    (_, said) = body(*HELLO, {"role": "assistant", "content": "", "opaque": kept})["messages"]
    assert said["content"] == kept["content"]


def test_without_thinking_nothing_is_kept() -> None:
    assert opaque_of(start(0, "text", text="Hi"), start(1, "tool_use", id="c", name="n", input={}), ended()) is None


def test_calls_that_were_dropped_are_not_echoed() -> None:
    opaque = opaque_of(*THOUGHTS)
    said = {"role": "assistant", "content": "", "tool_calls": [call("c2"), call("c3")], "opaque": opaque}
    (_, assistant) = turns(*HELLO, said)
    assert [block.get("id") for block in assistant["content"]] == [None, None, None, None, "c2", "c3"]


async def sent(port: int, messages: list[dict[str, Any]], provider: Any = None, dialect: str = "anthropic") -> Any:
    """The body that a server is sent."""
    turn = (provider or opened(port, dialect=dialect)).stream(model="m", messages=messages)
    with contextlib.suppress(ProviderError):
        _ = [event async for event in turn]
    return json.loads(turn.sent)


async def test_thinking_goes_to_nobody_else() -> None:
    handler, _ = answering(stream(*THOUGHTS))
    async with serving(handler) as port:
        provider = opened(port, dialect="anthropic")
        assert await asked(provider) == ANSWERED
        own = await sent(port, spoken(), provider)
        assert own["messages"][1]["content"] == ECHO
        other = opened(port, dialect="anthropic")
        assert "thinking" not in json.dumps(await sent(port, spoken(), other))
        for dialect in ("openai", "ollama", "zo"):
            for opaque in ({}, {"opaque": opaque_of(*THOUGHTS)}):
                told = json.dumps(await sent(port, spoken(**opaque), dialect=dialect))
                assert not any(secret in told for secret in ("thinking", "EqQ", "secret==", "Xyz", "opaque"))


@pytest.mark.parametrize("odd", ["\ud83d", {"x": ["\udc22"]}])
async def test_what_cannot_be_kept_is_not_wanted_back(odd: Any) -> None:
    handler, _ = answering(stream(start(0, "thinking", thinking="hm", signature=odd), ended()))
    async with serving(handler) as port:
        turn = opened(port, dialect="anthropic").stream(model="m", messages=HELLO)
        assert [event async for event in turn] == [ReasoningDelta("hm"), Finished("stop")]
        assert turn.opaque is None


async def test_nobody_elses_secrets_come_here() -> None:
    async with serving(answering(PLAIN)[0]) as port:
        for opaque in (
            {"message": {"reasoning_content": "w"}, "calls": {"c1": {"extra_content": "s"}}},
            {"conversation_id": "con_1"},
            {"thinking": "w"},
        ):
            told = json.dumps(await sent(port, spoken(opaque=opaque)))
            assert not any(word in told for word in ("opaque", "reasoning", "extra_content", "con_1", "thinking"))


# --- What is answered ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("documents", "events"),
    [
        # a block may begin with all there is of it
        ([start(0, "text", text="Hi"), ended()], [TextDelta("Hi"), Finished("stop")]),
        ([start(0, "thinking", thinking="hm"), ended()], [ReasoningDelta("hm"), Finished("stop")]),
        (
            [start(0, "tool_use", id="c", name="n", input={"x": 1}), ended("tool_use")],
            [ToolCall("c", "n", {"x": 1}, '{"x": 1}'), Finished("tool_calls")],
        ),
        # and still go on
        ([start(0, "text", text="H"), delta(0, "text_delta", text="i"), ended()], [TextDelta("Hi"), Finished("stop")]),
        (
            [
                start(0, "tool_use", id="c", name="n", input={"x": 1}),
                delta(0, "input_json_delta", partial_json='{"x": 1}'),
                ended(),
            ],
            [ToolCall("c", "n", {"x": 1}, '{"x": 1}'), Finished("tool_calls")],
        ),
        # two calls at once, and one without an id
        (
            [
                start(0, "tool_use", id="c1", name="a", input={}),
                start(1, "tool_use", id="c2", name="b", input={}),
                delta(1, "input_json_delta", partial_json="{"),
                delta(0, "input_json_delta", partial_json="{"),
                delta(1, "input_json_delta", partial_json="}"),
                delta(0, "input_json_delta", partial_json='"x": null}'),
                ended("tool_use"),
            ],
            [ToolCall("c1", "a", {"x": None}, '{"x": null}'), ToolCall("c2", "b", {}, "{}"), Finished("tool_calls")],
        ),
        # what the server ran itself is not ours to run
        (
            [
                start(0, "server_tool_use", id="s1", name="web_search", input={}),
                delta(0, "input_json_delta", partial_json='{"query": "x"}'),
                stop(0),
                start(1, "web_search_tool_result", tool_use_id="s1", content=[{"type": "web_search_result"}]),
                start(2, "text", text="", citations=[]),
                delta(2, "citations_delta", citation={"type": "x", "cited_text": "no"}),
                delta(2, "text_delta", text="Found."),
                ended(),
            ],
            [TextDelta("Found."), Finished("stop")],
        ),
        # unknown events, blocks and deltas; a delta without a block; events without what they should have
        (
            [
                {"type": "telepathy", "index": 0},
                start(0, "hologram", text="no"),
                delta(0, "hologram_delta", text="no"),
                delta(9, "input_json_delta", partial_json="{}"),
                delta(7, "thinking_delta", thinking="hm"),
                delta(8, "text_delta", text="Hi"),
                {"type": "content_block_start"},
                {"type": "content_block_delta", "index": 0},
                ended(),
            ],
            [ReasoningDelta("hm"), TextDelta("Hi"), Finished("stop")],
        ),
        # a gateway that tells usage in an event of its own: https://github.com/BerriAI/litellm/pull/31091
        (
            [start(0, "text", text="Hi"), ended(None), ended("max_tokens"), ended(None, output_tokens=3)],
            [TextDelta("Hi"), Usage(output_tokens=3), Finished("length")],
        ),
        ([ended("stop_sequence")], [Finished("stop")]),
        ([ended("something_new")], [Finished("stop")]),
        ([ended("pause_turn")], [Finished("pause")]),
        ([start(0, "text", text="No"), ended("refusal")], [TextDelta("No"), Finished("refusal")]),
        ([ended("tool_use")], [Finished("stop")]),  # and calls nothing
    ],
)
def test_streams(documents: list[dict[str, Any]], events: list[Any]) -> None:
    assert answered(stream(*documents)) == events


def test_arguments_that_were_cut() -> None:
    out = answered(
        stream(
            start(0, "tool_use", id="c1", name="a", input={}),
            delta(0, "input_json_delta", partial_json='{"x": 1}'),
            start(1, "tool_use", id="c2", name="b", input={}),
            delta(1, "input_json_delta", partial_json='{"y": "unfini'),
            start(2, "tool_use", id="c3", name="c", input={}),
            ended("max_tokens"),
        )
    )
    assert out == [
        ToolCall("c1", "a", {"x": 1}, '{"x": 1}'),
        ToolCall("c2", "b", None, '{"y": "unfini'),
        ToolCall("c3", "c", None, ""),
        Finished("length"),
    ]


def test_a_whole_message_where_streaming_is_ignored() -> None:
    message = {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            text("Hi"),
            {"type": "tool_use", "id": "c1", "name": "now", "input": {"x": [1]}},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 5, "output_tokens": 3},
    }
    events = [
        ReasoningDelta("hm"),
        TextDelta("Hi"),
        ToolCall("c1", "now", {"x": [1]}, '{"x": [1]}'),
        Usage(input_tokens=5, output_tokens=3),
        Finished("tool_calls"),
    ]
    answer = Answer(HOST)
    assert put_together(answer, Body(HOST, Tail(HOST)), json.dumps(message).encode()) == events
    assert answer.opaque == {"content": [*message["content"][:2], {"type": "tool_use", "id": "c1"}]}
    del message["stop_reason"], message["content"][2]
    assert answered(json.dumps(message, indent=1).encode())[-1] == Finished("stop")


@pytest.mark.parametrize(
    ("first", "last", "usage"),
    [
        ({"input_tokens": 5, "output_tokens": 1}, {"output_tokens": 9}, Usage(input_tokens=5, output_tokens=9)),
        ({"input_tokens": 5}, {"input_tokens": 7, "output_tokens": 9}, Usage(input_tokens=7, output_tokens=9)),
        (
            {"input_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20, "output_tokens": 1},
            {"output_tokens": 9},
            Usage(input_tokens=125, output_tokens=9, cached_tokens=100, cache_write_tokens=20),
        ),
        (
            {"input_tokens": 5, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0},
            {"cache_read_input_tokens": 50},
            Usage(input_tokens=55, cached_tokens=50, cache_write_tokens=0),
        ),
        ({}, {"output_tokens": 9}, Usage(output_tokens=9)),
        ({"cache_read_input_tokens": 4}, {}, Usage(cached_tokens=4)),
        ({"input_tokens": "5", "output_tokens": True}, {"output_tokens": -1}, None),
        ({}, {}, None),
    ],
)
def test_usage(first: dict[str, int], last: dict[str, int], usage: Usage | None) -> None:
    out = answered(stream(begun(**first), start(0, "text", text="Hi"), ended(**last)))
    assert out[1:-1] == ([usage] if usage else [])


# --- What goes wrong ------------------------------------------------------------------------------------------

ERRORS = [  # https://docs.claude.com/en/api/errors
    (400, "invalid_request_error", "messages.0: bad", "bad_request", False),
    (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", "context_overflow", False),
    (400, "invalid_request_error", "Your credit balance is too low to access the API.", "billing", False),
    (400, "invalid_request_error", "You have reached your specified API usage limits.", "billing", False),
    (401, "authentication_error", "invalid x-api-key", "auth", False),
    (402, "billing_error", "Something is due", "billing", False),
    (403, "permission_error", "You may not use this resource.", "auth", False),
    (404, "not_found_error", "model: claude-0", "model_not_found", False),
    (413, "request_too_large", "Request exceeds the maximum allowed number of bytes", "request_too_large", False),
    (429, "rate_limit_error", "This would exceed your organization's limit of 30,000 tokens.", "rate_limit", True),
    (500, "api_error", "Internal server error", "server", True),
    (529, "overloaded_error", "Overloaded", "overloaded", True),
]


@pytest.mark.parametrize(("status", "type_", "message", "kind", "again"), ERRORS)
async def test_errors(status: int, type_: str, message: str, kind: str, again: bool) -> None:
    document = {"type": "error", "error": {"type": type_, "message": message}, "request_id": "req_1"}
    for answer, line in (
        (json.dumps(document).encode(), f"{status} No"),
        (stream(begun(), document, done=False), "200 OK"),
        (json.dumps(document).encode(), "200 OK"),
    ):
        handler, seen = answering(answer, status=line)
        async with serving(handler) as port:
            error = await failure(opened(port, dialect="anthropic", retries=1))
        assert (error.kind, error.partial, len(seen)) == (kind, False, 1 + again)
        assert error.status == (status if line != "200 OK" else None)
        assert error.message.startswith(f"127.0.0.1:{port} ")
        assert message[:20] in error.message


async def test_an_error_after_text_keeps_the_text() -> None:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    handler, seen = answering(stream(begun(), start(0, "text", text="Hi"), overloaded, done=False))
    async with serving(handler) as port:
        turn = opened(port, dialect="anthropic").stream(model="m", messages=HELLO)
        assert await anext(turn) == TextDelta("Hi")
        with pytest.raises(ProviderError) as caught:
            await anext(turn)
    assert (caught.value.kind, caught.value.partial, caught.value.retryable, len(seen)) == (
        "overloaded",
        True,
        False,
        1,
    )


async def test_the_server_closes_in_the_middle_of_a_call() -> None:
    handler, seen = answering(
        stream(
            start(0, "tool_use", id="c", name="n", input={}),
            delta(0, "input_json_delta", partial_json='{"x": 1}'),
            done=False,
        )
    )
    async with serving(handler) as port:
        error = await failure(opened(port, dialect="anthropic", retries=1))
    assert (error.kind, error.retryable, len(seen)) == ("truncated", True, 2)


@pytest.mark.parametrize(
    "more",
    [
        stream({"type": "ping"}, done=False),
        stream(delta(0, "text_delta", text=""), done=False),
        stream(delta(0, "input_json_delta", partial_json=""), done=False),
        stream(begun(), done=False),
        stream(ended(None), done=False),
        stream(stop(0), done=False),
        b": x\n\n",
        b":",
    ],
)
async def test_a_ping_does_not_keep_a_turn_alive(more: bytes) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + stream(begun(), start(0, "text"), done=False))
        hung_up = asyncio.ensure_future(reader.read())
        while not (await asyncio.wait([hung_up], timeout=0.03))[0]:
            writer.write(more)
        writer.close()

    async with serving(handle) as port:
        error = await failure(opened(port, dialect="anthropic", retries=0, idle_timeout_s=0.2))
    assert error.kind == "timeout"
    assert "nothing new for 0.2 s" in error.message


async def test_marks_that_a_server_refuses_are_left_out_from_then_on() -> None:
    bodies: list[dict[str, Any]] = []
    no = (
        b'{"type": "error", "error": {"message": "messages.0.content.0.cache_control: Extra inputs are not permitted"}}'
    )

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(next(line.split(b":")[1] for line in head.lower().split(b"\r\n") if b"content-length" in line))
        bodies.append(json.loads(await reader.readexactly(length)))
        status, answer = (b"400 No", no) if "cache_control" in json.dumps(bodies[-1]) else (b"200 OK", PLAIN)
        writer.write(b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (status, len(answer)) + answer)
        await writer.drain()
        writer.close()

    async with serving(handle) as port:
        provider = opened(port, dialect="anthropic")
        assert await asyncio.gather(asked(provider), asked(provider)) == [SAID, SAID]
        assert await asked(provider) == SAID
        assert "cache_control" not in json.dumps(bodies[-1])
        assert len(bodies) == 5


async def test_the_key_has_a_header_of_its_own() -> None:
    handler, seen = answering(PLAIN)
    async with serving(handler) as port:
        assert await asked(opened(port, dialect="anthropic")) == SAID
        assert await asked(opened(port, None, "anthropic", headers={"x-own": "1", "anthropic-version": "x"})) == SAID
    with_key, without = (head.lower() for head in seen)
    assert f"x-api-key: {KEY}" in with_key
    assert "anthropic-version: 2023-06-01" in with_key
    assert "authorization" not in with_key
    assert "x-api-key" not in without
    assert "x-own: 1" in without
    assert "anthropic-version: x\r" in without
    assert seen[0].startswith("POST /v1/messages ")


@settings(deadline=None)
@given(CUTS)
def test_any_cuts_give_the_same_answer(places: list[int]) -> None:
    assert answered(*cut(stream(*THOUGHTS).replace(b"\\u017c", "ż".encode()), places)) == ANSWERED


TYPES = ("message_start", "content_block_start", "content_block_delta", "message_delta", "message_stop", "message")
KINDS = ("text", "thinking", "redacted_thinking", "tool_use", "text_delta", "thinking_delta", "input_json_delta")
NAMES = ("type", "index", "content_block", "delta", "message", "content", "usage", "stop_reason", "error", "id", "name")
ANY = json_of(*TYPES, *KINDS, *NAMES, "text", "input", "partial_json", "signature", "input_tokens", "end_turn")


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([*TYPES, "error", "ping"]), ANY, ANY, ANY), max_size=6), st.sampled_from(KINDS)
)
def test_any_events_end_in_an_answer_or_an_error(found: list[Any], kind: str) -> None:
    documents = [
        {"type": type_, "index": a, "content_block": b, "delta": c, "message": a, "usage": b, "content": [c]}
        for type_, a, b, c in found
    ]
    documents += [start(0, kind, text=found and found[0][1], input=found and found[0][2]), *documents]
    with contextlib.suppress(ProviderError):
        answered(stream(*documents, ended("tool_use")))
    with contextlib.suppress(ProviderError):
        answered(b"".join(b"data: %s\n\n" % json.dumps(one).encode() for _, one, *_ in found))
