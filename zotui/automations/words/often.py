"""What phrases say of how often: each function hands what its pattern found (see grammar) to what was said."""

from zotui.automations.words.patterns import Token
from zotui.automations.words.said import Doubt, Said
from zotui.automations.words.tokens import number_of


def every_unit(said: Said, unit: Token) -> None:
    """“every week”."""
    said.often(unit.value)


def every_number(said: Said, number: Token, unit: Token) -> None:
    """“every 2 weeks”."""
    said.often(unit.value, number_of(number))


def every_ordinal(said: Said, ordinal: Token, unit: Token) -> None:
    """“every third week”."""
    if ordinal.value < 1:
        raise Doubt("the last of what?")
    said.often(unit.value, ordinal.value)


def every_other(said: Said, unit: Token) -> None:
    """“every other week”."""
    said.often(unit.value, 2)


def every_other_day(said: Said, days: list[Token]) -> None:
    """“every other Friday”."""
    said.often("WEEKLY", 2)
    said.weekdays |= set().union(*(day.value for day in days))


def every_span(said: Said, span: Token) -> None:
    """“every half an hour”, “hourly”."""
    said.often(*span.value)


def every_part(said: Said, part: Token) -> None:
    """“every morning”."""
    said.often("DAILY")
    said.say("part", part.value)


def times_a_unit(said: Said, number: Token, *units: Token) -> None:
    """“twice a day”: at which times is said beside it."""
    said.often(units[-1].value)
    said.say("per", (number_of(number), units[-1].value))


def times_an_adverb(said: Said, number: Token, adverb: Token) -> None:
    """“twice daily”."""
    said.often(*adverb.value)
    said.say("per", (number_of(number), adverb.value[0]))


def twofold(said: Said, token: Token) -> None:
    """“biweekly”."""
    ways = said.words.ways[token.value].split("|")
    raise Doubt(f"{' or '.join(ways)}?", *([(token.begin, token.end, way)] for way in ways))
