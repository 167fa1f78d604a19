"""Clocks that go forward and back: what happens to what should happen then."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zotui.automations import occurrences

# zone, rule, start, and its first moments in UTC
CHANGES = [
    ("America/New_York", "FREQ=DAILY", "2026-03-07T09:00", "03-07 14:00, 03-08 13:00, 03-09 13:00"),
    ("America/New_York", "FREQ=DAILY", "2026-03-07T02:30", "03-07 07:30, 03-08 07:30, 03-09 06:30"),  # the gap: 3:30
    ("America/New_York", "FREQ=DAILY", "2026-10-31T01:30", "10-31 05:30, 11-01 05:30, 11-02 06:30"),  # the first of two
    ("America/New_York", "FREQ=HOURLY", "2026-03-08T00:30", "03-08 05:30, 03-08 06:30, 03-08 07:30"),
    ("America/New_York", "FREQ=HOURLY", "2026-11-01T00:30", "11-01 04:30, 11-01 05:30, 11-01 06:30, 11-01 07:30"),
    ("America/New_York", "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30", "2026-03-08", "03-08 07:00, 03-08 07:30, 03-09 06:00"),
    ("America/New_York", "FREQ=MINUTELY;INTERVAL=30;BYHOUR=2", "2026-03-07T12:00", "03-09 06:00, 03-09 06:30"),
    ("America/New_York", "FREQ=MINUTELY;INTERVAL=30;BYHOUR=1", "2026-11-01", "11-01 05:00, 11-01 05:30, 11-01 06:00"),
    ("Europe/London", "FREQ=DAILY", "2026-03-28T01:30", "03-28 01:30, 03-29 01:30, 03-30 00:30"),
    ("Europe/London", "FREQ=WEEKLY;BYDAY=SU", "2026-10-18T01:30", "10-18 00:30, 10-25 00:30, 11-01 01:30"),
    ("Australia/Lord_Howe", "FREQ=DAILY", "2026-10-03T02:15", "10-02 15:45, 10-03 15:45, 10-04 15:15"),  # half an hour
    ("Australia/Lord_Howe", "FREQ=DAILY", "2026-04-04T01:45", "04-03 14:45, 04-04 14:45, 04-05 15:15"),
    ("Australia/Lord_Howe", "FREQ=HOURLY", "2026-10-04T01:00", "10-03 14:30, 10-03 15:30, 10-03 16:30"),
    ("Asia/Kolkata", "FREQ=DAILY", "2026-03-28T00:15", "03-27 18:45, 03-28 18:45, 03-29 18:45"),  # never changes
    ("Africa/Casablanca", "FREQ=DAILY", "2026-02-14T03:30", "02-14 02:30, 02-15 03:30, 02-16 03:30"),  # Ramadan
    ("Africa/Casablanca", "FREQ=DAILY", "2026-03-21T02:30", "03-21 02:30, 03-22 02:30, 03-23 01:30"),
    ("Pacific/Apia", "FREQ=DAILY", "2011-12-29T09:00", "12-29 19:00, 12-30 19:00, 12-31 19:00"),  # a day that never was
    ("America/Havana", "FREQ=DAILY", "2026-03-07T00:00", "03-07 05:00, 03-08 05:00, 03-09 04:00"),  # a gap at midnight
    ("UTC", "FREQ=DAILY;UNTIL=20260102", "2026-01-01T23:59", "01-01 23:59, 01-02 23:59"),
    ("America/New_York", "FREQ=DAILY;UNTIL=20260102T140000Z", "2026-01-01T09:00", "01-01 14:00, 01-02 14:00"),
    ("America/New_York", "FREQ=DAILY;UNTIL=20260102T085959", "2026-01-01T09:00", "01-01 14:00"),
    ("America/New_York", "FREQ=DAILY;UNTIL=2026-01-02", "2026-01-01T23:30", "01-02 04:30, 01-03 04:30"),
]


@pytest.mark.parametrize(("zone", "rule", "start", "wanted"), CHANGES, ids=lambda value: str(value)[:32])
def test_changes(zone: str, rule: str, start: str, wanted: str) -> None:
    moments = wanted.split(", ")
    found = occurrences(rule, start, zone, n=len(moments) + ("UNTIL" in rule))
    assert [f"{at.astimezone(UTC):%m-%d %H:%M}" for at in found] == moments
    assert {str(at.tzinfo) for at in found} == {zone}


@given(
    st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia"]),
    st.sampled_from(["DAILY;BYHOUR=0,1,2,3", "DAILY", "HOURLY", "MINUTELY;INTERVAL=45", "WEEKLY", "HOURLY;BYHOUR=1,2"]),
    st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)),
)
@settings(max_examples=120, deadline=None)
def test_moments_are_in_order_and_none_comes_twice(zone: str, rule: str, start: datetime) -> None:
    start = start.replace(microsecond=0)
    found = utc(occurrences(f"FREQ={rule}", start, zone, n=300))
    assert all(one < other for one, other in pairwise(found))
    # From any of them on, the rest are the same, however far it is from the start.
    at = found[217]
    assert utc(occurrences(f"FREQ={rule}", start, zone, after=at, n=20)) == found[218:238]
    assert utc(occurrences(f"FREQ={rule}", start, zone, after=at - timedelta(seconds=1), n=3)) == found[217:220]


def utc(found: list[datetime]) -> list[datetime]:
    """In UTC: Python compares times of one zone by what its clocks show."""
    return [at.astimezone(UTC) for at in found]


def test_a_count_counts_what_the_rule_says_not_what_is_left_of_it() -> None:
    assert len(occurrences("FREQ=DAILY;COUNT=3", "2026-01-01", exdate=["2026-01-02"], n=9)) == 2
    assert len(occurrences("FREQ=DAILY;BYHOUR=2,3;COUNT=4", "2026-03-08", "America/New_York", n=9)) == 3
    rule = "FREQ=MINUTELY;COUNT=100000"
    late = occurrences(rule, "2026-01-01", after="2026-03-11T10:38:30", n=9)
    assert [f"{at:%d %H:%M}" for at in late] == ["11 10:39"]
    for filtered in ("FREQ=MINUTELY;COUNT=90;BYHOUR=9", "FREQ=WEEKLY;COUNT=3;BYDAY=TU,TH"):
        every = occurrences(filtered, "2026-01-01", n=200)
        assert occurrences(filtered, "2026-01-01", after=every[0], n=200) == every[1:]


def test_an_exdate_is_an_instant_or_a_day_and_an_rdate_adds() -> None:
    exdate = ["20260102T140000Z", "2026-01-04", "2026-01-05T08:59"]
    found = occurrences(
        "FREQ=DAILY", "2026-01-01T09:00", "America/New_York", exdate, ["2026-01-02T17:00", "20260103"], n=5
    )
    assert [f"{at:%d %H:%M}" for at in found] == ["01 09:00", "02 17:00", "03 09:00", "05 09:00", "06 09:00"]
    assert [f"{at:%d %H:%M}" for at in occurrences("", "2026-01-01T09:00", rdate=["20260107", "20260105"])] == [
        "05 09:00",
        "07 09:00",
    ]


CALENDAR = """DTSTART;TZID=Europe/Paris:20260302T090000
RRULE;X-FROM=elsewhere:freq=weekly;byday=MO,
 WE;X-COLOUR=red;
