"""Writes, commits and wake-ups of the store: ``python -m tests.bench.store [--quick]``.

One process alone; eight processes that write 1,000 rows each at once, on this disk and on one where each commit
takes 10 ms (an apsw commit hook); and the time from a write to another process's re-read.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.processes import ROOT, one, opened
from tests.store.test_changes import PLAY, play
from zotui.home import Home
from zotui.store import Store, Transaction

PROCESSES = 8


def line(name: str, value: str) -> None:
    """One figure."""
    print(f"{name:<58} {value}", flush=True)


def spread(times: list[float]) -> str:
    """Milliseconds: the middle, the slow, the slowest."""
    times = sorted(times)
    return f"p50 {statistics.median(times):8.2f}   p99 {times[int(len(times) * 0.99)]:8.2f}   max {times[-1]:8.2f} ms"


def put(db: Transaction) -> None:
    """A small write."""
    db.execute("INSERT INTO blobs(hash, content) VALUES (lower(hex(randomblob(16))), x'00')")


async def alone(store: Store, count: int) -> None:
    """What a write costs one process: one after the other, and many at once."""
    for durable, name in ((True, "FULL"), (False, "NORMAL")):
        took = []
        for _ in range(count):
            began = time.perf_counter()
            await store.write(put, durable=durable)
            took.append((time.perf_counter() - began) * 1000)
        line(f"one process, one write after the other, {name}", spread(took))
    began = time.perf_counter()
    await asyncio.gather(*(store.write(put) for _ in range(count * 5)))
    seconds = time.perf_counter() - began
    line("one process, all at once, FULL", f"{count * 5 / seconds:,.0f} writes a second")


def together(home: Home, count: int, delay_ms: float, shared: int) -> None:
    """Eight processes at once."""
    before = one(home, "SELECT count(*) FROM memory")
    commits = one(home, "SELECT seq FROM changes WHERE \"table\" = 'memory'") or 0
    words = [str(count), str(delay_ms), str(shared)]
    began = time.perf_counter()
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.store.hammer", str(home.path), str(number), *words],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    figures = [json.loads(child.communicate()[0]) for child in children]
    seconds = time.perf_counter() - began
    rows = one(home, "SELECT count(*) FROM memory") - before
    commits = one(home, "SELECT seq FROM changes WHERE \"table\" = 'memory'") - commits
    errors = sum(len(figure["errors"]) for figure in figures)
    ends = [sum(figure["took"]) / shared / 1000 for figure in figures]
    name = f"{PROCESSES} x {count}, {shared} at once" + (f", a commit takes {delay_ms:g} ms more" if delay_ms else "")
    line(
        name,
        f"{rows} rows in {commits} commits, {errors} errors, {seconds:.1f} s, {rows / seconds:,.0f} writes a second",
    )
    line("", spread([time_ for figure in figures for time_ in figure["took"]]))
    line("", f"the first process was done after {min(ends):.1f} s, the last after {max(ends):.1f} s")


async def feed(home: Home, store: Store, rounds: int) -> None:
    """From a write here to the re-read in another process, and back."""
    await store.write(lambda db: db.execute("INSERT OR REPLACE INTO desk VALUES ('ball', '0')"))
    child = subprocess.Popen([sys.executable, "-c", PLAY, str(home.path), "1", str(rounds)], cwd=ROOT)
    async with store.watch("desk") as watch:
        while int(await store.read(lambda db: db.execute("SELECT value FROM desk").get)) < 1:
            if int(await store.read(lambda db: db.execute("SELECT value FROM desk").get)) == 0:
                await store.write(lambda db: db.execute("UPDATE desk SET value = value + 1"), durable=False)
            else:
                await watch.wait()
    began = time.perf_counter()
    await play(store, 0, rounds)
    took = (time.perf_counter() - began) * 1000
    child.wait()
    line(f"a write, the bell, another process's re-read ({rounds} times)", f"mean {took / rounds:.2f} ms")


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.store")
    parser.add_argument("--quick", action="store_true", help="a tenth of the writes")
    count = 100 if parser.parse_args().quick else 1000
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").prepare()
        store = opened(home)
        asyncio.run(alone(store, count))
        asyncio.run(feed(home, store, count))
        store.close()
        for delay_ms, shared in ((0, 1), (0, 50), (10, 50), (10, 1)):
            together(home, count, delay_ms, shared)
        line("PRAGMA integrity_check", one(home, "PRAGMA integrity_check"))


if __name__ == "__main__":
    main()
