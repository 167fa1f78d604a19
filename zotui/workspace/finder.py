"""Finding files by a few letters of their names, as fast as one types."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from zotui.text import clean

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MOST = 100_000  # entries that are looked at
FRESH_S = 5.0  # how long a listing is taken for true
SHOWN = 400  # candidates that are weighed closely
EXPLICIT = ("/", "~", "./", "../")  # how a path begins that is not of the workspace


class Hit(msgspec.Struct, frozen=True):
    """A file or folder; ``path`` as one would write it."""

    path: str
    folder: bool


class Finder:
    """The files below a root, without those that ``.gitignore`` files name. Links are never followed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._entries: list[Hit] = []
        self._read_at = -FRESH_S

    def find(self, words: str, limit: int = 12) -> Sequence[Hit]:
        """The best for these letters; of a path from outside of the root, what begins so. Blocks."""
        if words.startswith(EXPLICIT):
            return _beginning(words, limit)
        entries = [one for one in self.entries() if words.startswith(".") or not _hidden(one.path)]
        if not words:
            return sorted(entries, key=lambda one: (one.path.count("/"), one.path))[:limit]
        return ranked(words, entries, limit)

    def entries(self) -> Sequence[Hit]:
        """All there is, as it was at most a few seconds ago. Blocks."""
        if time.monotonic() - self._read_at > FRESH_S:
            self._entries = list(self._walk())
            self._read_at = time.monotonic()
        return self._entries

    def _walk(self) -> Iterator[Hit]:
        """All entries, nearest first."""
        count = 0
        waiting: list[tuple[str, tuple[tuple[str, GitIgnoreSpec], ...]]] = [("", ())]
        while waiting:
            folder, rules = waiting.pop(0)
            rules += self._rules(folder)
            try:
                with os.scandir(self._root / folder) as scan:
                    found = sorted(scan, key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in found:
                path = f"{folder}{entry.name}"
                is_folder = entry.is_dir(follow_symlinks=False)
                if entry.name == ".git" or _ignored(path + "/" * is_folder, rules):
                    continue
                if path != clean(path) or "\n" in path:
                    continue  # a name that cannot be written
                count += 1
                if count > MOST:
                    return
                yield Hit(path + "/" * is_folder, is_folder)
                if is_folder:
                    waiting.append((f"{path}/", rules))

    def _rules(self, folder: str) -> "tuple[tuple[str, GitIgnoreSpec], ...]":
        """What the ``.gitignore`` of a folder says, if there is one."""
        try:
            text = (self._root / folder / ".gitignore").read_text("utf-8", "replace")
        except OSError:
            return ()
        from pathspec import GitIgnoreSpec

        try:
            return ((folder, GitIgnoreSpec.from_lines(text.splitlines())),)
        except ValueError:  # a pattern that git would not take either
            return ()


def _ignored(path: str, rules: "Sequence[tuple[str, GitIgnoreSpec]]") -> bool:
    """Whether the nearest rule that says anything of a path leaves it out."""
    for folder, spec in reversed(rules):
        said = spec.check_file(path[len(folder) :]).include
        if said is not None:
            return said
    return False


def _hidden(path: str) -> bool:
    return path.startswith(".") or "/." in path


def ranked(words: str, entries: Sequence[Hit], limit: int) -> list[Hit]:
    """The entries that the letters fit best: in the name before in the folders, at its beginning before within."""
    from rapidfuzz import fuzz, process, utils

    paths = [entry.path for entry in entries]
    likely = process.extract(
        words, paths, scorer=fuzz.partial_ratio, processor=utils.default_process, limit=SHOWN, score_cutoff=60
    )
    wanted = words.lower()

    def worth(found: tuple[str, float, int]) -> tuple[float, int, str]:
        path, score, _ = found
        name = path.rstrip("/").rpartition("/")[2].lower()
        score += 60 if name == wanted else 40 if name.startswith(wanted) else 20 if wanted in name else 0
        return -score, len(path), path

    return [entries[at] for _, _, at in sorted(likely, key=worth)[:limit]]


def _beginning(words: str, limit: int) -> list[Hit]:
    """The entries of a folder of the file system that begin so."""
    if words == "~":
        words = "~/"
    folder, slash, start = words.rpartition("/")
    place = os.path.expanduser(folder + slash) or "/"
    try:
        with os.scandir(place) as scan:
            found = sorted(
                (entry for entry in scan if entry.name.lower().startswith(start.lower())), key=lambda entry: entry.name
            )
    except (OSError, ValueError):
        return []
    shown = [entry for entry in found if start.startswith(".") or not entry.name.startswith(".")]
    hits = [Hit(f"{folder}{slash}{entry.name}{'/' * entry.is_dir()}", entry.is_dir()) for entry in shown[: limit * 4]]
    return [hit for hit in hits if hit.path == clean(hit.path) and "\n" not in hit.path][:limit]
