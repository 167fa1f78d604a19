"""What is asked of an automation, made into what is kept; and refused in one line."""

from datetime import UTC, datetime
from typing import Any

import pytest

from zotui.automations.automation import Action, Policy
from zotui.automations.made import action_of, policy_of, refuse_unknown, rescheduled, schedule_of, upcoming
from zotui.errors import UsageError

NOW = datetime(2026, 3, 1, 10, 20, 30, tzinfo=UTC)


def first(asked: dict[str, Any]) -> str:
    schedule, _ = schedule_of({"tz": "UTC", **asked}, NOW)
    found = upcoming(schedule, NOW, 1)
    return found[0].isoformat() if found else ""


@pytest.mark.parametrize(
    ("rrule", "expected"),
    [
        ("FREQ=DAILY;BYHOUR=9", "2026-03-02T09:00:00+00:00"),
        ("FREQ=DAILY;BYHOUR=11", "2026-03-01T11:00:00+00:00"),
        ("FREQ=HOURLY", "2026-03-01T11:00:00+00:00"),
        ("FREQ=MINUTELY;INTERVAL=15", "2026-03-01T10:30:00+00:00"),
        ("FREQ=DAILY;BYHOUR=9;COUNT=3", "2026-03-02T09:00:00+00:00"),
        ("DTSTART;TZID=Europe/Paris:20260301T090000\nRRULE:FREQ=DAILY", "2026-03-02T09:00:00+01:00"),
    ],
)
def test_without_a_start_times_are_round(rrule: str, expected: str) -> None:
    assert first({"rrule": rrule}) == expected


def test_what_is_counted_is_counted_from_now_on() -> None:
    schedule, _ = schedule_of({"rrule": "FREQ=DAILY;BYHOUR=9;COUNT=3", "tz": "UTC"}, NOW)
    assert [at.day for at in upcoming(schedule, NOW, 9)] == [2, 3, 4]


def test_what_acts_on_a_terminal_is_in_no_rule() -> None:
    schedule, _ = schedule_of({"rrule": "FREQ=DAILY;X-A=\x1b[2Jb\nRRULE:FREQ=WEEKLY", "tz": "UTC"}, NOW)
    assert schedule.rrule == "FREQ=DAILY;X-A=b\nRRULE:FREQ=WEEKLY"


def test_a_time_alone() -> None:
    assert first({"rdate": ["2026-03-05T18:00"]}) == "2026-03-05T18:00:00+00:00"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "when shall it happen"),
        ({"rrule": "FREQ=DAILY", "text": "every day"}, "when shall it happen"),
        ({"rrule": "FREQ=SECONDLY"}, "1 s lie between two times: must be 60 s at least"),
        ({"rrule": "FREQ=MINUTELY;BYSECOND=0,30"}, "30 s lie between"),
        ({"rrule": "FREQ=DAILY;BYMONTH=13"}, "BYMONTH=13: must be 1-12"),
        ({"rrule": "FREQ=DAILY", "tz": "Europe/Pari"}, "did you mean Europe/Paris"),
        ({"rrule": "FREQ=DAILY", "start": "10000-01-01"}, "start=10000-01-01: must be a time of the years"),
        ({"rrule": "FREQ=DAILY", "start": "soon"}, "start=soon"),
        ({"rrule": "FREQ=DAILY", "exdate": ["x"]}, "EXDATE=x"),
    ],
)
def test_when_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        schedule_of(asked, NOW)


def test_what_happens() -> None:
    asked = {"skill": "notes", "arguments": {"n": 3}, "hosts": ["a.org"], "text": "every day", "retries": 3}
    assert action_of(asked, lambda action: action) == Action("skill", "notes", {"n": 3}, hosts=("a.org",))


@pytest.mark.parametrize(
    "asked",
    [{}, {"ask": "a", "run": "b"}, {"ask": "\x1b"}, {"ask": "x" * 100_001}, {"ask": "a", "arguments": 3}],
    ids=["nothing", "two", "blank", "long", "no object"],
)
def test_what_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        action_of(asked, lambda action: action)


def test_a_policy_keeps_what_is_not_said() -> None:
    old = policy_of({"misfire": "all", "quiet": "22:00-07:00", "deliver": ["file:a", "FILE: a"]})
    assert old.deliver == ("file:a",)
    assert policy_of({"retries": 2}, old) == Policy(misfire="all", quiet="22:00-07:00", deliver=("file:a",), retries=2)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"misfire": "never"}, "never"),
        ({"retries": 11}, "retries=11: must be 0-10"),
        ({"timeout_s": 0}, "timeout_s=0: must be 1-86,400"),
        ({"budget": -1}, "budget"),
        ({"budget": float("nan")}, "budget"),
        ({"quiet": "late"}, "quiet=late"),
        ({"notify_if": "output +"}, "no expression"),
        ({"deliver": ["carrier pigeon"]}, "nothing to deliver to"),
        ({"deliver": ["file:/etc/passwd"]}, "nothing to deliver to"),
        ({"deliver": ["file:a/../../b"]}, "nothing to deliver to"),
        ({"deliver": ["webhook:ftp://x"]}, "nothing to deliver to"),
        ({"deliver": ["mail:a@b, c@d"]}, "nothing to deliver to"),
    ],
    ids=repr,
)
def test_a_policy_that_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        policy_of(asked)


def test_what_nobody_knows_is_named() -> None:
    with pytest.raises(UsageError, match="'colour' is nothing that an automation has"):
        refuse_unknown({"ask": "a", "colour": "red"})


def test_what_is_not_said_anew_stays() -> None:
    old, _ = schedule_of(
        {"text": "every day at 9", "tz": "Europe/Paris", "exdate": ["2026-03-05"], "changed": "in"}, NOW
    )
    new, _ = rescheduled({"text": "every day at 10"}, old, NOW)
    assert (new.exdate, new.changed, new.tz, new.words) == (old.exdate, "in", "Europe/Paris", "every day at 10")
    other, _ = rescheduled({"changed": "out"}, old, NOW)
    assert (other.changed, other.words, other.rrule) == ("out", "every day at 9", old.rrule)
    moved, _ = rescheduled({"tz": "UTC"}, old, NOW)
    assert (moved.tz, moved.words, moved.rrule) == ("UTC", "", old.rrule)
    assert rescheduled({"title": "x"}, old, NOW)[0] == old
