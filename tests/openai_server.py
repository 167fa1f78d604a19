"""A server that speaks OpenAI's streamed chat completions over real sockets, as scripted, and remembers what it was sent.

``server.script(...)`` queues what to do with the next requests, ``server.answer(choose)`` decides by the request. A
script is a coroutine that gets the :class:`Exchange`; the functions below make the usual ones.
"""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

Arguments = Mapping[str, Any] | str


class Exchange:
    """One request, and the answer that is being given to it."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> None:
        self.path = path
        self.body = body
        self.headers = headers
        self.request: dict[str, Any] = json.loads(body or b"{}")
        self.hung_up = asyncio.Event()
        self.over = asyncio.Event()
        self._writer = writer
        self._begun = False

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was sent to the model."""
        found: list[dict[str, Any]] = self.request["messages"]
        return found

    @property
    def said(self) -> str:
        """The last thing the person said."""
        return str(next(message["content"] for message in reversed(self.messages) if message["role"] == "user"))

    @property
    def results(self) -> list[str]:
        """The tool results that this request brings back: those behind the last assistant message."""
        found: list[str] = []
        for message in reversed(self.messages):
            if message["role"] != "tool":
                break
            found.insert(0, message["content"])
        return found

    async def respond(self, status: int, body: str, kind: str, **headers: str) -> None:
        """A whole answer, as it is."""
        content = body.encode()
        lines = {"content-type": kind, "content-length": str(len(content)), "connection": "close"}
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        await self._put(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + content)

    async def event(self, document: object) -> None:
        """One server-sent event, in a chunk of its own."""
        if not self._begun:
            self._begun = True
            head = "content-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n"
            await self._put(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode())
        text = document if isinstance(document, str) else json.dumps(document)
        event = f"data: {text}\n\n".encode()
        await self._put(b"%x\r\n%s\r\n" % (len(event), event))

    async def delta(self, delta: dict[str, Any], reason: str | None = None) -> None:
        """A chunk with one choice."""
        await self.event({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

    async def text(self, text: str, pieces: int = 3) -> None:
        """Text in pieces."""
        size = max(1, -(-len(text) // pieces))
        for start in range(0, len(text), size):
            await self.delta({"content": text[start : start + size]})

    async def end(self, reason: str = "stop", usage: tuple[int, int] | None = (10, 5)) -> None:
        """The last chunks."""
        await self.delta({}, reason)
        if usage:
            counts = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
            await self.event({"choices": [], "usage": counts})
        await self.event("[DONE]")
        await self._put(b"0\r\n\r\n")

    def cut(self) -> None:
        """Break the connection."""
        self._writer.transport.abort()

    async def _put(self, content: bytes) -> None:
        self._writer.write(content)
        await self._writer.drain()


Script = Callable[[Exchange], Awaitable[None]]


class OpenAIServer:
    """The server. ``exchanges`` are all requests so far, in order."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.url = ""
        self._scripts: deque[Script] = deque()
        self._choose: Callable[[Exchange], Script] | None = None

    def script(self, *scripts: Script) -> None:
        """What to do with the next requests, in order."""
        self._scripts.extend(scripts)

    def answer(self, choose: Callable[[Exchange], Script]) -> None:
        """What to do with requests that no queued script is for."""
        self._choose = choose

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The bodies of all requests."""
        return [exchange.request for exchange in self.exchanges]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one request."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            exchange = Exchange(head[0].split(" ")[1], headers, body, writer)
            self.exchanges.append(exchange)
            playing = asyncio.create_task(self._play(exchange))
            while await reader.read(4096):
                pass
            exchange.hung_up.set()
            await playing
        writer.close()

    async def _play(self, exchange: Exchange) -> None:
        try:
            if self._scripts:
                await self._scripts.popleft()(exchange)
            elif self._choose is not None:
                await self._choose(exchange)(exchange)
            else:
                await exchange.respond(500, "the test has scripted no more", "text/plain")
        except ConnectionError:
            pass
        finally:
            exchange.over.set()


@contextlib.asynccontextmanager
async def openai_server() -> AsyncIterator[OpenAIServer]:
    """A server on a free port of 127.0.0.1; at the end, all it was sent is checked."""
    server = OpenAIServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=1 << 26)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    try:
        yield server
    finally:
        listening.close()
    for request in server.requests:
        check_request(request)


def check_request(request: Mapping[str, Any]) -> None:
    """Each tool result directly follows the message that called for it, and each call has one result."""
    open_calls: list[str] = []
    seen_system = 0
    for number, message in enumerate(request.get("messages", [])):
        if message["role"] == "tool":
            assert message["tool_call_id"] in open_calls, f"message {number} is a result without its call"
            open_calls.remove(message["tool_call_id"])
            continue
        assert not open_calls, f"message {number} comes before the results of {open_calls}"
        open_calls = [call["id"] for call in message.get("tool_calls", [])]
        assert len(set(open_calls)) == len(open_calls), "two calls share an id"
        assert message["content"] or open_calls, f"message {number} says nothing"
        seen_system += message["role"] == "system"
    assert not open_calls, "calls without a result"
    assert seen_system == 1 or not request.get("messages")


# --- Scripts -------------------------------------------------------------------------------------------


def says(text: str, *, pieces: int = 3, usage: tuple[int, int] | None = (10, 5), reason: str = "stop") -> Script:
    """A whole answer."""

    async def play(exchange: Exchange) -> None:
        await exchange.text(text, pieces)
        await exchange.end(reason, usage)

    return play


def thinks(thought: str, text: str) -> Script:
    """An answer behind visible reasoning."""

    async def play(exchange: Exchange) -> None:
        await exchange.delta({"reasoning_content": thought})
        await exchange.text(text)
        await exchange.end()

    return play


def calls(*wanted: tuple[str, Arguments], text: str = "", ids: Sequence[str] = ()) -> Script:
    """Tool calls in fragments: the name first, then the arguments in pieces, the calls interleaved."""

    async def play(exchange: Exchange) -> None:
        if text:
            await exchange.text(text)
        raws = [arguments if isinstance(arguments, str) else json.dumps(arguments) for _, arguments in wanted]
        names = list(ids) or [f"call_{len(exchange.messages)}_{place}" for place in range(len(wanted))]
        for place, (name, _) in enumerate(wanted):
            head = {"index": place, "id": names[place], "type": "function", "function": {"name": name, "arguments": ""}}
            await exchange.delta({"tool_calls": [head]})
        size = 7
        for start in range(0, max(map(len, raws), default=0), size):
            for place, raw in enumerate(raws):
                if piece := raw[start : start + size]:
                    await exchange.delta({"tool_calls": [{"index": place, "function": {"arguments": piece}}]})
        await exchange.end("tool_calls")

    return play


def hangs(text: str = "") -> Script:
    """Some text, and then nothing until the client hangs up."""

    async def play(exchange: Exchange) -> None:
        if text:
            await exchange.text(text)
        await exchange.hung_up.wait()

    return play


def holds(gate: asyncio.Event, before: str, after: str) -> Script:
    """Some text, and the rest when the test opens the gate."""

    async def play(exchange: Exchange) -> None:
        if before:
            await exchange.text(before, 1)
        await gate.wait()
        await exchange.text(after, 1)
        await exchange.end()

    return play


def cuts(text: str = "") -> Script:
    """Some text, and then the connection breaks."""

    async def play(exchange: Exchange) -> None:
        if text:
            await exchange.text(text, 1)
        exchange.cut()

    return play


def answers(status: int, body: str, kind: str = "application/json", **headers: str) -> Script:
    """Something else than a stream."""

    async def play(exchange: Exchange) -> None:
        await exchange.respond(status, body, kind, **headers)

    return play


def blank(reason: str = "stop") -> Script:
    """A stream that ends well and says nothing."""
    return says("", reason=reason)
