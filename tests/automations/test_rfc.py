"""The examples of RFC 5545, section 3.8.5.3: all of them, as they stand there, from 1997 in New York."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

import pytest

from zotui.automations import Recurrence

NINE = "1997-09-02T09:00"


def days(text: str) -> list[str]:
    """``1997-09 2-4 11, 1997-10 1``: those days."""
    found = []
    for month in text.split(","):
        name, *numbers = month.split()
        for one in numbers:
            first, _, last = one.partition("-")
            found += [f"{name}-{day:02}" for day in range(int(first), int(last or first) + 1)]
    return found


def of(rule: str, start: str = NINE, exdate: tuple[str, ...] = ()) -> Iterator[datetime]:
    return iter(Recurrence(rule, start, "America/New_York", exdate))


# rule, its start, its first days at the time of the start, and whether these are all of them
DAYS = [
    ("FREQ=DAILY;COUNT=10", NINE, "1997-09 2-11", True),
    ("FREQ=DAILY;UNTIL=19971224T000000Z", NINE, "1997-09 2-30, 1997-10 1-31, 1997-11 1-30, 1997-12 1-23", True),
    ("FREQ=DAILY;INTERVAL=2", NINE, "1997-09 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30, 1997-10 2 4", False),
    ("FREQ=DAILY;INTERVAL=10;COUNT=5", NINE, "1997-09 2 12 22, 1997-10 2 12", True),
    (
        "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        "1998-01-01T09:00",
        "1998-01 1-31, 1999-01 1-31, 2000-01 1-31",
        True,
    ),
    (
        "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1",
        "1998-01-01T09:00",
        "1998-01 1-31, 1999-01 1-31, 2000-01 1-31",
        True,
    ),
    ("FREQ=WEEKLY;COUNT=10", NINE, "1997-09 2 9 16 23 30, 1997-10 7 14 21 28, 1997-11 4", True),
    (
        "FREQ=WEEKLY;UNTIL=19971224T000000Z",
        NINE,
        "1997-09 2 9 16 23 30, 1997-10 7 14 21 28, 1997-11 4 11 18 25, 1997-12 2 9 16 23",
        True,
    ),
    ("FREQ=WEEKLY;INTERVAL=2;WKST=SU", NINE, "1997-09 2 16 30, 1997-10 14 28, 1997-11 11 25, 1997-12 9 23", False),
    (
        "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
        NINE,
        "1997-09 2 4 9 11 16 18 23 25 30, 1997-10 2",
        True,
    ),
    ("FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", NINE, "1997-09 2 4 9 11 16 18 23 25 30, 1997-10 2", True),
    (
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
        "1997-09-01T09:00",
        "1997-09 1 3 5 15 17 19 29, 1997-10 1 3 13 15 17 27 29 31, 1997-11 10 12 14 24 26 28, 1997-12 8 10 12 22",
        True,
    ),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", NINE, "1997-09 2 4 16 18 30, 1997-10 2 14 16", True),
    (
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        "1997-09-05T09:00",
        "1997-09 5, 1997-10 3, 1997-11 7, 1997-12 5, 1998-01 2, 1998-02 6, 1998-03 6, 1998-04 3, 1998-05 1, 1998-06 5",
        True,
    ),
    (
        "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",
        "1997-09-05T09:00",
        "1997-09 5, 1997-10 3, 1997-11 7, 1997-12 5",
        True,
    ),
    (
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        "1997-09-07T09:00",
        "1997-09 7 28, 1997-11 2 30, 1998-01 4 25, 1998-03 1 29, 1998-05 3 31",
        True,
    ),
    (
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        "1997-09-22T09:00",
        "1997-09 22, 1997-10 20, 1997-11 17, 1997-12 22, 1998-01 19, 1998-02 16",
        True,
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        "1997-09-28T09:00",
        "1997-09 28, 1997-10 29, 1997-11 28, 1997-12 29, 1998-01 29, 1998-02 26",
        False,
    ),
    (
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        NINE,
        "1997-09 2 15, 1997-10 2 15, 1997-11 2 15, 1997-12 2 15, 1998-01 2 15",
        True,
    ),
    (
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        "1997-09-30T09:00",
        "1997-09 30, 1997-10 1 31, 1997-11 1 30, 1997-12 1 31, 1998-01 1 31, 1998-02 1",
        True,
    ),
    (
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        "1997-09-10T09:00",
        "1997-09 10-15, 1999-03 10-13",
        True,
    ),
    (
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        NINE,
        "1997-09 2 9 16 23 30, 1997-11 4 11 18 25, 1998-01 6 13 20 27, 1998-03 3 10 17 24 31",
        False,
    ),
    (
        "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        "1997-06-10T09:00",
        "1997-06 10, 1997-07 10, 1998-06 10, 1998-07 10, 1999-06 10, 1999-07 10, 2000-06 10, 2000-07 10, 2001-06 10, 2001-07 10",
        True,
    ),
    (
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        "1997-03-10T09:00",
        "1997-03 10, 1999-01 10, 1999-02 10, 1999-03 10, 2001-01 10, 2001-02 10, 2001-03 10, 2003-01 10, 2003-02 10, 2003-03 10",
        True,
    ),
    (
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        "1997-01-01T09:00",
        "1997-01 1, 1997-04 10, 1997-07 19, 2000-01 1, 2000-04 9, 2000-07 18, 2003-01 1, 2003-04 10, 2003-07 19, 2006-01 1",
        True,
    ),
    ("FREQ=YEARLY;BYDAY=20MO", "1997-05-19T09:00", "1997-05 19, 1998-05 18, 1999-05 17", False),
    ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997-05-12T09:00", "1997-05 12, 1998-05 11, 1999-05 17", False),
    (
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        "1997-03-13T09:00",
        "1997-03 13 20 27, 1998-03 5 12 19 26, 1999-03 4 11 18 25",
        False,
    ),
    (
        "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
        "1997-06-05T09:00",
        "1997-06 5 12 19 26, 1997-07 3 10 17 24 31, 1997-08 7 14 21 28, 1998-06 4",
        False,
    ),
    (
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        NINE,
        "1998-02 13, 1998-03 13, 1998-11 13, 1999-08 13, 2000-10 13",
        False,
    ),
    (
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        "1997-09-13T09:00",
        "1997-09 13, 1997-10 11, 1997-11 8, 1997-12 13, 1998-01 10, 1998-02 7, 1998-03 7, 1998-04 11",
        False,
    ),
    (
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "1996-11-05T09:00",
        "1996-11 5, 2000-11 7, 2004-11 2",
        False,
    ),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04T09:00", "1997-09 4, 1997-10 7, 1997-11 6", True),
    (
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        "1997-09-29T09:00",
        "1997-09 29, 1997-10 30, 1997-11 27, 1997-12 30, 1998-01 29, 1998-02 26, 1998-03 30",
        False,
    ),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05T09:00", "1997-08 5 10 19 24", True),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05T09:00", "1997-08 5 17 19 31", True),
    (
        "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        "2007-01-15T09:00",
        "2007-01 15 30, 2007-02 15, 2007-03 15 30",
        True,
    ),
]


@pytest.mark.parametrize(("rule", "start", "text", "whole"), DAYS, ids=[rule for rule, *_ in DAYS])
def test_days(rule: str, start: str, text: str, whole: bool) -> None:
    wanted = days(text)
    found = list(islice(of(rule, start), len(wanted) + 2))
    assert {f"{at:%H:%M}" for at in found} == {"09:00"}
    assert [f"{at:%Y-%m-%d}" for at in found][: None if whole else len(wanted)] == wanted


def test_an_exdate_is_left_out() -> None:
    found = list(islice(of("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", NINE, ("1997-09-02T09:00", "1998-02-13T09:00")), 2))
    assert [f"{at:%Y-%m-%d}" for at in found] == ["1998-03-13", "1998-11-13"]


# rule, and the first times of the day, or of its days
TIMES = [
    ("FREQ=MINUTELY;INTERVAL=15;COUNT=6", "2 09:00 09:15 09:30 09:45 10:00 10:15", True),
    ("FREQ=MINUTELY;INTERVAL=90;COUNT=4", "2 09:00 10:30 12:00 13:30", True),
    # The standard's own list goes on to 15:00, which is later than its UNTIL (17:00Z is 13:00 in New York).
    ("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z", "2 09:00 12:00", True),
    ("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T190000Z", "2 09:00 12:00 15:00", True),
]
EVERY_20 = " ".join(f"{hour:02}:{minute:02}" for hour in range(9, 17) for minute in (0, 20, 40))
TIMES += [
    (rule, f"2 {EVERY_20}, 3 {EVERY_20}", False)
    for rule in (
        "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40",
        "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16",
    )
]


@pytest.mark.parametrize(("rule", "text", "whole"), TIMES, ids=[f"{rule}-{whole}" for rule, _, whole in TIMES])
def test_times(rule: str, text: str, whole: bool) -> None:
    wanted = [f"1997-09-0{day.split()[0]} {at}" for day in text.split(",") for at in day.split()[1:]]
    found = [f"{at:%Y-%m-%d %H:%M}" for at in islice(of(rule), len(wanted) + 2)]
    assert found[: None if whole else len(wanted)] == wanted
