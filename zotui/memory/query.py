"""A person's words as what the indexes are asked. Every word is quoted: nothing in it is an operator."""

import re
from collections.abc import Iterable

import msgspec

from zotui.store import Reader
from zotui.store.schema.memories import DRAWN
from zotui.store.terms import words

MOST = 64  # words of a query
LONGEST = 10_000  # characters of a query that are looked at
MANY = 200_000  # rows, beyond which
SHORTEST = 3  # letters are the least that are completed
WEIGHED = 50  # ways in which a sign goes on, the most frequent, where rows are weighed
LISTED = 1_000  # and where they are listed

# Words that say nothing about what is sought.
_SAYING_NOTHING = """
a about also am an and any are as at be been being but by can could did didn do does doesn doing don
during for from had has have having he her his how i if in into is isn it its just ll me more most
much my no not of on or our re s she so some such t than that the their them then there these they
this those to too us ve very was wasn we were what when where which while who whom whose why will
with would you your
"""
STOP_WORDS = frozenset(_SAYING_NOTHING.split())

_SIGNS = re.compile(f"[{DRAWN}]+")


class Query(msgspec.Struct, frozen=True):
    """What is sought: words by their stems, and signs, which are one or two characters that are found anywhere."""

    words: dict[str, str]  # stem: word
    signs: list[str]


def read(db: Reader, text: str) -> Query:
    """The telling words of a text, each once, and its signs; at most ``MOST`` of each."""
    text = text[:LONGEST]
    found: dict[str, str] = {}
    for word, stem in words(db, text):
        found.setdefault(stem, word)
    telling = {stem: word for stem, word in found.items() if word.lower() not in STOP_WORDS} or found
    return Query(dict(list(telling.items())[:MOST]), _signs(text))


def _signs(text: str) -> list[str]:
    runs = _SIGNS.findall(text.lower())
    return list(dict.fromkeys(run[at : at + 2] for run in runs for at in range(max(1, len(run) - 1))))[:MOST]


def quoted(word: str) -> str:
    """A query for rows with a word."""
    return '"' + word.replace('"', '""') + '"'


def any_of(queries: Iterable[str]) -> str:
    """A query for rows that fit any of these."""
    return " OR ".join(queries)


def all_of(queries: Iterable[str]) -> str:
    """A query for rows that fit all of these."""
    return " AND ".join(queries)


def with_sign(db: Reader, sign: str, ways: int = WEIGHED) -> str:
    """A query of the index of signs, which has three characters each, for rows with one; empty where there is none."""
    begun = db.execute(
        "SELECT term FROM memory_drawn_fts_terms WHERE term >= ?1 AND term < ?1 || char(0x10ffff) ORDER BY doc DESC LIMIT ?2",
        (sign, ways),
    ).fetchall()
    return f"({any_of(quoted(term) for (term,) in begun)})" if begun else ""


class Match(msgspec.Struct, frozen=True):
    """What rows must hold: a query of the index of words and one of that of signs, empty where there is none."""

    words: str
    signs: str


def match(db: Reader, text: str) -> Match | None:
    """What rows hold that have all the words of a text, the last one as a prefix, and all its signs; None where none can."""
    text = text[:LONGEST]
    found = [word for word in dict.fromkeys(word for word, _ in words(db, text)) if not _SIGNS.search(word)][:MOST]
    signs = [sign for run in _SIGNS.findall(text.lower())[:MOST] for sign in _written(db, run)][:MOST]
    if not (found or signs) or "" in signs:
        return None
    prefix = "*" if found and (len(found[-1]) >= SHORTEST or not _are_many(db)) else ""
    return Match(all_of(map(quoted, found)) + prefix, all_of(signs))


def _are_many(db: Reader) -> bool:
    return int(db.execute("SELECT max(seq) FROM memory").get or 0) > MANY


def _written(db: Reader, run: str) -> list[str]:
    """Queries for the rows with all the characters of a run, three after each other."""
    return [quoted(run[at : at + 3]) for at in range(len(run) - 2)] or [with_sign(db, run, LISTED)]
