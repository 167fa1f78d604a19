"""Whole lines of a text changed beside lines that stand there once; all other characters stay as they are."""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from zotui.errors import UsageError
from zotui.text import clean, one_line

LONG = 40  # lines of a text of which more than half is not changed by mistake
NEAREST = 3  # lines that are named where none is the one
_COMPARED = 200  # characters of a line, for how near it is
_NAMED = 10  # lines of those that are alike
_LINE = re.compile(r"[^\r\n\x85\u2028\u2029]*(?:\r\n|[\r\n\x85\u2028\u2029])|[^\r\n\x85\u2028\u2029]+")
"""A line with its end: as a text that is shown to a model has them, so that the numbers agree."""


class EditLines(Struct, forbid_unknown_fields=True):
    path: Annotated[str, Meta(min_length=1)]
    action: Literal["insert_before", "insert_after", "replace", "delete", "append"]
    anchor: Annotated[
        str, Meta(description="A whole line that stands there once, or lines in a row; not to append.")
    ] = ""
    until: Annotated[str, Meta(description="Where the block that begins with anchor ends; empty: with anchor.")] = ""
    text: Annotated[str, Meta(description="The new lines.")] = ""
    large: Annotated[bool, Meta(description="Change more than half of a long file, on purpose.")] = False


def edited(before: str, wanted: EditLines) -> str:
    """A text with its lines changed. New lines end as those beside them, and a last line without an end stays one.

    Raises UsageError where an anchor stands there not once, or more would be changed than was likely meant.
    """
    _check(wanted)
    lines = _LINE.findall(before)
    start, stop = _place(lines, wanted)
    if stop - start > len(lines) / 2 and len(lines) >= LONG and not wanted.large:
        raise UsageError(
            f"that block is {stop - start} of the {len(lines)} lines of {one_line(wanted.path, 80)}",
            "large=true does it on purpose",
        )
    end = _end(lines, start)
    new = [_bare(line) + end for line in _LINE.findall(wanted.text)]
    if new and stop == len(lines) and lines and not _end_of(lines[-1]):
        new[-1] = _bare(new[-1])
        lines[-1] += end  # of no account where it is replaced
    return "".join([*lines[:start], *new, *lines[stop:]])


def _check(wanted: EditLines) -> None:
    """Raises UsageError for arguments that do not go together."""
    block = wanted.action in ("replace", "delete")
    if (wanted.action == "append") == bool(wanted.anchor):
        raise UsageError("append has no anchor" if wanted.anchor else f"{wanted.action} needs an anchor")
    if wanted.until and not block:
        raise UsageError(f"{wanted.action} has no until", "replace and delete have one")
    if (wanted.action == "delete") == bool(wanted.text):
        raise UsageError("delete has no text" if wanted.text else f"{wanted.action} needs a text", "a newline is one")


def _place(lines: Sequence[str], wanted: EditLines) -> tuple[int, int]:
    """From which line to before which one the new lines go."""
    if wanted.action == "append":
        return len(lines), len(lines)
    start, stop = _find(lines, wanted.anchor, "anchor", wanted.path)
    if wanted.action == "insert_before":
        return start, start
    if wanted.action == "insert_after":
        return stop, stop
    if wanted.until:
        _, stop = _find(lines, wanted.until, "until", wanted.path, start)
    return start, stop


def _find(lines: Sequence[str], words: str, name: str, path: str, after: int = 0) -> tuple[int, int]:
    """The first of the lines that an anchor is, and the one behind the last; first to the letter, then however the
    whitespace in them is. Raises UsageError with the numbers of those that it may be."""
    for seen in (_bare, _loosely):
        sought = [seen(line) for line in _LINE.findall(words)]
        found = _standing([seen(line) for line in lines], sought, after)
        if len(found) == 1:
            return found[0], found[0] + len(sought)
        if found:
            raise UsageError(
                f"{name} stands in {len(found)} places of {one_line(path, 80)}: {_numbers(found)}",
                "give the lines around it too",
            )
    near = _nearest(lines, _loosely(words.strip().partition("\n")[0]), after)
    there = f" from line {after + 1} on" if after else ""
    raise UsageError(
        f"no line of {one_line(path, 80)}{there} is {name}" + (f"; the nearest: {_numbers(near)}" if near else ""),
        "give whole lines as read_file shows them",
    )


def _standing(lines: Sequence[str], sought: Sequence[str], after: int) -> list[int]:
    """Where these lines stand in a row."""
    return [
        at
        for at in range(after, len(lines) - len(sought) + 1)
        if lines[at] == sought[0] and lines[at : at + len(sought)] == sought
    ]


def _nearest(lines: Sequence[str], sought: str, after: int) -> list[int]:
    """The lines that are most like one, in their order."""
    from rapidfuzz import fuzz, process

    shown = [_loosely(line[:_COMPARED]) for line in lines[after:]]
    found = process.extract(sought[:_COMPARED], shown, scorer=fuzz.ratio, limit=NEAREST, score_cutoff=60)
    return sorted(after + at for _, _, at in found)


def _numbers(found: Sequence[int]) -> str:
    """Lines as a person counts them."""
    words = ", ".join(str(at + 1) for at in found[:_NAMED])
    return ("line " if len(found) == 1 else "lines ") + words + (", …" if len(found) > _NAMED else "")


def _end(lines: Sequence[str], at: int) -> str:
    """How a line ends that comes to stand at a place: as the one before it, or as the first that ends."""
    near = lines[max(0, at - 1) : at + 1]
    ends: Callable[[str], bool] = ("\r\n", "\n", "\r").__contains__
    return next(filter(ends, map(_end_of, [*near, *lines])), "\n")


def _end_of(line: str) -> str:
    return line[len(_bare(line)) :]


def _bare(line: str) -> str:
    return line.rstrip("\r\n\x85\u2028\u2029")


def _loosely(line: str) -> str:
    return " ".join(clean(line).split())
