"""The grammar of when: patterns of tokens, and what each says. At every place of a sentence the first that fits is taken."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from zotui.automations.words import days, limits, often, times
from zotui.automations.words.patterns import Pattern, Token
from zotui.automations.words.said import Doubt, Said
from zotui.automations.words.tokens import not_understood

Grammar = tuple[tuple[str, Callable[..., None]], ...]

RANGES: Grammar = (
    ("every|from? day|days to day|days", days.range_of_days),
    ("every|from|in? month to month", days.range_of_months),
)
DAYS: Grammar = (
    ("every? ordinal+ unit=DAILY of|in every? unit=MONTHLY", days.monthdays_of_month),
    ("every? ordinal+ of|in every? unit=MONTHLY", days.monthdays_of_month),
    ("every? unit=DAILY number+ of|in every? unit=MONTHLY", days.day_numbers),
    ("ordinal+ unit=DAILY of|in month+", days.days_of_months),
    ("every? ordinal+ unit=DAILY of|in every? month+", days.every_days_of_months),
    ("every? ordinal+ day|days+ of|in every? unit=MONTHLY", days.nth_days_of_month),
    ("ordinal+ day|days+ of|in month+", days.nth_days_of_months),
    ("every? ordinal+ day|days+ of|in every? month+", days.every_nth_days_of_months),
    ("every ordinal+ day|days+", days.every_nth_days),
    ("ordinal+ day|days+", days.nth_days),
    ("every other day|days+", often.every_other_day),
    ("every day|days+", days.every_day),
    ("every yearday+", days.every_yearday),
    ("yearday+", days.yeardays),
    ("every month+", days.every_month),
    ("in|of? month+", days.in_months),
    ("next day", days.next_day),
    ("next unit=WEEKLY", days.next_week),
    ("this day", days.this_day),
    ("in days+", days.some_days),
    ("day|days+", days.some_days),
    ("date|relative", days.on),
)
ORDINALS: Grammar = (
    ("ordinal+ unit=DAILY", days.monthdays),
    ("every ordinal+", days.every_monthday),
    ("ordinal+", days.monthdays),
)
OFTEN: Grammar = (
    ("once every number unit", often.every_number),
    ("once every other unit", often.every_other),
    ("once every unit", often.every_unit),
    ("once number=1 unit", often.every_number),
    ("once adverb", often.every_span),
    ("twice every? unit", often.times_a_unit),
    ("twice number=1 unit", often.times_a_unit),
    ("twice adverb", often.times_an_adverb),
    ("number times every unit", often.times_a_unit),
    ("number times number=1 unit", often.times_a_unit),
    ("number times adverb", often.times_an_adverb),
    ("every other unit", often.every_other),
    ("every number unit", often.every_number),
    ("every ordinal unit", often.every_ordinal),
    ("every span", often.every_span),
    ("every unit", often.every_unit),
    ("adverb", often.every_span),
    ("every? twofold", often.twofold),
    ("every part", often.every_part),
    ("parts", often.every_part),
)
WINDOWS: Grammar = (
    ("between clock|number and|to clock|number", times.between),
    ("from clock|number to clock|number", times.between),
    ("clock|number to clock|number", times.between),
)
HOURS: Grammar = (
    ("at clock|number+", times.at),
    ("clock+", times.at),
    ("at? minute+", times.at_minutes),
)
ONCE: Grammar = (
    ("in number unit", times.after),
    ("in span", times.after_span),
    ("number unit hence", times.after),
    ("span hence", times.after_span),
    ("and? number unit", times.further),
    ("tonight", times.this_part),
    ("this part", times.this_part),
)
LIMITS: Grammar = (
    ("except every? day|days+", days.but_days),
    ("starting|from date|yearday|relative|day", limits.starting),
    ("starting clock|number", limits.starting_at),
    ("to date|yearday|relative|day", limits.until),
    ("to clock|number", limits.until_hour),
    ("for number unit", limits.lasting),
    ("for number times", limits.counted),
)
REST: Grammar = (
    ("number times", limits.counted),
    ("in|at? part", times.in_part),
    ("zone", limits.zone),
    ("once", limits.once),
    ("and|at|for", limits.nothing),
    ("number", times.lone_number),
)
# “for 2 weeks” is no further “2 weeks”, nor is “Monday to Friday” an end on Friday. T: at what time, D: on which days
_PATTERNS = [
    (kind, Pattern(text), phrase)
    for kind, grammar in (
        ("D", RANGES),
        ("", LIMITS),
        ("T", WINDOWS),
        ("D", DAYS),
        ("D", OFTEN),
        ("D", ORDINALS),
        ("", ONCE),
        ("T", HOURS),
        ("", REST),
    )
    for text, phrase in grammar
]


def read(found: Sequence[Token], said: Said) -> None:
    """What a sentence says. Raises Doubt, ValueError."""
    place, order = 0, ""
    while place < len(found):
        for kind, pattern, phrase in _PATTERNS:
            if match := pattern.match(found, place):
                phrase(said, *match[0])
                order += kind
                place = match[1]
                break
        else:
            raise not_understood(said.text, found[place].begin)
    if re.search("TD+T", order):
        raise Doubt("which time belongs to which day? say them apart, with “;” between", *_apart(found))


def _apart(found: Sequence[Token]) -> list[list[tuple[int, int, str]]]:
    """A way to say it apart: at “and every”."""
    ends = [
        (one.begin, one.end, ";") for one, behind in pairwise(found) if one.kind == "and" and behind.kind == "every"
    ]
    return [ends] if ends else []
