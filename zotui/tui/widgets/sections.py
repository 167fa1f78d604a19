"""What a tool call shows unfolded: what it was given, what it changed, what it put out."""

from typing import NamedTuple

from zotui.tui.markdown import Block
from zotui.tui.widgets.entry import Entry


class Section(NamedTuple):
    """A part of an unfolded tool call."""

    name: str
    text: str
    language: str = ""


def sections_of(entry: Entry) -> list[Section]:
    """The parts of a tool call that hold anything, in order."""
    if not entry.given:
        return [Section("output", entry.detail)] if entry.detail else []
    diff = entry.diff
    output = "" if entry.detail.strip() == diff.strip() else entry.detail
    parts = (Section("arguments", entry.given, "json"), Section("changes", diff, "diff"), Section("output", output))
    return [part for part in parts if part.text.strip()]


def section_blocks(entry: Entry) -> list[Block]:
    """The parts of a tool call as blocks."""
    sections = sections_of(entry)
    return [Block(part.name, part.text, part.language, at, at + 1) for at, part in enumerate(sections)]
