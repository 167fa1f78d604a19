"""Runs that are done: ended, tried again, stopped, handed back by a runner that goes, found after one that died."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from msgspec import convert, structs

from tests.automations.putting import at, put, runs
from tests.waiting import wait_for
from zotui.automations import records, runner
from zotui.automations.automation import Automation, Policy, Run
from zotui.automations.firing import halt
from zotui.automations.firing import put as put_runs
from zotui.automations.job import Done, Job
from zotui.automations.runner import MOST_AT_ONCE, Runner
from zotui.errors import ZotuiError
from zotui.store import Store, Transaction
from zotui.store.work import claim

SINCE = at("2026-03-01T10:00")
Do = Callable[[Job], Awaitable[Done]]


class Told:
    """What would be told of runs."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.output = ""

    async def __call__(self, one: Automation, run: Run, done: Done) -> Callable[[Transaction], None]:
        self.output = done.output
        return lambda db: self.said.append((done.status, done.error))


@asynccontextmanager
async def running(store: Store, do: Do) -> AsyncIterator[Told]:
    told = Told()
    it = Runner(store, do, told)
    it.start()
    try:
        yield told
    finally:
        await it.stop()


def wanted(store: Store, count: int = 1, **policy: object) -> Automation:
    one = put(store, "FREQ=DAILY;BYHOUR=9", SINCE, **policy)
    store.write_now(lambda db: put_runs(db, one, "manual", [SINCE + n for n in range(count)], SINCE))
    return one


def states(store: Store) -> list[tuple[str, str | None]]:
    return [(run.status, run.reason) for run in runs(store)]


async def well(job: Job) -> Done:
    await job.begin()
    return Done("done", None, "it \x1b[31mworks\n", exit_code=0)


async def for_ever(job: Job) -> Done:
    await job.begin()
    await asyncio.Event().wait()
    raise AssertionError


async def test_one_that_goes_well(store: Store) -> None:
    wanted(store)
    async with running(store, well) as told:
        await wait_for(lambda: states(store) == [("done", None)])
    [run] = runs(store)
    assert (run.output, run.exit_code, run.attempt, run.begun) == ("it works\n", 0, 1, True)
    assert told.said == [("done", "")]
    assert told.output == run.output  # so that it is the same as the time before, where it is


@pytest.mark.parametrize("error", [ZotuiError("no way", "do this"), KeyError("x"), TimeoutError("slow")], ids=repr)
async def test_one_that_fails(store: Store, error: Exception) -> None:
    async def do(job: Job) -> Done:
        raise error

    wanted(store)
    async with running(store, do) as told:
        await wait_for(lambda: states(store) == [("failed", "error")])
    expected = {ZotuiError: "no way: do this", KeyError: "zotui itself failed: KeyError: 'x'", TimeoutError: "slow"}
    assert told.said == [("failed", expected[type(error)])]


async def test_one_that_takes_too_long(store: Store) -> None:
    wanted(store, timeout_s=1)
    store.write_now(lambda db: db.execute("""UPDATE automations SET policy = '{"timeout_s": 0}'"""))
    async with running(store, for_ever):
        await wait_for(lambda: states(store) == [("failed", "timeout")])


async def test_it_is_tried_again_as_often_as_its_policy_says(store: Store) -> None:
    attempts: list[int] = []

    async def do(job: Job) -> Done:
        attempts.append(job.run.attempt)
        return Done("failed", "error", error=f"number {len(attempts)}")

    wanted(store, retries=2, backoff_s=0)
    async with running(store, do) as told:
        await wait_for(lambda: states(store) == [("failed", "error")])
    assert attempts == [1, 2, 3]
    assert told.said == [("failed", "number 3")]


async def test_it_waits_before_it_is_tried_again(store: Store) -> None:
    async def do(job: Job) -> Done:
        return Done("failed", "error")

    wanted(store, retries=1, backoff_s=600)
    async with running(store, do):
        await wait_for(lambda: states(store) == [("queued", "retry")])
    wait = "SELECT not_before - started_at FROM runs"
    assert 600_000 <= store.read_now(lambda db: db.execute(wait).get) < 660_000


async def test_one_lane_for_one_automation_and_many_side_by_side(store: Store) -> None:
    here, most, together = set[str](), 0, 0

    async def do(job: Job) -> Done:
        nonlocal most, together
        assert job.automation.id not in here
        here.add(job.automation.id)
        together = max(together, len(here))
        await asyncio.sleep(0)
        here.discard(job.automation.id)
        return Done("done")

    for _ in range(20):
        wanted(store, 2)
    async with running(store, do):
        await wait_for(lambda: states(store) == [("done", None)] * 40)
    assert together <= MOST_AT_ONCE


@pytest.mark.parametrize("reason", ["stopped", "replaced"])
async def test_one_that_is_stopped(store: Store, reason: str) -> None:
    one = wanted(store)
    async with running(store, for_ever) as told:
        await wait_for(lambda: runs(store)[0].begun)
        await store.write(lambda db: halt(db, one.id, reason))
        await wait_for(lambda: states(store) == [("cancelled", reason)])
    assert told.said == []


