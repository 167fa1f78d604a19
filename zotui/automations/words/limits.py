"""What phrases say of when it begins and ends: each function hands what its pattern found (see grammar) to what was said."""

from datetime import timedelta

from zotui.automations.words.days import date_of
from zotui.automations.words.patterns import Token
from zotui.automations.words.said import Doubt, Said
from zotui.automations.words.times import SECONDS, at
from zotui.automations.words.tokens import number_of


def starting(said: Said, day: Token) -> None:
    """“starting tomorrow”."""
    said.say("starting", date_of(said, day))


def starting_at(said: Said, hour: Token) -> None:
    """“every 6 hours starting at 9”."""
    if hour.kind == "number" and hour.value > 23:
        raise Doubt("on which day does it begin?")
    said.say("starting", said.now.date())
    at(said, [hour])


def until(said: Said, day: Token) -> None:
    """“until 31 March”, that day included."""
    said.say("until", date_of(said, day))


def until_hour(said: Said, _: Token) -> None:
    """“every hour until 17:00”."""
    raise Doubt("from what time on?")


def lasting(said: Said, number: Token, unit: Token) -> None:
    """“for 3 weeks”."""
    if unit.value not in ("DAILY", "WEEKLY"):
        raise Doubt("until which day?")
    said.say("lasting", timedelta(seconds=number_of(number) * SECONDS[unit.value]))


def counted(said: Said, number: Token) -> None:
    """“5 times”."""
    said.say("count", number_of(number))


def once(said: Said) -> None:
    """“once”."""
    said.once = True


def zone(_: Said, token: Token) -> None:
    """“EST”, which says no place."""
    places = token.value.split("|")
    raise Doubt(f"in which zone, {' or '.join(places)}?", *([(token.begin, token.end, place)] for place in places))


def nothing(_: Said) -> None:
    """Words that join others."""
