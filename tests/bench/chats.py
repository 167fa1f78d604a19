"""Many and long conversations: ``python -m tests.bench.chats``.

100,000 messages in 1,000 conversations, searched and listed; one of 10,000 messages, listed, branched off, laid beside
its branch, written into a file and read again.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.bench.store import line
from tests.processes import opened
from zotui.conversations import Chats
from zotui.conversations.chats import created
from zotui.conversations.files import Exchange
from zotui.home import Home
from zotui.store import Store, Transaction, new_id, now_ms

CONVERSATIONS, MESSAGES, LONG = 1000, 100, 10_000
WORDS = [
    f"{a}{b}{c}"
    for a in ("har", "fer", "lan", "win", "sto")
    for b in ("bo", "ri", "te", "na")
    for c in ("ur", "es", "m")
]


def put_turns(db: Transaction, conversation: str, count: int, words: random.Random) -> str:
    """So many messages, two a turn, each answer with a tool call; the last one's id."""
    message = ""
    for position in range(1, count + 1):
        message = new_id()
        if position % 2:
            turn = new_id()
            db.execute(
                "INSERT INTO turns(id, conv_id, lane, input, status, created_at) VALUES (?, ?2, ?2, 'x', 'done', ?3)",
                (turn, conversation, now_ms()),
            )
        text = " ".join(words.choices(WORDS, k=40)) + (f" needle{position}" if position % 50 == 0 else "")
        role = "user" if position % 2 else "assistant"
        db.execute(
            "INSERT INTO messages(id, conv_id, turn_id, position, role, content, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (message, conversation, turn, position, role, text, now_ms()),
        )
        if role == "assistant":
            db.execute(
                "INSERT INTO tool_calls(id, message_id, turn_id, position, call_id, name, arguments, status, result, created_at)"
                " VALUES (?, ?, ?, 0, 'c', 'read_file', ?, 'done', 'calm', ?)",
                (new_id(), message, turn, f'{{"path": "notes/{position % 500}.md"}}', now_ms()),
            )
    return message


async def fill(store: Store) -> tuple[str, str]:
    """The conversations, and the long one with its last message."""
    words = random.Random(7)
    chats = [await store.write(lambda db, n=n: created(db, f"chat {n}")) for n in range(CONVERSATIONS)]  # type: ignore[misc]
    for chat in chats:
        await store.write(lambda db, chat=chat: put_turns(db, chat, MESSAGES, words))  # type: ignore[misc]
    long = await store.write(lambda db: created(db, "the long one"))
    return long, await store.write(lambda db: put_turns(db, long, LONG, words))


async def timed(name: str, do: Callable[[], Awaitable[Any]], times: int = 9) -> Any:
    """How long something takes, the middle and the slowest of some runs; what it gave."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        found = await do()
        took.append((time.perf_counter() - began) * 1000)
    line(name, f"p50 {statistics.median(took):8.1f}   max {max(took):8.1f} ms")
    return found


async def measure(home: Home) -> None:
    """All of it."""
    store = opened(home)
    chats, exchange = Chats(store), Exchange(store)
    long, last = await fill(store)
    await timed("list, the first 50", lambda: chats.list(limit=50))
    await timed("list, the last 50", lambda: chats.list(limit=50, offset=CONVERSATIONS - 50))
    for words, name in (("needle100", "few"), ("needle", "2,200"), ("harbour", "about half of all")):

        async def both(words: str = words) -> None:
            await chats.list(search=words, limit=50)
            await chats.count(words)

        await timed(f"list and count where {name} messages hold the word", both)
        await timed(f"messages where {name} hold the word", lambda words=words: chats.search(words))  # type: ignore[misc]
    await timed("conversations that touched a file", lambda: chats.touching("notes/7.md"))
    branch = await timed("branch off at 10,000 messages", lambda: chats.fork(long, last), 3)
    await timed("its family of four", lambda: chats.family(branch))
    await timed("laid side by side", lambda: chats.shared(long, branch))
    for form in ("md", "jsonl"):
        number = iter(range(100))
        path, _ = await timed(
            f"10,000 messages into {form}",
            lambda form=form, number=number: exchange.export(long, str(home.path / f"{next(number)}.{form}")),  # type: ignore[misc]
            3,
        )
        await timed(f"10,000 messages from {form}", lambda path=path: exchange.import_file(str(path)), 3)  # type: ignore[misc]
    await timed("purge of 10,000 messages", lambda: chats.purge(branch), 1)
    store.close()


def main() -> None:
    """Print all figures."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Home(Path(folder) / "home").prepare()))


if __name__ == "__main__":
    main()
