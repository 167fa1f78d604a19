"""Ollama's /api/chat: what is asked, what is made of the lines that answer, and what goes wrong."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
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

from zotui.models import Finished, ModelInfo, ProviderError, ReasoningDelta, TextDelta, ToolCall, Usage
from zotui.models.body import Body
from zotui.models.dialect import Request
from zotui.models.ollama import Answer, Ollama
from zotui.models.turn import Tail

pytestmark = pytest.mark.timeout(20)

TOOL = {"type": "function", "function": {"name": "now", "description": "The time.", "parameters": {"type": "object"}}}


def call(id_: str, name: str = "now", arguments: str = "{}") -> dict[str, Any]:
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


def body(*messages: dict[str, Any], tools: Any = (), schema: Any = None) -> dict[str, Any]:
    """The document that asks for an answer to these messages."""
    return Ollama().body(Request(model="m:7b", messages=messages, tools=tools, schema=schema))


def line(content: str = "", *, done: bool = False, **more: Any) -> dict[str, Any]:
    """One line of an answer; what is named like a field of the message is put into it."""
    inside = {name: more.pop(name) for name in ("thinking", "reasoning_content", "tool_calls") if name in more}
    return {"model": "m:7b", "message": {"role": "assistant", "content": content, **inside}, "done": done, **more}


def lines(*documents: Any) -> bytes:
    return b"".join(json.dumps(document, ensure_ascii=False).encode() + b"\n" for document in documents)


DONE = line(done=True, done_reason="stop", prompt_eval_count=9, eval_count=3)
USED = Usage(input_tokens=9, output_tokens=3)


def answered(*chunks: bytes) -> list[Any]:
    return put_together(Answer(HOST), Body(HOST, Tail(HOST), "lines"), *chunks)


def named(events: list[Any]) -> list[Any]:
    """The events, the ids of calls left out, which must differ."""
    calls = [event for event in events if isinstance(event, ToolCall)]
    assert len({call.id for call in calls}) == len(calls)
    assert all(call.id for call in calls)
    return [(event.name, event.arguments) if isinstance(event, ToolCall) else event for event in events]


# --- What is asked ----------------------------------------------------------------------------------------


def test_a_whole_request() -> None:
    schema = {"type": "object", "properties": {}}
    history = [
        {"role": "system", "content": [{"text": "Be ", "name": "persona"}, {"text": "brief.", "name": "memory"}]},
        {"role": "user", "content": "What time is it?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [call("c1", "now", '{"tz": "ż"}'), call("c2", "x y", "[")],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "noon"},
        {"role": "tool", "tool_call_id": "c2", "content": "no such tool"},
        {"role": "assistant", "content": "Noon.", "tool_calls": [call("c1", "again")]},  # a server that counts from 1
        {"role": "tool", "tool_call_id": "c1", "content": "noon"},
        {"role": "tool", "tool_call_id": "gone", "content": "?"},
    ]
    assert body(*history, tools=[TOOL], schema=schema) == {
        "model": "m:7b",
        "stream": True,
        "tools": [TOOL],
        "format": schema,
        "options": {"num_ctx": 8192},
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What time is it?"},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {"function": {"name": "now", "arguments": {"tz": "ż"}}},
                    {"function": {"name": "x_y", "arguments": {"_raw": "["}}},
                ],
            },
            {"role": "tool", "content": "noon", "tool_name": "now"},
            {"role": "tool", "content": "no such tool", "tool_name": "x_y"},
            {
                "role": "assistant",
                "content": "Noon.",
                "tool_calls": [{"function": {"name": "again", "arguments": {}}}],
            },
            {"role": "tool", "content": "noon", "tool_name": "again"},
            {"role": "tool", "content": "?", "tool_name": ""},
        ],
    }
    assert "tools" not in body(*HELLO)
    assert "format" not in body(*HELLO)


def test_images() -> None:
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        {"type": "image_url", "image_url": {"url": "data:IMAGE/JPEG;charset=x;base64,/9j/"}},
    ]
    shown = {"role": "user", "content": "What is this?", "images": ["iVBORw0KGgo=", "/9j/"]}
    assert body({"role": "user", "content": content})["messages"] == [shown]
    with pytest.raises(ProviderError, match="image") as caught:
        body({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://h/x.png"}}]})
    assert caught.value.kind == "unsupported"


LONG = "long words " * 10_000
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


@pytest.mark.parametrize(
    ("request_", "least"),
    [
        ({"messages": HELLO}, 8192),
        ({"messages": [{"role": "user", "content": LONG}]}, 36_000),
        ({"messages": [{"role": "user", "content": "ż" * 100_000}]}, 66_000),
        ({"messages": [{"role": "assistant", "content": "", "tool_calls": [call("c", "write", LONG)]}]}, 36_000),
        ({"messages": HELLO, "tools": [{**TOOL, "words": LONG}]}, 36_000),
        ({"messages": HELLO, "schema": {"words": LONG}}, 36_000),
        ({"messages": [{"role": "user", "content": [PICTURE] * 10}]}, 20_000),
    ],
)
def test_the_window_holds_the_request(request_: dict[str, Any], least: int) -> None:
    """Where it does not, Ollama cuts off the start of the conversation in silence."""
    window = Ollama().body(Request(model="m", **request_))["options"]["num_ctx"]
    assert least <= window <= 4 * least
    assert window & (window - 1) == 0


async def test_options_of_ones_own_leave_the_window() -> None:
    handler, _ = answering(lines(DONE))
    async with serving(handler) as port:
        provider = opened(port, dialect="ollama", extra={"options": {"temperature": 0}, "keep_alive": "1h"})
        turn = provider.stream(model="m", messages=HELLO)
        assert [event async for event in turn] == [USED, Finished("stop")]
    sent = json.loads(turn.sent)
    assert sent["options"] == {"num_ctx": 8192, "temperature": 0}
    assert sent["keep_alive"] == "1h"


@pytest.mark.parametrize("path", ["", "/", "/api", "/api/chat", "/v1", "/v1/", "/v1/chat/completions"])
@pytest.mark.parametrize("root", ["http://h:1", "http://h:1/proxy"])
def test_base_urls(root: str, path: str) -> None:
    assert Ollama().base(root + path).geturl() == root


async def test_the_key_is_for_a_gateway() -> None:
    handler, seen = answering(lines(DONE))
    async with serving(handler) as port:
        await asked(opened(port, dialect="ollama"))
        await asked(opened(port, None, "ollama"))
    assert f"authorization: Bearer {KEY}" in seen[0]
    assert "authorization" not in seen[1]
    assert seen[0].startswith("POST /api/chat ")


async def test_thoughts_come_back_with_the_calls_they_led_to() -> None:
    """Without them a model begins anew after each tool: https://github.com/ollama/ollama-python/issues/533."""
    thought = lines(line(thinking="weigh "), line(thinking="it"), line(tool_calls=[call("c1")]), DONE)
    handler, _ = answering(thought, lines(DONE))
    history = [
        *HELLO,
        {"role": "assistant", "content": "", "tool_calls": [call("c1")]},
        {"role": "tool", "tool_call_id": "c1", "content": "noon"},
    ]
    async with serving(handler) as port:
        provider = opened(port, dialect="ollama")
        first = provider.stream(model="m", messages=HELLO)
        _ = [event async for event in first]
        assert first.opaque == {"thinking": "weigh it"}
        second = provider.stream(model="m", messages=history)
        _ = [event async for event in second]
        assert json.loads(second.sent)["messages"][1]["thinking"] == "weigh it"
        third = opened(port, dialect="ollama").stream(model="m", messages=history)
        _ = [event async for event in third]
        assert "thinking" not in json.loads(third.sent)["messages"][1]
        assert third.opaque is None  # without calls there is nothing to go on with


