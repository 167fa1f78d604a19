"""Zo's /zo/ask: the documented stream, the ones that were seen, and conversations that go on at the other end."""

import asyncio
import contextlib
import json
from typing import Any

import pytest
from conftest import (
    CUTS,
    HELLO,
    HOST,
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

from zotui.models import Finished, ModelInfo, ProviderError, ReasoningDelta, TextDelta
from zotui.models.body import Body
from zotui.models.dialect import Request
from zotui.models.openai import OpenAI
from zotui.models.provider import Persona
from zotui.models.server import Server
from zotui.models.turn import Tail
from zotui.models.zo import Answer, Zo

pytestmark = pytest.mark.timeout(20)

CON = "x-conversation-id: con_1\r\n"


def body(*messages: dict[str, Any], model: str = "default", schema: Any = None) -> dict[str, Any]:
    """The document that asks for an answer to these messages."""
    return Zo().body(Request(model=model, messages=messages, schema=schema))


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": text, **more}


def replied(text: str, conversation: str = "") -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {**message, "opaque": {"conversation_id": conversation}} if conversation else message


def event(type_: str, document: Any) -> bytes:
    return f"event: {type_}\ndata: {json.dumps(document)}\n\n".encode()


def response(text: str = "", **more: Any) -> bytes:
    return event("FrontendModelResponse", {"content": text, **more} if text else more)


def parts(*texts: str, **more: Any) -> bytes:
    """All parts so far; what begins with "~" is a thought, with "!" a tool's."""
    kinds = {"~": "thinking", "!": "tool-return"}
    told = [{"part_kind": kinds.get(text[:1], "text"), "content": text.lstrip("~!")} for text in texts]
    return response(parts=told, **more)


def start(index: int, text: str = "", kind: str = "text") -> bytes:
    return event("PartStartEvent", {"index": index, "part": {"part_kind": kind, "content": text}})


def more(index: int, text: str) -> bytes:
    return event("PartDeltaEvent", {"index": index, "delta": {"content_delta": text}})


def part_end(index: int, text: str, kind: str = "text") -> bytes:
    return event("PartEndEvent", {"index": index, "part": {"part_kind": kind, "content": text}})


def end(**document: Any) -> bytes:
    return event("End", document)


def answered(*chunks: bytes) -> list[Any]:
    return put_together(Answer(HOST, ""), Body(HOST, Tail(HOST)), *chunks)


# --- What is asked ----------------------------------------------------------------------------------------


def test_one_question_is_asked_as_it_is() -> None:
    assert body(*HELLO) == {"input": "Hi", "stream": True}
    assert body(*HELLO, model="zo:openai/gpt-5")["model_name"] == "zo:openai/gpt-5"
    assert "model_name" not in body(*HELLO, model="")
    schema = {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}
    assert body(*HELLO, schema=schema)["output_format"] == schema


def test_the_conversation_so_far_is_told_once() -> None:
    system = [
        {"type": "text", "text": "You are zotui.", "name": "persona"},
        {"type": "text", "text": "Be brief. ", "name": "instructions"},
        {"type": "text", "text": "- likes turtles", "name": "memory"},
        {"type": "text", "text": "", "name": "digest"},
    ]
    history = [{"role": "system", "content": system}, said("a"), replied("b"), said(""), said("c")]
    assert body(*history)["input"] == "\n\n".join(
        [
            "Be brief.",
            "- likes turtles",
            "The conversation so far:",
            "Person: a",
            "You: b",
            "Now answer this:",
            "c",
        ]
    )
    assert "conversation_id" not in body(*history)
    assert body(said("a"), replied("b"), said(""))["input"].endswith("Person: a\n\nYou: b\n\nNow answer this:\n\n")
    assert body({"role": "system", "content": "Be brief."}, said("a"))["input"] == "Be brief.\n\na"
    tool = {"role": "tool", "tool_call_id": "c", "content": "noon"}
    assert "Tool result: noon" in body(said("a"), {"role": "assistant", "content": None}, tool, said("b"))["input"]


def test_a_conversation_goes_on_where_it_was() -> None:
    history = [said("a"), replied("b", "con_1"), said("c")]
    assert body(*history) == {"input": "c", "conversation_id": "con_1", "stream": True}
    assert body(*history, said("d"))["input"] == "c\n\nd"
    # another answered in between: the whole is told anew
    elsewhere = body(*history, replied("not Zo"), said("d"))
    assert "conversation_id" not in elsewhere
    assert "You: not Zo" in elsewhere["input"]
    for opaque in ({"content": [{"type": "thinking"}]}, {"conversation_id": 5}, {}, None):
        assert "conversation_id" not in body(said("a"), {**replied("b"), "opaque": opaque}, said("c"))


def test_images_are_not_dropped_in_silence() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    seen = said("")
    seen["content"] = [{"type": "text", "text": "What is this?"}, picture]
    for history in ([seen], [seen, replied("b"), said("c")], [said("a"), replied("b", "con_1"), seen]):
        with pytest.raises(ProviderError, match="Zo cannot be sent images") as caught:
            body(*history)
        assert caught.value.kind == "unsupported"
        assert not caught.value.retryable
    assert body(seen, replied("b", "con_1"), said("c"))["input"] == "c"  # it was told before, and not by us


async def test_an_image_fails_before_anything_is_sent() -> None:
    handler, seen = answering(end(output="Hi"))
    content = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    async with serving(handler) as port:
        error = await failure(opened(port, dialect="zo"), messages=[{"role": "user", "content": content}])
    assert (error.kind, seen) == ("unsupported", [])


@pytest.mark.parametrize(
    ("key", "header"),
    [("zo_sk_abc", "Bearer zo_sk_abc"), (" zo_sk_abc\n", "Bearer zo_sk_abc"), ("eyJhbGciOi.J9", "eyJhbGciOi.J9")],
)
async def test_both_forms_of_keys(key: str, header: str) -> None:
    handler, seen = answering(end(output="Hi"))
    async with serving(handler) as port:
        assert await asked(opened(port, key, "zo")) == [TextDelta("Hi"), Finished("stop")]
    assert f"authorization: {header}\r\n" in seen[0]


async def test_no_key_is_no_header() -> None:
    handler, seen = answering(end(output="Hi"))
    async with serving(handler) as port:
        await asked(opened(port, "", "zo"))
    assert "authorization" not in seen[0].lower()


@pytest.mark.parametrize("path", ["", "/", "/zo/ask", "/zo/ask/"])
def test_base_urls(path: str) -> None:
    assert Zo().base(f"https://api.zo.computer{path}").geturl() == "https://api.zo.computer"
    assert Zo().base(f"http://127.0.0.1:1/me{path}?x=1").geturl() == "http://127.0.0.1:1/me?x=1"


async def test_a_conversation_is_carried_on_by_its_id() -> None:
    for answer, headers in (
        (response("Hi") + end(), CON),
        (response("Hi", conversation_id="con_1") + end(), ""),
        (response("Hi") + end(conversation_id="con_1"), "x-conversation-id: other\r\n"),
        (json.dumps({"output": "Hi", "conversation_id": "con_1"}).encode(), ""),
    ):
        handler, _ = answering(answer, headers=headers)
        async with serving(handler) as port:
            provider = opened(port, dialect="zo")
            first = provider.stream(model="default", messages=HELLO)
            assert [one async for one in first] == [TextDelta("Hi"), Finished("stop")]
            assert first.opaque == {"conversation_id": "con_1"}
            messages = [*HELLO, {"role": "assistant", "content": "Hi", "opaque": first.opaque}, said("More.")]
            second = provider.stream(model="default", messages=messages)
            _ = [one async for one in second]
            assert json.loads(second.sent) == {"input": "More.", "conversation_id": "con_1", "stream": True}


# --- What is answered ---------------------------------------------------------------------------------------

HI = [TextDelta("Hello there"), Finished("stop")]
HMM = [ReasoningDelta("hm"), *HI]
TWICE = [TextDelta("I look.It is five."), Finished("stop")]


@pytest.mark.parametrize(
    ("chunks", "events"),
    [
        # as documented
        ([response("Hello "), response("there"), end()], HI),
        ([response("Hello "), response("there"), end(output="Hello there")], HI),
        ([response("Hello "), response("there"), end(output=None)], HI),
        # only at the end, or the rest of it
        ([end(output="Hello there")], HI),
        ([response("Hello "), end(output="Hello there")], HI),
        ([response(), end(output="Hello there")], HI),
        # inside "data"
        ([event("FrontendModelResponse", {"data": {"content": "Hello "}}), end(data={"output": "Hello there"})], HI),
        # without a name for the event
        (
            [b'data: {"type": "FrontendModelResponse", "data": {"content": "Hello "}}\n\n', end(output="Hello there")],
            HI,
        ),
        # parts, told again as they grow
        ([parts("Hello "), parts("Hello there"), end()], HI),
        ([parts("~h"), parts("~hm", "Hello "), parts("~hm", "Hello there"), end(output="Hello there")], HMM),
        ([parts("Hello "), parts("Hello"), parts("Hello there"), end()], HI),
        # events of parts
        ([start(0), more(0, "Hello "), more(0, "there"), part_end(0, "Hello there"), end()], HI),
        ([start(0, "Hello "), more(0, "there"), part_end(0, "Hello there"), end(output="Hello there")], HI),
        ([start(0, "h", "thinking"), more(0, "m"), start(1, "Hello "), more(1, "there"), end()], HMM),
        ([start(0, "hm", "thinking"), response("Hello "), response("there"), end(output="Hello there")], HMM),
        ([start(0), part_end(0, "Hello there"), end()], HI),
        ([more(0, "Hello "), more(0, "there"), end()], HI),
        # all of these at once, in any order
        (
            [start(0, "Hello "), response("Hello "), more(0, "there"), response("there"), parts("Hello there"), end()],
            HI,
        ),
        ([response("Hello "), start(0, "Hello "), more(0, "there"), response("there"), end(output="Hello there")], HI),
        ([response("Hello "), parts("Hello there"), part_end(0, "Hello there"), end()], HI),
        ([start(0), more(0, "Hello "), response("Hello there"), end(output="Hello there")], HI),
        ([start(0), response("Hello "), response("there"), end()], HI),
        # tools of its own: what they return is not said, and parts are counted anew afterwards
        ([start(0, "noise", "tool-return"), more(0, "noise"), parts("!noise", "Hello there"), end()], HI),
        ([start(0, "I look."), start(1, "", "tool-call"), start(0), more(0, "It is five."), end()], TWICE),
        ([start(0, "I look."), start(0, "I"), more(0, "t is five."), end()], TWICE),
        ([start(0, "I look."), start(0, "It is "), part_end(0, "It is five."), end(output="It is five.")], TWICE),
        ([parts("I look."), parts("It is "), parts("It is five."), end()], TWICE),
        ([start(0, "I look."), start(0, "It is five."), parts("I look.", "!x", "It is five."), end()], TWICE),
        # the answer at the end is another than what was said on the way
        ([response("I look."), end(output="It is five.")], [TextDelta("I look.\n\nIt is five."), Finished("stop")]),
        # it is the same with other spaces
        ([response("Hello  there\n"), end(output="Hello there")], [TextDelta("Hello  there\n"), Finished("stop")]),
        # nothing
        ([end()], [Finished("stop")]),
        ([end(output="")], [Finished("stop")]),
        # what nobody has heard of
        ([event("Telepathy", {"content": "?"}), event("FinalResultEvent", {}), response("Hello there"), end()], HI),
        ([event("PartStartEvent", {}), event("PartDeltaEvent", {"delta": 5}), response("Hello there"), end(x=1)], HI),
        (
            [
                event("PartEndEvent", {"part": []}),
                event("FrontendModelResponse", {"parts": [5]}),
                end(output="Hello there"),
            ],
            HI,
        ),
        ([event("End", {"reasoning": "x", "actions": []})], [Finished("stop")]),
    ],
)
def test_streams(chunks: list[bytes], events: list[Any]) -> None:
    assert answered(*chunks) == events
    noisy = b": hello\n\n" + b": keep-alive\n\n".join(chunks)
    assert answered(noisy.replace(b"\n", b"\r\n")) == events


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (end(output={"x": 1.5, "y": ["ż"]}), '{"x":1.5,"y":["ż"]}'),
        (end(output=[]), "[]"),
        (end(output=False), "false"),
        (end(output={"x": "\ud83d", "y": 10**30}), '{"x":"\ufffd","y":1000000000000000000000000000000}'),
        (response('{"x": 1.5, '), '{"x": 1.5, "y": ["ż"]}'),
        (json.dumps({"output": {"x": 1.5, "y": ["ż"]}, "conversation_id": None}).encode(), '{"x":1.5,"y":["ż"]}'),
    ],
)
def test_objects(answer: bytes, text: str) -> None:
    if answer.startswith(b"event: Front"):  # told as text on the way, too
        answer += response('"y": ["ż"]}') + end(output={"x": 1.5, "y": ["ż"]})
    assert answered(answer) == [TextDelta(text), Finished("stop")]


