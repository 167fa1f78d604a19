"""What becomes of times that have come: each once, none lost, whatever the clock did meanwhile."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.automations.putting import DAY, HOUR, at, ended, put, runs, tick, told, upcoming
from tests.processes import opened
from zotui.automations import records
from zotui.automations.automation import Schedule, milliseconds, moment
from zotui.automations.firing import COUNTED, MOST_CAUGHT_UP, halt, jitter_of, look_again
from zotui.automations.firing import put as put_runs
from zotui.home import Home
from zotui.notices import add
from zotui.store import Store

NINE = "FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0"
SINCE = at("2026-03-01T10:00")


def statuses(store: Store) -> list[tuple[str, str | None, int]]:
    return [(run.status, run.reason, run.times) for run in runs(store)]


def test_what_is_due_runs_once_and_the_next_one_is_known(store: Store) -> None:
    put(store, NINE, SINCE)
    assert upcoming(store) == at("2026-03-02T09:00")
    tick(store, at("2026-03-02T08:59:59"))
    assert not runs(store)
    tick(store, at("2026-03-02T09:00"))
    tick(store, at("2026-03-02T09:00"))  # another clock, at once
    [run] = runs(store)
    assert (run.instant, run.status, run.cause) == (at("2026-03-02T09:00"), "queued", "schedule")
    assert upcoming(store) == at("2026-03-03T09:00")
    assert not told(store)


def test_the_latest_that_was_missed_is_made_up_for_within_a_day(store: Store) -> None:
    put(store, NINE, SINCE)
    tick(store, at("2026-03-05T20:00"))
    assert statuses(store) == [("skipped", "missed", 3), ("queued", None, 1)]
    assert (runs(store)[0].instant, runs(store)[0].until) == (at("2026-03-02T09:00"), at("2026-03-04T09:00"))
    assert told(store) == ["tick: missed 3 times; the latest is made up for now"]


def test_what_was_missed_longer_ago_is_not(store: Store) -> None:
    put(store, "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0;BYSECOND=0", SINCE)
    tick(store, at("2026-03-04T20:00"))
    assert statuses(store) == [("skipped", "missed", 1)]
    assert told(store) == ["tick: missed once"]


def test_none_or_all_by_its_policy(home: Home) -> None:
    wanted = {"skip": [("skipped", "missed", 4)], "all": [("queued", None, 1)] * 4}
    for misfire, expected in wanted.items():
        home.database.unlink(missing_ok=True)
        store = opened(home)
        put(store, NINE, SINCE, misfire=misfire)
        tick(store, at("2026-03-05T20:00"))
        assert statuses(store) == expected
        store.close()


def test_no_more_than_ten_of_all(store: Store) -> None:
    put(store, "FREQ=HOURLY", SINCE, misfire="all")
    tick(store, at("2026-03-03T10:30"))
    assert statuses(store) == [("skipped", "missed", 38), *[("queued", None, 1)] * MOST_CAUGHT_UP]


def test_one_that_is_a_little_late_is_on_time(store: Store) -> None:
    put(store, NINE, SINCE, misfire="skip")
    tick(store, at("2026-03-02T09:00:59"))
    assert statuses(store) == [("queued", None, 1)]


def test_so_many_that_they_are_not_gone_through(store: Store) -> None:
    put(store, "FREQ=MINUTELY", SINCE)
    tick(store, at("2026-09-01T00:00:30"))
    missed, made_up = runs(store)
    assert missed.times == COUNTED + DAY // 60_000 - 1
    assert missed.error == "more were missed than are counted"
    assert made_up.instant == at("2026-09-01T00:00")
    assert upcoming(store) == at("2026-09-01T00:01")


def test_what_is_counted_ends(store: Store) -> None:
    put(store, f"{NINE};COUNT=3", at("2025-12-31T00:00"))
    for day in range(1, 20):
        tick(store, at(f"2026-01-{day:02}T09:00"))
        ended(store)
    assert [run.instant for run in runs(store)] == [at(f"2026-01-0{day}T09:00") for day in (1, 2, 3)]
    assert upcoming(store) is None


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [
        ("skip", [("running", None), ("skipped", "overlap"), ("skipped", "overlap")]),
        ("queue", [("running", None), ("queued", None), ("skipped", "overlap")]),
        ("replace", [("running", "replaced"), ("cancelled", "replaced"), ("queued", None)]),
    ],
)
def test_one_that_comes_while_another_runs(store: Store, overlap: str, expected: list[tuple[str, str | None]]) -> None:
    put(store, "FREQ=HOURLY", SINCE, overlap=overlap)
    for hour in (11, 12, 13):
        tick(store, at(f"2026-03-01T{hour}:00"))
        if hour == 11:
            store.write_now(lambda db: db.execute("UPDATE runs SET status = 'running'"))
    assert [(run.status, run.reason) for run in runs(store)] == expected
    stop = "SELECT stop FROM runs WHERE status = 'running'"
    assert store.read_now(lambda db: db.execute(stop).get) == (overlap == "replace")


def test_what_is_made_up_for_is_no_overlap_of_itself(store: Store) -> None:
    put(store, NINE, SINCE, misfire="all", overlap="skip")
    tick(store, at("2026-03-04T20:00"))
    assert Counter(run.status for run in runs(store)) == {"queued": 3}


def test_jitter_is_the_same_each_time(store: Store) -> None:
    some = [put(store, NINE, SINCE, jitter_s=600) for _ in range(50)]
    offsets = {jitter_of(one) for one in some}
    assert offsets == {jitter_of(one) for one in some}
    assert len(offsets) > 40
    assert max(offsets) < 600_000
    tick(store, at("2026-03-02T09:00"))
    late = {one.id: at("2026-03-02T09:00") + jitter_of(one) for one in some}
    found = store.read_now(lambda db: db.execute("SELECT automation_id, not_before FROM runs").fetchall())
    assert dict(found) == late


def test_rules_that_cannot_be_read_turn_it_off(store: Store) -> None:
    one = put(store, NINE, SINCE)
    store.write_now(lambda db: db.execute("UPDATE automations SET rrule = 'FREQ=DAILY;BYMONTH=13'"))
    tick(store, at("2026-03-02T09:00"))
    broken = store.read_now(lambda db: records.named(db, one.id))
    assert (broken.state, broken.problem) == ("broken", "BYMONTH=13: must be 1-12")
    assert told(store) == ["tick: BYMONTH=13: must be 1-12"]
    assert upcoming(store) is None


def test_a_clock_that_was_set_back(store: Store) -> None:
    one = put(store, NINE, SINCE)
    tick(store, at("2027-03-02T09:00"))  # a year ahead
    ended(store)
    now = at("2026-03-02T08:00")
    store.write_now(lambda db: look_again(db, one, now, add))
    assert upcoming(store) == at("2026-03-02T09:00")
    tick(store, at("2026-03-02T09:00"))
    assert runs(store)[-1].instant == at("2027-03-02T09:00")
    assert (at("2026-03-02T09:00"), "queued") in [(run.instant, run.status) for run in runs(store)]


def test_an_hour_that_comes_twice_for_the_clock_runs_once(store: Store) -> None:
    one = put(store, "FREQ=HOURLY", SINCE)
    tick(store, at("2026-03-01T11:00"))
    ended(store)
    store.write_now(lambda db: look_again(db, one, at("2026-03-01T10:30"), add))
    tick(store, at("2026-03-01T11:00"))
    tick(store, at("2026-03-01T12:00"))
    assert [run.instant for run in runs(store)] == [at("2026-03-01T11:00"), at("2026-03-01T12:00")]


def test_a_zone_that_has_other_rules_now_loses_nothing(store: Store) -> None:
    one = put(store, NINE, SINCE, tz="Europe/Paris")
    wrong = at("2026-03-02T07:00")  # as it was under older rules of the zone
    store.write_now(lambda db: db.execute("UPDATE automations SET next_run = ?, zones = 'old'", (wrong,)))
    store.write_now(lambda db: look_again(db, one, at("2026-03-04T12:00"), add))
    assert upcoming(store) == at("2026-03-02T08:00")  # those of two days are still to be accounted for
    tick(store, at("2026-03-04T12:00"))
    assert statuses(store) == [("skipped", "missed", 2), ("queued", None, 1)]


def test_what_is_stopped_by_hand(store: Store) -> None:
    one = put(store, NINE, SINCE)
    store.write_now(lambda db: put_runs(db, one, "manual", [SINCE, SINCE], SINCE))  # beside each other, in its lane
    assert store.write_now(lambda db: halt(db, one.id, "stopped")) == 2
    assert {(run.status, run.reason) for run in runs(store)} == {("cancelled", "stopped")}


RULES = (
    "FREQ=HOURLY;INTERVAL=5",
    NINE,
    "FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0",
    "FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=9",
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rule=st.sampled_from(RULES),
    misfire=st.sampled_from(["latest", "skip", "all"]),
    overlap=st.sampled_from(["skip", "queue", "replace"]),
    looks=st.lists(st.integers(1, 40 * HOUR), min_size=1, max_size=60),
)
def test_each_time_of_thirty_days_is_accounted_for_once(
    store: Store, rule: str, misfire: str, overlap: str, looks: list[int]
) -> None:
    """The process is there now and then; what runs ends, or goes on, before it looks again."""
    store.write_now(lambda db: db.execute("DELETE FROM automations"))
    since = at("2026-03-15T00:00")  # over a change of the clocks
    schedule = Schedule(rule, "2026-01-01T00:00", "Europe/Paris")
    one = put(store, rule, since, start=schedule.start, tz=schedule.tz, misfire=misfire, overlap=overlap)
    now = since
    for number, step in enumerate(looks):
        now = min(now + step, since + 30 * DAY)
        tick(store, now)
        if number % 3:
            ended(store)
    came = [milliseconds(moment_) for moment_ in _up_to(schedule, since, now)]
    found = runs(store)
    assert sum(run.times for run in found) == len(came)
    alone = [run.instant for run in found if run.times == 1]
    assert len(set(alone)) == len(alone)
    assert set(alone) <= set(came)
    assert store.read_now(lambda db: records.named(db, one.id)).next_run not in came
    assert structs.replace(one, next_run=None).schedule == schedule


def _up_to(schedule: Schedule, since: int, now: int) -> list:  # type: ignore[type-arg]
    found = []
    for when in schedule.recurrence().following(moment(since)):
        if milliseconds(when) > now:
            break
        found.append(when)
    return found


def test_one_that_there_is_already_takes_nobodys_place(store: Store) -> None:
    one = put(store, "FREQ=HOURLY", SINCE, overlap="replace")
    tick(store, SINCE + HOUR)
    store.write_now(
        lambda db: db.execute("UPDATE automations SET next_run = ?", (SINCE + HOUR,))
    )  # the clock was set back
    tick(store, SINCE + HOUR)
    assert [run.status for run in runs(store)] == ["queued"]
    again = store.write_now(
        lambda db: put_runs(db, one, "backfill", [SINCE + HOUR, SINCE + 2 * HOUR], SINCE + 3 * HOUR)
    )
    assert again == [run.id for run in runs(store)][1:]
