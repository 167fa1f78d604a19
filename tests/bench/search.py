"""Searching much: ``python -m tests.bench.search``. 100,000 messages in 1,000 conversations, 100,000 memories, 30,000 tool
calls, 2,000 files, a log of 1 MB. A search of everything has 150 ms; the exit code says whether it kept to that.

Figures are wall milliseconds, the median of nine, in one run on one file; the floor is the same read of one row.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from zotui.computer import Computer
from zotui.home import Home
from zotui.search import GROUPS
from zotui.store import Transaction, new_id

MESSAGES, CHATS, MEMORIES, CALLS, FILES = 100_000, 1_000, 100_000, 30_000, 2_000
BUDGET_MS = 150
WORDS = [
    "harbour",
    "staging",
    "certificate",
    "ferry",
    "lamp",
    "garden",
    "report",
    "invoice",
    "heron",
    "winter",
    "sourdough",
    "letter",
    "engine",
    "valley",
]
QUERIES = {
    "rare": "needle",
    "common": "harbour",
    "two words": "harbour lamp",
    "seldom met": "odd even",
    "a beginning": "certif",
    "a letter": "h",
    "nothing": "zebra",
}


async def main() -> bool:
    """Fill a file, measure, print; whether all was quick enough."""
    quick = True
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").prepare()
        async with Computer.open(home, workers="none") as computer:
            began = time.perf_counter()
            await computer.store.write(fill)
            for number in range(FILES):
                (home.workspace / f"note-{number}.md").write_text(said(random.Random(number)))
            lines = (f"{number} {said(random.Random(number))}" for number in range(4_500))
            (home.logs / "serve.log").write_text("\n".join(lines))
            print(f"filled in {time.perf_counter() - began:.0f} s")
            floor = await timed(lambda: computer.store.read(lambda db: db.execute("SELECT 1").get))
            print(f"{'one row':<14} {floor:>7.1f} ms")
            for name, query in QUERIES.items():
                listed = await timed(lambda query=query: computer.chats.list(search=query, limit=50))  # type: ignore[misc]
                counted = await timed(lambda query=query: computer.chats.count(query))  # type: ignore[misc]
                every = await timed(lambda query=query: computer.search(query, 8))  # type: ignore[misc]
                groups = [
                    await timed(lambda query=query, only=only: computer.search(query, 8, only)) for only in GROUPS
                ]  # type: ignore[misc]
                parts = " ".join(f"{only} {ms:.0f}" for only, ms in zip(GROUPS, groups, strict=True))
                print(
                    f"{name:<14} chats {listed:>6.1f} ms, counted {counted:>6.1f} ms · everything {every:>6.1f} ms: {parts}"
                )
                quick = quick and every < BUDGET_MS
    return quick


def said(chance: random.Random) -> str:
    """Some words."""
    return " ".join(chance.choices(WORDS, k=30))


def fill(db: Transaction) -> None:
    """Conversations and memories of common words, and one needle in each; half the rows are odd, half even, some both."""
    chance = random.Random(5)
    messages = []
    for chat in range(CHATS):
        db.execute(
            "INSERT INTO conversations(id, title, created_at, updated_at) VALUES (?, ?, ?, ?)",
            (f"c{chat:05}", f"chat {chat}", chat, chat),
        )
        for position in range(1, MESSAGES // CHATS + 1):
            text = said(chance) + (" odd" if position % 2 else " even") + " odd even" * (chat % 300 == position)
            text += " needle" * (chat == 500 and position == 50)
            messages.append(new_id())
            db.execute(
                "INSERT INTO messages(id, conv_id, position, role, content, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                (messages[-1], f"c{chat:05}", position, "user" if position % 2 else "assistant", text, chat),
            )
    for number in range(MEMORIES):
        text = said(chance) + (" odd" if number % 2 else " even") + " needle" * (number == 777)
        db.execute(
            "INSERT INTO memory(id, value, created_at, updated_at) VALUES (?, ?, ?, ?)",
            (new_id(), text, number, number),
        )
    for number in range(CALLS):
        db.execute(
            "INSERT INTO tool_calls(id, message_id, turn_id, position, call_id, name, arguments, status, result, created_at)"
            " VALUES (?, ?, '', 0, 'c', 'run', '{}', 'done', ?, ?)",
            (new_id(), messages[number], "\n".join(said(chance) for _ in range(10)), number),
        )


async def timed(do: Callable[[], Awaitable[object]]) -> float:
    """The median of nine, in milliseconds."""
    taken = []
    for _ in range(9):
        began = time.perf_counter()
        await do()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main()) else 1)
