"""Patterns of tokens: ``every number unit``. Greedy and without a way back, so that a match costs what it is long."""

from collections.abc import Sequence
from typing import Any, NamedTuple

COUNTED = {"times", "unit", "span", "month"}
"""What a number before it counts, so that it is not of a list of numbers: “at 9, 5 times”."""


class Token(NamedTuple):
    """A piece of a text with a meaning: its kind, the value of that kind, and where it stands."""

    kind: str
    value: Any
    begin: int
    end: int


class Part(NamedTuple):
    """One place of a pattern: the kinds that fit, perhaps with one value only; it may be missing, or be a list."""

    kinds: frozenset[str]
    value: str | int
    optional: bool
    many: bool

    def fits(self, tokens: Sequence[Token], place: int) -> bool:
        """Whether the token at a place does."""
        if place >= len(tokens) or tokens[place].kind not in self.kinds:
            return False
        return not self.value or tokens[place].value == self.value


class Pattern:
    """Kinds of tokens with spaces between. ``a|b`` is either, ``a?`` may be missing, ``a+`` is a list of them as “1, 2 and 3”,
    ``unit=DAILY`` has this value."""

    def __init__(self, text: str) -> None:
        self._parts = [_part(word) for word in text.split()]

    def match(self, tokens: Sequence[Token], place: int) -> tuple[list[Any], int] | None:
        """What stands there, and where it ends: tokens, and lists of them, without those that have no value and only join the
        others. None where it does not fit."""
        found: list[Any] = []
        for part in self._parts:
            if not part.fits(tokens, place):
                if part.optional:
                    continue
                return None
            token = tokens[place]
            place += 1
            if part.many:
                several = [token]
                while (
                    (behind := _behind_and(tokens, place)) and part.fits(tokens, behind) and not _counts(tokens, behind)
                ):
                    several.append(tokens[behind])
                    place = behind + 1
                found.append(several)
            elif token.value is not None:
                found.append(token)
        return found, place


def _behind_and(tokens: Sequence[Token], place: int) -> int:
    """The place behind one “and” or several (“, and”); 0 where there is none."""
    begin = place
    while place < len(tokens) and tokens[place].kind == "and":
        place += 1
    return place if place > begin else 0


def _counts(tokens: Sequence[Token], place: int) -> bool:
    behind = tokens[place + 1].kind if place + 1 < len(tokens) else ""
    return tokens[place].kind == "number" and behind in COUNTED


def _part(word: str) -> Part:
    kinds, _, value = word.rstrip("?+").partition("=")
    return Part(
        frozenset(kinds.split("|")), int(value) if value.isdigit() else value, word.endswith("?"), word.endswith("+")
    )
