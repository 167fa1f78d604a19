"""The replay server, small servers of a test's own, all on loopback; and answers without any server."""

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from zotui.models import Event, Provider, ProviderError, ReasoningDelta, TextDelta, open_provider
from zotui.models.body import Body
from zotui.models.faults import Host
from zotui.models.openai import Answer
from zotui.models.turn import Tail
from zotui.secret import Secret

HERE = Path(__file__).parent
CASES = [json.loads(line) for line in (HERE / "cases.jsonl").read_text(encoding="utf-8").splitlines()]

KEY = "sk-do-not-show-me"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": "Hi"}]
HOST = Host("lab:1", Secret("sk-secret"), "an OpenAI-compatible server")

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class ReplayServer:
    """The replay server of this session."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, path: str) -> Any:
        """Fetch one of its own documents; blocks."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url + path, timeout=20) as response:
            return json.load(response)


@pytest.fixture(scope="session")
def replay() -> Iterator[ReplayServer]:
    """The replay server, in a process of its own on a free port."""
    command = [sys.executable, str(HERE / "replay_server.py"), str(HERE / "cases.jsonl")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield ReplayServer(int(process.stdout.readline()))
        process.terminate()


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may be behind a proxy; a test that wants one says so."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@asynccontextmanager
async def serving(handler: Handler, **options: Any) -> AsyncIterator[int]:
    """A server on a free port of 127.0.0.1, for a while."""
    server = await asyncio.start_server(handler, "127.0.0.1", 0, **options)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def head_of(reader: asyncio.StreamReader) -> str:
    """Read a request; return its head."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            await reader.readexactly(int(value))
    return head


def answering(*bodies: bytes, status: str = "200 OK", headers: str = "") -> tuple[Handler, list[str]]:
    """A handler that gives one answer after another, each on its own connection; and the heads it saw."""
    seen: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await head_of(reader))
        body = bodies[min(len(seen), len(bodies)) - 1]
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    return handle, seen


def events(*documents: Any, done: bool = True) -> bytes:
    """Server-sent events of JSON documents, and [DONE]."""
    texts = [*map(json.dumps, documents), *(["[DONE]"] if done else [])]
    return b"".join(b"data: %s\n\n" % text.encode() for text in texts)


def choice(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    """A chunk with one choice."""
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


DONE = events(choice({"content": "Hi"}), choice({}, "stop"))


def opened(port: int, key: str | None = KEY, dialect: str = "openai", **options: Any) -> Provider:
    """A provider at a server on this port."""
    return open_provider(dialect, f"http://127.0.0.1:{port}/v1", key, **{"backoff_s": 0.01, "pace_s": 0, **options})


async def asked(provider: Provider, messages: list[dict[str, Any]] = HELLO, model: str = "m") -> list[Event]:
    """The events of one turn."""
    async with aclosing(provider.stream(model=model, messages=messages)) as turn:
        return [event async for event in turn]


def answered(*chunks: bytes) -> list[Event]:
    """The events of an OpenAI answer whose body comes in these chunks; neighbouring deltas are joined."""
    return put_together(Answer(HOST), Body(HOST, Tail(HOST)), *chunks)


def put_together(answer: Any, body: Body, *chunks: bytes) -> list[Event]:
    """The events of an answer whose body comes in these chunks; neighbouring deltas are joined."""
    out: list[Event] = []
    for chunk in (*chunks, None):
        for type_, document in body.feed(chunk):
            out += answer.take(document, type_)
        if answer.over:
            break
    if not answer.finish:
        raise body.unfinished()
    joined: list[Event] = []
    for event in out + answer.end():
        last = joined[-1] if joined else None
        if isinstance(event, TextDelta | ReasoningDelta) and type(last) is type(event):
            joined[-1] = type(event)(last.text + event.text)
        else:
            joined.append(event)
    return joined


async def failure(provider: Provider, **request: Any) -> ProviderError:
    """The error of one turn: a single line without the key."""
    with pytest.raises(ProviderError) as caught:
        await asked(provider, **request)
    error = caught.value
    assert KEY not in f"{error!r}{error}{error.args}{error.hint}{provider!r}{provider}"
    assert "\n" not in str(error)
    assert error.hint
    return error


CUTS = st.lists(st.integers(0, 1 << 20), max_size=6)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """``data`` in chunks, cut at these places."""
    bounds = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(bounds)]


def json_of(*words: str) -> st.SearchStrategy[Any]:
    """Any JSON, with these words as the names in its objects."""
    return st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.sampled_from([*words, "\ud83d", "\udc22", 10**30, 1e300])
        | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(words), inner, max_size=5),
        max_leaves=20,
    )
