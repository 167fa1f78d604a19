"""Strips with a part of them marked: what was searched for, what was selected."""

from rich.style import Style
from textual.strip import Strip

FOUND = Style(reverse=True)


def marked_words(strip: Strip, words: str, gutter: int) -> Strip:
    """A strip with every place marked where the words stand, whatever their case; the gutter is left alone."""
    text = strip.text.casefold()
    if len(text) != len(strip.text):  # folding made some characters longer: look for them as they are
        text = strip.text
    at = text.find(words, gutter)
    while at >= 0:
        strip = marked_cells(strip, *_cells(strip.text, at, at + len(words)))
        at = text.find(words, at + len(words))
    return strip


def marked_cells(strip: Strip, start: int, end: int) -> Strip:
    """A strip with these cells marked."""
    start, end = max(0, start), min(end, strip.cell_length)
    if start >= end:
        return strip
    before, within, after = strip.crop(0, start), strip.crop(start, end), strip.crop(end)
    return Strip([*before, *within.apply_style(FOUND), *after], strip.cell_length)


def _cells(text: str, start: int, end: int) -> tuple[int, int]:
    from rich.cells import cell_len

    return cell_len(text[:start]), cell_len(text[:end])
