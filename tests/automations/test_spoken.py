"""How recurrence is put in words; ``test_words`` tries that they mean the same."""

from datetime import UTC, datetime

import pytest

from zotui.automations import spoken

NOW = datetime(2026, 12, 1, 10, 7, 33, tzinfo=UTC)
SPOKEN = {
    "FREQ=DAILY;BYHOUR=9": "every day at 09:00",
    "FREQ=DAILY": "every day at 00:00",
    "FREQ=WEEKLY": "every Tuesday at 00:00",
    "FREQ=MONTHLY;BYHOUR=9": "1st of every month at 09:00",
    "FREQ=YEARLY;BYHOUR=9": "every 1 December at 09:00",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9": "every weekday at 09:00",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU;BYHOUR=9": "every 2 weeks on weekends at 09:00 starting 2026-12-01",
    "FREQ=DAILY;BYDAY=MO,FR;BYHOUR=8,20;BYMINUTE=30": "every Monday and Friday at 08:30 and 20:30",
    "FREQ=MONTHLY;BYDAY=1MO,3FR;BYHOUR=9": "first Monday and third Friday of every month at 09:00",
    "FREQ=MONTHLY;BYDAY=1MO,-1MO;BYHOUR=9": "first and last Monday of every month at 09:00",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;BYHOUR=17": "last weekday of every month at 17:00",
    "FREQ=MONTHLY;BYMONTHDAY=1,15,-1;BYHOUR=9": "1st, 15th and last day of every month at 09:00",
    "FREQ=MONTHLY;BYMONTHDAY=11,12,13,21,22,23;BYHOUR=9": "11th, 12th, 13th, 21st, 22nd and 23rd of every month at 09:00",
    "FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1;BYHOUR=9": "every 1 January and 1 July at 09:00",
    "FREQ=DAILY;BYHOUR=9,10,11,12;BYMINUTE=0,30": "every 30 minutes between 09:00 and 12:30",
    "FREQ=DAILY;BYHOUR=9;BYMINUTE=0,1,5": "every day at 09:00, 09:01 and 09:05",
    "FREQ=MINUTELY;INTERVAL=15;BYDAY=MO": "every 15 minutes on Monday",
    "FREQ=MINUTELY;INTERVAL=7": "every 7 minutes starting 2026-12-01",
    "FREQ=HOURLY;BYMINUTE=5,35": "every hour at :05 and :35",
    "FREQ=DAILY;BYHOUR=9;UNTIL=20261231": "every day at 09:00 until 2026-12-31",
    "FREQ=DAILY;BYHOUR=9;COUNT=3": "every day at 09:00, 3 times starting 2026-12-01",
    "RDATE:20261225T080000": "once on 2026-12-25 at 08:00",
    "RDATE:20261225T080005,20261226T080000": "once on 2026-12-25 at 08:00:05; once on 2026-12-26 at 08:00",
    "RDATE:20261225T080000Z": "2026-12-25T08:00:00Z",
    "FREQ=DAILY;BYHOUR=9\nRRULE:FREQ=WEEKLY;BYDAY=SU;BYHOUR=12": "every day at 09:00; every Sunday at 12:00",
}
UNSPOKEN = [
    "FREQ=YEARLY;BYWEEKNO=20;BYHOUR=9",
    "FREQ=YEARLY;BYYEARDAY=100;BYHOUR=9",
    "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;BYHOUR=9",
    "FREQ=MONTHLY;BYDAY=MO,WE;BYHOUR=9",
    "FREQ=MONTHLY;BYMONTHDAY=-9;BYHOUR=9",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU;BYHOUR=9",
    "FREQ=WEEKLY;BYDAY=MO,FR;BYSETPOS=1;BYHOUR=9",
    "FREQ=DAILY;BYHOUR=9;UNTIL=20261231T090000Z",
    "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10",
    "FREQ=YEARLY;BYDAY=20MO;BYHOUR=9",
    "FREQ=DAILY;BYHOUR=9\nEXDATE:20261203",
    "not a rule",
]


@pytest.mark.parametrize(("rrule", "words"), SPOKEN.items())
def test_spoken(rrule: str, words: str) -> None:
    assert spoken(rrule, "2026-12-01T00:00:00", "Europe/Paris", NOW) == f"{words}, Europe/Paris"


@pytest.mark.parametrize("rrule", UNSPOKEN)
def test_what_has_no_simple_words_is_shown_as_it_is(rrule: str) -> None:
    assert spoken(rrule, "2026-12-01T00:00:00", "Europe/Paris", NOW) == rrule


def test_what_has_not_begun_says_when_it_does() -> None:
    assert spoken("FREQ=DAILY;BYHOUR=9", "2027-03-01", "UTC", NOW) == "every day at 09:00 starting 2027-03-01, UTC"
