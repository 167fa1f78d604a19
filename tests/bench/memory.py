"""Memory of 1,000,000 short rows: ``python -m tests.bench.memory [--rows N]``.

Times are ratios to what SQLite does on the same file, taken in turns: a scan that counts the words each row holds, and an index
asked for any of them. Ends with 1 where a budget is broken.
"""

import argparse
import asyncio
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from tests.bench.store import line, spread
from zotui.memory import Memories, open_memory
from zotui.memory.exchange import lines_in
from zotui.memory.filling import Filling
from zotui.memory.query import any_of, quoted, read
from zotui.memory.taking import take
from zotui.store import Reader, new_id, now_ms

BATCH = 5_000
LINES = 100_000  # that are imported
QUERIES = 60
MEANT = "my computer refuses to start up"  # the oldest of all
ASKED = "laptop won't boot"  # which shares no word with it
ANY = "SELECT rowid FROM any_fts WHERE any_fts MATCH ? ORDER BY rank LIMIT 10"
FIGURES: list[bool] = []


def texts(count: int, chance: random.Random) -> Iterator[str]:
    """Rows of 6 to 24 words out of 50,000, the n-th as frequent as 1 / (n + 3)."""
    syllables = [
        "".join(pair) for pair in itertools.product("bcdfghklmnprstvz", ("a", "e", "i", "o", "u", "an", "er", "in"))
    ]
    words: dict[str, None] = {}
    while len(words) < 50_000:
        words["".join(chance.choices(syllables, k=chance.choice((2, 2, 3, 3, 4))))] = None
    frequent = list(itertools.accumulate(1 / (n + 3) for n in range(len(words))))
    known = list(words)
    for _ in range(count):
        yield " ".join(chance.choices(known, cum_weights=frequent, k=chance.randint(6, 24)))


def budget(name: str, figure: float, most: float, unit: str) -> None:
    """A figure that must not be higher."""
    FIGURES.append(figure <= most)
    line(name, f"{figure:9.2f} {unit}, at most {most:g}{'' if FIGURES[-1] else '   BROKEN'}")


