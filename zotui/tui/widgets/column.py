"""Heights of things under each other, and which of them is at a line."""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate


class Column:
    """A height for each place, exact or guessed; tops are summed anew only below the first that changed."""

    def __init__(self) -> None:
        self._heights: list[int] = []
        self._exact: list[bool] = []
        self._ends: list[int] = []  # where each place ends, right for the first few

    def __len__(self) -> int:
        return len(self._heights)

    def reset(self, guesses: Iterable[int]) -> None:
        """Start over with guessed heights."""
        self._heights = list(guesses)
        self._exact = [False] * len(self._heights)
        self._ends = []

    def insert(self, place: int, guesses: list[int]) -> None:
        """Make room for new places."""
        self._heights[place:place] = guesses
        self._exact[place:place] = [False] * len(guesses)
        del self._ends[place:]

    def remove(self, place: int) -> None:
        """Forget a place."""
        del self._heights[place], self._exact[place], self._ends[place:]

    def settle(self, place: int, height: int) -> None:
        """Give a place its exact height."""
        self._exact[place] = True
        if self._heights[place] != height:
            self._heights[place] = height
            del self._ends[place:]

    def doubt(self, place: int) -> None:
        """The height of a place is a guess again."""
        self._exact[place] = False

    def is_exact(self, place: int) -> bool:
        """Whether the height of a place is known."""
        return self._exact[place]

    def height(self, place: int) -> int:
        """The height of a place."""
        return self._heights[place]

    def top(self, place: int) -> int:
        """The line a place begins at."""
        return self._summed()[place - 1] if place else 0

    @property
    def total(self) -> int:
        """The height of all."""
        return self._summed()[-1] if self._heights else 0

    def find(self, line: int) -> tuple[int, int]:
        """The place at a line, and the line within it; the last line of all for lines beyond."""
        ends = self._summed()
        place = bisect_right(ends, max(0, line))
        if place == len(ends):
            place = len(ends) - 1
            return place, max(0, self._heights[place] - 1)
        return place, max(0, line) - self.top(place)

    def _summed(self) -> list[int]:
        known = len(self._ends)
        if known < len(self._heights):
            start = self._ends[-1] if known else 0
            self._ends += list(accumulate(self._heights[known:], initial=start))[1:]
        return self._ends
