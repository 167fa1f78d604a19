"""Automations, 100,000 of them: ``python -m tests.bench.automations [--rows N]``.

What is due, and what is next, as ratios to a scan without an index in the same run; the next time of a rule that began ten years
ago; how late what is due begins; a thousand at once. Ends with 1 where a budget is broken.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import structs

from tests.bench.store import line
from tests.processes import opened
from zotui.automations import occurrences, records
from zotui.automations.automation import Action, Automation, Policy, Run, Schedule
from zotui.automations.clock import Clock
from zotui.automations.firing import due, next_due
from zotui.automations.job import Done, Job
from zotui.automations.runner import Runner
from zotui.automations.zones import rules_of
from zotui.home import Home
from zotui.notices import add
from zotui.store import Store, Transaction, new_id, now_ms

ROUNDS = 200
AT_ONCE = 1_000
SCAN = "SELECT id FROM automations NOT INDEXED WHERE enabled + 0 = 1 AND next_run <= ?"
FIGURES: list[bool] = []


def budget(name: str, figure: float, most: float, unit: str) -> None:
    """A figure that must not be higher."""
    FIGURES.append(figure <= most)
    line(name, f"{figure:9.4f} {unit}, at most {most:g}{'' if FIGURES[-1] else '   BROKEN'}")


def filled(store: Store, count: int) -> None:
    """Automations that are due at times of the next month."""
    now = now_ms()
    one = Automation(
        "",
        "tick",
        Schedule("FREQ=DAILY", "2026-01-01", "UTC"),
        Action("run", "true"),
        Policy(),
        True,
        0,
        "",
        False,
        now,
        now,
    )

    def put(db: Transaction) -> None:
        for number in range(count):
            at = now + 60_000 + number * 25_920
            records.keep(db, structs.replace(one, id=new_id(), next_run=at), now, rules_of("UTC"))

    store.write_now(put)


def timed(do: Callable[[], Any]) -> float:
    """Milliseconds, the median."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        do()
        times.append((time.perf_counter() - began) * 1_000)
    return statistics.median(times)


def measure_rows(store: Store) -> None:
    """What is due, among many that are not."""
    now = now_ms()
    scan = timed(lambda: store.read_now(lambda db: db.execute(SCAN, (now,)).fetchall()))
    line("a scan without an index", f"{scan:9.4f} ms")
    budget("what is due", timed(lambda: store.read_now(lambda db: due(db, now, 50))) / scan, 0.01, "of it")
    budget("what is next", timed(lambda: store.read_now(next_due)) / scan, 0.01, "of it")


def measure_rules() -> None:
    """Rules that began long ago."""
    now = datetime.now(UTC)
    start = (now - timedelta(days=3_652)).replace(tzinfo=None)
    for rule in (
        "FREQ=MINUTELY",
        "FREQ=MINUTELY;INTERVAL=7;BYHOUR=9",
        "FREQ=DAILY;BYHOUR=9",
        "FREQ=MONTHLY;BYDAY=-1FR",
    ):
        budget(
            f"next of ten years of {rule}",
            timed(lambda rule=rule: occurrences(rule, start, "UTC", after=now, n=1)),
            1,
            "ms",
        )


async def nothing(one: Automation, run: Run, done: Done) -> Callable[[Transaction], None]:
    """Nothing is told."""
    return lambda db: None


async def measure_lateness(store: Store) -> None:
    """From its instant to where it is begun, on this machine as it is."""
    begun: list[float] = []

    async def do(job: Job) -> Done:
        begun.append(time.time() * 1_000 - job.run.instant)
        return Done("done")

    late = await worked(store, do, lambda: put_soon(store, 1), 8)
    line("late by", f"{statistics.median(begun):9.1f} ms in the middle, {max(begun):.1f} at most, of {late}")


async def measure_many(store: Store) -> None:
    """A thousand due at once: how long the loop stands still, and how long it takes."""
    stalls: list[float] = []

    async def do(job: Job) -> Done:
        return Done("done")

    async def beat() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            stalls.append((time.perf_counter() - began - 0.005) * 1_000)

    beating = asyncio.create_task(beat())
    began = time.perf_counter()
    await worked(store, do, lambda: put_soon(store, AT_ONCE), 1)
    took = time.perf_counter() - began
    beating.cancel()
    stall = statistics.quantiles(stalls, n=100)[98]
    line(f"{AT_ONCE:,} at once", f"{took:9.2f} s, with the second until they are due")
    budget("the loop stands still, of a hundred looks the 99th", stall, 50, "ms")


def put_soon(store: Store, count: int) -> int:
    """Automations that are due in about a second; how many."""
    at = datetime.now(UTC) + timedelta(seconds=1)
    schedule = Schedule("", at.replace(tzinfo=None).isoformat(), "UTC", rdate=(at.isoformat(),))
    now, due_at = now_ms(), int(at.timestamp() * 1_000)

    def put(db: Transaction) -> None:
        for _ in range(count):
            one = Automation(
                new_id(), "t", schedule, Action("run", "true"), Policy(), True, due_at, "", False, now, now
            )
            records.keep(db, one, now, rules_of("UTC"))

    store.write_now(put)
    return count


async def worked(store: Store, do: Callable[[Job], Awaitable[Done]], put: Callable[[], int], rounds: int) -> int:
    """Put some, and wait until they are done; how many."""
    runner, total = Runner(store, do, nothing), 0
    clock = asyncio.create_task(Clock(store, add).run())
    runner.start()
    count = "SELECT count(*) FROM runs WHERE status = 'done'"
    base = await store.read(lambda db: db.execute(count).get)
    for _ in range(rounds):
        total += await asyncio.to_thread(put)
        async with store.watch("runs") as watch:
            while await store.read(lambda db: db.execute(count).get) < base + total:
                await watch.wait(0.05)
    clock.cancel()
    await runner.stop()
    return total


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = opened(Home(Path(folder) / "home").prepare())
        filled(store, asked.rows)
        measure_rows(store)
        measure_rules()
        asyncio.run(measure_lateness(store))
        asyncio.run(measure_many(store))
        store.close()
    sys.exit(0 if all(FIGURES) else 1)


if __name__ == "__main__":
    main()