async def timed(do: Callable[[], Awaitable[Any]]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    await do()
    return (time.perf_counter() - began) * 1000


async def fill(memory: Memories, count: int, chance: random.Random) -> list[str]:
    """Fill the file; some of its rows."""
    some, took = [], 0.0
    await memory.memorize(MEANT)
    rows = texts(count, chance)
    while batch := list(itertools.islice(rows, BATCH)):
        some += chance.sample(batch, max(1, len(batch) * QUERIES // count))
        began = time.process_time()
        await memory.memorize_many((text, None) for text in batch)
        took += time.process_time() - began
    budget("memorize_many, milliseconds of CPU for 15,000 rows", took * 1000 / count * 15_000, 1000, "ms")
    return some


async def bring_in(folder: Path, chance: random.Random) -> None:
    """Lines of JSON, as ``zotui memory import`` reads them."""
    lines = [json.dumps({"content": text, "meta": {"source": "me"}}) for text in texts(LINES, chance)]
    async with open_memory(folder / "import.db") as memory:
        began, cpu = time.perf_counter(), time.process_time()
        taken = sum([one.taken async for one in take(memory._store, lines_in(lines, "bench"))])
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert taken == LINES
    line("import", f"{taken / wall:,.0f} rows a second")
    budget("import, milliseconds of CPU for 15,000 rows", cpu * 1000 / taken * 15_000, 1000, "ms")


async def embed(memory: Memories, path: Path, count: int) -> None:
    """What the background does with many rows: the signs of their vectors."""
    before = path.stat().st_size
    took = await timed(Filling(memory._store, None).fill)
    line("signs of all rows", f"{count / took * 1000:,.0f} rows/s, {(path.stat().st_size - before) / 1e6:.0f} MB")


async def meant(memory: Memories) -> None:
    """What shares no word with the oldest of all rows."""
    first = await timed(lambda: memory.recall(ASKED, 10))
    line("the first recall of a process", f"{first:.1f} ms")
    found = [one.content for one in await memory.recall(ASKED, 10)]
    budget("the oldest row is not found by what it means", float(MEANT not in found), 0, "")


async def recall(memory: Memories, rows: list[str], chance: random.Random) -> None:
    """Four words of a row, beside a scan and an index over the same rows."""
    store = memory._store
    await store.write(lambda db: db.execute(
        "CREATE VIRTUAL TABLE any_fts USING fts5(value, content='memory', content_rowid='seq', tokenize='porter unicode61')"
    ))  # fmt: skip
    await store.write(lambda db: db.execute("INSERT INTO any_fts(any_fts) VALUES ('rebuild')"))
    took: dict[str, list[float]] = {"recall": [], "with meaning": [], "scan": [], "any": []}
    meaning, by_words = memory._mean, Memories(store)
    among = 0
    for text in rows:
        words = chance.sample(text.split(), 4)
        found: list[Any] = []

        async def ours(words: list[str] = words, found: list[Any] = found) -> None:
            found += await by_words.recall(" ".join(words), 10)

        async def whole(words: list[str] = words) -> None:
            await memory.recall(" ".join(words), 10)

        def scan(db: Reader, words: list[str] = words) -> Any:
            count = " + ".join(["(value LIKE ?)"] * len(words))
            asked = f"SELECT seq, {count} AS n FROM memory WHERE n > 0 ORDER BY n DESC LIMIT 10"
            return db.execute(asked, [f"%{word}%" for word in words]).fetchall()

        def index(db: Reader, words: list[str] = words) -> Any:
            return db.execute(ANY, (any_of(map(quoted, read(db, " ".join(words)).words.values())),)).fetchall()

        took["recall"].append(await timed(ours))
        took["with meaning"].append(await timed(whole))
        took["any"].append(await timed(lambda index=index: store.read(index)))  # type: ignore[misc]
        took["scan"].append(await timed(lambda scan=scan: store.read(scan)))  # type: ignore[misc]
        among += text in [one.content for one in found]
    for name, times in took.items():
        line(name, spread(times))
    middle = {name: statistics.median(times) for name, times in took.items()}
    budget("recall, times a scan that counts", middle["recall"] / middle["scan"], 1 / 20, "x")
    budget("recall, times an index asked for any word", middle["recall"] / middle["any"], 1 / 5, "x")
    budget("the same with meaning, times a scan that counts", middle["with meaning"] / middle["scan"], 1 / 10, "x")
    assert meaning is not None
    budget("rows not among the first ten for four of their words", 100 - among / len(rows) * 100, 5, "%")
    await store.write(lambda db: db.execute("DROP TABLE any_fts"))


async def lists(memory: Memories, count: int, chance: random.Random) -> None:
    """Pages by their cursor, and searching as one types."""
    ids = await memory._store.read(
        lambda db: [
            db.execute("SELECT id FROM memory WHERE seq = ?", (chance.randint(60, count),)).get for _ in range(200)
        ]
    )
    pages = [await timed(lambda id=id: memory.list(limit=50, after=id)) for id in ids]  # type: ignore[misc]
    floor = [await timed(lambda: memory._store.read(lambda db: db.execute("SELECT 1").get)) for _ in ids]
    line("a page of 50 after one", spread(pages))
    budget("the same without the way into a thread", statistics.median(pages) - statistics.median(floor), 1, "ms")
    typed = []
    for word in ("bandela", "corin", "zu", "mover taba"):
        for end in range(1, len(word) + 1):
            typed.append(await timed(lambda text=word[:end]: memory.list(search=text, limit=50)))  # type: ignore[misc]
    line("search as one types", spread(typed))
    budget("the slowest but one in ten", sorted(typed)[int(len(typed) * 0.9)], 50, "ms")
    counted = [await timed(lambda text=text: memory.count(text)) for text in ("", "ba", "ban", "corin")]  # type: ignore[misc]
    line("count", spread(counted))
    await places(memory, count, chance, statistics.median(floor))


async def places(memory: Memories, count: int, chance: random.Random, floor: float) -> None:
    """What the pane of memories asks: the first rows, those at a place where one drags the bar to, those of a search."""
    first = [await timed(memory.count) + await timed(lambda: memory.list(limit=100)) for _ in range(50)]
    budget("the first rows and how many there are", max(first), 150, "ms")
    some = [chance.randrange(count) for _ in range(200)]
    anywhere = [await timed(lambda at=at: memory.list(limit=50, offset=at)) for at in some]  # type: ignore[misc]
    line("a page of 50 from any place on", spread(anywhere))
    budget("the same without the way into a thread", statistics.median(anywhere) - floor, 1, "ms")
    typed, pages = [], []
    for word in ("bandela", "corin", "zu", "mover taba", "ban when:today", "is:plain ban"):
        for end in range(1, len(word) + 1):
            typed.append(await timed(lambda text=word[:end]: memory.numbers(text, 10_000)))  # type: ignore[misc]
            last = (await memory.numbers(word[:end], 10_000))[-50:]
            pages.append(await timed(lambda last=last: memory.numbered(last)))  # type: ignore[misc]
    line("10,000 found as one types", spread(typed))
    budget("the slowest but one in ten", sorted(typed)[int(len(typed) * 0.9)], 50, "ms")
    line("the last page of them", spread(pages))
    budget("the same without the way into a thread", statistics.median(pages) - floor, 1, "ms")
    line("facets with their counts", f"{await timed(memory.facets):.1f} ms")


async def one(memory: Memories) -> None:
    """A single durable one, beside a row in a table without an index that is committed as durably."""
    await memory._store.write(lambda db: db.execute("CREATE TABLE bare(id TEXT, value TEXT, at INTEGER)"))

    def bare(db: Reader) -> None:
        db.execute("INSERT INTO bare VALUES (?, ?, ?)", (new_id(), "one about kettles", now_ms()))

    ours, theirs = [], []
    for number in range(200):
        ours.append(await timed(lambda number=number: memory.memorize(f"number {number} about kettles")))  # type: ignore[misc]
        theirs.append(await timed(lambda: memory._store.write(bare)))
    line("memorize", spread(ours))
    line("a bare row", spread(theirs))
    budget("memorize, times a bare row", statistics.median(ours) / statistics.median(theirs), 3, "x")
    await memory._store.write(lambda db: db.execute("DROP TABLE bare"))


async def main(count: int) -> bool:
    """Print all figures; whether they are within their budgets."""
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memory.db"
        await bring_in(Path(folder), random.Random(3))
        async with open_memory(path) as memory:
            rows = await fill(memory, count, chance)
        budget(f"the file with {count:,} rows", path.stat().st_size / 1e6 * 1_000_000 / count, 260, "MB")
        async with open_memory(path) as memory:
            await embed(memory, path, count)
        async with open_memory(path) as memory:
            await meant(memory)
            await lists(memory, count, chance)
            await one(memory)
            await recall(memory, rows, chance)
    return all(FIGURES)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.memory")
    parser.add_argument("--rows", type=int, default=1_000_000)
    sys.exit(0 if asyncio.run(main(parser.parse_args().rows)) else 1)
