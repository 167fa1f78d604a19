"""What is wrong with a rule is said in one line: the part, the value, what it may be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zotui.automations import NeverFires, occurrences
from zotui.automations.rule import FREQUENCIES, LISTS, Rule, parse

REFUSED = {
    "": "there is no rule",
    "FREQ": "FREQ: must be parts like FREQ=DAILY",
    "FREQ=": "FREQ=: must be parts like FREQ=DAILY",
    "every day": "every day: must be parts like FREQ=DAILY",
    "INTERVAL=2": "FREQ: is missing; it must be one of SECONDLY, MINUTELY",
    "FREQ=FORTNIGHTLY": "FREQ=FORTNIGHTLY: must be one of SECONDLY",
    "FREQ=DAILY;FREQ=DAILY": "FREQ=DAILY: is given twice",
    "FREQ=DAILY;BYHOUR=9;BYHOUR=9": "BYHOUR=9: is given twice",
    "FREQ=DAILY;BYHOURS=9": "BYHOURS=9: is no part of a rule; there are FREQ, INTERVAL",
    "FREQ=DAILY;BYEASTER=0": "BYEASTER=0: is no part of a rule",
    "FREQ=YEARLY;RSCALE=HEBREW": "RSCALE=HEBREW: is no part of a rule",
    "FREQ=DAILY;INTERVAL=0": "INTERVAL=0: must be 1-1,000,000",
    "FREQ=DAILY;INTERVAL=-1": "INTERVAL=-1: must be 1-1,000,000",
    "FREQ=DAILY;INTERVAL=1.5": "INTERVAL=1.5: must be 1-1,000,000",
    "FREQ=DAILY;INTERVAL=100000000000": "INTERVAL=100000000000: must be 1-1,000,000",
    "FREQ=DAILY;INTERVAL=²": "INTERVAL=²: must be 1-1,000,000",
    "FREQ=DAILY;COUNT=0": "COUNT=0: must be 1-1,000,000",
    "FREQ=DAILY;COUNT=-3": "COUNT=-3: must be 1-1,000,000",
    "FREQ=DAILY;COUNT=3;UNTIL=20271231": "COUNT=3: cannot stand beside UNTIL",
    "FREQ=DAILY;UNTIL=soon": "UNTIL=SOON: must be a date or a time, as 20271231",
    "FREQ=DAILY;UNTIL=20271332": "UNTIL=20271332: must be a date or a time",
    "FREQ=DAILY;UNTIL=20251231": "UNTIL=20251231: must not be before the start",
    "FREQ=DAILY;BYSECOND=61": "BYSECOND=61: must be 0-60",
    "FREQ=DAILY;BYMINUTE=60": "BYMINUTE=60: must be 0-59",
    "FREQ=DAILY;BYHOUR=24": "BYHOUR=24: must be 0-23",
    "FREQ=DAILY;BYHOUR=-1": "BYHOUR=-1: must be 0-23",
    "FREQ=DAILY;BYHOUR=9,,10": "BYHOUR=: must be 0-23",
    "FREQ=DAILY;BYMONTH=13": "BYMONTH=13: must be 1-12",
    "FREQ=DAILY;BYMONTH=JAN": "BYMONTH=JAN: must be 1-12",
    "FREQ=MONTHLY;BYMONTHDAY=0": "BYMONTHDAY=0: must be 1-31 or -31 to -1",
    "FREQ=MONTHLY;BYMONTHDAY=32": "BYMONTHDAY=32: must be 1-31 or -31 to -1",
    "FREQ=YEARLY;BYYEARDAY=367": "BYYEARDAY=367: must be 1-366 or -366 to -1",
    "FREQ=YEARLY;BYWEEKNO=54": "BYWEEKNO=54: must be 1-53 or -53 to -1",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0": "BYSETPOS=0: must be 1-366 or -366 to -1",
    "FREQ=MONTHLY;BYSETPOS=1": "BYSETPOS=1: needs another BY",
    "FREQ=DAILY;BYHOUR=9;BYSETPOS=2": "BYSETPOS=2: there are only 1 to pick from",
    "FREQ=DAILY;BYDAY=MON": "BYDAY=MON: must be MO, TU, WE",
    "FREQ=MONTHLY;BYDAY=0MO": "BYDAY=0MO: must be MO, TU, WE",
    "FREQ=YEARLY;BYDAY=54MO": "BYDAY=54MO: must be MO, TU, WE",
    "FREQ=WEEKLY;BYDAY=2MO": "BYDAY=2MO: a number before a day has a meaning only with FREQ MONTHLY or YEARLY",
    "FREQ=DAILY;BYDAY=2MO": "BYDAY=2MO: a number before a day has a meaning only with",
    "FREQ=YEARLY;BYWEEKNO=3;BYDAY=2MO": "BYDAY=2MO: a number before a day has no meaning with BYWEEKNO",
    "FREQ=MONTHLY;BYDAY=6MO": "BYDAY=6MO: a month has each day of the week 1-5 times",
    "FREQ=MONTHLY;BYWEEKNO=3": "BYWEEKNO=3: has no meaning with FREQ=MONTHLY, only with YEARLY",
    "FREQ=DAILY;BYYEARDAY=100": "BYYEARDAY=100: has no meaning with FREQ=DAILY",
    "FREQ=WEEKLY;BYMONTHDAY=1": "BYMONTHDAY=1: has no meaning with FREQ=WEEKLY",
    "FREQ=DAILY;WKST=XX": "WKST=XX: must be one of MO",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30": "BYMONTHDAY=30: never comes in BYMONTH=2",
    "FREQ=DAILY;BYMONTH=4,6;BYMONTHDAY=-31": "BYMONTHDAY=-31: never comes in BYMONTH=4,6",
    f"FREQ=DAILY;BYHOUR={','.join(['9'] * 500)}": "BYHOUR: at most 400 values, these are 500",
    f"FREQ=DAILY;X-A={'a' * 3000}": "RRULE: a rule has at most 2,000 characters",
    "EXRULE:FREQ=DAILY": "EXRULE: is no longer part of the standard",
    "RDATE;VALUE=PERIOD:20260101T000000Z/PT1H": "RDATE: a period of time is not supported",
    "FREQ=DAILY;BYHOUR=\x1b[31m": "BYHOUR=�[31M: must be 0-23",
}


@pytest.mark.parametrize("text", REFUSED, ids=[f"{number}-{text[:40]!r}" for number, text in enumerate(REFUSED)])
def test_it_is_said_what_is_wrong(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        occurrences(text, "2026-01-01T09:00")
    said = str(refused.value)
    assert REFUSED[text] in said
    assert len(said) < 260
    assert said.isprintable()


NEVER = [
    "FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
    "FREQ=MINUTELY;INTERVAL=1440;BYMINUTE=1",
    "FREQ=MONTHLY;INTERVAL=12;BYMONTH=5",
    "FREQ=YEARLY;INTERVAL=2;BYYEARDAY=366;BYMONTH=11",
    "FREQ=YEARLY;BYWEEKNO=30;BYMONTH=1",
    "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=20",
    "FREQ=DAILY;INTERVAL=7;BYDAY=SA",
    "FREQ=SECONDLY;INTERVAL=60;BYSECOND=7",
]


@pytest.mark.parametrize("rule", NEVER)
def test_what_never_fires_is_said_to(rule: str) -> None:
    with pytest.raises(NeverFires, match="never fires after its start"):
        occurrences(rule, "2026-01-01T09:00")


@pytest.mark.parametrize(
    ("start", "tz", "said"),
    [
        ("", "UTC", "start: is missing"),
        ("tomorrow", "UTC", "start=tomorrow: must be a time of the years 1800-9000"),
        ("12026-01-01T09:00", "UTC", "start=12026-01-01T09:00: must be a time of the years"),
        ("9999-12-31T23:59", "UTC", "start=9999-12-31T23:59: must be a time of the years"),
        ("2026-02-30", "UTC", "start=2026-02-30: must be a time"),
        ("2026-01-01T09:00", "Europe/Pari", "did you mean Europe/Paris"),
        ("2026-01-01T09:00", "new york", "did you mean America/New_York?"),
        ("2026-01-01T09:00", "oslo", "did you mean Europe/Oslo?"),
        ("2026-01-01T09:00", "../../etc/passwd", "tz=../../etc/passwd: is no known time zone; must be a name like"),
        ("2026-01-01T09:00", "", "tz=: is no known time zone; must be a name like Europe/Paris"),
        ("2026-01-01T09:00", "x" * 999, "is no known time zone"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_start_and_zone(start: str, tz: str, said: str) -> None:
    with pytest.raises(ValueError) as refused:
        occurrences("FREQ=DAILY", start, tz)
    assert said in str(refused.value)


def test_exdate_and_rdate_are_named() -> None:
    with pytest.raises(ValueError, match="EXDATE=never: must be a time"):
        occurrences("FREQ=DAILY", "2026-01-01", exdate=["never"])
    with pytest.raises(ValueError, match="RDATE=20261301: must be a time"):
        occurrences("", "2026-01-01", rdate=["20261301"])


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_text_does_anything_but_fire_or_be_refused(text: str) -> None:
    try:
        found = occurrences(text, "2026-01-01T09:00", n=2)
    except ValueError:
        return
    assert found


PARTS = st.fixed_dictionaries(
    {"FREQ": st.sampled_from(FREQUENCIES), "INTERVAL": st.integers(-1, 40)},
    optional={name: st.lists(st.integers(-most - 1, most + 1), max_size=3) for name, (_, most, _) in LISTS.items()},
)


@given(PARTS)
@settings(max_examples=200, deadline=None)
def test_what_is_read_is_written_the_same(parts: dict[str, object]) -> None:
    said = {name: ",".join(map(str, value)) if isinstance(value, list) else value for name, value in parts.items()}
    try:
        rule = parse(";".join(f"{name}={value}" for name, value in said.items()))
    except ValueError:
        return
    assert isinstance(rule, Rule)
    assert parse(str(rule)) == rule
