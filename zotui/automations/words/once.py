"""What was said of something that happens once, as moments."""

from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta

from zotui.automations.words.said import Doubt, Said

FAR = 3_000  # days: a 29th of February is at most eight years away


def moments(said: Said) -> tuple[Sequence[datetime], Sequence[str]]:
    """When it happens, on the wall, and what the person should know. Raises Doubt, ValueError."""
    if said.count or said.until or said.lasting or said.starting or said.window or said.minutes:
        raise Doubt("how often in that time?")
    if said.after is not None and not said.hours:
        return [_after(said, said.after)], ()
    if said.elapses:
        raise Doubt("in that time, or at that time?")
    if not said.hours:
        raise Doubt("at what time?")
    _ask_where_it_may_recur(said)
    day = _day(said)
    found = sorted(datetime.combine(day, hour.at) for hour in said.hours)
    if found[0] <= said.now:
        raise ValueError(f"{found[0]:%Y-%m-%d %H:%M} is past")
    return found, _notes(said, day)


def _after(said: Said, after: timedelta) -> datetime:
    """So many days on, at the same time."""
    if _is_named(said) or said.part:
        raise Doubt("in that time, or on that day?")
    return datetime.combine(said.day or said.now.date(), said.now.time()) + after


def _ask_where_it_may_recur(said: Said) -> None:
    question, way = "each time, or once? if once, say the date", ""
    if said.places:
        way = "every year" if said.months else "every month on"
    elif len(said.monthdays) > 1:
        way = "every month on"
    elif len(said.yeardays) > 1:
        way = "every year"
    elif len(said.hours) > 1 and not (_is_named(said) or said.day or said.after):
        question, way = "each day, or once?", "every day"
    if way:
        raise Doubt(question, [(0, 0, said.words.ways[way])])
    if len(said.weekdays) > 1:
        raise Doubt("on which of these days?")
    if said.months and not said.monthdays:
        raise Doubt("on which day of the month?")


def _day(said: Said) -> date:
    """The day it is on: as it was said, else the first on which the time is still to come."""
    dated = bool(said.monthdays or said.yeardays)
    if said.next_week:
        if len(said.weekdays) != 1 or said.day or dated:
            raise Doubt("on which day of the next week?")
        return said.now.date() + timedelta(days=7 - said.now.weekday() + min(said.weekdays))
    if said.day or said.after is not None:
        day = (said.day or said.now.date()) + (said.after or timedelta())
    elif said.next_day and _is_named(said):
        raise Doubt("in the night to that day, or in the night after it?")
    else:
        day = _first(said, lambda one: _is_date(said, one) and (dated or _is_weekday(said, one)))
    if not (_is_date(said, day) and _is_weekday(said, day)):
        raise Doubt(f"{day.day} {day:%B %Y} is a {day:%A}; which day is meant?")
    return day + timedelta(days=1) if said.day and said.next_day else day


def _notes(said: Said, day: date) -> list[str]:
    found = []
    if any(hour.reading == "word" and hour.at == time() for hour in said.hours) and not said.part:
        found.append(f"midnight is 00:00, where {day:%A} begins")
    if said.weekdays and not (said.once or said.day or said.monthdays or said.yeardays or said.next_week):
        found.append("once; with “every” before it, it is each time")
    return found


def _is_named(said: Said) -> bool:
    return bool(said.weekdays or said.monthdays or said.yeardays or said.places or said.months or said.next_week)


def _is_date(said: Said, day: date) -> bool:
    """Whether a day is of those of the month or the year that were named."""
    numbers = {day.day, day.day - monthrange(day.year, day.month)[1] - 1}
    return (
        (not said.monthdays or bool(numbers & set(said.monthdays)))
        and (not said.months or day.month in said.months)
        and (not said.yeardays or any((day.month, number) in said.yeardays for number in numbers))
    )


def _is_weekday(said: Said, day: date) -> bool:
    return not said.weekdays or day.weekday() in said.weekdays


def _first(said: Said, fits: Callable[[date], bool]) -> date:
    first = min(hour.at for hour in said.hours)
    steps = range(0 if first > said.now.time() else 1, FAR)
    days = (said.now.date() + timedelta(days=step) for step in steps)
    found = next((day for day in days if fits(day)), None)
    if found is None:
        raise ValueError("there is no such day")
    return found
