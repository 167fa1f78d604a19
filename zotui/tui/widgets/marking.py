"""Strips with a part of them marked: what was searched for, what was selected."""

from collections.abc import Iterable

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from zotui.tui.widgets.sheet import Sheet

FOUND = Style(reverse=True)
GONE_TO = Style(reverse=True, bold=True, underline=True)
"""The match that was gone to last."""


def folded(text: str) -> str:
    """A text for comparing without regard to case, each character in its place."""
    made = text.casefold()
    if len(made) == len(text):
        return made
    return "".join(character.casefold() if len(character.casefold()) == 1 else character for character in text)


def marked_cells(strip: Strip, start: int, end: int, style: Style = FOUND) -> Strip:
    """A strip with these cells marked."""
    start, end = max(0, start), min(end, strip.cell_length)
    if start >= end:
        return strip
    before, within, after = strip.crop(0, start), strip.crop(start, end), strip.crop(end)
    return Strip([*before, *within.apply_style(style), *after], strip.cell_length)


def wrapped(sheet: Sheet, row: int) -> range:
    """The lines that are one in the source, wrapped, of which this is one."""
    first, last = row, row + 1
    while first > 0 and sheet.mark(first).joint is not None:
        first -= 1
    while last < len(sheet) and sheet.mark(last).joint is not None:
        last += 1
    return range(first, last)


def found_in(sheet: Sheet, rows: Iterable[int], words: str) -> list[list[tuple[int, int, int]]]:
    """Where words stand in lines that are one: of each match the lines it is in, and the cells of each."""
    whole, starts = "", dict[int, int]()
    for row in rows:
        whole += (sheet.mark(row).joint or "") if starts else ""
        starts[row] = len(whole)
        whole += sheet.text(row)
    matches, text, at = [], folded(whole), -1
    while (at := text.find(words, at + 1 if at < 0 else at + len(words))) >= 0:
        matches.append([part for row, start in starts.items() if (part := _part(sheet, row, at - start, len(words)))])
    return matches


def _part(sheet: Sheet, row: int, start: int, count: int) -> tuple[int, int, int] | None:
    """The line and its cells, as far as the characters from ``start`` on are in it."""
    text, left = sheet.text(row), sheet.mark(row).left
    begin, end = max(0, start), min(len(text), start + count)
    if begin >= end:
        return None
    return row, left + cell_len(text[:begin]), left + cell_len(text[:end])
