"""Recurrence in plain English, for lists and previews: “every weekday at 09:00, Europe/Paris”. ``understood`` understands it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time
from itertools import pairwise, product

from msgspec.structs import replace

from zotui.automations import content
from zotui.automations.elapsed import UNITS
from zotui.automations.moments import moment_of, wall_of, zone_of
from zotui.automations.rule import Rule
from zotui.automations.walls import filled

DAYS = "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"
KINDS = {(0, 1, 2, 3, 4): "weekday", (5, 6): "weekend"}
MONTHS = (
    "",
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
NTH = {
    1: "first",
    2: "second",
    3: "third",
    4: "fourth",
    5: "fifth",
    -1: "last",
    -2: "second to last",
    -3: "third to last",
}
NAMES = {"SECONDLY": "second", "MINUTELY": "minute", "HOURLY": "hour", "DAILY": "day", "WEEKLY": "week"}
NAMES |= {"MONTHLY": "month", "YEARLY": "year"}
MOST_TIMES = 24  # of a day that are named one by one
FEW = 4  # times from which on one says how far they are apart


class Unspoken(ValueError):
    """There are no simple words for it."""


def spoken(rrule: str, start: str, tz: str, now: datetime) -> str:
    """Words for what ``occurrences`` takes, as one says them at ``now`` (aware); the text of the rules where there are none that
    are simple."""
    try:
        said = content.read(rrule)
        if said.exdate or said.start or said.tz:
            return rrule
        zone, place = zone_of(tz), tz if "/" in tz or tz in ("UTC", "GMT") else f"tz={tz}"
        if len(said.rdate) == 1 and not said.rules and said.rdate[0].upper().endswith("Z"):
            return f"{moment_of(said.rdate[0]):%Y-%m-%dT%H:%M:%SZ}, {place}"
        begin, today = wall_of(start, zone, "start"), now.astimezone(zone).replace(tzinfo=None)
        clauses = [_recurring(rules, begin, today) for rules in _alike(said.rules, begin)]
        return f"{'; '.join([*clauses, *map(_once, said.rdate)])}, {place}"
    except ValueError:
        return rrule


def _once(text: str) -> str:
    moment = moment_of(text)
    if not isinstance(moment, datetime) or moment.tzinfo:
        raise Unspoken
    return f"once on {moment:%Y-%m-%d} at {_shown(moment.time())}"


def _alike(rules: Iterable[Rule], start: datetime) -> list[list[Rule]]:
    """Rules with all that they take from their start, those together that differ only in the time of the day."""
    found: dict[Rule, list[Rule]] = {}
    for rule in rules:
        whole = filled(rule, start) if rule.by_clock else rule
        days = replace(whole, byhour=(), byminute=(), bysecond=()) if rule.by_clock else rule
        found.setdefault(days, []).append(whole)
    return list(found.values())


def _recurring(rules: Sequence[Rule], start: datetime, today: datetime) -> str:
    rule = rules[0]
    if rule.byyearday or rule.byweekno or (rule.wkst and rule.interval > 1):
        raise Unspoken
    said = _by_clock(rules) if rule.by_clock else _by_time(rule)
    if rule.count:
        said += f", {rule.count} times"
    if rule.until:
        if not rule.until.whole:
            raise Unspoken
        said += f" until {rule.until.at:%Y-%m-%d}"
    uneven = not rule.by_clock and (start.time() != time() or 86_400 % (rule.interval * UNITS[rule.freq]))
    if uneven or rule.count or (rule.by_clock and rule.interval > 1) or start > today:
        said += f" starting {start:%Y-%m-%d}"
    return said if rule.by_clock or start.time() == time() else f"{said} at {_shown(start.time())}"


def _every(rule: Rule) -> str:
    unit = NAMES[rule.freq]
    single = rule.interval == 1 and rule.freq != "SECONDLY"  # “every second” could be each other
    return f"every {unit}" if single else f"every {rule.interval} {unit}s"


def _by_time(rule: Rule) -> str:
    """“every 15 minutes on weekdays”."""
    if rule.byhour or rule.bysecond or rule.bysetpos or (rule.byminute and rule.freq != "HOURLY"):
        raise Unspoken
    if rule.byday and rule.bymonthday:
        raise Unspoken
    at = f" at {_list(f':{minute:02}' for minute in rule.byminute)}" if rule.byminute not in ((), (0,)) else ""
    days = f" on {_plural(rule)}" if rule.byday else f" on the {_nths(rule.bymonthday)}" if rule.bymonthday else ""
    return f"{_every(rule)}{at}{days}{_in_months(rule)}"


def _by_clock(rules: Sequence[Rule]) -> str:
    times = sorted(time(*at) for rule in rules for at in product(rule.byhour, rule.byminute, rule.bysecond))
    rule = rules[0]
    steps = {_minutes(behind) - _minutes(at) for at, behind in pairwise(times)}
    plain = rule.interval == 1 and rule.freq in ("DAILY", "WEEKLY") and not rule.bymonthday
    if plain and len(times) >= FEW and len(steps) == 1 and not any(at.second for at in times):
        step = steps.pop()
        often = Rule("HOURLY", step // 60) if step % 60 == 0 else Rule("MINUTELY", step)
        between = f"{_every(often)} between {_shown(times[0])} and {_shown(times[-1])}"
        return f"{between} on {_plural(rule)}{_in_months(rule)}" if rule.byday else f"{between}{_in_months(rule)}"
    if len(times) > MOST_TIMES:
        raise Unspoken
    return f"{PHRASES[rule.freq](rule)} at {_list(map(_shown, times))}"


def _daily(rule: Rule) -> str:
    if rule.bysetpos or (rule.byday and rule.bymonthday):
        raise Unspoken
    if rule.interval == 1 and (rule.byday or rule.bymonthday):
        freq = "WEEKLY" if rule.byday else "MONTHLY"
        return PHRASES[freq](replace(rule, freq=freq))
    days = f" on {_plural(rule)}" if rule.byday else ""
    if rule.bymonthday:
        raise Unspoken
    return f"{_every(rule)}{days}{_in_months(rule)}"


def _weekly(rule: Rule) -> str:
    if rule.bysetpos:
        raise Unspoken
    if rule.interval == 1:
        return f"every {_weekdays(rule)}{_in_months(rule)}"
    return f"{_every(rule)} on {_plural(rule)}{_in_months(rule)}"


def _monthly(rule: Rule) -> str:
    """“first Monday of every month”, “every 3 months on the 1st”."""
    days = _days_of_month(rule)
    if rule.interval > 1:
        return f"{_every(rule)} on the {days}{_in_months(rule)}"
    if rule.bymonth and rule.bymonthday:
        return _yearly(rule)
    return f"{days} of every {_list(MONTHS[month] for month in rule.bymonth) if rule.bymonth else 'month'}"


def _yearly(rule: Rule) -> str:
    if rule.byday or not rule.bymonth or not rule.bymonthday or rule.bysetpos:
        raise Unspoken
    if min(rule.bymonthday) < 0:
        if rule.interval > 1:
            raise Unspoken
        return f"every {_nths(rule.bymonthday)} day of {_list(MONTHS[month] for month in rule.bymonth)}"
    days = _list(f"{day} {MONTHS[month]}" for month, day in product(rule.bymonth, rule.bymonthday))
    return f"{_every(rule)} on {days}" if rule.interval > 1 else f"every {days}"


PHRASES: dict[str, Callable[[Rule], str]] = {
    "DAILY": _daily,
    "WEEKLY": _weekly,
    "MONTHLY": _monthly,
    "YEARLY": _yearly,
}


def _days_of_month(rule: Rule) -> str:
    if rule.bymonthday:
        if rule.byday or rule.bysetpos:
            raise Unspoken
        return _nths(rule.bymonthday) + (" day" if min(rule.bymonthday) < 0 else "")
    if rule.bysetpos:
        if any(ordinal for ordinal, _ in rule.byday):
            raise Unspoken
        return f"{_places(rule.bysetpos)} {_weekdays(rule)}"
    if any(ordinal not in NTH for ordinal, _ in rule.byday):
        raise Unspoken
    if len({day for _, day in rule.byday}) == 1:
        return f"{_places([ordinal for ordinal, _ in rule.byday])} {DAYS[rule.byday[0][1]]}"
    return _list(f"{NTH[ordinal]} {DAYS[day]}" for ordinal, day in sorted(rule.byday))


def _weekdays(rule: Rule) -> str:
    """“weekday”, “Monday and Friday”."""
    if any(ordinal for ordinal, _ in rule.byday) or not rule.byday:
        raise Unspoken
    days = tuple(day for _, day in rule.byday)
    return KINDS.get(days) or _list(DAYS[day] for day in days)


def _plural(rule: Rule) -> str:
    days = _weekdays(rule)
    return f"{days}s" if days in KINDS.values() else days


def _nths(numbers: Sequence[int]) -> str:
    if any(number < 0 and number not in NTH for number in numbers):
        raise Unspoken
    return _list(
        NTH[number] if number < 0 else _nth(number) for number in sorted(numbers, key=lambda one: (one < 0, one))
    )


def _places(numbers: Iterable[int]) -> str:
    """“first and last”."""
    in_order = sorted(numbers, key=lambda one: (one < 0, one))
    if any(number < 0 and number not in NTH for number in in_order):
        raise Unspoken
    return _list(NTH.get(number) or _nth(number) for number in in_order)


def _nth(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def _in_months(rule: Rule) -> str:
    return f" in {_list(MONTHS[month] for month in rule.bymonth)}" if rule.bymonth else ""


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _shown(at: time) -> str:
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def _list(words: Iterable[str]) -> str:
    """“a”, “a and b”, “a, b and c”."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
