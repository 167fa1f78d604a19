"""All that is in a folder, but what its ``.gitignore`` files leave out."""

import os
import re
import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from zotui.regular import read_regular
from zotui.text import clean

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

Rules: TypeAlias = "tuple[tuple[str, GitIgnoreSpec], ...]"

MOST = 100_000  # entries that are looked at
PATIENCE_S = 20.0  # how long a walk may take
RULES = 200_000  # bytes of a .gitignore
WILD = 3  # wildcards of a pattern: each more may take as many times longer as a name has letters


class Hit(msgspec.Struct, frozen=True):
    """A file or folder; ``path`` as one would write it, that of a folder with a ``/`` behind it."""

    path: str
    folder: bool


def walk(root: Path, most: int = MOST) -> Iterator[Hit]:
    """What is below a folder, the nearest first. Links are not followed, and what cannot be read is passed over."""
    until = time.monotonic() + PATIENCE_S
    waiting: deque[tuple[str, Rules]] = deque([("", ())])
    while waiting and most > 0 and time.monotonic() < until:
        folder, rules = waiting.popleft()
        rules += rules_of(root, folder)
        try:
            with os.scandir(root / folder) as scan:
                found = sorted(islice(scan, most), key=lambda entry: entry.name)
        except OSError:
            continue
        most -= len(found)
        for entry in found:
            is_folder = entry.is_dir(follow_symlinks=False)
            path = f"{folder}{entry.name}{'/' * is_folder}"
            if entry.name == ".git" or not can_be_written(entry.name) or is_ignored(path, rules):
                continue
            yield Hit(path, is_folder)
            if is_folder:
                waiting.append((path, rules))


def can_be_written(name: str) -> bool:
    """Whether a name can stand in a message, in quotes, and mean the same there."""
    return not ('"' in name or "\n" in name or clean(name) != name)


def rules_of(root: Path, folder: str) -> Rules:
    """What the ``.gitignore`` of a folder says, if there is one; ``folder`` with a ``/`` behind it, or empty. Blocks."""
    try:
        text = read_regular(root / folder / ".gitignore", RULES).decode("utf-8", "replace")
    except OSError:
        return ()
    from pathspec import GitIgnoreSpec

    return ((folder, GitIgnoreSpec.from_lines(line for line in text.splitlines() if _is_rule(line))),)


def _is_rule(line: str) -> bool:
    """Whether a line is a pattern that can be taken, and in a moment."""
    from pathspec import GitIgnoreSpec

    if len(re.findall(r"\*+", line)) > WILD:
        return False
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):  # git would not take it either
        return False
    return True


def is_ignored(path: str, rules: "Sequence[tuple[str, GitIgnoreSpec]]") -> bool:
    """Whether the nearest rule that says anything of a path leaves it out; that of a folder ends with ``/``."""
    for folder, spec in reversed(rules):
        said = spec.check_file(path[len(folder) :]).include
        if said is not None:
            return said
    return False
