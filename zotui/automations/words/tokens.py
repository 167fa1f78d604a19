"""A text about when, taken apart: numbers, times, dates, and the words of a language."""

import re
from calendar import month_name, monthrange
from collections.abc import Callable, Iterator, Sequence
from datetime import date, time
from difflib import get_close_matches
from typing import Any

from zotui.automations.moments import EARLIEST, LATEST, zones
from zotui.automations.words.patterns import Pattern, Token
from zotui.automations.words.said import Doubt, Hour, hour_of
from zotui.automations.words.vocabulary import WORD, Vocabulary
from zotui.text import one_line

HINT = "say it as “every weekday at 9am”, “first Monday of every month at 9”, “tomorrow at 18:00” or “in 20 minutes”"
MANY = 99_999  # of what is counted, or passes
_PIECE = re.compile(
    rf"""(?P<date>[0-9]{{4}}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}})(?![0-9])(?:t(?=[0-9]))?
    | (?P<clock>[0-9]{{1,2}}(?:[:h][0-9]{{2}}(?::[0-9]{{2}})?(?:\ ?[ap]\.?m\b\.?)?|(?:\.[0-9]{{2}})?\ ?[ap]\.?m\b\.?))(?![0-9:])
    | (?P<dotted>[0-9]{{1,2}}[./][0-9]{{1,2}}(?:[./][0-9]{{4}})?)(?![0-9])
    | (?P<minute>:[0-9]{{2}})(?![0-9])
    | (?P<ordinal>[0-9]{{1,2}}(?:st|nd|rd|th))\b
    | (?P<number>[0-9]+)
    | (?P<word>{WORD})
    | (?P<mark>\S)""",
    re.VERBOSE,
)


def tokens(text: str, words: Vocabulary) -> list[Token]:
    """The pieces of a text in lower case, without those that mean nothing. Raises Doubt, ValueError."""
    return list(_joined([one for one in _pieces(text, words) if one.kind != "filler"]))


def quoted(text: str) -> str:
    """A person's words as a message shows them."""
    return f"“{one_line(text, 40)}”"


def not_understood(text: str, begin: int, hint: str = HINT) -> ValueError:
    """What is said of a text that is understood only up to a place."""
    rest, whole = quoted(text[begin:].strip()), quoted(text.strip())
    return ValueError(f"{rest if rest == whole else f'{rest} in {whole}'} is not understood; {hint}")


def _pieces(text: str, words: Vocabulary) -> Iterator[Token]:
    found = list(_PIECE.finditer(text))
    texts = [piece[0] for piece in found]
    place = 0
    while place < len(found):
        piece, length = found[place], 1
        kind, begin, end = str(piece.lastgroup), piece.start(), piece.end()
        if kind in ("word", "mark"):
            length, kind, value = words.longest(texts[place:])
            if not length:
                _ask_for_zone(texts[place : place + 3], found[place : place + 3])
                raise not_understood(text, begin, _near(piece[0], words))
            end = found[place + length - 1].end()
            value = Hour(value, begin, end, "word") if kind == "clock" else value
        elif kind == "dotted":
            kind, value = _dotted(piece, words)
        else:
            value = READERS[kind](piece)
        yield Token(kind, value, begin, end)
        place += length


def _ask_for_zone(words: Sequence[str], pieces: Sequence[re.Match[str]]) -> None:
    """“9am in New York” names a city, but no zone. Raises Doubt where there is such a city."""
    for length in range(len(words), 0, -1):
        city = "/" + "_".join(words[:length])
        if found := sorted(zone for name, zone in zones().items() if name.endswith(city)):
            begin, end = pieces[0].start(), pieces[length - 1].end()
            raise Doubt(f"in the zone {' or '.join(found)}?", *([(begin, end, zone)] for zone in found))


def _near(word: str, words: Vocabulary) -> str:
    near = get_close_matches(word, [one for one in words.beginnings if len(one) > 2 and one != word], 1, 0.75)
    return f"did you mean “{near[0]}”?" if near else HINT


def _numbers(piece: re.Match[str]) -> list[int]:
    return [int(number) for number in re.findall("[0-9]+", piece[0])]


def _clock(piece: re.Match[str]) -> Hour:
    hour, minute, second, *_ = [*_numbers(piece), 0, 0]
    half = re.search("[ap]", piece[0])
    if half and not 1 <= hour <= 12:
        raise ValueError(f"{quoted(piece[0])}: with am or pm an hour must be 1-12")
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"{quoted(piece[0])}: a time must be 0:00-23:59")
    if half:
        hour = hour % 12 + (12 if half[0] == "p" else 0)
        return Hour(time(hour, minute, second), piece.start(), piece.end(), "half")
    return hour_of(hour, minute, second, piece.start(), piece.end(), piece[0])


def _minute(piece: re.Match[str]) -> int:
    (minute,) = _numbers(piece)
    if minute > 59:
        raise ValueError(f"{quoted(piece[0])}: a minute must be 00-59")
    return minute


