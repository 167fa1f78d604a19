"""Searching much: ``python -m tests.bench.search``. 100,000 messages in 1,000 conversations, 100,000 memories.

Figures are wall milliseconds, the median of nine, in one run on one file; the floor is the same read of one row.
"""

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from zotui.computer import Computer
from zotui.home import Home
from zotui.store import Transaction, new_id

MESSAGES, CHATS, MEMORIES = 100_000, 1_000, 100_000
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
    "a beginning": "certif",
    "nothing": "zebra",
}


async def main() -> None:
    """Fill a file, measure, print."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").prepare()
        async with Computer.open(home, workers="none") as computer:
            began = time.perf_counter()
            await computer.store.write(fill)
            print(f"filled in {time.perf_counter() - began:.0f} s")
            floor = await timed(lambda: computer.store.read(lambda db: db.execute("SELECT 1").get))
            print(f"{'one row':<14} {floor:>7.1f} ms")
            for name, query in QUERIES.items():
                listed = await timed(lambda query=query: computer.chats.list(search=query, limit=50))  # type: ignore[misc]
                counted = await timed(lambda query=query: computer.chats.count(query))  # type: ignore[misc]
                every = await timed(lambda query=query: computer.search(query, 8))  # type: ignore[misc]
                print(f"{name:<14} chats {listed:>6.1f} ms, counted {counted:>6.1f} ms · everything {every:>6.1f} ms")


def fill(db: Transaction) -> None:
    """Conversations and memories of common words, and one needle in each."""
    chance = random.Random(5)

    def said() -> str:
        return " ".join(chance.choices(WORDS, k=30))

    for chat in range(CHATS):
        db.execute(
            "INSERT INTO conversations(id, title, created_at, updated_at) VALUES (?, ?, ?, ?)",
            (f"c{chat:05}", f"chat {chat}", chat, chat),
        )
        for position in range(1, MESSAGES // CHATS + 1):
            text = said() + (" needle" if chat == 500 and position == 50 else "")
            db.execute(
                "INSERT INTO messages(id, conv_id, position, role, content, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                (new_id(), f"c{chat:05}", position, "user" if position % 2 else "assistant", text, chat),
            )
    for number in range(MEMORIES):
        text = said() + (" needle" if number == 777 else "")
        db.execute(
            "INSERT INTO memory(id, value, created_at, updated_at) VALUES (?, ?, ?, ?)",
            (new_id(), text, number, number),
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
    asyncio.run(main())
