"""Where words stand in the entries of a transcript, painted or not."""

from collections.abc import Iterable
from dataclasses import dataclass

from zotui.tui.widgets.entry import Entry
from zotui.tui.widgets.marking import folded


@dataclass
class Matches:
    """The matches of some words: ``places`` names the entry of each, oldest first; ``at`` is the one gone to last."""

    words: str = ""
    places: list[str] | None = None
    at: int = -1

    def look(self, words: str, entries: Iterable[Entry]) -> int:
        """Look again, where the words or the entries are others; how many there are."""
        words = folded(words)
        before, number = self.current, self.number
        places = [entry.id for entry in entries for _ in range(text_of(entry).count(words))] if words else []
        if words != self.words or before is None:
            self.at = -1
        elif places != self.places:
            here = [at for at, place in enumerate(places) if place == before]
            self.at = here[min(number, len(here) - 1)] if here else -1
        self.words, self.places = words, places
        return len(places)

    @property
    def current(self) -> str | None:
        """The entry of the match gone to last."""
        return self.places[self.at] if self.places and 0 <= self.at < len(self.places) else None

    @property
    def number(self) -> int:
        """Which of the matches of that entry it is."""
        return self.places[: self.at].count(self.places[self.at]) if self.places and self.at >= 0 else 0

    def step(self, step: int, start: str | None) -> tuple[str, int] | None:
        """Go to the next match or the one before, around the ends; its entry, and which of that entry's it is.

        The first time it is one in the entry ``start``, where there is any, or the first or last of all.
        """
        if not self.places:
            return None
        if self.at >= 0:
            self.at = (self.at + step) % len(self.places)
        else:
            here = [at for at, place in enumerate(self.places) if place == start] or range(len(self.places))
            self.at = here[0] if step > 0 else here[-1]
        return self.places[self.at], self.number


def text_of(entry: Entry) -> str:
    """What is searched of an entry."""
    return folded(f"{entry.title}\n{entry.whole}" if entry.kind == "tool" else entry.text)
