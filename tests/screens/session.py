"""A believable home for pictures: conversations by a scripted model server, memories, files."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from zotui.computer import Computer
from zotui.secret import Secret
from zotui.store import Transaction, new_id, now_ms

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
GUIDE = """## Renewing it

The monitor asks `/healthz` every minute; [certbot's pages](https://eff.org/certbot) say the rest. Three steps:

```python
from datetime import UTC, datetime, timedelta


def days_left(not_after: str) -> int:
    \"\"\"Days until a certificate ends.\"\"\"
    end = datetime.strptime(not_after, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
    return (end - datetime.now(UTC)) // timedelta(days=1)
```

| host   | ends         | days | renewed by  |
|:-------|:-------------|-----:|:------------|
| lab-3  | 30 Nov 2026  |    9 | nobody yet  |
| lab-4  | 14 Mar 2027  |  113 | certbot     |
| wiki   | 2 Jan 2027   |   42 | certbot     |

> Never renew on a Friday.

- [x] look at what is there
- [ ] renew *lab-3*
  1. stop the proxy
  2. `certbot renew`
- [ ] tell the monitor
"""
NOTE = "# Certificates\n\n- lab-3: 30 Nov 2026\n- lab-4: 14 Mar 2027\n"
STEPS = [
    {"text": "find out when it ends", "status": "completed"},
    {"text": "renew the certificate on lab-3", "status": "in_progress"},
    {"text": "point the monitor at /healthz", "status": "pending"},
]
SCRIPT: dict[str, list[tuple[str, object]]] = {
    "Which box is staging": [
        ("calls", [("recall", {"query": "staging box"}), ("read_file", {"path": "hosts.md"})]),
        ("text", STAGING),
    ],
    "Note when": [
        ("calls", [("write_file", {"path": "certificates.md", "content": NOTE})]),
        ("text", "Noted in `certificates.md`."),
    ],
    "Correct the note": [
        (
            "calls",
            [
                (
                    "edit_file",
                    {"path": "certificates.md", "old_string": "30 Nov 2026", "new_string": "29 Nov 2026, 12:00 UTC"},
                )
            ],
        ),
        ("calls", [("run_command", {"command": "cp certificates.md certificates.old.md"})]),
        ("text", "Corrected."),
    ],
    "remind me": [
        (
            "calls",
            [("remember", {"content": "Renew the certificate of lab-3 before 30 November", "key": "certificate"})],
        ),
        ("text", "Kept: **renew the certificate of lab-3 before 30 November**."),
    ],
    "How do I renew": [
        (
            "calls",
            [
                (
                    "plan",
                    {
                        "steps": [
                            {**STEPS[0], "status": "in_progress"},
                            *({**one, "status": "pending"} for one in STEPS[1:]),
                        ]
                    },
                )
            ],
        ),
        ("calls", [("plan", {"steps": STEPS})]),
        ("text", GUIDE),
    ],
    "How would you name": [("text", "I would call it **harbour**: short, and nobody has it.")],
    "And if it rains": [("text", "Then the museums:\n\n- Munch at Bjørvika\n- the Fram on Bygdøy\n")],
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
OLD = "# Hosts\n\n- lab-3: staging, 10.0.0.3\n- lab-4: spare, asleep\n"
NEW = "# Hosts\n\n- lab-3: staging, 10.0.0.3, certificate until 30 November\n- lab-4: spare, asleep\n- wiki: 10.0.0.9\n"
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
        f'model = "lab"\n[providers.lab]\ndialect = "openai"\nbase_url = "{base_url}"\nmodels = ["llama-3.3", "qwen-3", "mistral-small"]\n'
        '[spending]\nper_day = 5.0\n[prices]\n"lab/llama-3.3" = { input = 0.32, output = 0.8 }\n'
        '"lab/qwen-3" = { input = 0.9, output = 2.1 }\n"lab/mistral-small" = { input = 0.1, output = 0.3 }\n'
    )


def _edit(db: Transaction, conversation: str) -> None:
    """Make a call of this conversation one that changed a file."""
    arguments = json.dumps({"path": "hosts.md", "old_string": OLD, "new_string": NEW})
    db.execute(
        "UPDATE tool_calls SET name = 'edit_file', arguments = ?, result = 'changed', summary = '1 place' WHERE name = 'recall'"
        " AND message_id IN (SELECT id FROM messages WHERE conv_id = ?)",
        (arguments, conversation),
    )


AUTOMATIONS: tuple[dict[str, Any], ...] = (
    {"title": "morning brief", "text": "every weekday at 9:00", "ask": "What is on today?"},
    {"title": "back up notes", "text": "every day at 21:30", "run": "tar czf notes.tgz notes", "retries": 2},
    {"title": "disk", "text": "every 15 minutes", "run": "df -h / | tail -1", "notify_if": "number > 90"},
    {"title": "certificate of lab-3", "text": "first Monday of every month at 10:00", "ask": "When does it end?"},
    {"title": "measures", "changed": "measures", "run": "python3 measures/power.py"},
    {"title": "Water the plants", "text": "every Wednesday and Saturday at 18:00", "tell": "Water the plants"},
)
BECAME = (  # of which automation, hours ago, status, reason, what came out, what was wrong
    ("morning brief", 26, "done", None, "Two meetings, and the certificate of lab-3.", ""),
    ("morning brief", 2, "done", None, "One meeting, at 11.", ""),
    ("back up notes", 62, "done", None, "", ""),
    ("back up notes", 38, "skipped", "missed", "", ""),
    ("back up notes", 14, "failed", "exit_code", "tar: notes: No such file or directory", "exit code 2"),
    ("disk", 1, "done", None, "/dev/vda1  40G  31G  9.0G  78% /", ""),
    ("measures", 5, "done", None, "240", ""),
)


async def _automate(computer: Computer) -> None:
    """What happens by itself, and what became of it."""
    made = {asked["title"]: await computer.automations.add(tz="UTC", **asked) for asked in AUTOMATIONS}
    put = (
        "INSERT INTO runs(id, automation_id, cause, instant, until, lane, status, reason, output, error, attempt, begun, created_at,"
        " started_at, finished_at) VALUES (?, ?, 'schedule', ?4, ?4, ?2, ?5, ?6, ?7, ?8, 1, 1, ?4, ?4, ?4 + 1200)"
    )

    def write(db: Transaction) -> None:
        for title, hours, *of in BECAME:
            db.execute(
                put.replace("(?, ?,", "(?1, ?2,"), (new_id(), made[title].id, None, now_ms() - hours * 3_600_000, *of)
            )

    await computer.store.write(write)


async def fill(computer: Computer) -> None:
    """Chats and memories, by the real agent."""
    (computer.home.workspace / "hosts.md").write_text(HOSTS)
    for memory in MEMORIES:
        await computer.memory.memorize(memory, {"source": "me"})
    await computer.memory.set("city", "Berlin", {"source": "me"})
    computer.keys.vault.create("file")
    computer.keys.vault.set("groq", Secret("gsk_example_of_a_key_4f2a"))
    computer.keys.vault.set("anthropic", Secret("sk-ant-example-of-a-key-9c1d"))
    trip = (await computer.ask("Plan the trip to Oslo")).conversation_id
    await computer.ask("And if it rains?", trip)
    requests = [message for message in await computer.chats.messages(trip) if message.role == "user"]
    branch, turn = await computer.edit(trip, requests[1].id, "Summarise it in one line")
    async for _ in computer.turns.follow(turn):
        pass
    await computer.chats.rename(branch, "Oslo, in short")
    await computer.ask("How do I renew a certificate?")
    changed = await computer.ask("Which box is staging, by the way?")
    await computer.store.write(lambda db: _edit(db, changed.conversation_id))
    await computer.chats.pin(trip)
    await computer.ask("Summarise yesterday's meeting notes")
    reply = await computer.ask("Which box is staging, and is the site up?")
    await computer.ask("remind me a week before it ends", reply.conversation_id)
    await _automate(computer)
    await computer.desk.set("conversation", reply.conversation_id)


def write_files(root: Path) -> None:
    """A workspace with files of several kinds."""
    (root / "measures").mkdir(exist_ok=True)
    rows = [
        f"2026-11-{21 + hour // 24}T{hour % 24:02}:00,{('lab-3', 'lab-4', 'wiki')[hour % 3]},{(hour * 37) % 90 + 60},"
        f"{(hour * 53) % 100 / 4:.2f},{'yes' if hour % 3 else 'no'}"
        for hour in range(240)
    ]
    (root / "measures" / "power.csv").write_text("\n".join(["at,box,watts,load,awake", *rows]) + "\n")
    (root / "measures" / "power.py").write_text("import csv\n\nprint(sum(1 for _ in csv.reader(open('power.csv'))))\n")
    (root / "sites").mkdir(exist_ok=True)
    (root / "sites" / "index.html").write_text("<h1>Staging</h1>\n")
    (root / "deploy.sh").write_text("#!/bin/sh\nset -eu\nrsync -a sites/ lab-3:/srv/www/\n")
    (root / "harbour.bmp").write_bytes(b"BM" + bytes(200_000))
    (root / "inventory.db").write_bytes(b"SQLite format 3\0" + bytes(40_000))
    (root / ".gitignore").write_text("*.log\n")
    (root / "renewal.log").write_text("renewed lab-4\n" * 400)
    if not (root / "latest.csv").is_symlink():
        (root / "latest.csv").symlink_to("measures/power.csv")
