"""A key, or a password in an address, is seen by the server it is for and by nobody else."""

import asyncio
import io
import json
import logging
import traceback
from collections.abc import Awaitable
from typing import Any

import httpx
import pytest
from conftest import DONE, HELLO, KEY, answering, asked, choice, events, head_of, opened, serving
from rich.console import Console
from rich.traceback import Traceback

from zotui import http
from zotui.models import Provider, ProviderError, open_provider
from zotui.secret import Secret

pytestmark = pytest.mark.timeout(20)

DIALECTS = ("openai", "anthropic", "ollama", "zo")
PASSWORD = "do-not-tell-me"
ECHO = f"your key is {KEY}, your password {PASSWORD}, Authorization: Bearer {KEY}"


def seen_of(error: BaseException) -> str:
    """All that is ever shown of an error, the frames with what they hold among it."""
    console = Console(file=io.StringIO(), width=1000)
    console.print(
        Traceback.from_exception(
            type(error),
            error,
            error.__traceback__,
            show_locals=True,
            locals_max_length=None,  # type: ignore[arg-type]
            locals_max_string=None,  # type: ignore[arg-type]
        )
    )
    assert isinstance(console.file, io.StringIO)
    told = "".join(traceback.format_exception(error))
    return f"{error!r}{error}{error.args}{getattr(error, 'hint', '')}{told}{console.file.getvalue()}"


def check(error: BaseException) -> None:
    """No secret is in it, however it is looked at, nor in those it came from."""
    told = seen_of(error)
    assert type(error).__name__ in told
    assert KEY not in told
    assert PASSWORD not in told
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


async def told_by(call: Awaitable[Any]) -> None:
    with pytest.raises((ProviderError, http.HttpFault)) as caught:
        await call
    check(caught.value)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("401 No", json.dumps({"error": {"message": ECHO}})),
        ("422 No", json.dumps({"detail": [{"msg": ECHO, "loc": [KEY]}]})),
        ("500 No", f"<html>{ECHO}"),
        ("307 No", ""),
        ("200 OK", json.dumps({"error": ECHO, "type": "error"})),
        ("200 OK", f"event: error\ndata: {json.dumps({'error': {'message': ECHO}})}\n\n"),
        ("200 OK", f"event: Error\ndata: {ECHO}\n\n"),
        ("200 OK", f"data: {ECHO}\n\n"),
        ("200 OK", f"<html>{ECHO}"),
        ("200 OK", ECHO),
        ("200 OK", f'{{"x": "{ECHO}"}}'),
        ("200 OK", f'{{"x": "{ECHO}'),
    ],
)
async def test_what_a_server_tells_back(dialect: str, status: str, answer: str) -> None:
    handler, _ = answering(answer.encode(), status=status, headers=f"Location: http://x/{KEY}?{KEY}\r\n")
    async with serving(handler) as port:
        url = f"http://me:{PASSWORD}@127.0.0.1:{port}"
        provider = open_provider(dialect, url, KEY, retries=0)
        await told_by(asked(provider))
        await told_by(provider.models())
        assert KEY not in f"{provider!r}{provider}"
        assert PASSWORD not in f"{provider!r}{provider}"
        await provider.close()


async def test_what_a_server_tells_back_as_its_answer() -> None:
    handler, _ = answering(events(choice({"content": ECHO}), {"error": ECHO}))
    async with serving(handler) as port:
        url = f"http://me:{PASSWORD}@127.0.0.1:{port}"
        turn = open_provider("openai", url, KEY).stream(model="m", messages=HELLO)
        await anext(turn)
        await told_by(anext(turn))


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_faults_on_the_way(dialect: str) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n: {ECHO}\n\n".encode())
        await writer.drain()
        writer.close()

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    for handler, options in ((cut, {}), (silence, {"first_event_timeout_s": 0.1})):
        async with serving(handler) as port:
            await told_by(asked(opened(port, dialect=dialect, retries=0, **options)))
    for address in ("http://127.0.0.1:1", "http://[broken", "127.0.0.1:1", "ftp://127.0.0.1", "https://127.0.0.1:1"):
        provider = open_provider(dialect, address.replace("://", f"://me:{PASSWORD}@"), KEY, retries=0)
        await told_by(asked(provider))
        await told_by(provider.models())
    for key in (f"{KEY} x", f"{KEY}\n{KEY}", f"{KEY}\x7f", f"{KEY}🐢"):
        provider = open_provider(dialect, "http://127.0.0.1:1", key)
        await told_by(asked(provider))
        await told_by(provider.models())


