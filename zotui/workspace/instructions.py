"""AGENTS.md: what the folders of a workspace say of how to work in them, from the root down to where the work is."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from zotui.regular import read_below
from zotui.text import clean, one_line
from zotui.workspace.repositories import repository

NAME = "AGENTS.md"
LARGEST = 1_000_000  # bytes of a file that is read at all
MOST_EACH = 8_000  # characters of one file that are told
MOST = 24_000  # characters of all of them
DEEPEST = 40  # folders one below the other
FOLDERS = 200  # looked into for one request
REMEMBERED = 500  # files
_Print = tuple[int, int, int, int]  # of a file as it was read: mtime, ctime, size, inode


class Instruction(msgspec.Struct, frozen=True):
    """What one file says. ``lines`` are those that are told, of ``of`` that it has; ``path`` is from the root, as is
    ``repository``, which it is in where others wrote it."""

    path: str
    text: str
    lines: int
    of: int
    repository: str = ""

    @property
    def source(self) -> str:
        """Where it is from, as ``src/AGENTS.md:1-12``, and what was cut."""
        if not self.lines:
            return f"{self.path}, left out: it has {self.of} lines"
        return f"{self.path}:1-{self.lines}" + (f", cut: it has {self.of} lines" if self.lines < self.of else "")

    @property
    def told(self) -> str:
        """It as a model reads it; nothing in it can pass for its end."""
        text = re.sub(r"<(?=/instructions)", "<\\\\", self.text, flags=re.IGNORECASE)
        by = f' by="others, with the repository {_quoted(self.repository)}"' if self.repository else ""
        return f'<instructions from="{self.source}"{by}>\n{text}\n</instructions>'


class Instructions:
    """Reads the files below ``root``; what was read is remembered until the file changes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, tuple[_Print, str]] = {}

    def of(self, paths: Iterable[str], most: int = MOST) -> Sequence[Instruction]:
        """Those of the root and of the folders down to these paths: the root's first, the nearest to the work last, so
        that it has the last word; that one also keeps its room where all have more than ``most`` characters. Blocks."""
        room = min(most, MOST)
        found: list[Instruction] = []
        for folder in reversed(self._folders(paths)):
            whole, within = self._read(folder)
            if whole.strip():
                path = f"{folder}/{NAME}".lstrip("/")
                one = _cut(path, whole.strip("\n"), min(room, MOST_EACH), within)
                room -= len(one.text)
                found.insert(0, one)
        return found

    def _folders(self, paths: Iterable[str]) -> Sequence[str]:
        """The folders that lie on the way to these paths, from the root: each before those in it, else by name."""
        folders = {""}
        for path in paths:
            parts = [part for part in path.split("/") if part]
            if path.startswith("/") or ".." in parts:
                continue  # outside
            folders.update("/".join(parts[:depth]) for depth in range(1, min(len(parts), DEEPEST) + 1))
        near = sorted(folders, key=lambda folder: (folder.count("/"), folder))[:FOLDERS]
        return sorted(near, key=lambda folder: [part for part in folder.split("/") if part])

    def _read(self, folder: str) -> tuple[str, str]:
        """A folder's file, clean, and the repository that it is in; empty where there is none, where it leads out of the
        root, or cannot be read."""
        try:
            root = self._root.resolve()
            path = (root / folder / NAME).resolve(strict=True)
            if not path.is_relative_to(root):
                return "", ""
            status, within = os.stat(path), repository(root, path)
            print_ = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
            known = self._known.get(str(path))
            if known is not None and known[0] == print_:
                return known[1], within
            text = clean(
                read_below(root, path.relative_to(root), LARGEST).decode("utf-8", "replace").removeprefix("\ufeff")
            )
        except (OSError, RuntimeError, ValueError):
            return "", ""
        while len(self._known) >= REMEMBERED:
            self._known.pop(next(iter(self._known)), None)
        self._known[str(path)] = (print_, text)
        return text, within


def _cut(path: str, text: str, most: int, within: str) -> Instruction:
    """As many whole lines as there is room for."""
    lines = text.split("\n")
    kept: list[str] = []
    room = max(0, most)
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return Instruction(_quoted(path), "\n".join(kept), len(kept), len(lines), within)


def _quoted(path: str) -> str:
    return one_line(path, 300).replace('"', "'")
