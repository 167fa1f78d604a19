"""Rules that go by the calendar (DAILY to YEARLY): the times that a clock on the wall shows, in order, without end.

A period (a day, week, month or year) is a list of days; those that the rule limits itself to stay, each has the rule's
times, and BYSETPOS picks from them all (RFC 5545, 3.3.10). python-dateutil does the same, but looks for a rule that never
fires until the year 9999, and differs from the standard in some corners: it is what the tests compare with.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import product

from msgspec.structs import replace

from zotui.automations.rule import Rule

# Periods in a row without a time after which a rule never fires. A 29th of February that is a Monday is the rarest day that
# people ask for: it comes every 28 or 40 years.
PATIENCE = {"DAILY": 36_525, "WEEKLY": 5_218, "MONTHLY": 1_200, "YEARLY": 200}

Walls = Iterator[datetime | None]


def walls(rule: Rule, start: datetime, after: datetime, last: datetime) -> Walls:
    """The times of a rule that begins at ``start``, from ``after`` or a little before it on, up to ``last``; None where it never
    fires again. COUNT and UNTIL are not looked at. What it costs does not depend on how long ago it began."""
    rule = filled(rule, start)
    clock = [time(*at) for at in product(rule.byhour, rule.byminute, rule.bysecond)]
    period = _period_of(rule, start.date(), max(start, after).date())
    idle = 0
    while idle < PATIENCE[rule.freq]:
        days = _days(rule, start.date(), period)
        if days is None or (days and days[0] > last.date()):
            return
        times = [datetime.combine(day, at) for day in days if has_day(rule, day) for at in clock]
        found = [one for one in picked(rule.bysetpos, times) if start <= one <= last]
        yield from found
        idle = 0 if found else idle + 1
        period += 1
    yield None


def filled(rule: Rule, start: datetime) -> Rule:
    """The rule with all that it takes from its start spelled out."""
    if not (rule.byday or rule.bymonthday or rule.byyearday):
        if rule.freq == "WEEKLY" or rule.byweekno:
            rule = replace(rule, byday=((0, start.weekday()),))
        elif rule.freq in ("MONTHLY", "YEARLY"):
            yearly = rule.freq == "YEARLY" and not rule.bymonth
            rule = replace(rule, bymonthday=(start.day,), bymonth=(start.month,) if yearly else rule.bymonth)
    return replace(
        rule,
        byhour=rule.byhour or (start.hour,),
        byminute=rule.byminute or (start.minute,),
        bysecond=rule.bysecond or (start.second,),
    )


def _period_of(rule: Rule, start: date, day: date) -> int:
    """A period of the rule at or shortly before a day, the first being 0."""
    gone = {
        "DAILY": (day - start).days,
        "WEEKLY": (day - start).days // 7,
        "MONTHLY": (day.year - start.year) * 12 + day.month - start.month,
        "YEARLY": day.year - start.year,
    }[rule.freq]
    return max(0, gone // rule.interval - 1)


def _days(rule: Rule, start: date, period: int) -> Sequence[date] | None:
    """The days of a period, none of them left out yet; None where the calendar ends."""
    steps = period * rule.interval
    try:
        if rule.freq == "DAILY":
            return [start + timedelta(days=steps)]
        if rule.freq == "WEEKLY":
            return _from(week_of(start, rule.wkst) + timedelta(weeks=steps), 7)
        if rule.freq == "MONTHLY":
            year, month = divmod(start.year * 12 + start.month - 1 + steps, 12)
            return _from(date(year, month + 1, 1), monthrange(year, month + 1)[1])
        if rule.byweekno:
            return _of_weeks(rule, (week_of(start, rule.wkst) + timedelta(days=3)).year + steps)
        begin = date(start.year + steps, 1, 1)
        return _from(begin, _place_in_year(begin)[1])
    except (OverflowError, ValueError):
        return None


def _from(begin: date, count: int) -> list[date]:
    return [begin + timedelta(days=day) for day in range(count)]


def _of_weeks(rule: Rule, year: int) -> list[date]:
    """The days of a year's numbered weeks, which may lie in the calendar year before or after."""
    begin = first_week(year, rule.wkst)
    weeks = (first_week(year + 1, rule.wkst) - begin).days // 7
    numbers = sorted({number if number > 0 else weeks + 1 + number for number in rule.byweekno})
    return [day for n in numbers if 1 <= n <= weeks for day in _from(begin + timedelta(weeks=n - 1), 7)]


def week_of(day: date, wkst: int) -> date:
    """The first day of the week that a day is in."""
    return day - timedelta(days=(day.weekday() - wkst) % 7)


def first_week(year: int, wkst: int) -> date:
    """The first day of a year's week 1, which has four days of the year at least."""
    return week_of(date(year, 1, 4), wkst)


def has_day(rule: Rule, day: date) -> bool:
    """Whether a day is one of those that the rule limits itself to."""
    if rule.bymonth and day.month not in rule.bymonth:
        return False
    if rule.bymonthday and day.day not in rule.bymonthday and -_left_in_month(day) not in rule.bymonthday:
        return False
    if rule.byyearday:
        number, left = _place_in_year(day)
        if number not in rule.byyearday and -left not in rule.byyearday:
            return False
    return not rule.byday or any(
        wanted == day.weekday() and (not ordinal or _is_nth(rule, day, ordinal)) for ordinal, wanted in rule.byday
    )


def _is_nth(rule: Rule, day: date, ordinal: int) -> bool:
    """Whether a day is the nth of its name in its month, or in its year where the rule names no month."""
    if rule.freq == "MONTHLY" or rule.bymonth:
        before, left = day.day, _left_in_month(day)
    else:
        before, left = _place_in_year(day)
    return ordinal in ((before - 1) // 7 + 1, -((left - 1) // 7 + 1))


def _place_in_year(day: date) -> tuple[int, int]:
    """Its number in its year, from either end, from 1 on."""
    begin, end = date(day.year, 1, 1).toordinal(), date(day.year, 12, 31).toordinal()
    return day.toordinal() - begin + 1, end - day.toordinal() + 1


def _left_in_month(day: date) -> int:
    """Its number in its month from the end, from 1 on."""
    return monthrange(day.year, day.month)[1] - day.day + 1


def picked(positions: Sequence[int], found: Sequence[datetime]) -> list[datetime]:
    """Of a period's times those of ``BYSETPOS``, all where it is not given; in order."""
    if not positions:
        return list(found)
    places = {place - 1 if place > 0 else len(found) + place for place in positions}
    return [found[place] for place in sorted(places) if 0 <= place < len(found)]
