"""What was said of something that recurs, as rules and the day from which they count."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from zotui.automations.elapsed import UNITS
from zotui.automations.moments import LATEST, Until
from zotui.automations.rule import ELAPSED, Rule
from zotui.automations.walls import walls
from zotui.automations.words.said import Doubt, Said

MOST_TIMES = 500  # of a day, where a window is divided
APART = "say them apart, with “;” between"
EVERY_DAY = frozenset(range(7))


class Recurring(NamedTuple):
    """Rules, from when on they count on the wall, and what the person should know."""

    rules: Sequence[Rule]
    start: datetime
    notes: Sequence[str]


def recurring(said: Said) -> Recurring:
    """The rules of what recurs. Raises Doubt, ValueError."""
    if said.once or said.day or said.after is not None or said.next_week:
        raise Doubt("once, or each time?")
    if said.count and (said.until or said.lasting):
        raise Doubt("so many times, or until that day?")
    by_time = said.freq in ELAPSED and not said.window
    rules, notes = (_by_time(said), []) if by_time else _by_clock(said)
    if said.count and len(rules) > 1:
        raise ValueError(
            "what has so many times needs one rule; these are several: make automations of their own of them"
        )
    soon = said.now + timedelta(seconds=1)
    start = datetime.combine(said.starting or soon.date(), time())
    first = start.date() if by_time else _first(rules, start if said.starting else soon)
    if by_time:
        start = _first_step(said, rules[0], start)
    elif rules[0].interval > 1 or said.count:
        start = datetime.combine(first, time())
        start = max(start, soon) if said.count and first == soon.date() else start
        if not said.starting and rules[0].interval > 1:
            notes.append(f"counted from {start.day} {start:%B %Y}; say “starting …” for another day")
    until = first + said.lasting - timedelta(days=1) if said.lasting else said.until
    if until and until < first:
        raise ValueError(f"until {until}: it does not happen by then, first on {first}")
    last = Until(datetime.combine(until, time()), whole=True) if until else None
    return Recurring([replace(rule, count=said.count or None, until=last) for rule in rules], start, notes)


# By the time that passes


def _by_time(said: Said) -> list[Rule]:
    if said.places or said.yeardays or (said.monthdays and said.weekdays):
        raise Doubt(f"that often on these days, or at which time? {APART}")
    if said.hours and not (said.starting and len(said.hours) == 1):
        raise Doubt("at that time, or that often?")
    if said.part:
        raise Doubt("from what time on, and until when?")
    if said.per and len(said.minutes) != said.per[0]:
        raise Doubt("at which minutes of the hour?")
    if said.minutes and (said.freq, said.interval) != ("HOURLY", 1):
        raise Doubt("at that minute of every hour, or that often?")
    return [
        Rule(
            said.freq,
            interval=said.interval,
            byday=_byday(_weekdays(said)),
            bymonthday=tuple(sorted(set(said.monthdays))),
            bymonth=tuple(sorted(said.months)),
            byminute=tuple(sorted(set(said.minutes))),
        )
    ]


def _first_step(said: Said, rule: Rule, begin: datetime) -> datetime:
    """Steps count from a midnight on, so that they are round: every 15 minutes is at :00, :15, :30 and :45."""
    if said.hours:
        begin = datetime.combine(begin.date(), said.hours[0].at)
    if not said.count or begin > said.now:
        return begin
    step = timedelta(seconds=60 if said.minutes else rule.interval * UNITS[rule.freq])
    return begin + ((said.now - begin) // step + 1) * step


# By the calendar and the clock on the wall


def _by_clock(said: Said) -> tuple[list[Rule], list[str]]:
    notes: list[str] = []
    days = _days(said, notes)
    times = _of_window(said) if said.window else [hour.at for hour in said.hours]
    _check_number(said, times)
    if said.minutes:
        raise Doubt("at that minute of which hours?")
    if not times:
        raise Doubt("at what time?")
    if said.count > 1 and said.count == len(times):
        raise Doubt("so many times in all, or on each day?")
    if said.next_day and days[0].freq != "DAILY":
        raise Doubt("in the night to that day, or in the night after it?")
    if any(hour.reading == "word" and hour.at == time() for hour in said.hours) and days[0].freq != "DAILY":
        notes.append("midnight is 00:00, where the day begins")
    if days[0].freq == "MONTHLY" and days[0].interval > 1 and not said.starting:
        raise _from_which_month(said, days[0].interval)
    return [replace(day, **clock) for day in days for clock in _clocks(times)], notes


def _days(said: Said, notes: list[str]) -> list[Rule]:
    """Rules that choose the days."""
    freq, interval = ("", 1) if said.freq in ELAPSED else (said.freq, said.interval)
    weekdays, months = _weekdays(said), tuple(sorted(said.months))
    if [bool(weekdays), bool(said.places), bool(said.monthdays), bool(said.yeardays)].count(True) > 1:
        raise Doubt(f"which of these days? {APART}")
    if (said.yeardays or said.places or said.monthdays) and freq == "DAILY":
        raise Doubt(f"every day, or on these? {APART}")
    if said.yeardays:
        return _of_year(said, freq, interval, notes)
    if said.places or said.monthdays:
        if freq not in ("", "MONTHLY") and not (freq == "YEARLY" and months):
            raise Doubt("of which month?")
        if freq == "YEARLY" and interval > 1:
            raise Doubt("of which years?")
        _check_late(said, notes)
        if said.monthdays:
            return [Rule("MONTHLY", interval, bymonthday=tuple(said.monthdays), bymonth=months)]
        return [replace(rule, interval=interval, bymonth=months) for rule in _placed(said)]
    if weekdays and freq in ("", "DAILY", "WEEKLY"):
        freq = "DAILY" if freq == "DAILY" and interval > 1 else "WEEKLY"
        return [Rule(freq, interval, byday=_byday(weekdays), bymonth=months)]
    if weekdays:
        raise Doubt("which of these days, the first of the month or the last?")
    if freq in ("WEEKLY", "MONTHLY", "YEARLY") or (said.months and not freq and not said.window):
        unit = {"WEEKLY": "week", "YEARLY": "year"}.get(freq, "month")
        raise Doubt(f"on which day of the {unit}?")
    return [Rule("DAILY", interval, bymonth=months)]


def _weekdays(said: Said) -> frozenset[int]:
    if said.but and not (EVERY_DAY if not said.weekdays else said.weekdays) - said.but:
        raise ValueError("no day of the week is left")
    return frozenset((said.weekdays or EVERY_DAY) - said.but) if said.but else frozenset(said.weekdays)


def _byday(weekdays: frozenset[int]) -> tuple[tuple[int, int], ...]:
    return tuple((0, day) for day in sorted(weekdays))


def _of_year(said: Said, freq: str, interval: int, notes: list[str]) -> list[Rule]:
    """One rule for the months that have the same days."""
    if freq not in ("", "YEARLY") or said.months:
        raise Doubt("every year, or how often?")
    days = defaultdict(set)
    for month, day in said.yeardays:
        days[month].add(day)
    months = defaultdict(list)
    for month, of_month in sorted(days.items()):
        months[tuple(sorted(of_month))].append(month)
    if (2, 29) in said.yeardays:
        notes.append("only leap years have a 29 February")
    return [Rule("YEARLY", interval, bymonthday=of, bymonth=tuple(at)) for of, at in months.items()]


def _placed(said: Said) -> list[Rule]:
    """The nth of days: of one day by its ordinal, of several by picking one of them."""
    ordinals = tuple((nth, day) for nth, days in said.places if len(days) == 1 for day in days)
    found = [Rule("MONTHLY", byday=ordinals)] if ordinals else []
    kinds = dict.fromkeys(days for _, days in said.places if len(days) > 1)
    for kind in kinds:
        places = tuple(sorted(nth for nth, days in said.places if days == kind))
        found.append(Rule("MONTHLY", byday=_byday(kind), bysetpos=places))
    return found


def _check_late(said: Said, notes: list[str]) -> None:
    late = max(said.monthdays, default=0)
    if late > 28 and not said.months:
        notes.append(f"months without a day {late} are left out; “the last day of the month” is in each")


def _from_which_month(said: Said, interval: int) -> Doubt:
    firsts = [_month(said.now.date(), step) for step in range(interval)] if interval <= 4 else []
    end = len(said.text)
    ways = ([(end, end, said.words.ways["starting"].format(day=first))] for first in firsts)
    return Doubt("counted from which month?", *ways)


def _month(day: date, further: int) -> date:
    months = day.year * 12 + day.month - 1 + further
    return date(months // 12, months % 12 + 1, 1)


# Times of the day


def _check_number(said: Said, times: Sequence[time]) -> None:
    """“twice a day” needs two times."""
    if not said.per:
        return
    number, unit = said.per
    days = {"DAILY": 1, "WEEKLY": len(_weekdays(said)), "MONTHLY": len(said.places) + len(said.monthdays)}.get(unit, 0)
    if not times or days * len(times) != number:
        raise Doubt(f"at which {number} times?")


def _of_window(said: Said) -> list[time]:
    """The times of a day that are so far apart, from one to another, both included."""
    assert said.window is not None
    step = {"MINUTELY": 1, "HOURLY": 60}.get(said.freq, 0) * said.interval
    if said.hours or not step:
        raise Doubt("how often in that time?" if not step else "between these times, or at that time?")
    first, last = (hour.at.hour * 60 + hour.at.minute for hour in said.window)
    if last == first or (last < first and _weekdays(said)):
        raise ValueError(f"a time over midnight is of two days; {APART}")
    minutes = range(first, last + 1 if last > first else last + 1_441, step)
    if len(minutes) > MOST_TIMES:
        raise ValueError(
            f"that is {len(minutes)} times a day, must be {MOST_TIMES} at most; say “every minute” without an end"
        )
    return [time(minute // 60 % 24, minute % 60) for minute in minutes]


def _clocks(times: Sequence[time]) -> list[dict[str, tuple[int, ...]]]:
    """Times of a day as parts of rules: hours that have the same minutes go together."""
    minutes = defaultdict(set)
    for at in times:
        minutes[at.second, at.hour].add(at.minute)
    hours = defaultdict(list)
    for (second, hour), of_hour in sorted(minutes.items()):
        hours[second, tuple(sorted(of_hour))].append(hour)
    return [{"byhour": tuple(of), "byminute": at, "bysecond": (second,)} for (second, at), of in hours.items()]


def _first(rules: Sequence[Rule], since: datetime) -> date:
    """The day of the first time from a moment on, from which intervals count. Raises ValueError."""
    end = datetime(LATEST, 1, 1)
    found = [next(walls(replace(rule, interval=1), since, since, end), None) for rule in rules]
    if not any(found):
        raise ValueError("that never happens")
    return min(at for at in found if at).date()