RRULE:FREQ=MONTHLY;BYMONTHDAY=1,2
EXDATE;TZID=Europe/Paris:20260304T090000,20260309T090000
RDATE;VALUE=DATE:20260310
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_the_lines_of_a_calendar(newline: str) -> None:
    found = occurrences(CALENDAR.replace("\n", newline), n=7)
    assert [f"{at:%m-%d %H:%M %Z}" for at in found] == [
        "03-02 09:00 CET",
        "03-10 09:00 CET",
        "03-11 09:00 CET",
        "03-16 09:00 CET",
        "03-18 09:00 CET",
        "03-23 09:00 CET",
        "03-25 09:00 CET",
    ]


def test_what_dateutil_gets_wrong() -> None:
    def days(rule: str, start: str) -> list[str]:
        return [f"{at:%Y-%m-%d}" for at in occurrences(rule, start, n=3)]

    assert days("FREQ=YEARLY;BYWEEKNO=20", "2026-01-01") == ["2026-05-14", "2027-05-20", "2028-05-18"]  # Thursdays
    assert days("FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO", "2024-01-01") == [
        "2024-01-01",
        "2025-12-29",
        "2028-01-03",
    ]
    assert days("FREQ=WEEKLY;BYDAY=MO,TU,FR;BYSETPOS=1", "2026-01-01") == ["2026-01-05", "2026-01-12", "2026-01-19"]
    assert days("FREQ=MONTHLY;BYDAY=FR,1MO", "2026-01-01") == ["2026-01-02", "2026-01-05", "2026-01-09"]


def test_a_start_with_an_offset_is_read_in_the_zone() -> None:
    (found,) = occurrences("FREQ=DAILY", "2026-01-01T09:00:00+01:00", "America/New_York", n=1)
    assert found.isoformat() == "2026-01-01T03:00:00-05:00"
    assert occurrences("FREQ=DAILY", datetime(2026, 1, 1, 8, tzinfo=UTC), "Europe/Paris", n=1)[0].hour == 9