# --- What is answered ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("documents", "events"),
    [
        ([line("H"), line("i"), DONE], [TextDelta("Hi"), USED, Finished("stop")]),
        ([line("Hi", done=True)], [TextDelta("Hi"), Finished("stop")]),
        ([line("Hi"), line(done=True, done_reason="length")], [TextDelta("Hi"), Finished("length")]),
        ([line("Hi"), line(done=True, done_reason="new")], [TextDelta("Hi"), Finished("stop")]),
        ([line(thinking="hm"), line("Hi"), DONE], [ReasoningDelta("hm"), TextDelta("Hi"), USED, Finished("stop")]),
        (
            [line(reasoning_content="hm"), line("Hi"), DONE],
            [ReasoningDelta("hm"), TextDelta("Hi"), USED, Finished("stop")],
        ),
        # older servers leave reasoning in the text
        (
            [line("<thi"), line("nk>hm</think>\n\nHi"), DONE],
            [ReasoningDelta("hm"), TextDelta("Hi"), USED, Finished("stop")],
        ),
        # calls: in one line, in several, with an index, with text, with a text for arguments, without any
        (
            [line(tool_calls=[call("", "a"), call("", "b", '{"x": 1}')]), DONE],
            [("a", {}), ("b", {"x": 1}), USED, Finished("tool_calls")],
        ),
        (
            [
                line("I look.", tool_calls=[{"function": {"index": 0, "name": "a", "arguments": {"x": "ż"}}}]),
                line(tool_calls=[{"function": {"index": 1, "name": "a", "arguments": {"x": "ż"}}}]),
                DONE,
            ],
            [TextDelta("I look."), ("a", {"x": "ż"}), ("a", {"x": "ż"}), USED, Finished("tool_calls")],
        ),
        # one id for all, and no arguments to tell the calls apart
        (
            [line(tool_calls=[{"id": "c", "function": {"name": "a", "arguments": {}}}] * 2), DONE],
            [("a", {}), ("a", {}), USED, Finished("tool_calls")],
        ),
        ([line(tool_calls=[{"function": {"name": "a"}}]), DONE], [("a", {}), USED, Finished("tool_calls")]),
        (
            [line(tool_calls=[{"function": {"name": "a"}}]), line(done=True, done_reason="length")],
            [("a", None), Finished("length")],
        ),
        # what nobody has heard of
        (
            [{"telepathy": 1}, [], None, 5, line("Hi"), {"message": "?"}, DONE],
            [TextDelta("Hi"), USED, Finished("stop")],
        ),
        ([line(tool_calls=[None, {"function": None}, {}]), DONE], [USED, Finished("stop")]),
        # usage: partly, or of another type
        ([line("Hi", done=True, eval_count=3)], [TextDelta("Hi"), Usage(output_tokens=3), Finished("stop")]),
        ([line("Hi", done=True, eval_count="3", prompt_eval_count=-1)], [TextDelta("Hi"), Finished("stop")]),
        # a complaint after the last word
        ([line("Hi"), DONE, {"error": "too late"}], [TextDelta("Hi"), USED, Finished("stop")]),
    ],
)
def test_streams(documents: list[Any], events: list[Any]) -> None:
    assert named(answered(lines(*documents))) == events
    assert named(answered(b"\r\n" + lines(*documents).replace(b"\n", b"\r\n\r\n"))) == events
    assert named(answered(lines(*documents)[:-1])) == events  # no line break behind the last


