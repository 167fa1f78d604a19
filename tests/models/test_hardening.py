"""What no dialect may stumble over: keys and addresses that are none, and servers that mean no good."""

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest
from conftest import HELLO, answering, asked, choice, events, failure, head_of, opened, serving

from zotui.models import ProviderError, open_provider

pytestmark = pytest.mark.timeout(60)

DIALECTS = ("openai", "anthropic", "ollama", "zo")
FULL = {
    "openai": events(choice({"content": "Hi"}), choice({}, "stop")),
    "anthropic": b'data: {"type": "message", "content": [{"type": "text", "text": "Hi"}]}\n\n',
    "ollama": b'{"message": {"content": "Hi"}, "done": true}\n',
    "zo": b'event: End\ndata: {"output": "Hi"}\n\n',
}
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages", "ollama": "/api/chat", "zo": "/zo/ask"}
LISTS = {"openai": "/v1/models", "anthropic": "/v1/models", "ollama": "/api/tags", "zo": "/models/available"}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ("sk-do-not show-me", "a space or a line break"),
        ("sk-do-not\nshow-me", "a space or a line break"),
        ("sk-do-not\rshow-me", "a space or a line break"),
        ("sk-do-not\u00a0show-me", "a space or a line break"),
        ("sk-do-not-show-me🐢", "control or non-ASCII"),
        ("sk-do-not-show-me\x00", "control or non-ASCII"),
        ("ключ-show", "control or non-ASCII"),
        ("sk-\ud83dshow", "control or non-ASCII"),
    ],
)
async def test_a_key_that_is_none_is_not_sent(dialect: str, key: str, fault: str) -> None:
    handler, seen = answering(FULL[dialect])
    async with serving(handler) as port:
        provider = opened(port, key, dialect)
        error = await failure(provider)
        with pytest.raises(ProviderError) as caught:
            await provider.models()
    for one in (error, caught.value):
        assert (one.kind, one.retryable) == ("auth", False)
        assert fault in one.message
        assert "show" not in f"{one!r}{one}"
    assert seen == []


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "address", ["localhost:PORT", "127.0.0.1:PORT/v1", "h", "", " ", "http://", "ws://127.0.0.1:PORT"]
)
async def test_an_address_that_is_none_says_so(dialect: str, address: str) -> None:
    handler, seen = answering(FULL[dialect])
    async with serving(handler) as port:
        provider = open_provider(dialect, address.replace("PORT", str(port)), "sk")
        error = await failure(provider)
    assert (error.kind, error.retryable, seen) == ("connection", False, [])
    assert "not an address that can be asked" in error.message
    assert "http://HOST:PORT" in error.hint


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_addresses_with_more_in_them(dialect: str) -> None:
    handler, seen = answering(FULL[dialect])
    async with serving(handler) as port:
        for address in (
            f"http://127.0.0.1:{port}/far/proxy/?api-version=2#part",
            f" http://me:do-not-tell@127.0.0.1:{port}/far/proxy{PATHS[dialect]}?api-version=2\n",
        ):
            provider = open_provider(dialect, address, "zo_sk_1")
            await asked(provider)
            with pytest.raises(ProviderError) as caught:
                await provider.models()
            assert caught.value.message.startswith(f"127.0.0.1:{port} ")
            assert "tell" not in f"{caught.value!r}{provider!r}"
            await provider.close()
    path, listing = f"/far/proxy{PATHS[dialect]}?api-version=2", f"/far/proxy{LISTS[dialect]}?api-version=2"
    assert [head.split(" ")[1] for head in seen] == [path, listing] * 2


@pytest.mark.parametrize("password", ["do/not/tell", "do?not#tell", "do@not@tell", "do:not:tell"])
async def test_a_password_that_breaks_the_address_is_not_shown(password: str) -> None:
    error = await failure(open_provider("openai", f"http://me:{password}@127.0.0.1:1/v1", retries=0))
    assert "tell" not in f"{error}"
    assert "do" not in error.message.split(" ")[0]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "drip",
    [b"HTTP/1.1 200 OK\r\n" + b"x-y: z\r\n" * 99, b"HTTP/1.1 200 OK\r\n\r\n" + b": x\n" * 99, b"H" * 99],
    ids=["head", "comments", "junk"],
)
async def test_a_slow_server_is_not_waited_for(dialect: str, drip: bytes) -> None:
    """One byte now and then keeps a connection alive, and says nothing."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        hung_up = asyncio.ensure_future(reader.read())
        for place in range(0, len(drip), 1):
            if place >= 20 and (await asyncio.wait([hung_up], timeout=0.02))[0]:
                break
            writer.write(drip[place : place + 1])
        writer.close()

    async with serving(handle) as port:
        error = await failure(opened(port, dialect=dialect, retries=0, first_event_timeout_s=0.2))
    assert error.kind == "timeout"
    assert "nothing new for 0.2 s" in error.message


def call_of(dialect: str) -> list[Any]:
    """The start of an answer that calls a tool, as text and as bytes."""
    function = {"name": "now", "arguments": '{"x": "'}
    documents: dict[str, list[Any]] = {
        "openai": [choice({"tool_calls": [{"index": 0, "id": "c", "function": function}]})],
        "anthropic": [
            {"type": "content_block_start", "content_block": {"type": "tool_use", "id": "c", "name": "now"}},
            {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": '{"x": "'}},
        ],
        "ollama": [{"message": {"tool_calls": [{"function": {"name": "now", "arguments": {}}}]}, "done": False}],
        "zo": [{"type": "PartStartEvent", "index": 0, "part": {"part_kind": "tool-call", "args": '{"x"'}}],
    }
    return documents[dialect]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("how", ["end", "cut", "abort"])
async def test_a_server_that_goes_in_the_middle_of_a_call(dialect: str, how: str) -> None:
    seen = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1
        await head_of(reader)
        head = b"HTTP/1.1 200 OK\r\n" + (b"" if how == "end" else b"Content-Length: 9999\r\n") + b"\r\n"
        lines = [json.dumps(document).encode() for document in call_of(dialect)]
        separate = b"\n" if dialect == "ollama" else b"\n\n"
        writer.write(head + b"".join((b"" if dialect == "ollama" else b"data: ") + line + separate for line in lines))
        await writer.drain()
        writer.transport.abort() if how == "abort" else writer.close()

    async with serving(handle) as port:
        error = await failure(opened(port, dialect=dialect, retries=1))
    assert (error.kind, error.retryable, error.partial, seen) == ("truncated", True, False, 2)


FLAT = """
import asyncio, resource, sys
from zotui.models import ProviderError, open_provider