def _dotted(piece: re.Match[str], words: Vocabulary) -> tuple[str, Any]:
    """A day of the year, or a time with a dot; where it could be two of them, it is asked about."""
    first, second, *year = _numbers(piece)
    dot, behind = "." in piece[0], f" {year[0]}" if year else ""
    days = [(second, first)] if dot else list(dict.fromkeys([(second, first), (first, second)]))
    ways = [f"{day} {words.word('month', month)}{behind}" for month, day in days if 1 <= month <= 12 and 1 <= day <= 31]
    if dot and not year and first <= 23 and second <= 59 and len(piece[0].partition(".")[2]) == 2:
        ways.append(f"{first:02}:{second:02}")
        if len(ways) == 1:
            return "clock", hour_of(first, second, 0, piece.start(), piece.end(), piece[0])
    if len(ways) > 1:
        edits = ([(piece.start(), piece.end(), way)] for way in ways)
        raise Doubt(f"{quoted(piece[0])}: {' or '.join(ways)}?", *edits)
    if not ways:
        raise ValueError(f"{quoted(piece[0])} is no day of the year")
    found = next(one for one in days if 1 <= one[0] <= 12)
    return ("date", day_of(year[0], *found)) if year else ("yearday", yearday_of(*found))


READERS: dict[str, Callable[[re.Match[str]], Any]] = {
    "date": lambda piece: day_of(*_numbers(piece)),
    "clock": _clock,
    "minute": _minute,
    "ordinal": lambda piece: _numbers(piece)[0],
    "number": lambda piece: _numbers(piece)[0],
}


def number_of(token: Token) -> int:
    """A number that counts something. Raises ValueError."""
    if not 1 <= token.value <= MANY:
        raise ValueError(f"{quoted(str(token.value)[:12])}: must be 1-{MANY:,}")
    return int(token.value)


def day_of(year: int, month: int, day: int) -> date:
    """A day of the calendar; a negative one counts from the end of the month. Raises ValueError."""
    if not EARLIEST <= year <= LATEST:
        raise ValueError(f"the year {year}: must be {EARLIEST}-{LATEST}")
    if not 1 <= month <= 12:
        raise ValueError(f"the month {month}: must be 1-12")
    most = monthrange(year, month)[1]
    if not 1 <= abs(day) <= most:
        raise ValueError(f"{date(year, month, 1):%B %Y} has no day {day}: must be 1-{most}")
    return date(year, month, day if day > 0 else most + 1 + day)


def yearday_of(month: int, day: int) -> tuple[int, int]:
    """A day that some year has; a negative one counts from the end of the month. Raises ValueError."""
    if not 1 <= abs(day) <= monthrange(2000, month)[1]:
        raise ValueError(f"{month_name[month]} has no day {day}")
    return month, day


# Pieces that belong together wherever they stand


def _joined(found: Sequence[Token]) -> Iterator[Token]:
    place = 0
    while place < len(found):
        for pattern, join in JOINS:
            after_at = place > 0 and found[place - 1].kind == "at" and found[place].kind == "number"
            match = None if after_at else pattern.match(found, place)
            joined = join(*match[0]) if match else None
            if match and joined:
                yield joined
                place = match[1]
                break
        else:
            yield found[place]
            place += 1


def _month_first(month: Token, day: Token, year: Token | None = None) -> Token | None:
    return _day_first(day, month, year)


def _day_first(day: Token, month: Token, year: Token | None = None) -> Token | None:
    """A day of a month, with a year or without one."""
    begin, end = min(day.begin, month.begin), (year or max(day, month, key=lambda one: one.end)).end
    if year is not None:
        is_year = year.end - year.begin == 4
        return Token("date", day_of(year.value, month.value, day.value), begin, end) if is_year else None
    return Token("yearday", yearday_of(month.value, day.value), begin, end)


def _past(minutes: Token, hour: Token) -> Token | None:
    """“half past 9”, “quarter to 9”."""
    said = hour.value if hour.kind == "clock" else bare(hour)
    if said is None or said.at.minute:
        return None
    of_day = (said.at.hour * 60 + minutes.value) % 1_440
    return Token(
        "clock", Hour(time(of_day // 60, of_day % 60), minutes.begin, hour.end, said.reading), minutes.begin, hour.end
    )


def bare(number: Token) -> Hour | None:
    """A number that stands for an hour, as “9” or “0930”; None for one that cannot."""
    hour, minute = divmod(number.value, 100) if number.value >= 100 else (number.value, 0)
    if hour > 23 or minute > 59:
        return None
    return hour_of(hour, minute, 0, number.begin, number.end, "0" if number.value >= 100 else "")


JOINS: tuple[tuple[Pattern, Callable[..., Token | None]], ...] = (
    (Pattern("number|ordinal of? month and? number"), _day_first),
    (Pattern("number|ordinal of? month"), _day_first),
    (Pattern("month number|ordinal and? number"), _month_first),
    (Pattern("month number|ordinal"), _month_first),
    (Pattern("past number|clock"), _past),
)
