"""Lines of cron, compared with what crontab(5) says of them, minute by minute."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, product, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zotui.automations import NeverFires, Recurrence, occurrences, understood
from zotui.automations.words import cron

NOW = datetime(2026, 12, 1, 10, 7, 33, tzinfo=UTC)
END = NOW + timedelta(days=45)
MOST = 100  # times that are compared
LIMITS = (0, 59), (0, 23), (1, 31), (1, 12), (0, 7)


def numbers(field: str, least: int, most: int) -> set[int]:
    """What a field of a line stands for, without names."""
    found: set[int] = set()
    for item in field.split(","):
        span, _, step = item.partition("/")
        first, _, last = ("0-7" if span == "*" and most == 7 else f"{least}-{most}" if span == "*" else span).partition(
            "-"
        )
        end = int(last) if last else most if step else int(first)
        found |= set(range(int(first), end + 1, int(step or 1)))
    return found


def times(line: str) -> Iterator[datetime]:
    """The times of a line from NOW to END, in UTC."""
    fields = line.split()
    minutes, hours, days, months, names = (numbers(one, *limits) for one, limits in zip(fields, LIMITS, strict=True))
    both = "*" in (fields[2][0], fields[4][0])
    for ahead in range(46):
        day = (NOW + timedelta(days=ahead)).replace(hour=0, minute=0, second=0)
        by_number, by_name = day.day in days, (day.isoweekday() in names or (day.isoweekday() == 7 and 0 in names))
        if day.month in months and ((by_number and by_name) if both else (by_number or by_name)):
            found = (day.replace(hour=hour, minute=minute) for hour, minute in product(sorted(hours), sorted(minutes)))
            yield from (at for at in found if NOW < at <= END)


@st.composite
def fields(draw: st.DrawFn, least: int, most: int) -> str:
    number = st.integers(least, most)
    first, last = sorted((draw(number), draw(number)))
    step = draw(st.integers(1, most + 3))
    items = [
        "*",
        f"{first}",
        f"{first}-{last}",
        f"*/{step}",
        f"{first}/{step}",
        f"{first}-{last}/{step}",
        f"{first},{last}",
    ]
    return draw(st.sampled_from(items))


@given(st.tuples(*(fields(*limits) for limits in LIMITS)).map(" ".join))
@settings(max_examples=200, deadline=None)
def test_against_the_manual(line: str) -> None:
    wanted = list(islice(times(line), MOST))
    assert list(islice(following(line), MOST)) == wanted


def following(line: str) -> Iterator[datetime]:
    """The times of a line from NOW to END, as the rules have them."""
    try:
        found = Recurrence("\n".join(cron.rules(line)), "2026-12-01").following(NOW)
        yield from takewhile(lambda at: at <= END, found)
    except NeverFires:
        return
    except ValueError as error:
        if "never comes in" not in str(error):  # the 31st of months that have none
            raise


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("0 9 * * mon-fri", "0 9 * * 1-5"),
        ("0 9 * JAN,Jul sun", "0 9 * 1,7 0"),
        ("0 0 * * 7", "0 0 * * 0"),
        ("0 0 * * 5-7", "0 0 * * 0,5,6"),
        ("@weekly", "0 0 * * 0"),
        ("@annually", "@yearly"),
    ],
)
def test_names(line: str, same: str) -> None:
    assert cron.rules(line) == cron.rules(same)


def test_an_hour_that_comes_twice() -> None:
    """What names its hours goes by the clock on the wall, once; what leaves them open by the time that passes."""
    now = datetime(2027, 10, 30, 23, 0, tzinfo=UTC)
    daily, hourly = (understood(line, now, "Europe/Paris") for line in ("30 2 * * *", "30 * * * *"))
    found = [occurrences(when.rrule, when.start, when.tz, after=now, n=4) for when in (daily, hourly)]
    assert [f"{at.astimezone(UTC):%d %H:%M}" for at in found[0]] == ["31 00:30", "01 01:30", "02 01:30", "03 01:30"]
    assert [f"{at.astimezone(UTC):%d %H:%M}" for at in found[1]] == ["30 23:30", "31 00:30", "31 01:30", "31 02:30"]
