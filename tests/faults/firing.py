"""kill -9 of a process that fires automations, at random points: ``python -m tests.faults.firing --rounds 500``.

The clock and the runner work for real in a child, in a time that runs faster; what they do is a line in a file. The child is
killed again and again. At the end each time that came is accounted for once, and was done once where it says so, at most once
where it says that this is not known, and else not at all.
"""

import argparse
import asyncio
import os
import random
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.automations.putting import put, runs
from tests.processes import opened
from zotui.automations import clock, runner
from zotui.automations.automation import Automation, Run, milliseconds, moment
from zotui.automations.job import Done, Job
from zotui.automations.runner import Runner
from zotui.home import Home
from zotui.notices import add
from zotui.store import Store, Transaction
from zotui.text import one_line

SPEED = 600  # a minute in a tenth of a second
RULES = ("FREQ=MINUTELY", "FREQ=MINUTELY;INTERVAL=2", "FREQ=MINUTELY;INTERVAL=3")
OVERLAPS = ("skip", "queue", "replace")
LONGEST_LIFE_S = 0.25
BEFORE_MS = 30 * 86_400_000  # how long ago the time of the child begins: of what is put off, the real clock decides


class Fast:
    """A clock of the child's: each child begins where the last one may have come."""

    def __init__(self, begun: float, since: int) -> None:
        self._begun = begun
        self._since = since

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return self._since + int((time.time() - self._begun) * SPEED * 1_000)


async def told(one: Automation, run: Run, done: Done) -> runner.Callable[[Transaction], None]:
    """Nothing is told."""
    return lambda db: None


async def live(home: Home, done: Path, settle: bool) -> None:
    """Fire and do what is due; for ever, or until nothing is open, which fires nothing more."""
    store = opened(home)
    handle = os.open(done, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def do(job: Job) -> Done:
        await job.begin()
        os.write(handle, f"{job.run.id}\n".encode())
        return Done("done")

    working = Runner(store, do, told)
    working.start()
    if not settle:
        await clock.Clock(store, add).run()
    while any(not run.is_over for run in runs(store)):
        await asyncio.sleep(0.02)
    await working.stop()
    store.close()


def child(home: Home, done: Path, fast: Fast, *, settle: bool = False) -> int:
    """A child that lives so; its process id."""
    if pid := os.fork():
        return pid
    clock.now_ms = fast.now_ms
    try:
        asyncio.run(live(home, done, settle))
    finally:
        os._exit(0)


def play(rounds: int, folder: Path, seed: int = 0) -> Counter[str]:
    """So many lives; how many times there were by what became of them. Raises AssertionError."""
    chance = random.Random(seed)
    home, done = Home(folder / "home").prepare(), folder / "done"
    begun, since = time.time(), int(time.time() * 1_000) - BEFORE_MS
    fast = Fast(begun, since)
    store = opened(home)
    made = [put(store, rule, since, misfire="all", overlap=overlap) for rule in RULES for overlap in OVERLAPS]
    store.close()
    for _ in range(rounds):
        pid = child(home, done, fast)
        time.sleep(chance.random() * LONGEST_LIFE_S)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    os.waitpid(child(home, done, fast, settle=True), 0)
    store = opened(home)
    try:
        return _judged(store, made, done)
    finally:
        store.close()


def _judged(store: Store, made: list[Automation], done: Path) -> Counter[str]:
    lines = Counter(done.read_text().split()) if done.exists() else Counter()
    found: Counter[str] = Counter()
    for one in made:
        mine = [run for run in runs(store) if run.automation_id == one.id]
        # What is next has not come; all before has.
        query = "SELECT next_run FROM automations WHERE id = ?"
        following = int(store.read_now(lambda db, query=query, one=one: db.execute(query, (one.id,)).get))
        came = []
        for at in one.schedule.recurrence().following(moment(one.created_at)):
            if milliseconds(at) >= following:
                break
            came.append(milliseconds(at))
        assert sum(run.times for run in mine) == len(came), "each time is accounted for"
        alone = [run.instant for run in mine if run.times == 1]
        assert len(alone) == len(set(alone)), "none twice"
        for run in mine:
            assert run.is_over, run
            least, most = {"done": (1, 1), "interrupted": (0, 1), "cancelled": (0, 1)}.get(run.status, (0, 0))
            assert least <= lines[run.id] <= most, (run, lines[run.id])
            found[one_line(f"{run.status} {run.reason or ''}".strip())] += run.times
    assert not set(lines) - {run.id for run in runs(store)}
    return found


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = play(asked.rounds, Path(folder), asked.seed)
    print(f"{asked.rounds} times killed; {sum(found.values())} times that came, each accounted for once: {dict(found)}")


if __name__ == "__main__":
    main()
