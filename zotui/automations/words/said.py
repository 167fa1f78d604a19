"""What was said of when something shall happen, and what is in doubt about it."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple

from zotui.automations.rule import ELAPSED
from zotui.automations.words.vocabulary import Vocabulary

Days = frozenset[int]  # of the week, Monday being 0
Edit = tuple[int, int, str]  # what comes in the place of a piece of the text, from and to


class Doubt(Exception):
    """A question, and ways to say it without the doubt: each some edits of the text, in order."""

    def __init__(self, question: str, *ways: list[Edit]) -> None:
        super().__init__(question)
        self.question = question
        self.ways = ways


class Hour(NamedTuple):
    """A time of the day as it was said, and where. ``reading``: what says which half of the day it is in, if anything does."""

    at: time
    begin: int
    end: int
    reading: Literal["", "half", "24", "word"] = ""


def hour_of(hour: int, minute: int, second: int, begin: int, end: int, written: str) -> Hour:
    """A time without am or pm: one of 0 and 13-23, or with a zero before it, is read by 24 hours."""
    by24 = hour == 0 or hour > 12 or written.startswith("0")
    return Hour(time(hour, minute, second), begin, end, "24" if by24 else "")


@dataclass
class Said:
    """The parts of a sentence, ``text`` in these words. ``now``: what the clock on the wall showed as it was said."""

    text: str
    words: Vocabulary
    now: datetime
    # how often
    every: bool = False
    freq: str = ""
    interval: int = 1
    per: tuple[int, str] | None = None
    """So many times in a unit."""
    # on which days
    weekdays: set[int] = field(default_factory=set)
    but: set[int] = field(default_factory=set)
    places: list[tuple[int, Days]] = field(default_factory=list)
    """Of a month: the nth of these days of the week, from its end where it is negative."""
    monthdays: list[int] = field(default_factory=list)
    months: set[int] = field(default_factory=set)
    yeardays: list[tuple[int, int]] = field(default_factory=list)
    """A month and a day."""
    next_week: bool = False
    day: date | None = None
    # at what time
    hours: list[Hour] = field(default_factory=list)
    window: tuple[Hour, Hour] | None = None
    minutes: list[int] = field(default_factory=list)
    """Of each hour."""
    part: tuple[int, int] | None = None
    """Of the day: from which hour to which."""
    next_day: bool = False
    """One of the times lies behind the midnight that ends its day, as “tonight at 1” does."""
    after: timedelta | None = None
    elapses: bool = False
    """It comes after hours, minutes or seconds, whatever the clocks do meanwhile."""
    # limits
    once: bool = False
    starting: date | None = None
    until: date | None = None
    lasting: timedelta | None = None
    count: int = 0

    @property
    def recurs(self) -> bool:
        """Whether it happens more than once."""
        return self.every or bool(self.freq)

    def often(self, freq: str, interval: int = 1) -> None:
        """It happens so often. Raises Doubt where something else was said; “every day” goes with what is finer, and “every month”
        with “every 3 months”."""
        self.every = True
        had, new = (self.freq, self.interval), (freq, interval)
        if not self.freq or _goes_with(had, new):
            self.freq, self.interval = new
        elif had != new and not _goes_with(new, had):
            raise Doubt("how often? two things are said about it")

    def say(self, name: str, value: object) -> None:
        """One of the parts that can be said once only. Raises Doubt where it was said otherwise."""
        if getattr(self, name) not in (None, 0, value):
            raise Doubt(f"“{name}” is said twice, of two things; which?")
        setattr(self, name, value)


def _goes_with(general: tuple[str, int], closer: tuple[str, int]) -> bool:
    """Whether the first says nothing that the second does not."""
    if general == ("DAILY", 1):
        return closer[0] in ELAPSED
    return general in (("MONTHLY", 1), ("YEARLY", 1)) and general[0] == closer[0]
