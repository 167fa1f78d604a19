"""The clock: it sleeps until something is due, hears of changes, and sees when the clock on the wall leaps."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from tests.automations.putting import DAY, HOUR, put, runs, tick
from tests.processes import opened
from tests.waiting import wait_for
from zotui.automations import clock
from zotui.automations.automation import Schedule
from zotui.automations.clock import Clock
from zotui.home import Home
from zotui.notices import add
from zotui.store import Store, now_ms


@asynccontextmanager
async def going(store: Store) -> AsyncIterator[Clock]:
    it = Clock(store, add)
    task = asyncio.create_task(it.run())
    try:
        yield it
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_what_is_put_while_it_sleeps_is_heard_of(store: Store) -> None:
    async with going(store):
        put(store, "FREQ=HOURLY", now_ms() - HOUR)  # due by now
        await wait_for(lambda: len(runs(store)) == 1)


async def test_many_at_once(store: Store) -> None:
    since = now_ms() - HOUR
    for _ in range(120):
        put(store, "FREQ=HOURLY", since)
    async with going(store):
        await wait_for(lambda: len(runs(store)) == 120)


async def test_two_clocks_and_each_time_once(home: Home, store: Store) -> None:
    other = opened(home)
    async with going(store), going(other):
        for _ in range(40):
            put(store, "FREQ=HOURLY", now_ms() - HOUR)
        await wait_for(lambda: len(runs(store)) == 40)
    other.close()
    assert len(runs(store)) == 40


@contextmanager
def wall(monkeypatch: pytest.MonkeyPatch, ahead_ms: int) -> Iterator[None]:
    """The clock on the wall shows another time."""
    with monkeypatch.context() as patched:
        patched.setattr(clock, "now_ms", lambda: now_ms() + ahead_ms)
        yield


async def test_a_clock_that_leaps_ahead(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "LOOK_S", 0.01)
    put(store, "FREQ=DAILY;BYHOUR=0;BYMINUTE=0;BYSECOND=0", now_ms())
    async with going(store):
        with wall(monkeypatch, 3 * DAY):
            await wait_for(lambda: [run.status for run in runs(store)] == ["skipped", "queued"])


async def test_a_clock_that_is_set_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "LOOK_S", 0.01)
    one = put(store, "FREQ=DAILY;BYHOUR=0;BYMINUTE=0;BYSECOND=0", now_ms())
    tick(store, now_ms() + 30 * DAY)
    query = "SELECT next_run FROM automations"
    async with going(store):
        with wall(monkeypatch, -HOUR):
            await wait_for(lambda: store.read_now(lambda db: db.execute(query).get) <= now_ms() + DAY)
    assert one.next_run is not None


async def test_zones_whose_rules_changed_meanwhile(store: Store) -> None:
    put(store, "FREQ=DAILY;BYHOUR=9", now_ms(), tz="Europe/Paris")
    right = store.read_now(lambda db: db.execute("SELECT next_run, zones FROM automations").get)
    store.write_now(lambda db: db.execute("UPDATE automations SET next_run = next_run + 3600000, zones = 'old'"))
    async with going(store):
        await wait_for(
            lambda: store.read_now(lambda db: db.execute("SELECT next_run, zones FROM automations").get) == right
        )


def test_a_home_from_yesterdays_backup_makes_no_storm(store: Store) -> None:
    put(store, "FREQ=MINUTELY", now_ms() - DAY)
    tick(store, now_ms())
    assert sorted(run.status for run in runs(store)) == ["queued", "skipped"]
    assert Schedule("FREQ=DAILY", "2026-01-01", "UTC").recurrence().rules