@pytest.mark.parametrize("name", ["authorization", "x-api-key", "api-key", "x-own"])
async def test_faults_of_the_client(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {name: Secret(KEY)}
    client = http.Client()
    await told_by(client.post("http://127.0.0.1:1/", b"", headers))
    await told_by(client.get("http://127.0.0.1:1/", headers))
    await told_by(client.post("nowhere", b"", headers))
    await told_by(client.post("http://127.0.0.1:1/", b"", {name: Secret(f"{KEY}ż\n")}))
    async with serving(answering(b"", headers="Content-Encoding: gzip\r\n")[0]) as port:
        await told_by(client.get(f"http://127.0.0.1:{port}/", headers, cap=-1))
    monkeypatch.setenv("HTTP_PROXY", f"http://me:{PASSWORD}@127.0.0.1:1")
    await told_by(client.get("http://far.example/", headers))
    monkeypatch.setenv("HTTP_PROXY", f"what://me:{PASSWORD}@127.0.0.1:1")
    await told_by(client.get("http://far.example/", headers))


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Key", "api-key", "x-goog-api-key", "Proxy-Authorization"])
def test_headers_hide_them(name: str) -> None:
    request = httpx.Request("POST", "http://h/", headers={name: KEY, "x-other": "shown"})
    assert KEY not in f"{request.headers!r}{request!r}{request.headers}"
    assert "shown" in repr(request.headers)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_nothing_is_logged(dialect: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    handler, seen = answering(b"")
    async with serving(handler) as port:
        provider = open_provider(dialect, f"http://me:{PASSWORD}@127.0.0.1:{port}", KEY, retries=0)
        await told_by(asked(provider))
    assert KEY in seen[0]
    assert str(port) in caplog.text
    assert KEY not in caplog.text
    assert PASSWORD not in caplog.text


async def heads(address: str, key: str | None, **options: Any) -> list[str]:
    """The heads of the requests for one answer; ``address`` has "PORT" in it."""
    handler, seen = answering(DONE)
    async with serving(handler) as port:
        provider: Provider = open_provider("openai", address.replace("PORT", str(port)), key, **options)
        assert await asked(provider)
        await provider.close()
    return seen


async def test_a_password_in_the_address_is_sent_as_http_has_it() -> None:
    (head,) = await heads("http://me:p%40ss@127.0.0.1:PORT/v1?v=2", None)
    assert "authorization: Basic bWU6cEBzcw==\r\n" in head
    assert head.startswith("POST /v1/chat/completions?v=2 ")
    assert "me:" not in head
    (head,) = await heads("http://me:p%40ss@127.0.0.1:PORT", KEY)  # the key takes its place
    assert f"authorization: Bearer {KEY}\r\n" in head
    assert "Basic" not in head
    (head,) = await heads("http://me:p%40ss@127.0.0.1:PORT", KEY, headers={"authorization": "Own x"})
    assert "authorization: Own x\r\n" in head


async def test_a_password_is_not_told_back() -> None:
    handler, _ = answering(events(choice({"content": None, "telepathy": PASSWORD}, "stop")))
    async with serving(handler) as port:
        turn = open_provider("openai", f"http://me:{PASSWORD}@127.0.0.1:{port}").stream(model="m", messages=HELLO)
        _ = [event async for event in turn]
    assert PASSWORD not in turn.last_raw
    assert "telepathy" in turn.last_raw
