"""Which skills a request is for, and why: by its name or a trigger, else by the words that it shares with them and by what
it means.

The weights and the bar were chosen on half of 149 requests to 190 skills that others wrote; on the other half the right
skill came first for 77% and among the first three for 89%, and 95% of what fits no skill got none.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from math import exp, log, sqrt
from operator import is_not, itemgetter, mul

import msgspec

from zotui.errors import ZotuiError
from zotui.skills.skill import Skill
from zotui.skills.words import terms, words_of
from zotui.text import one_line
from zotui.vectors import embed

NAME, DESCRIPTION, BODY = 3, 3, 1
"""How much a word counts in each; triggers count as the description does."""
BODY_READ, TEXT_READ = 4_000, 1_200  # characters of instructions, and of a request
LOOKED_THROUGH = 20_000  # characters of a request in which names and triggers are looked for
TERM_SATURATION, LENGTH_SHARE = 1.2, 0.75  # k1 and b of BM25
FEWEST = 150  # skills that a word's rarity is reckoned among: with a handful, none would be rare
WORDS_SHARE = 35.0  # the score of shared words that counts as much as meaning the very same
BAR, ALSO = 0.49, 0.6
"""What fits must reach; and, where something does, what share of that others must."""
SEVERAL = 4  # words that are named in a reason
_SLASH = re.compile(r"(?<![\w/.])/([a-z0-9][\w-]*)(?![\w/.-]\w)", re.IGNORECASE)


class Routed(msgspec.Struct, frozen=True):
    """A skill that fits: ``score`` is 0 to 1, 1 where it was named or a trigger was said; ``why`` says so in words."""

    name: str
    score: float
    why: str


class Named:
    """Tells which skills a request names, or says a trigger of."""

    def __init__(self, skills: Sequence[Skill]) -> None:
        self._skills = skills
        self._names = {skill.name.lower(): place for place, skill in enumerate(skills)}
        self._triggers = [
            (f" {' '.join(words)} ", trigger, place)
            for place, skill in enumerate(skills)
            for trigger in skill.triggers
            if (words := words_of(trigger))
        ]

    def of(self, text: str) -> dict[int, str]:
        """Their places, each with the reason: a name after a slash, a name alone, or a trigger, as whole words."""
        found: dict[int, str] = {}
        text = text[:LOOKED_THROUGH]
        for name in _SLASH.findall(text):
            if (place := self._names.get(name.lower())) is not None:
                found.setdefault(place, f"/{self._skills[place].name}")
        whole = self._names.get(text.strip().lower())
        if whole is not None:
            found.setdefault(whole, "its name")
        said = f" {' '.join(words_of(text))} " if self._triggers else ""
        for words, trigger, place in self._triggers:
            if words in said:
                found.setdefault(place, f"trigger {trigger!r}")
        return found


class Router:
    """Chooses among skills. Making one reads them all; it is then asked in a millisecond."""

    def __init__(self, skills: Sequence[Skill]) -> None:
        self.skills = list(skills)
        counts = [_counts(skill) for skill in self.skills]
        lengths = [sum(count.values()) for count in counts]
        usual = sum(lengths) / len(lengths) if lengths else 1.0
        holders = defaultdict[str, int](int)
        for count in counts:
            for term in count:
                holders[term] += 1
        among = max(len(counts), FEWEST)
        self._postings = defaultdict[str, list[tuple[int, float]]](list)
        for place, (count, length) in enumerate(zip(counts, lengths, strict=True)):
            least = TERM_SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * length / usual)
            for term, times in count.items():
                rare = log(1 + (among - holders[term] + 0.5) / (holders[term] + 0.5))
                self._postings[term].append((place, rare * times * (TERM_SATURATION + 1) / (times + least)))
        self._vectors = [_vector(f"{skill.name}. {skill.description}") for skill in self.skills]
        self._named = Named(self.skills)

    def route(self, text: str, k: int = 3) -> list[Routed]:
        """At most ``k`` skills that fit, the best first; none where nothing does."""
        exact = self._named.of(text)
        found = [Routed(self.skills[place].name, 1.0, why) for place, why in exact.items()]
        fits = self._fits(text)
        bar = BAR * ALSO if (fits and max(fits.values()) >= BAR) or exact else BAR
        for place, fit in sorted(fits.items(), key=itemgetter(1), reverse=True):
            if len(found) >= k or fit < bar:
                break
            if place not in exact:
                found.append(Routed(self.skills[place].name, round(1 - exp(-fit), 3), self._why(text, place)))
        return found[:k]

    def ranked(self, text: str) -> list[Skill]:
        """All skills, what fits best first."""
        fits, exact = self._fits(text), self._named.of(text)
        order = sorted(range(len(self.skills)), key=lambda place: (place not in exact, -fits.get(place, 0.0)))
        return [self.skills[place] for place in order]

    def _fits(self, text: str) -> dict[int, float]:
        """How well each skill fits: shared words and closeness, added."""
        text = text[:TEXT_READ]
        fits = defaultdict[int, float](float)
        for term in dict.fromkeys(terms(text)):
            for place, weight in self._postings.get(term, ()):
                fits[place] += weight / WORDS_SHARE
        one, length = _vector(text)
        if length:
            for place, (other, its) in enumerate(self._vectors):
                if its:
                    fits[place] += sum(map(mul, one, other)) / (length * its)
        return fits

    def _why(self, text: str, place: int) -> str:
        shared = [
            (weight, word)
            for word in dict.fromkeys(words_of(text[:TEXT_READ]))
            for term in terms(word)
            for at, weight in self._postings.get(term, ())
            if at == place
        ]
        words = list(dict.fromkeys(word for _, word in sorted(shared, reverse=True)))[:SEVERAL]
        (one, length), (other, its) = _vector(text[:TEXT_READ]), self._vectors[place]
        close = sum(map(mul, one, other)) / (length * its) if length and its else 0.0
        shared_words = f"words: {one_line(', '.join(words), 120)}; " if words else ""
        return f"{shared_words}meaning {close:.2f}"


def route(text: str, skills: Sequence[Skill], k: int = 3) -> list[Routed]:
    """At most ``k`` of ``skills`` that a request is for, the best first; none where nothing fits. What was made of the
    last skills is kept for the next call."""
    return _router_of(skills).route(text, k)


def _router_of(skills: Sequence[Skill]) -> Router:
    wanted = [skill for skill in skills if skill.valid and skill.enabled]
    last = _LAST[0] if _LAST else None
    if last is None or len(last.skills) != len(wanted) or any(map(is_not, last.skills, wanted)):
        last = Router(wanted)
        _LAST[:] = [last]
    return last


_LAST: list[Router] = []


def _counts(skill: Skill) -> dict[str, int]:
    found = defaultdict[str, int](int)
    described = f"{skill.description} {' '.join(skill.triggers)}"
    for text, weight in ((skill.name, NAME), (described, DESCRIPTION), (skill.body[:BODY_READ], BODY)):
        for term in terms(text):
            found[term] += weight
    return found


def _vector(text: str) -> tuple[Sequence[int], float]:
    """What a text means, and the length of that; nothing where the table of words cannot be read."""
    try:
        numbers = memoryview(embed(text)).cast("b").tolist()
    except ZotuiError:
        return (), 0.0
    return numbers, sqrt(sum(map(mul, numbers, numbers)))
