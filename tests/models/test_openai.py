"""The OpenAI provider against small servers on loopback: time, keys, connections."""

import asyncio
import json
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from conftest import DONE, HELLO, KEY, answering, asked, choice, events, head_of, opened, serving

from zotui.models import Finished, Provider, ProviderError, TextDelta, ToolCall, open_provider
from zotui.models import server as dialect
from zotui.models.dialect import Request
from zotui.models.openai import OpenAI
from zotui.models.server import unwrapped

pytestmark = pytest.mark.timeout(20)

CLOSE_S = 1.0  # 250 ms are promised; a busy machine has its own time
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


async def failed(provider: Provider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await asked(provider)
    error = caught.value
    assert KEY not in f"{error!r}{error}{error.args}{error.hint}{provider!r}{provider}"
    assert "\n" not in str(error)
    return error


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


@asynccontextmanager
async def talking(first: bytes, more: bytes = b"") -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A server that says something, then ``more`` now and then; and whether the client hung up."""
    closed = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(HEAD + (chunk(first) if first else b""))
        hung_up = asyncio.ensure_future(reader.read())
        while not (await asyncio.wait([hung_up], timeout=0.05))[0]:
            if more:
                writer.write(chunk(more))
        closed.set()
        writer.close()

    async with serving(handle) as port:
        yield port, closed


@pytest.mark.parametrize("how", ["aclose", "cancel", "forget"])
async def test_the_connection_closes_at_once(how: str) -> None:
    async with talking(events(choice({"content": "Hi"}), done=False)) as (port, closed):
        provider = opened(port)
        turn = provider.stream(model="m", messages=HELLO)
        assert await anext(turn) == TextDelta("Hi")
        if how == "aclose":
            await turn.aclose()
        elif how == "cancel":
            task = asyncio.ensure_future(anext(turn))
            await asyncio.wait([task], timeout=0.05)
            task.cancel()
        else:
            del turn
        await asyncio.wait_for(closed.wait(), CLOSE_S)


async def test_cancelling_while_waiting_for_the_head_closes_too() -> None:
    closed, asking = asyncio.Event(), asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        asking.set()
        await reader.read()
        closed.set()

    async with serving(handle) as port:
        task = asyncio.ensure_future(asked(opened(port)))
        await asking.wait()
        task.cancel()
        await asyncio.wait_for(closed.wait(), CLOSE_S)
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("more", [b": ping\n\n", b"event: ping\ndata: {}\n\n", b'data: {"choices": []}\n\n', b"\n"])
async def test_keep_alives_are_no_events(more: bytes) -> None:
    async with talking(b"", more=more) as (port, closed):
        error = await failed(opened(port, retries=0, first_event_timeout_s=0.2))
        assert (error.kind, error.retryable, error.partial) == ("timeout", True, False)
        assert "nothing new for 0.2 s" in error.message
        await asyncio.wait_for(closed.wait(), 1)


async def test_a_pause_after_text_is_not_retried() -> None:
    first = events(choice({"content": "Hi"}), done=False)
    async with talking(first, more=events(choice({"content": ""}), done=False)) as (port, _):
        error = await failed(opened(port, idle_timeout_s=0.2))
        assert (error.kind, error.retryable, error.partial) == ("timeout", False, True)


async def test_an_answer_is_whole_though_the_server_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect, "GRACE_S", 0.1)
    async with talking(events(choice({"content": "Hi"}, "stop"), done=False)) as (port, _):
        assert await asked(opened(port)) == [TextDelta("Hi"), Finished("stop")]


async def test_connections_are_kept() -> None:
    connections = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        try:
            while await head_of(reader):
                writer.write(HEAD + chunk(DONE))
                await writer.drain()
                writer.write(b"0\r\n\r\n")
        except asyncio.IncompleteReadError:
            writer.close()

    async with serving(handle) as port:
        provider = opened(port)
        for _ in range(3):
            assert await asked(provider) == [TextDelta("Hi"), Finished("stop")]
        await provider.close()
        assert (await asked(provider))[-1] == Finished("stop")
    assert connections == 2


@pytest.mark.parametrize(
    "key", ["sk-do-not-show-me\x00", "sk-do-not\nshow-me", "sk-do-not-show-me\u200b", "clé-sk-do-not-show-me"]
)
async def test_a_bad_key_is_never_sent(key: str) -> None:
    handler, seen = answering(DONE)
    async with serving(handler) as port:
        provider = opened(port, key)
        error = await failed(provider)
        assert error.kind == "auth"
        with pytest.raises(ProviderError):
            await provider.models()
    assert "show" not in f"{error!r}{error}{provider!r}"
    assert seen == []


@pytest.mark.parametrize("key", [None, "", "  "])
async def test_no_key_is_no_header(key: str | None) -> None:
    handler, seen = answering(DONE)
    async with serving(handler) as port:
        await asked(opened(port, key))
    assert "authorization" not in seen[0].lower()


@pytest.mark.parametrize("status", ["200 OK", "400 Bad", "401 No", "404 No", "429 No", "500 No", "307 No"])
async def test_the_key_is_never_shown(status: str) -> None:
    echo = f"Authorization: Bearer {KEY} " + KEY
    for body in (
        echo,
        json.dumps({"error": {"message": echo}}),
        f"data: {json.dumps({'error': echo})}\n\n",
        f"<html>{echo}",
    ):
        handler, _ = answering(body.encode(), status=status, headers=f"Location: http://x/{KEY}?{KEY}\r\n")
        async with serving(handler) as port:
            provider = opened(port, retries=0)
            await failed(provider)
            with pytest.raises(ProviderError) as caught:
                await provider.models()
            assert KEY not in f"{caught.value!r}{caught.value}"


async def test_the_raw_texts_of_a_blank_answer() -> None:
    handler, _ = answering(events(choice({"content": None, "telepathy": KEY}, "stop")))
    async with serving(handler) as port:
        turn = opened(port).stream(model="m", messages=HELLO)
        assert [event async for event in turn] == [Finished("stop")]
    assert '"telepathy": "[key]"' in turn.last_raw
    assert "[DONE]" in turn.last_raw


async def test_no_such_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(host: str, *_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    error = await failed(open_provider("openai", "http://nowhere.example/v1", KEY, backoff_s=0))
    assert (error.kind, error.retryable) == ("connection", True)
    assert error.message == "nowhere.example: no such host"


async def test_a_self_signed_certificate_is_named(tmp_path: Any) -> None:
    import ssl

    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout k -out c -subj /CN=x"
    await asyncio.to_thread(subprocess.run, command.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c", tmp_path / "k")
    handler, seen = answering(DONE)
    async with serving(handler, ssl=context) as port:
        error = await failed(open_provider("openai", f"https://127.0.0.1:{port}/v1", KEY))
    assert (error.kind, error.retryable, seen) == ("connection", False, [])
    assert f"127.0.0.1:{port}" in error.message
    assert "self-signed" in error.message
    assert "SSL_CERT_FILE" in error.hint


async def test_proxies_are_not_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    handler, _ = answering(DONE)
    async with serving(handler) as port:
        assert (await asked(opened(port)))[-1] == Finished("stop")


async def test_a_botched_tool_call_is_asked_again_once() -> None:
    handler, seen = answering(b'{"error": {"code": "tool_use_failed"}}', status="400 No")
    async with serving(handler) as port:
        error = await failed(opened(port, retries=5))
    assert (error.kind, len(seen)) == ("tool_use_failed", 2)


async def test_retries_end() -> None:
    handler, seen = answering(b"", status="500 No")
    async with serving(handler) as port:
        assert (await failed(opened(port, retries=0))).kind == "server"
        assert len(seen) == 1
        assert (await failed(opened(port, retries=3))).kind == "server"
        assert len(seen) == 5


async def test_an_error_after_text_keeps_the_text() -> None:
    handler, seen = answering(events(choice({"content": "Hi"}), {"error": {"message": "boom", "code": 502}}))
    async with serving(handler) as port:
        turn = opened(port).stream(model="m", messages=HELLO)
        assert await anext(turn) == TextDelta("Hi")
        with pytest.raises(ProviderError) as caught:
            await anext(turn)
    error = caught.value
    assert (error.kind, error.status, error.partial, error.retryable, len(seen)) == (
        "server",
        502,
        True,
        False,
        1,
    )


async def test_many_turns_at_once() -> None:
    handler, seen = answering(DONE)
    async with serving(handler) as port:
        provider = opened(port)
        turns = await asyncio.gather(*(asked(provider) for _ in range(30)))
    assert turns == [[TextDelta("Hi"), Finished("stop")]] * 30
    assert len(seen) == 30


async def test_ids_of_tool_calls_are_made_up_where_none_come() -> None:
    call = {"function": {"name": "now", "arguments": "{}"}}
    handler, _ = answering(events(choice({"tool_calls": [call, call]}), choice({}, "stop")))
    async with serving(handler) as port:
        out = await asked(opened(port))
    calls = [event for event in out if isinstance(event, ToolCall)]
    assert len({call.id for call in calls}) == 2
    assert out[-1] == Finished("tool_calls")


def body(*messages: dict[str, Any], schema: Any = None) -> dict[str, Any]:
    """The document that asks for an answer to these messages."""
    return OpenAI("http://h").body(Request(model="m", messages=messages, schema=schema))


def test_images_are_sent_as_they_are() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    shown = {"role": "user", "content": [{"type": "text", "text": "What is this?"}, picture]}
    assert body(shown)["messages"] == [shown]
    text = {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
    assert body(text)["messages"] == [{"role": "user", "content": "ab"}]


@pytest.mark.parametrize(
    ("name", "arguments", "sent"),
    [
        ("now", '{"x":  1}', ("now", '{"x":  1}')),  # as it came: what is cached stays so
        ("now", "", ("now", "{}")),
        ("now", '{"x": "ż', ("now", '{"_raw": "{\\"x\\": \\"ż"}')),
        ("now", "[1]", ("now", '{"_raw": "[1]"}')),
        ("functions.now !", "{}", ("functions_now__", "{}")),
        ("", "{}", ("unknown", "{}")),
    ],
)
def test_a_botched_call_does_not_spoil_the_rest_of_a_conversation(
    name: str, arguments: str, sent: tuple[str, str]
) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}}
    history = {"role": "assistant", "content": "", "tool_calls": [call]}
    (message,) = body(history)["messages"]
    function = dict(zip(("name", "arguments"), sent, strict=True))
    assert message == {"role": "assistant", "content": "", "tool_calls": [{**call, "function": function}]}
    assert call["function"] == {"name": name, "arguments": arguments}


async def test_fields_of_ones_own_are_laid_over() -> None:
    handler, _ = answering(DONE)
    extra = {"temperature": 0, "stream_options": {"own": True}, "model": "other"}
    async with serving(handler) as port:
        turn = opened(port, extra=extra).stream(model="m", messages=HELLO)
        assert [event async for event in turn][-1] == Finished("stop")
    sent = json.loads(turn.sent)
    assert sent["stream_options"] == {"include_usage": True, "own": True}
    assert (sent["temperature"], sent["model"]) == (0, "other")


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ("http://h", "http://h/v1"),
        ("http://h/", "http://h/v1"),
        (" http://h/v1/ \n", "http://h/v1"),
        ("https://h/v1beta/openai/", "https://h/v1beta/openai"),
        (
            "https://h/openai/deployments/d/chat/completions?api-version=2",
            "https://h/openai/deployments/d?api-version=2",
        ),
        ("https://h/api/paas/v4", "https://h/api/paas/v4"),
    ],
)
def test_base_urls(given: str, root: str) -> None:
    assert OpenAI(given).base(given).geturl() == root


@pytest.mark.parametrize("key", [" sk ", '"sk"', "'sk'\n", "\tsk"])
def test_keys_areunwrapped(key: str) -> None:
    assert unwrapped(key).reveal() == "sk"