def test_a_whole_document_where_streaming_is_ignored() -> None:
    whole = json.dumps(line("Hi", done=True, thinking="hm"), indent=2).encode()
    assert answered(whole.replace(b"\n", b" ")) == [ReasoningDelta("hm"), TextDelta("Hi"), Finished("stop")]


def test_events_where_a_gateway_makes_them() -> None:
    sse = b"".join(b"data: %s\n\n" % json.dumps(one).encode() for one in (line("Hi"), DONE))
    assert answered(sse) == [TextDelta("Hi"), USED, Finished("stop")]


# --- What goes wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (404, "model 'llama9' not found", "model_not_found"),
        (404, 'model "llama9" not found, try pulling it first', "model_not_found"),
        (400, "registry.ollama.ai/library/phi:latest does not support tools", "unsupported"),
        (400, '"phi" does not support thinking', "unsupported"),
        (400, "the input length exceeds the context length", "context_overflow"),
        (401, "unauthorized", "auth"),
        (500, "llama runner process has terminated: signal: killed", "server"),
        (503, "server busy, please try again.  maximum pending requests exceeded", "overloaded"),
    ],
)
async def test_errors(status: int, message: str, kind: str) -> None:
    handler, _ = answering(json.dumps({"error": message}).encode(), status=f"{status} No")
    async with serving(handler) as port:
        error = await failure(opened(port, dialect="ollama", retries=0))
    assert (error.kind, error.status) == (kind, status)
    assert message[:15] in error.message


async def test_an_error_in_a_line() -> None:
    for before, partial in ((b"", False), (lines(line("Hi")), True)):
        handler, _ = answering(before + lines({"error": "an error was encountered while running the model"}))
        async with serving(handler) as port:
            error = await failure(opened(port, dialect="ollama", retries=0))
        assert (error.kind, error.partial, error.status) == ("server", partial, None)
        assert "while running the model" in error.message


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lines(line(tool_calls=[call("c")])), "truncated"),
        (lines(line(tool_calls=[call("c", "now", '{"x": 1}')]))[:-30], "truncated"),
        (b"", "truncated"),
        (b"\n\n", "truncated"),
        (b"<html><title>Sign in</title>", "protocol"),
        (b"404 page not found", "protocol"),
        (lines(line()) + b"{broken}\n" + lines(DONE), "protocol"),
    ],
)
async def test_answers_that_are_none(answer: bytes, kind: str) -> None:
    async with serving(answering(answer)[0]) as port:
        error = await failure(opened(port, dialect="ollama", retries=0))
    assert (error.kind, error.partial) == (kind, False)


