"""What the model layer costs beside the least that could be done with the same bytes, in the same run.

Run it by hand: ``python -m tests.bench.models [--quick]``. A server in a process of its own streams one answer of
OpenAI's chat completions over loopback; the floor reads it with a raw httpx loop that splits the events and decodes
their JSON. Figures are medians of interleaved runs: CPU of the client's process, time to the first text, and the
import of the layer beside ``import httpx``.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import httpx

from zotui.models import TextDelta, open_provider

CHUNKS = 20_000
CHUNK = {
    "id": "chatcmpl-8HXb7qR2", "object": "chat.completion.chunk", "created": 1764100000, "model": "tiny-1",
    "system_fingerprint": "fp_44709d6fcb",
    "choices": [{"index": 0, "delta": {"content": " token"}, "logprobs": None, "finish_reason": None}],
}  # fmt: skip
HELLO = [{"role": "user", "content": "hi"}]

SERVER = r"""
import asyncio, json, sys
chunk = b"data: " + sys.argv[1].encode() + b"\n\n"
last = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'

async def serve(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ")[1]
            length = next((int(l[15:]) for l in head.split("\r\n") if l.lower().startswith("content-length:")), 0)
            await reader.readexactly(length)
            count, pause = int(path.split("/")[1]), float(path.split("/")[2])
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            size = 1 if pause else 20
            for _ in range(count // size):
                piece = chunk * size
                writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                await writer.drain()
                if pause:
                    await asyncio.sleep(pause)
            writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(last), last))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


async def raw(client: httpx.AsyncClient, url: str) -> float:
    """The floor: bytes to events to JSON to text; the instant of the first text."""
    first = 0.0
    size = 0
    async with client.stream("POST", f"{url}/chat/completions", json={"messages": HELLO}) as response:
        held = b""
        async for piece in response.aiter_bytes():
            *events, held = (held + piece).split(b"\n\n")
            for event in events:
                data = event.removeprefix(b"data: ")
                if data == b"[DONE]":
                    continue
                text = json.loads(data)["choices"][0]["delta"].get("content")
                if text:
                    first = first or time.perf_counter()
                    size += len(text)
    return first


async def ours(provider: Any) -> float:
    """The layer: the instant of the first text."""
    first = 0.0
    async with aclosing(provider.stream(model="tiny", messages=HELLO)) as turn:
        async for event in turn:
            if isinstance(event, TextDelta):
                first = first or time.perf_counter()
    return first


async def measured(run: Callable[[], Awaitable[float]]) -> tuple[float, float]:
    """CPU seconds, and seconds to the first text."""
    cpu, start = time.process_time(), time.perf_counter()
    first = await run()
    return time.process_time() - cpu, first - start


async def compare(url: str, chunks: int, rounds: int) -> None:
    """Both, in turns."""
    base = f"{url}/{chunks}/0/v1"
    provider = open_provider("openai", base)
    cpu: dict[str, list[float]] = {"raw": [], "ours": []}
    first: dict[str, list[float]] = {"raw": [], "ours": []}
    async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
        for _ in range(rounds + 1):
            for name, run in (("raw", lambda: raw(client, base)), ("ours", lambda: ours(provider))):
                spent, took = await measured(run)
                cpu[name].append(spent / chunks * 1e6)
                first[name].append(took * 1000)
    await provider.close()
    floor, layer = (statistics.median(cpu[name][1:]) for name in ("raw", "ours"))
    print(f"CPU a chunk: {layer:.1f} µs, raw {floor:.1f} µs: {layer / floor:.2f} x (at most 1.6)")
    early, late = (statistics.median(first[name][1:]) for name in ("raw", "ours"))
    print(f"first text: {late:.2f} ms, raw {early:.2f} ms: {late - early:+.2f} ms (at most +2)")


async def parallel(url: str, streams: int = 10, rate: int = 100, seconds: int = 5) -> None:
    """Ten answers at once, a hundred chunks a second each."""
    provider = open_provider("openai", f"{url}/{rate * seconds}/{1 / rate}/v1")
    cpu, start = time.process_time(), time.perf_counter()
    await asyncio.gather(*(ours(provider) for _ in range(streams)))
    share = (time.process_time() - cpu) / (time.perf_counter() - start)
    await provider.close()
    print(f"{streams} streams of {rate} chunks a second: {share:.1%} of a core (at most 5%)")


def imports(rounds: int) -> None:
    """CPU of ``import`` in a fresh process, beside the floor."""
    code = "import time; t = time.process_time(); import {}; print(time.process_time() - t)"
    took: dict[str, list[float]] = {"httpx": [], "zotui.models.openai": []}
    for _ in range(rounds):
        for name, times in took.items():
            shown = subprocess.run([sys.executable, "-c", code.format(name)], capture_output=True, check=True)
            times.append(float(shown.stdout))
    floor, layer = map(statistics.median, took.values())
    print(f"import: {layer * 1000:.0f} ms, httpx alone {floor * 1000:.0f} ms: {layer / floor:.2f} x (at most 1.3)")


def main() -> None:
    """Print the figures."""
    quick = "--quick" in sys.argv
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, json.dumps(CHUNK)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        asyncio.run(compare(url, CHUNKS // 4 if quick else CHUNKS, 3 if quick else 7))
        asyncio.run(parallel(url))
        server.terminate()
    imports(3 if quick else 9)


if __name__ == "__main__":
    main()
