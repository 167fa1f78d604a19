"""A recurrence rule of RFC 5545, section 3.3.10: read, and refused where it breaks that section's rules.

Whatever is wrong is a ValueError of one line: the part, the value, and what it may be.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from math import prod
from typing import Any

import msgspec

from zotui.automations.moments import Until, shown, until_of

FREQUENCIES = "SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"
ELAPSED = FREQUENCIES[:3]  # these go by the time that passes, the others by the calendar and the clock on the wall
WEEKDAYS = "MO", "TU", "WE", "TH", "FR", "SA", "SU"
LONGEST = 2_000  # characters of one rule
MOST = 1_000_000  # of an interval, or of what COUNT counts
MOST_VALUES = 400  # in one list

Numbers = tuple[int, ...]


class Rule(msgspec.Struct, frozen=True):
    """The parts of a rule. ``byday``: an ordinal, 0 for every, and a day, Monday being 0. Lists are sorted, none twice."""

    freq: str
    interval: int = 1
    count: int | None = None
    until: Until | None = None
    bysecond: Numbers = ()
    byminute: Numbers = ()
    byhour: Numbers = ()
    byday: tuple[tuple[int, int], ...] = ()
    bymonthday: Numbers = ()
    byyearday: Numbers = ()
    byweekno: Numbers = ()
    bymonth: Numbers = ()
    bysetpos: Numbers = ()
    wkst: int = 0

    @property
    def by_clock(self) -> bool:
        """Whether it goes by the calendar and the clock on the wall, not by the time that passes."""
        return self.freq not in ELAPSED

    def __str__(self) -> str:
        parts = [f"FREQ={self.freq}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={self.until}")
        for name in LISTS:
            if found := getattr(self, name.lower()):
                parts.append(f"{name}={','.join(map(str, found))}")
        if self.byday:
            days = (f"{ordinal or ''}{WEEKDAYS[day]}" for ordinal, day in self.byday)
            parts.append(f"BYDAY={','.join(days)}")
        if self.wkst:
            parts.append(f"WKST={WEEKDAYS[self.wkst]}")
        return ";".join(parts)


# part: the least and the most, and whether it may also count from the end
LISTS: Mapping[str, tuple[int, int, bool]] = {
    "BYSECOND": (0, 60, False),
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}
# part: the frequencies with which it has no meaning (the table of 3.3.10)
NOT_WITH: Mapping[str, tuple[str, ...]] = {
    "BYWEEKNO": FREQUENCIES[:-1],
    "BYYEARDAY": ("DAILY", "WEEKLY", "MONTHLY"),
    "BYMONTHDAY": ("WEEKLY",),
}
_NUMBER = re.compile(r"[+-]?\d{1,12}")
_DAY = re.compile(r"([+-]?\d{1,3})?([A-Z]{2})")


def parse(text: str) -> Rule:
    """A rule as it is written, with ``RRULE:`` before it or not, in any case of letters. Raises ValueError."""
    if len(text) > LONGEST:
        raise ValueError(f"RRULE: a rule has at most {LONGEST:,} characters, this one has {len(text):,}")
    given: dict[str, str] = {}
    for part in text.strip().removesuffix(";").split(";"):
        name, equals, value = (side.strip().upper() for side in part.partition("="))
        if not equals or not value:
            raise ValueError(f"{shown(part.strip()) or 'RRULE'}: must be parts like FREQ=DAILY, with ';' between them")
        if name.startswith("X-"):
            continue
        if name in given:
            raise ValueError(f"{name}={shown(value)}: is given twice")
        if name not in READERS:
            raise ValueError(f"{shown(name)}={shown(value)}: is no part of a rule; there are {', '.join(READERS)}")
        given[name] = value
    if "FREQ" not in given:
        raise ValueError(f"FREQ: is missing; it must be one of {', '.join(FREQUENCIES)}")
    rule = Rule(**{name.lower(): READERS[name](name, value) for name, value in given.items()})
    _check(rule, given)
    return rule


def _check(rule: Rule, given: Mapping[str, str]) -> None:
    """Parts that do not go together. Raises ValueError."""
    if rule.count is not None and rule.until is not None:
        raise ValueError(f"COUNT={rule.count}: cannot stand beside UNTIL; leave one of them out")
    for name, frequencies in NOT_WITH.items():
        if name in given and rule.freq in frequencies:
            useful = ", ".join(one for one in FREQUENCIES if one not in frequencies)
            raise ValueError(f"{name}={shown(given[name])}: has no meaning with FREQ={rule.freq}, only with {useful}")
    ordinal = next((one for one in rule.byday if one[0]), None)
    if ordinal:
        said = f"BYDAY={ordinal[0]}{WEEKDAYS[ordinal[1]]}"
        if rule.freq not in ("MONTHLY", "YEARLY"):
            raise ValueError(f"{said}: a number before a day has a meaning only with FREQ MONTHLY or YEARLY")
        if rule.byweekno:
            raise ValueError(f"{said}: a number before a day has no meaning with BYWEEKNO")
        if (rule.freq == "MONTHLY" or rule.bymonth) and any(abs(number) > 5 for number, _ in rule.byday):
            raise ValueError(f"{said}: a month has each day of the week 1-5 times")
    if rule.bysetpos and not any(name.startswith("BY") for name in given if name != "BYSETPOS"):
        raise ValueError(f"BYSETPOS={shown(given['BYSETPOS'])}: needs another BY… part, of whose times it picks some")
    most = _most_in_a_step(rule)
    if rule.bysetpos and most and all(abs(place) > most for place in rule.bysetpos):
        raise ValueError(f"BYSETPOS={shown(given['BYSETPOS'])}: there are only {most} to pick from, must be 1-{most}")
    if rule.bymonth and rule.bymonthday and not any(_is_day(m, d) for m in rule.bymonth for d in rule.bymonthday):
        raise ValueError(f"BYMONTHDAY={shown(given['BYMONTHDAY'])}: never comes in BYMONTH={shown(given['BYMONTH'])}")


def _most_in_a_step(rule: Rule) -> int:
    """How many times one step has at most; 0 of steps that are made of days."""
    if rule.freq not in (*ELAPSED, "DAILY"):
        return 0
    finer = {"SECONDLY": (), "MINUTELY": (rule.bysecond,), "HOURLY": (rule.byminute, rule.bysecond)}
    parts = finer.get(rule.freq, (rule.byhour, rule.byminute, rule.bysecond))
    return prod(max(1, len(part)) for part in parts)


def _is_day(month: int, day: int) -> bool:
    """Whether a month of a leap year has this day."""
    try:
        date(2000, month, abs(day))
    except ValueError:
        return False
    return True


def _frequency(name: str, value: str) -> str:
    if value not in FREQUENCIES:
        raise ValueError(f"{name}={shown(value)}: must be one of {', '.join(FREQUENCIES)}")
    return value


def _count(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 12 or not 1 <= int(value) <= MOST:
        raise ValueError(f"{name}={shown(value)}: must be 1-{MOST:,}")
    return int(value)


def _until(name: str, value: str) -> Until:
    try:
        return until_of(value)
    except ValueError:
        raise ValueError(f"{name}={shown(value)}: must be a date or a time, as 20271231 or 20271231T090000Z") from None


def _numbers(name: str, value: str) -> Numbers:
    least, most, negative = LISTS[name]
    allowed = f"{least}-{most}" + (f" or -{most} to -{least}" if negative else "")
    found = set()
    for item in _items(name, value):
        number = int(item) if _NUMBER.fullmatch(item) else None
        if number is None or not (least <= number <= most or (negative and least <= -number <= most)):
            raise ValueError(f"{name}={shown(item)}: must be {allowed}")
        found.add(59 if name == "BYSECOND" and number == 60 else number)  # leap seconds are not kept
    return tuple(sorted(found))


def _days(name: str, value: str) -> tuple[tuple[int, int], ...]:
    found = set()
    for item in _items(name, value):
        match = _DAY.fullmatch(item)
        number = int(match[1] or 0) if match else 0
        if match is None or match[2] not in WEEKDAYS or (match[1] and not 1 <= abs(number) <= 53):
            days = ", ".join(WEEKDAYS)
            raise ValueError(f"{name}={shown(item)}: must be {days}, perhaps with 1-53 or -53 to -1 before it")
        found.add((number, WEEKDAYS.index(match[2])))
    return tuple(sorted(found, key=lambda one: (one[1], one[0])))


def _items(name: str, value: str) -> list[str]:
    items = [item.strip() for item in value.split(",")]
    if len(items) > MOST_VALUES:
        raise ValueError(f"{name}: at most {MOST_VALUES} values, these are {len(items):,}")
    return items


def _weekday(name: str, value: str) -> int:
    if value not in WEEKDAYS:
        raise ValueError(f"{name}={shown(value)}: must be one of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(value)


READERS: Mapping[str, Callable[[str, str], Any]] = {
    "FREQ": _frequency,
    "INTERVAL": _count,
    "COUNT": _count,
    "UNTIL": _until,
    **dict.fromkeys(LISTS, _numbers),
    "BYDAY": _days,
    "WKST": _weekday,
}
