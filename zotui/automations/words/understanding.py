"""When something shall happen, said in words: a small grammar, which asks where it would have to guess."""

import re
from collections.abc import Sequence
from datetime import datetime, time

import msgspec

from zotui.automations import content
from zotui.automations.moments import zone_of, zones
from zotui.automations.recurrence import Recurrence
from zotui.automations.words import clauses, cron, dates
from zotui.automations.words.english import ENGLISH
from zotui.automations.words.said import Doubt, Edit, Said
from zotui.automations.words.tokens import HINT, tokens
from zotui.automations.words.vocabulary import Vocabulary
from zotui.text import clean

LONGEST = 300  # characters of words
DEEP = 3  # doubts in one sentence to whose choices one looks
_ZONE = re.compile(
    r"(?<![\w/])(?:in )?\(?(?:(?:cron_)?tz=([a-z0-9_+/-]+)|([a-z]+(?:/[a-z0-9_+-]+){1,2}|utc|gmt))\)?(?: time)?(?![\w/]|[+-]\d)",
    re.IGNORECASE,
)


class Ambiguous(ValueError):
    """Words that could mean several things, or lack one: a question, and words that would be clear, where there are few."""

    def __init__(self, question: str, choices: Sequence[str] = ()) -> None:
        super().__init__(question + (f" {' / '.join(f'“{choice}”' for choice in choices)}" if choices else ""))
        self.question = question
        self.choices = tuple(choices)


class When(msgspec.Struct, frozen=True):
    """What words mean: the lines that ``occurrences`` takes, a start on the wall of a zone, and what a person should know."""

    rrule: str
    start: str
    tz: str
    notes: tuple[str, ...] = ()


def understood(text: str, now: datetime, tz: str = "UTC", words: Vocabulary = ENGLISH) -> When:
    """What words mean, said at ``now`` (aware) by somebody in the zone ``tz``; a zone in the words goes before it. Five fields
    of cron, the lines of RFC 5545 and what ``spoken`` says are understood too.

    Raises Ambiguous where it would have to guess, and ValueError for what is not understood, is past or never happens.
    """
    return _understood(text, now, tz, words, DEEP)


def _understood(text: str, now: datetime, tz: str, words: Vocabulary, deep: int) -> When:
    text = clean(text).strip()
    if content.is_meant(text):
        when = _of_rules(text, now, tz)
    elif len(text) > LONGEST:
        raise ValueError(f"at most {LONGEST} characters say when, these are {len(text):,}")
    else:
        text = " ".join(text.split())
        said, tz = _zone(text, tz, words)
        try:
            when = _of_cron(said, now, tz) if cron.is_meant(said) else _of_words(said, now, tz, words)
        except Doubt as doubt:
            ways = [_edited(text, edits) for edits in doubt.ways] if deep else []
            raise Ambiguous(doubt.question, _clear(ways, now, tz, words, deep - 1)) from None
    _check(when, now)
    return when


def _clear(ways: Sequence[str], now: datetime, tz: str, words: Vocabulary, deep: int) -> list[str]:
    """Of the ways to say it those that are understood; of one that is still in doubt its own."""
    found: list[str] = []
    for way in ways:
        try:
            _understood(way, now, tz, words, deep)
            found.append(way)
        except Ambiguous as question:
            found += question.choices
        except ValueError:
            continue
    return found


def _edited(text: str, edits: Sequence[Edit]) -> str:
    for begin, end, piece in sorted(edits, reverse=True):
        text = text[:begin] + piece + text[end:]
    return text


def _zone(text: str, tz: str, words: Vocabulary) -> tuple[str, str]:
    """The words in lower case, with spaces where a zone stood, so that places stay as they are; and the zone."""
    zones_in = {found.span(): found[1] or found[2] for found in _ZONE.finditer(text) if _is_zone(found, words)}
    if len({name.lower() for name in zones_in.values()}) > 1:
        raise ValueError(f"two zones are named, {' and '.join(zones_in.values())}; which?")
    for (begin, end), name in zones_in.items():
        tz = _zone_of(name)
        text = text[:begin] + " " * (end - begin) + text[end:]
    lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return lower.replace("’", "'"), zone_of(tz).key


def _is_zone(found: re.Match[str], words: Vocabulary) -> bool:
    """Whether this is one, and not “mon/fri”."""
    return bool(found[1]) or not all(map(words.begins, found[2].lower().split("/")))


def _zone_of(name: str) -> str:
    try:
        return zone_of(name).key
    except ValueError:
        if name.lower() in zones():
            return zones()[name.lower()]
        raise


def _midnight(now: datetime, tz: str) -> str:
    return datetime.combine(now.astimezone(zone_of(tz)).date(), time()).isoformat()


def _of_rules(text: str, now: datetime, tz: str) -> When:
    said = content.read(text)
    zone = zone_of(said.tz or tz).key
    if not said.start and any(rule.by_clock and not rule.byhour for rule in said.rules):
        raise Ambiguous("at what time? add BYHOUR=9;BYMINUTE=0 or a DTSTART")
    return When(text, "" if said.start else _midnight(now, zone), zone)


def _of_cron(text: str, now: datetime, tz: str) -> When:
    return When("\n".join(cron.rules(text)), _midnight(now, tz), tz)


def _of_words(text: str, now: datetime, tz: str, words: Vocabulary) -> When:
    zone = zone_of(tz)
    wall = now.astimezone(zone).replace(tzinfo=None, microsecond=0, fold=0)
    try:
        found = [clauses.meant(one, Said(text, words, wall), now, zone) for one in clauses.apart(tokens(text, words))]
    except ValueError:
        if not (moments := dates.readings(text.strip(" ,"))):
            raise
        if len(moments) > 1:
            ways = [f"{one:%Y-%m-%d at %H:%M:%S}" for one in moments]
            raise Doubt(f"{' or '.join(ways)}?", *([(0, len(text), way)] for way in ways)) from None
        found = [clauses.once(moments, zone)]
    if not found:
        raise ValueError(f"nothing says when; {HINT}")
    starts = {clause.start for clause in found if clause.recurs}
    if len(starts) > 1:
        raise ValueError("these do not count from the same day; make automations of their own of them")
    lines = dict.fromkeys(line for clause in found for line in clause.lines)
    notes = dict.fromkeys(note for clause in found for note in clause.notes)
    start = min(starts or {clause.start for clause in found})
    return When("\n".join(lines), start.isoformat(), tz, tuple(notes))


def _check(when: When, now: datetime) -> None:
    """Raises ValueError where nothing is to come."""
    if next(Recurrence(when.rrule, when.start, when.tz).following(now), None) is None:
        raise ValueError("that is past: nothing of it is to come")
