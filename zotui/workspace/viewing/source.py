"""A file that is read piece by piece, however large it is."""

import os
import stat
import weakref
from typing import NamedTuple, Protocol

from zotui.regular import NotRegular


class Source(Protocol):
    """Bytes at offsets."""

    size: int

    def read(self, offset: int, count: int) -> bytes:
        """The bytes from an offset on, at most so many; none behind the end. Blocks. Raises OSError."""
        ...


class Stamp(NamedTuple):
    """By what it is told that a file is another one, or was written to."""

    device: int
    inode: int
    size: int
    changed_ns: int


class OpenFile:
    """A regular file by its descriptor, which is closed when nobody reads any more."""

    def __init__(self, handle: int) -> None:
        """Raises NotRegular, and closes it, where it is none."""
        self._handle = handle
        self._closing = weakref.finalize(self, os.close, handle)
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            self._closing()
            raise NotRegular("it is a folder" if stat.S_ISDIR(status.st_mode) else special(status.st_mode))
        self.size = status.st_size
        self.stamp = stamp_of(status)

    def read(self, offset: int, count: int) -> bytes:
        """The bytes from an offset on."""
        return os.pread(self._handle, count, offset)


class Held:
    """Bytes that are at hand."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size = len(content)

    def read(self, offset: int, count: int) -> bytes:
        """The bytes from an offset on."""
        return self._content[offset : offset + count]


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp of a file's status."""
    return Stamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def special(mode: int) -> str:
    """What stands there that is no file, folder or link, in words."""
    kinds = (
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a disk"),
    )
    return f"it is {next((words for holds, words in kinds if holds(mode)), 'no file')}"
