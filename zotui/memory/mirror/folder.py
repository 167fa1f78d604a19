"""The folder of the mirror on the disk: which files there are, read and written so that nothing of it leads elsewhere."""

import contextlib
import os
import re
import secrets
import stat
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from zotui.regular import open_below, read_below
from zotui.text import one_line

MARK = ".zotui-mirror"  # the file by which the folder is known
UNFINISHED = ".zotui-"  # how a file is called until it is whole
LARGEST = 1_000_000  # bytes of a file
DEEPEST = 12  # folders within each other
FRESH_NS = 30_000_000  # within which the clock of a disk may not tell two changes apart
LONGEST_NAME = 48  # characters of a name
ENDING = ".md"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OURS = re.compile(r"(keys|\d{4}-\d{2})(\.\d+)?")

Opened = Callable[[int, str], None]


class Changed(Exception):
    """A file is not what it was a moment ago."""


class Folder:
    """The folder at a path. Its files are named by their paths from there. Any method may raise OSError."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def is_marked(self, mark: str) -> bool:
        """Whether it is there, and the one of this mark."""
        try:
            return read_below(self.root, MARK, 200).decode("utf-8", "replace").strip() == mark
        except OSError:
            return False

    def mark(self, mark: str) -> None:
        """Make it the one of this mark."""
        with self._opened("") as at:
            self._put(at, MARK, f"{mark}\n".encode(), None)

    def folders(self, opened: Opened, of: str = "", depth: int = 0) -> Iterator[str]:
        """It, and all folders below it that are not hidden; ``opened`` is told of each before anybody looks into it."""
        with self._opened(of) as at:
            opened(at, of)
            with os.scandir(at) as entries:
                inner = sorted(
                    e.name for e in entries if not e.name.startswith(".") and e.is_dir(follow_symlinks=False)
                )
        yield of
        for name in inner if depth < DEEPEST else ():
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                yield from self.folders(opened, os.path.join(of, name), depth + 1)

    def files(self, folder: str) -> dict[str, str]:
        """The Markdown files right in a folder, by their paths, each with its stamp; none where there is no such folder. What
        a killed process left unfinished goes."""
        found = {}
        with (
            contextlib.suppress(FileNotFoundError, NotADirectoryError),
            self._opened(folder) as at,
            os.scandir(at) as entries,
        ):
            for entry in entries:
                if entry.name.startswith(UNFINISHED) and entry.name != MARK:
                    os.unlink(entry.name, dir_fd=at)
                elif not entry.name.startswith(".") and entry.name.lower().endswith(ENDING):
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode):
                        found[os.path.join(folder, entry.name)] = _stamp(status)
        return found

    def stamp(self, path: str) -> str | None:
        """By what a file is known to be unchanged; None where there is none."""
        try:
            with self._opened(os.path.dirname(path)) as at:
                status = os.stat(os.path.basename(path), dir_fd=at, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _stamp(status) if stat.S_ISREG(status.st_mode) else None

    def read(self, path: str) -> tuple[bytes, str]:
        """What is in a file, and its stamp. Raises Changed where it is written at this moment, TooLarge."""
        before = self.stamp(path)
        data = read_below(self.root, path, LARGEST)
        if before is None or before != self.stamp(path) or 0 <= time.time_ns() - int(before.split(":")[0]) < FRESH_NS:
            raise Changed
        return data, before

    def write(self, path: str, data: bytes, at_ms: int, stamp: str | None) -> str:
        """Write a file wholly or not at all, as if last changed at that time; its stamp. ``stamp``: what it is now, None for
        one that is not there. Raises Changed where it is another."""
        folder = os.path.dirname(path)
        self._make(folder)
        with self._opened(folder) as at:
            return self._put(at, os.path.basename(path), data, stamp, at_ms)

    def remove(self, path: str, stamp: str | None) -> None:
        """Delete a file, whatever it is where there is no stamp, and the folder that we made for it with the last one. Raises
        Changed."""
        folder, name = os.path.split(path)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if stamp is not None and self.stamp(path) not in (stamp, None):
                raise Changed
            with self._opened(folder) as at:
                os.unlink(name, dir_fd=at)
            if _OURS.fullmatch(folder):
                with contextlib.suppress(OSError), self._opened("") as top:
                    os.rmdir(folder, dir_fd=top)

    def _put(self, at: int, name: str, data: bytes, stamp: str | None, at_ms: int | None = None) -> str:
        unfinished = f"{UNFINISHED}{secrets.token_hex(8)}.tmp"
        handle = os.open(
            unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=at
        )
        try:
            with open(handle, "wb") as file:
                os.fchmod(handle, 0o600)
                file.write(data)
                file.flush()
                if at_ms is not None:
                    # What is changed afterwards within the same tick of the clock has another time all the same.
                    os.utime(handle, ns=(at_ms * 1_000_000, at_ms * 1_000_000))
                made = _stamp(os.fstat(handle))
            if at_ms is not None and _stamp_at(at, name) != stamp:
                raise Changed
            os.rename(unfinished, name, src_dir_fd=at, dst_dir_fd=at)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(unfinished, dir_fd=at)
            raise
        return made

    def _make(self, folder: str) -> None:
        """The folders of a path that are missing, 0700."""
        made = ""
        for name in Path(folder).parts:
            with self._opened(made) as at, contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=at)
            made = os.path.join(made, name)

    @contextlib.contextmanager
    def _opened(self, folder: str) -> Iterator[int]:
        handle = open_below(self.root, folder)
        try:
            if not stat.S_ISDIR(os.fstat(handle).st_mode):
                raise NotADirectoryError
            yield handle
        finally:
            os.close(handle)


def slug(text: str) -> str:
    """The beginning of a text as the name of a file."""
    words = re.sub(r"[^\w]+", "-", unicodedata.normalize("NFC", one_line(text, 200)).lower()).strip("-_")
    if len(words) > LONGEST_NAME:
        words = words[: LONGEST_NAME + 1].rpartition("-")[0] or words[:LONGEST_NAME]
    return words.strip("-_") or "memory"


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns}:{status.st_size}:{status.st_ino}"


def _stamp_at(at: int, name: str) -> str | None:
    try:
        return _stamp(os.stat(name, dir_fd=at, follow_symlinks=False))
    except FileNotFoundError:
        return None
