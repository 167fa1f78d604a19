"""What is told of runs: once, not at night, what failed always."""

from collections.abc import Callable

import pytest
from msgspec import structs

from tests.automations.putting import at, put, told
from zotui.automations.automation import Automation, Run
from zotui.automations.firing import put as put_runs
from zotui.automations.job import Done
from zotui.automations.telling import Telling, hours_of, quiet_until
from zotui.notices import add
from zotui.policy.regexes import Regexes
from zotui.store import Store

SINCE = at("2026-03-01T10:00")
Tell = Callable[..., object]


async def ended(store: Store, one: Automation, done: Done, judged: bool = True) -> Run:
    """Have a run of it end so."""

    async def judge(one: Automation, run: Run, done: Done, question: str) -> bool:
        assert question == "is it urgent?"
        return judged

    from zotui.automations import records

    [id_] = store.write_now(lambda db: put_runs(db, one, "manual", [SINCE], SINCE))
    [run] = store.read_now(lambda db: records.runs(db, "id = ?", (id_,)))
    put_it = await Telling(store, add, Regexes().found_in, judge)(one, run, done)
    end = "UPDATE runs SET status = ?, output = ?, finished_at = unixepoch('subsec') * 1000 WHERE id = ?"
    store.write_now(lambda db: (db.execute(end, (done.status, done.output, id_)), put_it(db)))
    return run


async def test_what_came_out_in_a_line(store: Store) -> None:
    one = put(store, "FREQ=DAILY", SINCE)
    await ended(store, one, Done("done", output="first\nsecond\n"))
    await ended(store, one, Done("done"))
    await ended(store, one, Done("failed", "exit_code", "out", "exit code 3"))
    await ended(store, one, Done("cancelled", "stopped"))
    await ended(store, one, Done("skipped", "budget", error="spent"))
    assert told(store) == ["tick: first second", "tick: done", "tick: exit_code: exit code 3"]


async def test_the_same_is_told_once(store: Store) -> None:
    one = put(store, "FREQ=DAILY", SINCE)
    for output in ("a", "a", "b", "a"):
        await ended(store, one, Done("done", output=output))
    assert told(store) == ["tick: a", "tick: b"]
    store.write_now(lambda db: db.execute("UPDATE runs SET finished_at = finished_at - 30000000"))
    await ended(store, one, Done("done", output="a"))
    assert told(store)[2:] == ["tick: a"]


async def test_a_condition_that_does_not_hold(store: Store) -> None:
    one = put(store, "FREQ=DAILY", SINCE, notify_if="changed")
    for output in ("a", "a", "b", "b"):
        await ended(store, one, Done("done", output=output))
    await ended(store, one, Done("failed", "error", error="no way"))
    assert told(store) == ["tick: a", "tick: b", "tick: error: no way"]


@pytest.mark.parametrize("judged", [True, False])
async def test_a_model_that_judges(store: Store, judged: bool) -> None:
    one = put(store, "FREQ=DAILY", SINCE, notify_if="model: is it urgent?")
    await ended(store, one, Done("done", output="a"), judged)
    assert told(store) == ["tick: a"] * judged


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        ("22:00-07:00", "2026-06-01T20:30", "2026-06-02T05:00"),  # 22:30 in Paris
        ("22:00-07:00", "2026-06-02T04:59", "2026-06-02T05:00"),
        ("22:00-07:00", "2026-06-02T05:00", ""),
        ("22:00-07:00", "2026-06-01T19:59", ""),
        ("12:00-13:30", "2026-06-01T11:00", "2026-06-01T11:30"),
        ("12:00-13:30", "2026-06-01T09:59", ""),
        ("1:00-4:00", "2026-03-29T00:30", "2026-03-29T02:00"),  # a night that is an hour shorter
        ("", "2026-06-01T20:30", ""),
    ],
)
def test_quiet_hours_are_of_its_zone(store: Store, quiet: str, now: str, until: str) -> None:
    one = put(store, "FREQ=DAILY", SINCE, tz="Europe/Paris", quiet=quiet)
    assert quiet_until(one, at(now)) == (at(until) if until else 0)


def test_in_a_zone_that_is_gone_no_hours_are_quiet(store: Store) -> None:
    one = put(store, "FREQ=DAILY", SINCE, quiet="00:00-23:59")
    gone = structs.replace(one, schedule=structs.replace(one.schedule, tz="Mars/Olympus"))
    assert quiet_until(gone, SINCE) == 0


@pytest.mark.parametrize("text", ["", "22", "22:00", "22:00-22:00", "25:00-07:00", "a-b", "22:00-07:00-08:00"])
def test_hours_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="must be hours of the day"):
        hours_of(text)


async def test_at_night_it_waits_for_the_morning(store: Store) -> None:
    one = put(store, "FREQ=DAILY", SINCE, quiet="00:00-23:59", deliver=["file:a.txt"])
    await ended(store, one, Done("done", output="a"))
    assert told(store) == [] or quiet_until(one, SINCE) == 0
    orders = store.read_now(
        lambda db: db.execute("SELECT target, text, not_before > created_at FROM deliveries").fetchall()
    )
    assert sorted(orders) == [("file:a.txt", "tick\n\na", 1), ("inbox", "tick: a", 1)]
