"""The words of a text that tell what it is about, in the form that their kin have in common."""

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_PLAIN_WORDS = """
a about after again all also always am an and another any are as at be because been before being but by can cannot
could did do does doing done down each either else ever every few for from further get gets getting give given go
goes going gone good got had has have having he her here hers herself him himself his how however i if in into is it
its itself just know let lets like look looks made make makes making many may me might more most much must my myself
need needs never no nor not now of off ok on once one ones only or other our ours out over own per please put really
s same say says see shall she should show so some something still such sure t take takes tell than thank thanks that
the their them then there these they thing things this those through to too try under until up us use used user
users uses using very via want wanted wants was way we well were what when where whether which while who whom whose
why will with within without would yes yet you your yours yourself skill skills
"""
_PLAIN = frozenset(_PLAIN_WORDS.split())
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("edly", ""), ("ed", ""), ("ions", "ion"), ("ly", ""))
_FIRST_CJK = "\u2e80"  # from here on writing has no blanks between words


def words_of(text: str) -> list[str]:
    """All words, in lower case."""
    return _WORD.findall(text.lower())


def terms(text: str) -> list[str]:
    """The words that count, each cut to its stem; of writing without blanks each two signs that stand together."""
    return [term for word in words_of(text) for term in _terms(word)]


@lru_cache(20_000)
def _terms(word: str) -> tuple[str, ...]:
    if word in _PLAIN:
        return ()
    if word[0] >= _FIRST_CJK and len(word) > 2:
        return tuple(word[at : at + 2] for at in range(len(word) - 1))
    return (_stem(word),)


def _stem(word: str) -> str:
    """The word without an English ending: roughly, and for all words alike."""
    if len(word) <= 3:
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) + len(instead) >= 3:
            word = word[: -len(ending)] + instead
            break
    else:
        if word.endswith("s") and not word.endswith(("ss", "us", "is")):
            word = word[:-1]
    if len(word) > 4 and word.endswith("e"):
        word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word