async def test_one_whose_process_goes(store: Store) -> None:
    wanted(store)
    async with running(store, for_ever) as told:
        await wait_for(lambda: runs(store)[0].begun)
    assert states(store) == [("interrupted", "shutdown")]
    assert told.said == [("interrupted", "its process was gone before its end: what it did is not known")]


async def test_one_whose_turn_goes_on_without_its_process(store: Store) -> None:
    async def do(job: Job) -> Done:
        if job.run.turn_id is None:
            mark = "UPDATE runs SET turn_id = 't' WHERE id = ?"
            await job.begin(lambda db: db.execute(mark, (job.run.id,)))
            await asyncio.Event().wait()
        assert job.run.turn_id == "t"
        return Done("done")

    wanted(store)
    async with running(store, do):
        await wait_for(lambda: runs(store)[0].begun)
    assert states(store) == [("queued", "shutdown")]
    async with running(store, do):
        await wait_for(lambda: states(store) == [("done", None)])
    assert runs(store)[0].attempt == 1


@pytest.mark.parametrize(
    ("begun", "turn", "retries", "expected"),
    [
        (0, None, 0, ("done", None)),
        (1, "t", 0, ("done", None)),
        (1, None, 0, ("interrupted", "lost")),
        (1, None, 1, ("done", None)),
    ],
    ids=["not begun", "with a turn", "begun", "begun, may be tried again"],
)
async def test_one_whose_process_died(
    store: Store, begun: int, turn: str | None, retries: int, expected: tuple[str, str | None]
) -> None:
    wanted(store, retries=retries)
    store.write_now(lambda db: claim(db, "runs", "gone/1/1/1/x"))
    store.write_now(lambda db: db.execute("UPDATE runs SET begun = ?, turn_id = ?", (begun, turn)))
    async with running(store, well) as told:
        await wait_for(lambda: states(store) == [expected])
    assert [status for status, _ in told.said] == [expected[0]]


@pytest.mark.parametrize("reason", ["lost", "failed"])
async def test_one_that_is_to_stop_is_not_tried_again(store: Store, reason: str) -> None:
    async def do(job: Job) -> Done:
        await store.write(lambda db: halt(db, job.automation.id, "replaced"))
        return Done("failed", "error")

    wanted(store, retries=3, backoff_s=0)
    if reason == "lost":
        store.write_now(lambda db: claim(db, "runs", "gone/1/1/1/x"))
        store.write_now(lambda db: db.execute("UPDATE runs SET stop = 1, reason = 'replaced'"))
    async with running(store, do) as told:
        await wait_for(lambda: states(store) == [("cancelled", "replaced")])
    assert told.said == []


async def test_one_of_which_nothing_can_be_told_ends_all_the_same(store: Store) -> None:
    async def tell(one: Automation, run: Run, done: Done) -> Callable[[Transaction], None]:
        raise ValueError("no such zone")

    wanted(store)
    store.write_now(lambda db: db.execute("UPDATE runs SET turn_id = 't'"))
    it = Runner(store, well, tell)
    it.start()
    await wait_for(lambda: states(store) == [("failed", "error")])
    await it.stop()
    assert runs(store)[0].error == "zotui itself failed: ValueError: no such zone"


async def test_a_run_that_somebody_else_has_by_now_is_left(store: Store) -> None:
    taken = asyncio.Event()

    async def do(job: Job) -> Done:
        await job.begin()
        await store.write(lambda db: db.execute("UPDATE runs SET fence = fence + 1"))
        taken.set()
        return Done("done", output="late")

    wanted(store)
    async with running(store, do) as told:
        await asyncio.wait_for(taken.wait(), 10)
    [run] = runs(store)
    assert (run.output, told.said) == ("", [])


async def test_one_that_is_deleted_as_it_is_taken(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def taken(db: Transaction, table: str, owner: str, **of: Any) -> tuple[str, int] | None:
        found = claim(db, table, owner, **of)
        db.execute("DELETE FROM automations WHERE title = 'gone'")
        return found

    monkeypatch.setattr(runner, "claim", taken)
    wanted(store)
    store.write_now(lambda db: db.execute("UPDATE automations SET title = 'gone'"))
    wanted(store)
    async with running(store, well):
        await wait_for(lambda: states(store) == [("done", None)])
    assert not caplog.records


async def test_one_that_is_deleted_while_it_runs(store: Store) -> None:
    one = wanted(store)
    async with running(store, for_ever):
        await wait_for(lambda: runs(store)[0].begun)
        await store.write(lambda db: db.execute("DELETE FROM automations WHERE id = ?", (one.id,)))
    assert not runs(store)


def test_policies_are_kept_whole(store: Store) -> None:
    policy = Policy("all", "queue", 1, 2, 3, 4, 5.5, "22:00-07:00", "changed", ("file:a",), 6)
    one = put(store, "FREQ=DAILY", SINCE, **structs.asdict(policy))
    found = store.read_now(partial(records.named, name=one.name))
    assert found.policy == policy == convert(structs.asdict(policy), Policy)
