"""The words of a language for when something happens. Another language is another table of this shape."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

WORD = r"[^\W\d_]+(?:'[^\W\d_]+)?"
_PIECE = re.compile(rf"{WORD}|\S")

Table = Mapping[str, Mapping[str, Any]]


class Vocabulary:
    """What words mean: their kind, and a value of that kind.

    ``table``: for each kind, words (several that mean the same stand apart by ``|``) and their value. Of phrases that begin alike
    the longest is found. ``ways``: how the same is said without a doubt, for the choices of a question.
    """

    def __init__(self, table: Table, ways: Mapping[str, str]) -> None:
        self.ways = ways
        self._phrases: dict[str, list[tuple[list[str], str, Any]]] = {}
        for kind, words in table.items():
            for phrases, value in words.items():
                for phrase in phrases.split("|"):
                    pieces = _PIECE.findall(phrase)
                    self._phrases.setdefault(pieces[0], []).append((pieces, kind, value))
        for found in self._phrases.values():
            found.sort(key=lambda one: len(one[0]), reverse=True)

    def longest(self, pieces: Sequence[str]) -> tuple[int, str, Any]:
        """Of the phrases with which the pieces of a text begin the longest: how many pieces, its kind and its value; 0 for none."""
        for phrase, kind, value in self._phrases.get(pieces[0], ()):
            if list(pieces[: len(phrase)]) == phrase:
                return len(phrase), kind, value
        return 0, "", None

    def word(self, kind: str, value: object) -> str:
        """The first phrase for a value of a kind."""
        return next(" ".join(one[0]) for found in self._phrases.values() for one in found if one[1:] == (kind, value))

    def begins(self, word: str) -> bool:
        """Whether a phrase does with this word."""
        return word in self._phrases

    @property
    def phrases(self) -> Collection[Sequence[str]]:
        """All phrases, each as its words."""
        return [one[0] for found in self._phrases.values() for one in found]

    @property
    def beginnings(self) -> Collection[str]:
        """The words with which phrases begin."""
        return self._phrases.keys()