def test_a_whole_document_where_streaming_is_ignored() -> None:
    assert answered(b'{"output": "Hello there", "conversation_id": null}') == HI
    assert answered(b'{\n "output": "Hello there"\n}\n') == HI


# --- What goes wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "answer", "kind", "quoted"),
    [
        (200, b'{"error": "You are out of credits"}', "billing", "out of credits"),
        (200, b'{"error": "Model not found: x"}', "model_not_found", "Model not found"),
        (200, b'{"detail": "Something"}', "server", "Something"),
        (200, event("Error", {"message": "It broke"}), "server", "It broke"),
        (200, event("Error", {"data": {"message": "It broke"}}), "server", "It broke"),
        (200, event("Error", {}), "server", "Zo"),
        (200, b"event: Error\ndata: It broke\n\n", "server", "It broke"),
        (401, b'{"detail": "Invalid API key"}', "auth", "Invalid API key"),
        (402, b'{"detail": "Payment required"}', "billing", "Payment required"),
        (404, b'{"detail": "Not Found"}', "unsupported", "Not Found"),
        (
            422,
            b'{"detail": [{"loc": ["body", "input"], "msg": "Field required", "type": "missing"}]}',
            "bad_request",
            '"body.input: Field required"',
        ),
        (429, b'{"detail": "Too many requests"}', "rate_limit", "Too many requests"),
        (502, b"<html><title>Bad Gateway</title></html>", "server", "Bad Gateway"),
        (200, b"<html><title>Sign in</title></html>", "protocol", "Sign in"),
        (200, b"", "truncated", "whole"),
        (200, response("Hel"), "truncated", "whole"),
        (200, start(0, "", "tool-call") + more(0, '{"x'), "truncated", "whole"),
    ],
)
async def test_errors(status: int, answer: bytes, kind: str, quoted: str) -> None:
    handler, _ = answering(answer, status=f"{status} X")
    async with serving(handler) as port:
        error = await failure(opened(port, dialect="zo", retries=0))
    assert error.kind == kind
    assert error.status == (status if status != 200 else None)
    assert error.partial is answer.startswith(response("Hel"))
    assert quoted in error.message or quoted in "Zo"


