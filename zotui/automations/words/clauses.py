"""A clause of a text about when, one of those with “;” between: the lines of RFC 5545 that it means, and from when on."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from zotui.automations.moments import instant_of
from zotui.automations.words import grammar, hours
from zotui.automations.words.once import moments
from zotui.automations.words.patterns import Token
from zotui.automations.words.recurring import recurring
from zotui.automations.words.said import Said


class Clause(NamedTuple):
    """Lines of RFC 5545, the start on the wall, and what the person should know of it."""

    lines: Sequence[str]
    start: datetime
    recurs: bool
    notes: Sequence[str]


def apart(found: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The clauses of a text, those left out that say nothing."""
    ends = [place for place, token in enumerate(found) if token.kind == "apart"]
    for begin, end in zip([-1, *ends], [*ends, len(found)], strict=True):
        if clause := found[begin + 1 : end]:
            yield clause


def meant(found: Sequence[Token], said: Said, now: datetime, zone: ZoneInfo) -> Clause:
    """What a clause means. Raises Doubt, ValueError."""
    grammar.read(found, said)
    hours.settle(said)
    if said.recurs:
        rules, start, notes = recurring(said)
        return Clause([str(rule) for rule in rules], start, True, notes)
    walls, notes = moments(said)
    if said.after is not None and said.elapses and not said.day:
        return once([now.astimezone(UTC).replace(microsecond=0) + said.after], zone, notes)
    return once(walls, zone, notes)


def once(found: Sequence[datetime], zone: ZoneInfo, notes: Sequence[str] = ()) -> Clause:
    """Moments, each an instant or a time on the wall."""
    lines, shifts = zip(*(_line(moment, zone) for moment in found), strict=True)
    first = found[0].astimezone(zone).replace(tzinfo=None) if found[0].tzinfo else found[0]
    return Clause(lines, first.replace(fold=0), False, [*notes, *filter(None, shifts)])


def _line(moment: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """A moment as a line, on the wall where that is no other moment; and a note where the clock leaps over it or shows it twice."""
    wall = moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment
    real = instant_of(wall, zone).astimezone(zone).replace(tzinfo=None)
    note = ""
    if wall.fold:
        return f"RDATE:{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}", ""
    if real != wall:
        note = f"the clock in {zone.key} leaps over {wall:%H:%M} on that day: it is {real:%H:%M}"
    elif not moment.tzinfo and instant_of(wall.replace(fold=1), zone) != instant_of(wall, zone):
        note = f"{wall:%H:%M} comes twice on that day in {zone.key}; it is the first"
    return f"RDATE:{wall:%Y%m%dT%H%M%S}", note