async def ask(dialect, path, port, listed):
    provider = open_provider(dialect, f"http://127.0.0.1:{port}/{path}", "sk", retries=0)
    try:
        if listed:
            await provider.models()
        else:
            async for _ in provider.stream(model="m", messages=[{"role": "user", "content": "Hi"}]):
                pass
        return "an answer"
    except ProviderError as error:
        return error.kind
    finally:
        await provider.close()

def peak():
    if sys.platform == "linux":  # where getrusage still counts what the parent had
        with open("/proc/self/status") as status:
            return int(next(line for line in status if line.startswith("VmHWM")).split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

async def main(port):
    await ask("openai", "warm", port, False)
    before = peak()
    for dialect in ("openai", "ollama"):  # events, and lines
        for path in sys.argv[2:]:
            for listed in (False, True):
                kind = await ask(dialect, path, port, listed)
                print(dialect, path, listed, kind, peak() - before)

asyncio.run(main(int(sys.argv[1])))
"""
FILLS = {  # what comes first, what comes again and again, and the status
    "warm": (b"", b"", b"200 OK"),
    "line": (b"data: ", b"x" * 65536, b"200 OK"),
    "comment": (b": ", b"x" * 65536, b"200 OK"),
    "lines": (b"", b"data: x\n" * 8192, b"200 OK"),
    "json": (b'{"x": "', b"x" * 65536, b"200 OK"),
    "list": (b"[", b"[" * 65536, b"200 OK"),
    "page": (b"<html>", b"x" * 65536, b"200 OK"),
    "text": (b"", b"x" * 65536, b"200 OK"),
    "spaces": (b"", b" " * 65536, b"200 OK"),
    "error": (b'{"error": "', b"x" * 65536, b"500 No"),
    "head": (b"", b"", b"200 OK\r\nx: " + b"x" * (1 << 20)),
    "events": (b"", b'event: x\ndata: "' + b"x" * (6 << 20) + b'"\n\n', b"200 OK"),
}
MUCH = {"events": 96 << 20, "spaces": 64 << 20}


async def test_memory_stays_flat() -> None:
    """Whatever 200 MB come, for an answer and for a list of models: a process grows by less than 64 MB of all of it."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await head_of(reader)
        name = head.split("/")[1]
        first, again, status = FILLS[name]
        writer.write(b"HTTP/1.1 %s\r\nConnection: close\r\n\r\n" % status + first)
        try:
            for _ in range(MUCH.get(name, 200 << 20) // len(again) if again else 0):
                writer.write(again)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    async with serving(handle) as port:
        command = [sys.executable, "-c", FLAT, str(port), *FILLS]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    lines = [line.split(" ") for line in done.stdout.splitlines()]
    assert len(lines) == 2 * 2 * len(FILLS)
    assert [line for line in lines if line[3] not in ("protocol", "truncated", "server")] == []
    assert [line for line in lines if int(line[-1]) > 64 * 1024] == []


async def test_a_loop_of_redirects_is_not_followed() -> None:
    handler, seen = answering(b"", status="308 Elsewhere", headers="Location: /v1/chat/completions\r\n")
    async with serving(handler) as port:
        for dialect in DIALECTS:
            error = await failure(opened(port, dialect=dialect))
            assert error.kind == "protocol"
            assert "elsewhere" in error.message
    assert len(seen) == len(DIALECTS)


async def test_fields_that_are_refused_by_two_turns_at_once() -> None:
    """Whoever comes second is not told that the field was left out already."""
    both = asyncio.Event()
    asking = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asking
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(next(line.split(b":")[1] for line in head.split(b"\r\n") if b"content-length" in line))
        body = json.loads(await reader.readexactly(length))
        asking += 1
        if asking >= 2:
            both.set()
        await both.wait()
        bad = b'{"error": {"message": "stream_options: not permitted"}}'
        status, answer = (b"400 No", bad) if "stream_options" in body else (b"200 OK", FULL["openai"])
        writer.write(b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (status, len(answer)) + answer)
        await writer.drain()
        writer.close()

    async with serving(handle) as port:
        provider = opened(port)
        turns = await asyncio.gather(asked(provider), asked(provider, HELLO))
    assert turns[0] == turns[1]
    assert asking == 4
