"""A believable home for pictures: conversations by a scripted model server, memories, files."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from zotui.computer import Computer
from zotui.secret import Secret

STAGING = """Staging is **lab-3**. The site answers; its certificate ends in nine days:

```sh
openssl x509 -enddate -noout -in /etc/ssl/lab-3.pem
notAfter=Nov 30 12:00:00 2026 GMT
```

| box    | role    | state           |
|--------|---------|-----------------|
| lab-3  | staging | up, cert 9 days |
| lab-4  | spare   | asleep          |

1. renew the certificate on *lab-3*
2. point the monitor at `/healthz`
"""
SCRIPT: dict[str, list[tuple[str, object]]] = {
    "Which box is staging": [
        ("calls", [("recall", {"query": "staging box"}), ("read_file", {"path": "hosts.md"})]),
        ("text", STAGING),
    ],
    "remind me": [
        (
            "calls",
            [("remember", {"content": "Renew the certificate of lab-3 before 30 November", "key": "certificate"})],
        ),
        ("text", "Kept: **renew the certificate of lab-3 before 30 November**."),
    ],
    "Plan the trip": [
        ("text", "Here is a plan for three days in Oslo:\n\n- the opera roof at dusk\n- Nesodden by ferry\n")
    ],
    "Summarise": [("text", "Three decisions, one open question: who pays for the spare box?")],
    "deploy": [("calls", [("ask_person", {"question": "Deploy to which box?", "choices": ["lab-3", "lab-4"]})])],
}
MEMORIES = (
    "prefers metric units and 24-hour times",
    "the backup disk is mounted at /mnt/tape",
    "Ada's birthday is on 10 December",
    "the staging box is lab-3, port 8080",
)
HOSTS = "# Hosts\n\n- lab-3: staging, 10.0.0.3\n- lab-4: spare, asleep\n"


@asynccontextmanager
async def scripted_server(pause_s: float = 0.0) -> AsyncIterator[str]:
    """A loopback server that speaks OpenAI's chat completions and answers by ``SCRIPT``; its base address."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(head.split("content-length:")[1].split("\r\n")[0])
            messages = json.loads(await reader.readexactly(length))["messages"]
            asked = max(place for place, message in enumerate(messages) if message["role"] == "user")
            step = sum(message["role"] == "assistant" for message in messages[asked:])
            steps = next((s for start, s in SCRIPT.items() if start in messages[asked]["content"]), [("text", "Done.")])
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
            for delta, finish in _deltas(*steps[min(step, len(steps) - 1)]):
                chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
                writer.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
                await writer.drain()
                await asyncio.sleep(pause_s)
            usage = {"choices": [], "usage": {"prompt_tokens": 6204, "completion_tokens": 96, "cost": 0.0021}}
            writer.write(b"data: " + json.dumps(usage).encode() + b"\n\ndata: [DONE]\n\n")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


def _deltas(kind: str, what: object) -> list[tuple[dict[str, object], str | None]]:
    if kind == "text":
        text = str(what)
        pieces: list[tuple[dict[str, object], str | None]] = [
            ({"content": text[place : place + 24]}, None) for place in range(0, len(text), 24)
        ]
        return [*pieces, ({}, "stop")]
    assert isinstance(what, list)
    calls = [
        {"index": n, "id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": json.dumps(args)}}
        for n, (name, args) in enumerate(what)
    ]
    return [({"tool_calls": calls}, None), ({}, "tool_calls")]


def write_config(home: Path, base_url: str) -> None:
    """A configuration whose model is the scripted server."""
    (home / "config.toml").write_text(
        f'model = "lab"\n[providers.lab]\ndialect = "openai"\nbase_url = "{base_url}"\nmodels = ["llama-3.3"]\n'
        '[spending]\nper_day = 5.0\n[prices]\n"lab/llama-3.3" = { input = 0.32, output = 0.8 }\n'
    )


async def fill(computer: Computer) -> None:
    """Chats and memories, by the real agent."""
    (computer.home.workspace / "hosts.md").write_text(HOSTS)
    for memory in MEMORIES:
        await computer.memory.memorize(memory, {"source": "me"})
    await computer.memory.set("city", "Berlin", {"source": "me"})
    computer.keys.vault.create("file")
    computer.keys.vault.set("groq", Secret("gsk_example_of_a_key_4f2a"))
    computer.keys.vault.set("anthropic", Secret("sk-ant-example-of-a-key-9c1d"))
    await computer.ask("Plan the trip to Oslo")
    await computer.ask("Summarise yesterday's meeting notes")
    reply = await computer.ask("Which box is staging, and is the site up?")
    await computer.ask("remind me a week before it ends", reply.conversation_id)
    await computer.desk.set("conversation", reply.conversation_id)
