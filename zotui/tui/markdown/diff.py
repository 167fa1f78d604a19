"""Differences of texts: each line keeps its sign, the colour comes on top."""

from collections.abc import Sequence
from difflib import unified_diff

from rich.segment import Segment
from rich.style import Style

from zotui.tui.markdown.palette import Palette
from zotui.tui.markdown.words import Line

LANGUAGES = frozenset({"diff", "patch", "udiff"})
"""What code is called that is a difference."""
LONGEST = 60_000  # characters of two texts that are compared at a key's press
CHANGED = Style(bold=True, underline=True)
"""The words that differ between a line and the one that replaces it."""


def diff_of(old: str, new: str, path: str = "") -> str:
    """The unified difference of two texts; empty where they are the same or too long to compare at a key's press."""
    if len(old) + len(new) > LONGEST:
        return ""
    names = (f"a/{path}", f"b/{path}") if path else ("before", "after")
    return "\n".join(unified_diff(old.splitlines(), new.splitlines(), *names, lineterm=""))


def diff_rows(rows: Sequence[str], palette: Palette, base: Style) -> list[Line]:
    """The lines of a unified difference, painted; the text of each stays as it is."""
    headed = _headed(rows)
    changes = _changes(rows, headed)
    lines: list[Line] = []
    for at, row in enumerate(rows):
        if at in headed:
            style = base + palette.heading
        elif row.startswith(("@@", "\\", "diff ", "index ")):
            style = base + palette.muted
        else:
            style = base + {"+": palette.added, "-": palette.removed}.get(row[:1], Style())
        start, end = changes.get(at, (len(row), len(row)))
        parts = ((row[:start], style), (row[start:end], style + CHANGED), (row[end:], style))
        lines.append([Segment(text, look) for text, look in parts if text] or [Segment("", style)])
    return lines


def _headed(rows: Sequence[str]) -> set[int]:
    """The lines that name the two files: one alone may be a line that was taken away."""
    pairs = (at for at in range(len(rows) - 1) if rows[at].startswith("--- ") and rows[at + 1].startswith("+++ "))
    return {at + step for at in pairs for step in (0, 1)}


def _changes(rows: Sequence[str], headed: set[int]) -> dict[int, tuple[int, int]]:
    """Where lines that were replaced one by one differ: the characters between what both begin and end with."""
    found: dict[int, tuple[int, int]] = {}
    at = 0
    while at < len(rows):
        gone = _run(rows, at, "-", headed)
        come = _run(rows, at + gone, "+", headed) if gone else 0
        if gone == come:
            for old in range(at, at + gone):
                found |= _changed(rows, old, old + gone)
        at += max(1, gone + come)
    return found


def _run(rows: Sequence[str], start: int, sign: str, headed: set[int]) -> int:
    """How many lines from one on have this sign."""
    end = start
    while end < len(rows) and rows[end].startswith(sign) and end not in headed:
        end += 1
    return end - start


def _changed(rows: Sequence[str], old: int, new: int) -> dict[int, tuple[int, int]]:
    one, other = rows[old][1:], rows[new][1:]
    shortest = min(len(one), len(other))
    head = next((at for at in range(shortest) if one[at] != other[at]), shortest)
    tail = next((at for at in range(shortest - head) if one[-1 - at] != other[-1 - at]), shortest - head)
    if head + tail < shortest / 3:  # two lines with little in common
        return {}
    return {old: (1 + head, 1 + len(one) - tail), new: (1 + head, 1 + len(other) - tail)}
