"""Differences of texts: signs in front, colours beside them."""

from difflib import unified_diff

from rich.segment import Segment

from zotui.tui.markdown.palette import Palette
from zotui.tui.markdown.words import Line, plain

MOST_LINES = 400
LONGEST = 200_000  # characters of a text that is compared


def diff_of(old: str, new: str, path: str = "") -> str:
    """The unified difference of two texts; empty where they are the same or too long to compare at a key's press."""
    if len(old) + len(new) > LONGEST:
        return ""
    lines = unified_diff(old.splitlines(), new.splitlines(), f"a/{path}", f"b/{path}", lineterm="")
    return "\n".join(lines)


def diff_lines(diff: str, width: int, palette: Palette) -> list[Line]:
    """A unified difference, painted: what is added and removed keeps its sign."""
    rows = diff.split("\n")
    lines: list[Line] = []
    for row in rows[:MOST_LINES]:
        style = palette.text
        if row.startswith(("+++", "---")):
            style += palette.heading
        elif row.startswith("@@"):
            style += palette.muted
        elif row.startswith("+"):
            style += palette.added
        elif row.startswith("-"):
            style += palette.removed
        lines += plain(row or " ", width, style)
    if len(rows) > MOST_LINES:
        words = f"… {len(rows) - MOST_LINES:,} more lines"
        lines.append([Segment(words[:width], palette.text + palette.muted)])
    return lines
