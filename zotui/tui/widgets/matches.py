"""Where words stand in the entries of a transcript, painted or not."""

from collections.abc import Iterable
from dataclasses import dataclass

from zotui.tui.widgets.entry import Entry


@dataclass
class Matches:
    """The matches of some words: ``places`` names the entry of each, oldest first; ``at`` is the one gone to last."""

    words: str = ""
    places: list[str] | None = None
    at: int = -1

    def look(self, words: str, entries: Iterable[Entry]) -> int:
        """Look again, where the words or the entries are others; how many there are."""
        folded = words.casefold()
        before = self.current
        places = [entry.id for entry in entries for _ in range(_count(entry, folded))] if folded else []
        if folded != self.words or before is None:
            self.at = -1
        elif places != self.places:
            self.at = places.index(before) if before in places else -1
        self.words, self.places = folded, places
        return len(places)

    @property
    def current(self) -> str | None:
        """The entry of the match gone to last."""
        return self.places[self.at] if self.places and 0 <= self.at < len(self.places) else None

    def step(self, step: int, start: str | None) -> tuple[str, int] | None:
        """Go to the next match or the one before, around the ends; its entry, and which of that entry's it is.

        The first time it is the nearest behind, or before, the entry ``start``.
        """
        if not self.places:
            return None
        if self.at < 0 and start in self.places:
            here = [at for at, place in enumerate(self.places) if place == start]
            self.at = here[0] if step > 0 else here[-1]
        elif self.at < 0:
            self.at = 0 if step > 0 else len(self.places) - 1
        else:
            self.at = (self.at + step) % len(self.places)
        place = self.places[self.at]
        return place, self.places[: self.at].count(place)


def _count(entry: Entry, words: str) -> int:
    text = entry.detail if entry.kind == "tool" else entry.text
    return text.casefold().count(words) + (entry.title.casefold().count(words) if entry.kind == "tool" else 0)