async def test_a_busy_conversation_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Zo.busy == {409: 2.5}
    monkeypatch.setattr(Zo, "busy", {409: 0.01})
    seen = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        await head_of(reader)
        seen += 1
        status, answer = (b"409 Busy", b'{"detail": "Busy"}') if seen % 3 else (b"200 OK", end(output="Hi"))
        writer.write(b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (status, len(answer)) + answer)
        await writer.drain()
        writer.close()

    async with serving(handle) as port:
        assert await asked(opened(port, dialect="zo", backoff_s=60)) == [TextDelta("Hi"), Finished("stop")]
        assert seen == 3
        error = await failure(opened(port, dialect="zo", retries=0))
    assert (error.kind, error.retryable, error.retry_after_s) == ("overloaded", True, 0.01)


@pytest.mark.parametrize(
    ("more", "alive"),
    [
        (b": keep-alive\n\n", False),
        (response(), False),
        (parts("Hi"), False),
        (event("Ping", {}), False),
        (event("FunctionToolCallEvent", {"part": {}}), True),
        (more(1, '{"x'), True),
    ],
)
async def test_what_keeps_a_turn_alive(more: bytes, alive: bool) -> None:
    """Its own tools may run for long, as long as it says so."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + parts("Hi") + start(1, "", "tool-call"))
        hung_up = asyncio.ensure_future(reader.read())
        for _ in range(15):
            if (await asyncio.wait([hung_up], timeout=0.03))[0]:
                break
            writer.write(more)
        else:
            writer.write(end())
        writer.close()

    async with serving(handle) as port:
        provider = opened(port, dialect="zo", retries=0, idle_timeout_s=0.2)
        if alive:
            assert await asked(provider) == [TextDelta("Hi"), Finished("stop")]
        else:
            error = await failure(provider)
            assert (error.kind, error.partial) == ("timeout", True)


async def test_models() -> None:
    listed = {
        "models": [
            {"model_name": "zo:openai/gpt-5", "label": "GPT-5", "vendor": "OpenAI", "context_window": 400000},
            {"model_name": "byok:1-2", "is_byok": True, "context_window": None},
            {"label": "nameless"},
            None,
        ],
        "featured_models_are_free": True,
    }
    handler, seen = answering(json.dumps(listed).encode())
    async with serving(handler) as port:
        found = await opened(port, "zo_sk_1", "zo").models()
    assert found == [ModelInfo(id="zo:openai/gpt-5", context_window=400000), ModelInfo(id="byok:1-2")]
    assert seen[0].startswith("GET /v1/models/available ")
    assert "Bearer zo_sk_1" in seen[0]


async def test_personas() -> None:
    listed = {"personas": [{"id": "p1", "name": "Ada", "prompt": "Be exact.", "model": None}, {"name": "no id"}, 5]}
    handler, seen = answering(json.dumps(listed).encode(), headers="Content-Type: application/json\r\n")
    async with serving(handler) as port:
        found = await Server(Zo(), base_url=f"http://127.0.0.1:{port}", key="zo_sk_1").personas()
    assert found == [Persona(id="p1", name="Ada", prompt="Be exact.")]
    assert seen[0].startswith("GET /personas/available ")


async def test_other_servers_have_none() -> None:
    with pytest.raises(ProviderError, match="has no personas") as caught:
        await Server(OpenAI(""), base_url="http://127.0.0.1:9/v1").personas()
    assert caught.value.kind == "unsupported"


# --- Any bytes ------------------------------------------------------------------------------------------------

STREAM = b": hi\r\n\r\n" + (
    start(0, "weigh 🐢", "thinking")
    + start(1, "za\u2028żó")
    + response("za\u2028żó")
    + more(1, "łć")
    + parts("~weigh 🐢", "za\u2028żółć 🐢")
    + end(output="za\u2028żółć 🐢!")
).replace(b"\n", b"\r\n").replace(rb"\ud83d\udc22", "🐢".encode()).replace(rb"\u0107", "ć".encode())
ANSWER = [ReasoningDelta("weigh 🐢"), TextDelta("za\u2028żółć 🐢!"), Finished("stop")]


@settings(deadline=None)
@given(CUTS)
def test_any_cuts_give_the_same_answer(places: list[int]) -> None:
    assert answered(*cut(STREAM, places)) == ANSWER


def test_every_byte_on_its_own() -> None:
    assert answered(*(bytes([byte]) for byte in STREAM)) == ANSWER


EVENTS = ("FrontendModelResponse", "PartStartEvent", "PartDeltaEvent", "PartEndEvent", "End", "Error", "Other", "")
NAMES = (
    "content",
    "parts",
    "part",
    "part_kind",
    "index",
    "delta",
    "content_delta",
    "output",
    "data",
    "error",
    "detail",
)
ANY = json_of(*NAMES, "conversation_id", "message", "type", "text", "thinking")


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(EVENTS), ANY, ANY), max_size=6))
def test_any_events_end_in_an_answer_or_an_error(found: list[Any]) -> None:
    for document in (
        lambda a, b: a,
        lambda a, b: {"index": a, "part": b, "delta": {"content_delta": a}, "parts": [b, a]},
        lambda a, b: {"data": {"content": a, "output": b, "parts": [{"part_kind": a, "content": b}]}},
    ):
        chunks = [event(type_, document(a, b)) for type_, a, b in found]
        with contextlib.suppress(ProviderError):
            answered(*chunks, end())
