"""Against python-dateutil as it is, on random rules; what is left out is what it is known to get wrong."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice

from dateutil.rrule import rrulestr

from zotui.automations import NeverFires, Recurrence
from zotui.automations.rule import ELAPSED, FREQUENCIES, WEEKDAYS, Rule, parse

RULES = 5_000
FIRST = 12  # moments of each that are compared

# Seconds of one step where dateutil looks at every one on its way: it is not sent far.
STEPS = {"SECONDLY": 1, "MINUTELY": 60, "HOURLY": 3_600, "DAILY": 86_400, "WEEKLY": 0, "MONTHLY": 0, "YEARLY": 0}
# What dateutil gets wrong.
FAULTS: dict[str, Callable[[Rule], bool]] = {
    "BYWEEKNO without a day means all seven": lambda r: (
        bool(r.byweekno) and not (r.byday or r.bymonthday or r.byyearday)
    ),
    "of BYWEEKNO with an interval it loses the days over the edge of a year": lambda r: (
        bool(r.byweekno) and r.interval > 1
    ),
    "of BYWEEKNO it counts BYSETPOS within the calendar year": lambda r: bool(r.byweekno and r.bysetpos),
    "it loses the days of a week 1 that is counted from the end, before the year begins": lambda r: (
        not {-53, -52}.isdisjoint(r.byweekno)
    ),
    "it picks BYSETPOS from a first week that is not whole": lambda r: r.freq == "WEEKLY" and bool(r.bysetpos),
    "days with and without an ordinal have nothing in common": lambda r: len({bool(n) for n, _ in r.byday}) > 1,
}


def numbers(rng: random.Random, least: int, most: int, negative: bool = False) -> str:
    found = {rng.randint(least, most) for _ in range(rng.choice([1, 1, 2, 3, 5]))}
    return ",".join(str(-n if negative and rng.random() < 0.3 else n) for n in sorted(found))


def some_rule(rng: random.Random) -> str:
    freq = rng.choice(FREQUENCIES)
    parts = [f"FREQ={freq}"]
    if rng.random() < 0.5:
        parts.append(f"INTERVAL={rng.choice([1, 2, 2, 3, 4, 5, 7, 10, 12, 24, 90])}")

    days = 0.15 if freq in ELAPSED else 1  # where a day seldom fits, both would look through many steps

    def maybe(chance: float, name: str, least: int, most: int, negative: bool = False) -> None:
        if rng.random() < chance:
            parts.append(f"{name}={numbers(rng, least, most, negative)}")

    maybe(0.25 * days, "BYMONTH", 1, 12)
    if freq != "WEEKLY":
        maybe(0.25 * days, "BYMONTHDAY", 1, 31, negative=True)
    if freq not in ("DAILY", "WEEKLY", "MONTHLY"):
        maybe(0.08 * days, "BYYEARDAY", 1, 366, negative=True)
    if freq == "YEARLY":
        maybe(0.1, "BYWEEKNO", 1, 53, negative=True)
    if rng.random() < 0.35:
        names = rng.sample(WEEKDAYS, rng.choice([1, 1, 2, 3, 5]))
        ordinal = freq in ("MONTHLY", "YEARLY") and rng.random() < 0.5 and not any("WEEKNO" in part for part in parts)
        parts.append(
            "BYDAY="
            + ",".join(
                f"{rng.choice([1, 2, 3, 4, 5, -1, -2]) if ordinal and rng.random() < 0.95 else ''}{d}" for d in names
            )
        )
    maybe(0.2, "BYHOUR", 0, 23)
    maybe(0.15, "BYMINUTE", 0, 59)
    maybe(0.08, "BYSECOND", 0, 59)
    if rng.random() < 0.08 and len(parts) > 2:
        maybe(1, "BYSETPOS", 1, 4, negative=True)
    if rng.random() < 0.3:
        parts.append(f"WKST={rng.choice(WEEKDAYS)}")
    if rng.random() < 0.3:
        parts.append(f"COUNT={rng.randint(1, 15)}")
    elif rng.random() < 0.3:
        parts.append(f"UNTIL={datetime(2024, 1, 1) + timedelta(days=rng.randint(400, 9000)):%Y%m%dT%H%M%SZ}")
    return ";".join(parts)


def test_random_rules() -> None:
    rng = random.Random(5545)
    left_out = dict.fromkeys([*FAULTS, "refused", "never", "far"], 0)
    compared = 0
    for _ in range(RULES):
        start = datetime(2024, 1, 1) + timedelta(days=rng.randint(0, 365), seconds=rng.choice([0, 32_400, 80_000]))
        text = some_rule(rng)
        try:
            rule = parse(text)
        except ValueError:  # a day that never comes, a place among nothing
            left_out["refused"] += 1
            continue
        if fault := next((name for name, is_so in FAULTS.items() if is_so(rule)), None):
            left_out[fault] += 1
            continue
        try:
            found = [at.replace(tzinfo=None) for at in islice(Recurrence(text, start), FIRST)]
        except NeverFires:
            left_out["never"] += 1
            continue
        steps = STEPS[rule.freq] * rule.interval
        near = [at for at in found if (at - start).total_seconds() / steps < 20_000] if steps else found
        if found and not near:
            left_out["far"] += 1
            continue
        assert near == theirs(text, start, len(near)), f"{text} from {start}"
        compared += 1
    assert compared >= RULES * 0.9, left_out
    assert all(left_out.values()), left_out  # a fault that no rule shows is none


def theirs(text: str, start: datetime, count: int) -> list[datetime]:
    """The first moments by dateutil, which refuses some rules that have none."""
    try:
        return list(islice(rrulestr(text.replace("Z", ""), dtstart=start), count))
    except ValueError:
        return []
