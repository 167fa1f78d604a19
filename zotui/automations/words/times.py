"""What phrases say of times: each function hands what its pattern found (see grammar) to what was said."""

from datetime import timedelta

from zotui.automations.rule import ELAPSED
from zotui.automations.words.patterns import Token
from zotui.automations.words.said import Doubt, Hour, Said
from zotui.automations.words.tokens import bare, day_of, number_of, quoted

SECONDS = {"SECONDLY": 1, "MINUTELY": 60, "HOURLY": 3_600, "DAILY": 86_400, "WEEKLY": 604_800}


def at(said: Said, hours: list[Token]) -> None:
    """“at 9, 12:30 and 6pm”."""
    said.hours += [_hour(said, token) for token in hours]


def at_minutes(said: Said, minutes: list[Token]) -> None:
    """“every hour at :15”."""
    said.minutes += [minute.value for minute in minutes]


def between(said: Said, first: Token, last: Token) -> None:
    """“between 9 and 17”."""
    said.say("window", (_hour(said, first), _hour(said, last)))


def _hour(said: Said, token: Token) -> Hour:
    found = token.value if token.kind == "clock" else bare(token)
    if found is None:
        raise ValueError(f"{quoted(said.text[token.begin : token.end])}: an hour must be 0-23")
    assert isinstance(found, Hour)
    return found


def lone_number(said: Said, number: Token) -> None:
    """“9”."""
    shown = said.text[number.begin : number.end]
    raise Doubt(f"is {quoted(shown)} the hour?", [(number.begin, number.begin, said.words.ways["at"])])


def in_part(said: Said, part: Token) -> None:
    """“in the morning”."""
    said.say("part", part.value)


def this_part(said: Said, part: Token) -> None:
    """“this evening”, “tonight”."""
    said.say("day", said.now.date())
    said.say("part", part.value)


# From now on


def after(said: Said, number: Token, unit: Token) -> None:
    """“in 20 minutes”; months and years go by the calendar."""
    _after(said, number_of(number), unit.value)


def after_span(said: Said, span: Token) -> None:
    """“in half an hour”."""
    unit, number = span.value
    _after(said, number, unit)


def further(said: Said, number: Token, unit: Token) -> None:
    """“… and 30 minutes”."""
    if said.after is None:
        ways = ([(number.begin, number.begin, said.words.ways[way])] for way in ("every", "in"))
        raise Doubt("each time, or once?", *ways)
    after(said, number, unit)


def _after(said: Said, number: int, unit: str) -> None:
    said.after = (said.after or timedelta()) + timedelta(seconds=number * SECONDS.get(unit, 0))
    said.elapses = said.elapses or unit in ELAPSED
    if unit not in SECONDS:
        months = said.now.year * 12 + said.now.month - 1 + number * (12 if unit == "YEARLY" else 1)
        last = day_of(months // 12, months % 12 + 1, -1)
        said.say("day", last.replace(day=min(said.now.day, last.day)))
