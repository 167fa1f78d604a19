"""A skill's folder held open: whatever takes its place meanwhile, what is read is of one folder."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from zotui.regular import TooLarge, read_open

MAIN = "SKILL.md"
MOST_FILES, MOST_BYTES = 2_000, 64_000_000
"""Of one skill; with more it cannot be trusted, as nobody can look at that."""
DEEPEST = 12
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class Seen(NamedTuple):
    """How something in the folder looked: enough to tell whether it was touched since."""

    path: str  # from the folder, "" is itself
    mode: int
    size: int
    changed: int  # ns, and when that was noted
    noted: int
    number: int


class TooMuch(ValueError):
    """More files or bytes than anybody can look at."""


class Opened:
    """Use as a context manager. Raises OSError where it cannot be opened."""

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(folder, _FLAGS | os.O_DIRECTORY)

    def __enter__(self) -> "Opened":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._handle)

    def seen(self) -> list[Seen]:
        """All that is in it, itself first. Raises OSError, TooMuch."""
        found = [_seen("", os.fstat(self._handle))]
        for path, status in self._walk(self._handle, "", 0):
            if not path.isascii() and path != path.encode(errors="replace").decode():
                raise TooMuch("the name of a file in it is not UTF-8")
            found.append(_seen(path, status))
            if len(found) > MOST_FILES:
                raise TooMuch(f"there are more than {MOST_FILES:,} files in it")
        return found

    def read(self, path: str, most: int) -> bytes:
        """The bytes of a regular file in it; no link on the way is followed, but ``SKILL.md`` may be one. Raises OSError,
        NotRegular, TooLarge."""
        *above, name = path.split("/")
        handle = os.dup(self._handle)
        try:
            for part in above:
                handle = _stepped(handle, part)
            found = os.open(name, _FLAGS | (0 if path == MAIN else os.O_NOFOLLOW), dir_fd=handle)
        finally:
            os.close(handle)
        return read_open(found, most)

    def contents(self, seen: list[Seen]) -> Iterator[tuple[Seen, bytes]]:
        """Each file and link with what is in it or where it leads; other things as nothing. Raises OSError, TooMuch."""
        left = MOST_BYTES
        for one in seen:
            if stat.S_ISDIR(one.mode):
                continue
            if stat.S_ISLNK(one.mode) and one.path != MAIN:
                content = os.fsencode(os.readlink(one.path, dir_fd=self._handle))
            elif stat.S_ISREG(one.mode) or one.path == MAIN:
                try:
                    content = self.read(one.path, left)
                except TooLarge:
                    raise TooMuch(f"its files have more than {MOST_BYTES:,} bytes") from None
            else:
                content = b""
            left -= len(content)
            yield one, content

    def _walk(self, handle: int, above: str, depth: int) -> Iterator[tuple[str, os.stat_result]]:
        if depth > DEEPEST:
            raise TooMuch(f"its folders are nested deeper than {DEEPEST}")
        with os.scandir(handle) as entries:
            found = sorted((entry.name, entry.stat(follow_symlinks=False)) for entry in entries)
        for name, status in found:
            path = f"{above}{name}"
            if name in (".git", ".DS_Store") or (above.endswith("__pycache__/") and name.endswith(".pyc")):
                continue
            if path == MAIN and stat.S_ISLNK(status.st_mode):
                try:
                    status = os.stat(name, dir_fd=handle)
                except OSError:
                    continue
            yield path, status
            if stat.S_ISDIR(status.st_mode):
                inner = os.open(name, _FLAGS | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
                try:
                    yield from self._walk(inner, f"{path}/", depth + 1)
                finally:
                    os.close(inner)


def is_as_seen(folder: str, seen: list[Seen]) -> bool:
    """Whether nothing in a folder was touched since."""
    try:
        return all(
            _seen(one.path, os.stat(f"{folder}/{one.path}", follow_symlinks=one.path in ("", MAIN))) == one
            for one in seen
        )
    except OSError:
        return False


def hashes(found: list[tuple[Seen, bytes]]) -> dict[str, str]:
    """The SHA-256 of each file, by its path; of a link that of where it leads, behind ``->``."""
    return {
        one.path: ("-> " if stat.S_ISLNK(one.mode) else "") + hashlib.sha256(content).hexdigest()
        for one, content in found
    }


def hash_of(files: dict[str, str]) -> str:
    """One SHA-256 for all of them."""
    lines = "".join(f"{files[path]} {path}\0" for path in sorted(files))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def _seen(path: str, status: os.stat_result) -> Seen:
    return Seen(path, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _stepped(handle: int, name: str) -> int:
    """A descriptor of a folder in a folder, instead of that one's. Raises OSError, and keeps that one."""
    inner = os.open(name, _FLAGS | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
    os.close(handle)
    return inner
