"""What phrases say of days: each function hands what its pattern found (see grammar) to what was said."""

from calendar import isleap
from datetime import date, timedelta

from zotui.automations.words.patterns import Token
from zotui.automations.words.said import Doubt, Said
from zotui.automations.words.tokens import day_of, quoted, yearday_of

# Of each week


def every_day(said: Said, days: list[Token]) -> None:
    """“every Monday and Friday”."""
    said.weekdays |= _of(days)
    said.every = True


def some_days(said: Said, days: list[Token]) -> None:
    """“Monday” alone is once; “Mondays”, or several days, are each of them."""
    said.weekdays |= _of(days)
    said.every = said.every or len(said.weekdays) > 1 or any(one.kind == "days" for one in days)


def this_day(said: Said, day: Token) -> None:
    """“this Friday”, but not “this weekend”."""
    if len(day.value) > 1:
        raise Doubt("on which of these days?")
    said.weekdays |= day.value


def range_of_days(said: Said, first: Token, last: Token) -> None:
    """“Monday to Friday”."""
    begin, end = min(first.value), max(last.value)
    said.weekdays |= {(begin + step) % 7 for step in range((end - begin) % 7 + 1)}
    said.every = True


def but_days(said: Said, days: list[Token]) -> None:
    """“except Sunday”."""
    said.but |= _of(days)
    said.every = True


def _of(days: list[Token]) -> set[int]:
    return set().union(*(one.value for one in days))


# Of each month


def every_nth_days(said: Said, ordinals: list[Token], days: list[Token]) -> None:
    """“every second Monday” is each other one, or the second of each month; “every first Monday” can only be of a month."""
    nth, day = ordinals[0], days[0]
    if len(ordinals) == 1 and nth.value > 1:
        names = {"n": nth.value, "nth": said.text[nth.begin : nth.end], "day": said.text[day.begin : days[-1].end]}
        ways = (said.words.ways[way].format_map(names) for way in ("every nth week", "every month on nth"))
        question = f"{quoted(said.text[nth.begin : days[-1].end])} of each month, or one in {nth.value}?"
        raise Doubt(question, *([(nth.begin, days[-1].end, way)] for way in ways))
    nth_days_of_month(said, ordinals, days)


def nth_days(said: Said, ordinals: list[Token], days: list[Token]) -> None:
    """“first and third Monday”, of a month that is said elsewhere."""
    named = any(len(day.value) == 1 for day in days)
    if any(not 1 <= abs(one.value) <= (5 if named else 31) for one in ordinals):
        raise ValueError("a month has each day of the week 1-5 times")
    said.places += [(ordinal.value, day.value) for ordinal in ordinals for day in days]


def nth_days_of_month(said: Said, ordinals: list[Token], days: list[Token], *_: Token) -> None:
    """“first Monday of the month”."""
    nth_days(said, ordinals, days)
    said.often("MONTHLY")


def nth_days_of_months(said: Said, ordinals: list[Token], days: list[Token], months: list[Token]) -> None:
    """“first Monday of March”."""
    nth_days(said, ordinals, days)
    in_months(said, months)


def every_nth_days_of_months(said: Said, ordinals: list[Token], days: list[Token], months: list[Token]) -> None:
    """“every first Monday of March”."""
    nth_days_of_months(said, ordinals, days, months)
    said.every = True


def monthdays(said: Said, days: list[Token], *_: Token) -> None:
    """“1st and 15th”, “last day”, of a month that is said elsewhere."""
    if not all(1 <= abs(day.value) <= 31 for day in days):
        raise ValueError("a month has days 1-31")
    said.monthdays += [day.value for day in days]


def monthdays_of_month(said: Said, days: list[Token], *_: Token) -> None:
    """“1st of every month”, “last day of the month”."""
    monthdays(said, days)
    said.often("MONTHLY")


def day_numbers(said: Said, _: Token, days: list[Token], month: Token) -> None:
    """“day 15 of the month”."""
    monthdays_of_month(said, days, month)


def every_monthday(said: Said, days: list[Token]) -> None:
    """“every 1st and 15th”."""
    if not said.text[days[0].begin].isdigit():
        raise Doubt(f"every {said.text[days[0].begin : days[0].end]} of what?")
    monthdays_of_month(said, days)


# Of each year


def yeardays(said: Said, days: list[Token]) -> None:
    """“3 March”."""
    said.yeardays += [day.value for day in days]


def every_yearday(said: Said, days: list[Token]) -> None:
    """“every 3 March”."""
    yeardays(said, days)
    said.often("YEARLY")


def days_of_months(said: Said, days: list[Token], _: Token, months: list[Token]) -> None:
    """“last day of March”."""
    said.yeardays += [yearday_of(month.value, day.value) for month in months for day in days]


def every_days_of_months(said: Said, days: list[Token], unit: Token, months: list[Token]) -> None:
    """“last day of every March”."""
    days_of_months(said, days, unit, months)
    said.often("YEARLY")


def in_months(said: Said, months: list[Token]) -> None:
    """“in March and April”."""
    said.months |= {month.value for month in months}


def every_month(said: Said, months: list[Token]) -> None:
    """“every March”."""
    in_months(said, months)
    said.every = True


def range_of_months(said: Said, first: Token, last: Token) -> None:
    """“May to September”."""
    said.months |= {(first.value - 1 + step) % 12 + 1 for step in range((last.value - first.value) % 12 + 1)}


# Once


def on(said: Said, day: Token) -> None:
    """“tomorrow”, “2027-03-03”."""
    said.say("day", date_of(said, day))


def next_day(said: Said, word: Token, day: Token) -> None:
    """“next Friday”, said on a Monday, is this week's to some and the one after to others."""
    if len(day.value) > 1:
        raise Doubt("on which of these days?")
    today = said.now.date()
    first = today + timedelta(days=(min(day.value) - today.weekday()) % 7 or 7)
    if first.isocalendar().week == today.isocalendar().week:
        both = [one.isoformat() for one in (first, first + timedelta(days=7))]
        raise Doubt(f"{' or '.join(both)}?", *([(word.begin, day.end, one)] for one in both))
    said.say("day", first)


def next_week(said: Said, *_: Token) -> None:
    """“next week”."""
    said.next_week = True


def date_of(said: Said, token: Token) -> date:
    """A date, a day from today on, the next such day of the week or of the year."""
    today = said.now.date()
    if token.kind == "date":
        assert isinstance(token.value, date)
        return token.value
    if token.kind == "relative":
        return today + timedelta(days=token.value)
    if token.kind == "yearday":
        years = [year for year in range(today.year, today.year + 9) if token.value != (2, 29) or isleap(year)]
        return min(day for day in (day_of(year, *token.value) for year in years) if day >= today)
    if len(token.value) > 1:
        raise Doubt("which of these days?")
    return today + timedelta(days=(min(token.value) - today.weekday()) % 7)
