"""A model server that replays ``cases.jsonl`` byte for byte, with its pauses and cuts. Standard library only.

    python replay_server.py CASES        prints its port on the first line; ends with its standard input

    ANY /case/ID/...    the next attempt of that case's script (the last one repeats)
    GET /journal/ID     the requests seen for that case: method, path, headers, body, t
    GET /closed/ID      waits until a client hangs up in the middle of that case: {"t": unix time} or null

An attempt is ``{"status", "headers", "framing": chunked | close | length, "steps", "end": clean | fin | rst |
hang}``, a step ``{"b64", "repeat"?}`` or ``{"sleep_ms"}``; ``{{HTTPDATE+n}}`` in a header: in n seconds.
"""

import asyncio
import base64
import contextlib
import json
import re
import socket
import struct
import sys
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any, NamedTuple

CLOSE_WAIT_S = 10.0


class Request(NamedTuple):
    """One request as it was read."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes


class Replay:
    """The cases, what was asked of each, and when clients hung up."""

    def __init__(self, cases: dict[str, dict[str, Any]]) -> None:
        self.cases = cases
        self.journal: dict[str, list[dict[str, Any]]] = {id_: [] for id_ in cases}
        self.closed = {id_: asyncio.Event() for id_ in cases}
        self.closed_at: dict[str, float] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        early: bytes | None = b""  # the first byte of the next request, if it came while the last was answered
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while early is not None:
                early = await self._answer(await read_request(reader, early), reader, writer)
        writer.close()

    async def _answer(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes | None:
        """Answer one request; return what came of the next one, None where the connection is to be closed."""
        found = re.match(r"/(case|journal|closed)/([^/?]+)([^?]*)", request.path)
        verb, id_ = (found[1], found[2]) if found else ("", "")
        if verb == "case" and found and id_ in self.cases:
            seen = {"method": request.method, "path": found[3] or "/", "headers": request.headers}
            self.journal[id_].append({**seen, "body": request.body.decode("utf-8", "replace"), "t": time.time()})
            script = self.cases[id_]["script"]
            attempt = script[min(len(self.journal[id_]), len(script)) - 1]
            return await self._play(id_, attempt, reader, writer)
        told: Any = self.journal.get(id_, [])
        if verb == "closed":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.closed[id_].wait(), CLOSE_WAIT_S)
            told = {"t": self.closed_at.get(id_)}
        body = json.dumps(told).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        writer.write(head + body)
        await writer.drain()
        return b""

    async def _play(
        self, id_: str, attempt: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes | None:
        """Play an attempt, unless the client hangs up before its end."""
        playing = asyncio.ensure_future(play(attempt, writer))
        watching = asyncio.ensure_future(reader.read(1))
        await asyncio.wait((playing, watching), return_when=asyncio.FIRST_COMPLETED)
        early, cut = b"", playing.done() and playing.exception() is not None
        if watching.done():
            cut = cut or watching.exception() is not None or not (early := watching.result())
        if cut:
            self.closed_at[id_] = time.time()
            self.closed[id_].set()
            playing.cancel()
        watching.cancel()
        await asyncio.wait((playing, watching))
        return None if cut or not playing.result() else early


async def read_request(reader: asyncio.StreamReader, early: bytes) -> Request:
    """Read one request with its body; ``early`` was read of it before."""
    head = (early + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    headers = [(name.strip(), value.strip()) for line in head[1:] if line for name, _, value in [line.partition(":")]]
    length = int({name.lower(): value for name, value in headers}.get("content-length", "0"))
    return Request(method, path, headers, await reader.readexactly(length))


async def play(attempt: dict[str, Any], writer: asyncio.StreamWriter) -> bool:
    """Send an attempt; return whether the connection stays open."""
    framing, steps, end = attempt["framing"], attempt.get("steps", []), attempt["end"]
    headers = [(name, re.sub(r"\{\{HTTPDATE([+-]\d+)\}\}", http_date, value)) for name, value in attempt["headers"]]
    if framing == "chunked":
        headers.append(("Transfer-Encoding", "chunked"))
    elif framing == "length":
        total = sum(len(base64.b64decode(step["b64"])) * step.get("repeat", 1) for step in steps if "b64" in step)
        headers.append(("Content-Length", str(attempt.get("declared_length", total))))
    else:
        headers.append(("Connection", "close"))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    writer.write(f"HTTP/1.1 {attempt['status']} X\r\n{lines}\r\n".encode("latin-1"))
    await writer.drain()
    for step in steps:
        if "sleep_ms" in step:
            await asyncio.sleep(step["sleep_ms"] / 1000)
            continue
        piece = base64.b64decode(step["b64"])
        for _ in range(step.get("repeat", 1)):
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if framing == "chunked" else piece)
            await writer.drain()
            await asyncio.sleep(step.get("gap_ms", 2) / 1000)  # segments apart, so that splits reach the client
    if end == "clean":
        if framing == "chunked":
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        return bool(framing != "close")
    if end == "hang":
        await asyncio.sleep(attempt.get("hang_ms", 30_000) / 1000)
    if end == "rst":
        await asyncio.sleep(0.05)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    return False


def http_date(found: re.Match[str]) -> str:
    """The time in as many seconds as the placeholder says."""
    return formatdate(time.time() + int(found[1]), usegmt=True)


async def main(lines: list[str]) -> None:
    """Serve until standard input ends."""
    cases = {case["id"]: case for case in map(json.loads, lines)}
    server = await asyncio.start_server(Replay(cases).serve, "127.0.0.1", 0, limit=1 << 26)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()))