@pytest.mark.parametrize("more", [b"\n", b" ", lines(line()), lines({"model": "m"}), b"{}\n"])
async def test_what_says_nothing_does_not_keep_a_turn_alive(more: bytes) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + lines(line("Hi")))
        hung_up = asyncio.ensure_future(reader.read())
        while not (await asyncio.wait([hung_up], timeout=0.03))[0]:
            writer.write(more)
        writer.close()

    async with serving(handle) as port:
        error = await failure(opened(port, dialect="ollama", retries=0, idle_timeout_s=0.2))
    assert (error.kind, error.partial) == ("timeout", True)


async def test_words_like_a_fields_name_do_not_drop_the_field() -> None:
    handler, seen = answering(b'{"error": "invalid image information"}', status="400 No")
    async with serving(handler) as port:
        provider = opened(port, dialect="ollama")
        turn = provider.stream(model="m", messages=HELLO, schema={"type": "object"})
        with pytest.raises(ProviderError):
            await anext(turn)
        assert "format" in json.loads(turn.sent)
        await failure(opened(port, dialect="ollama"))
    assert len(seen) == 2
    handler, seen = answering(b'{"error": "invalid format"}', status="400 No")
    async with serving(handler) as port:
        await failure(opened(port, dialect="ollama"))  # and was sent none
    assert len(seen) == 1


async def test_thinking_that_a_model_refuses_is_not_asked_for_again() -> None:
    handler, seen = answering(b'{"error": "\\"phi\\" does not support thinking"}', status="400 No")
    async with serving(handler) as port:
        provider = opened(port, dialect="ollama", extra={"think": True})
        await failure(provider)
        assert len(seen) == 2
        await failure(provider)
        assert len(seen) == 3


# --- The models -------------------------------------------------------------------------------------------------


async def test_models_and_what_is_told_of_each() -> None:
    shown: Mapping[str, Any] = {
        "see:1b": {
            "model_info": {"general.architecture": "gemma3", "gemma3.context_length": 131072},
            "capabilities": ["completion", "vision", "tools"],
        },
        "think": {"model_info": {"qwen3.context_length": 40960}, "capabilities": ["completion", "thinking"]},
        "embed": {"model_info": {"bert.context_length": 512}, "capabilities": ["embedding"]},
        "old": {"model_info": {"llama.context_length": 2048}},
        "odd": {"model_info": ["x.context_length"], "capabilities": "completion"},
        "odder": [1],
        "empty": {"model_info": {"x.context_length": "many"}, "capabilities": []},
    }

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(one[15:]) for one in head.lower().split("\r\n") if one.startswith("content-length:")), 0)
        told = json.loads(await reader.readexactly(length) or b"{}")
        document = shown[told["model"]] if "/api/show" in head else {"models": [{"name": name} for name in shown]}
        answer = json.dumps(document).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
        await writer.drain()
        writer.close()

    async with serving(handle) as port:
        provider = opened(port, dialect="ollama")
        assert await provider.models() == [
            ModelInfo(id="see:1b", context_window=131072, vision=True, tools=True, reasoning=False),
            ModelInfo(id="think", context_window=40960, vision=False, tools=False, reasoning=True),
            ModelInfo(id="old", context_window=2048),
            ModelInfo(id="odd"),
            ModelInfo(id="odder"),
            ModelInfo(id="empty"),
        ]
        await provider.close()


# --- Any bytes ------------------------------------------------------------------------------------------------

STREAM = lines(
    line(thinking="weigh 🐢"),
    line("za\u2028żółć"),
    line(tool_calls=[{"function": {"name": "now", "arguments": {"tz": "ż"}}}]),
    DONE,
)
ANSWER = [ReasoningDelta("weigh 🐢"), TextDelta("za\u2028żółć"), ("now", {"tz": "ż"}), USED, Finished("tool_calls")]


@settings(deadline=None)
@given(CUTS)
def test_any_cuts_give_the_same_answer(places: list[int]) -> None:
    assert named(answered(*cut(STREAM, places))) == ANSWER


NAMES = ("message", "content", "thinking", "tool_calls", "function", "name", "arguments", "id", "done", "done_reason")
ANY = json_of(*NAMES, "error", "eval_count", "prompt_eval_count")


@settings(deadline=None)
@given(st.lists(st.tuples(ANY, ANY), max_size=5))
def test_any_lines_end_in_an_answer_or_an_error(found: list[Any]) -> None:
    documents = [one for a, b in found for one in (a, {"message": b}, {"message": {"content": a, "tool_calls": [b]}})]
    with contextlib.suppress(ProviderError):
        answered(b"".join(json.dumps(one).encode() + b"\n" for one in (*documents, DONE)))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_end_in_an_answer_or_an_error(data: bytes) -> None:
    for before in (b"", b"{"):
        with contextlib.suppress(ProviderError):
            answered(before + data)
