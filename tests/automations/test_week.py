"""The week ahead: in which hours something happens."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from zotui.automations import week as module
from zotui.automations.automation import Schedule
from zotui.automations.week import week

NOW = datetime(2026, 10, 23, 12, 30, tzinfo=UTC)  # a Friday; the clocks go back on the Sunday
PARIS = ZoneInfo("Europe/Paris")


def hours(
    rrule: str, start: str = "2020-01-01T00:00:00", tz: str = "Europe/Paris", zone: ZoneInfo = PARIS
) -> list[str]:
    found = week([("it", Schedule(rrule, start, tz))], NOW, zone)
    assert found.is_whole
    return [f"{at:%a %H:%M}" for at in found.moments["it"]]


def test_from_now_until_the_end_of_the_sixth_day() -> None:
    assert hours("FREQ=DAILY;BYHOUR=9") == [
        "Sat 09:00",
        "Sun 09:00",
        "Mon 09:00",
        "Tue 09:00",
        "Wed 09:00",
        "Thu 09:00",
    ]
    assert hours("FREQ=DAILY;BYHOUR=15")[0] == "Fri 15:00"
    assert hours("FREQ=WEEKLY;BYDAY=FR;BYHOUR=14") == []  # it was half an hour ago
    assert hours("FREQ=DAILY;BYHOUR=23;BYMINUTE=59")[-1] == "Thu 23:59"


def test_moments_are_on_the_clock_of_the_one_who_looks() -> None:
    assert hours("FREQ=DAILY;BYHOUR=9", tz="Asia/Tokyo")[:3] == ["Sat 02:00", "Sun 02:00", "Mon 01:00"]


@pytest.mark.parametrize(
    "rrule", ["FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=MINUTELY;INTERVAL=7", "FREQ=HOURLY;BYMINUTE=0,10,20,30,40,50"]
)
def test_of_what_happens_often_the_first_of_each_hour_and_no_hour_is_left_out(rrule: str) -> None:
    found = week([("it", Schedule(rrule, "2026-10-01T00:00:00", "UTC"))], NOW, PARIS).moments["it"]
    first = 0 if rrule != "FREQ=HOURLY" else 1  # of the hour that is under way there is no more
    assert len(found) == 10 + 24 + 25 + 4 * 24 - first
    assert len({(at.date(), at.hour, at.fold) for at in found}) == len(found)


def test_the_hour_that_comes_twice_is_there_twice() -> None:
    found = week([("it", Schedule("FREQ=HOURLY", "2026-10-01T00:00:00", "UTC"))], NOW, PARIS).moments["it"]
    assert [at.fold for at in found if (at.day, at.hour) == (25, 2)] == [0, 1]


@pytest.mark.parametrize("rrule", ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "nonsense", "FREQ=DAILY;COUNT=3"])
def test_what_is_over_or_cannot_be_read_has_no_moments(rrule: str) -> None:
    assert hours(rrule) == []


def test_it_ends_where_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.0)
    one = Schedule("FREQ=MINUTELY", "2026-10-01T00:00:00", "UTC")
    found = week([("it", one), ("other", one)], NOW, PARIS)
    assert not found.is_whole
    assert "other" not in found.moments
