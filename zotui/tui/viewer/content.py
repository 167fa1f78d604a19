"""What a viewer shows: lines that are painted when they are looked at."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.segment import Segment
from textual.strip import Strip

from zotui.text import clean
from zotui.tui.markdown import Line, Palette, markdown_lines, plain

MEASURE = 112
"""Cells of prose in a line at most."""


class Look(NamedTuple):
    """What is painted for: cells, lines and colours."""

    width: int
    height: int
    palette: Palette


class Content:
    """Lines by numbers. All that a subclass does may block: it is asked in a thread, one thing at a time.

    ``head``: lines that stay at the top. ``fixed``: cells at the left that stay. ``width``: cells of the widest line that
    was painted. ``count``: the lines found so far, all of them once it ``is_whole``. ``words``: how much that is.
    """

    head: Sequence[Strip] = ()
    fixed = 0
    width = 0
    count = 0
    is_whole = True
    words = ""

    def lay_out(self, look: Look) -> None:
        """Make ready for this look. Raises ZotuiError, OSError."""

    def page(self, first: int, most: int) -> list[Strip]:
        """Paint some lines. Raises ZotuiError, OSError."""
        raise NotImplementedError

    def scan(self, patience_s: float) -> None:
        """Go on finding out how many lines there are, for so long. Raises OSError."""


class Painted(Content):
    """Lines that are painted all at once, as wide as there is room."""

    def __init__(self) -> None:
        self._strips: list[Strip] = []

    def paint(self, look: Look) -> list[Line]:
        """All lines."""
        raise NotImplementedError

    def lay_out(self, look: Look) -> None:
        self._strips = [strip_of([Segment(" ", look.palette.text), *line]) for line in self.paint(look)]
        self.count = len(self._strips)

    def page(self, first: int, most: int) -> list[Strip]:
        return self._strips[first : first + most]


class Prose(Painted):
    """A text as it is written, wrapped."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = clean(text)

    def paint(self, look: Look) -> list[Line]:
        return plain(self._text, min(MEASURE, look.width - 2), look.palette.text)


class Markdown(Painted):
    """A text in Markdown, rendered."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = clean(text)

    def paint(self, look: Look) -> list[Line]:
        return markdown_lines(self._text, min(MEASURE, look.width - 2), look.palette)


class Said(Painted):
    """A sentence in the place of what cannot be shown."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = clean(sentence)

    def paint(self, look: Look) -> list[Line]:
        return [[], *plain(self.sentence, max(4, look.width - 2), look.palette.text + look.palette.muted)]


def strip_of(line: Line) -> Strip:
    """A line that goes to the screen."""
    return Strip([segment for segment in line if segment.text])
