"""Reading a file that others may have made: only a regular one, and only so much of it."""

import os
import stat
from pathlib import Path

_READING = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class NotRegular(OSError):
    """A folder, pipe, device or socket where a file was expected."""


class TooLarge(OSError):
    """More bytes than were asked for; ``args[0]`` says how many there are."""


def read_regular(path: str | os.PathLike[str], most: int) -> bytes:
    """The bytes of a regular file of at most ``most``. Never waits for a pipe. Raises OSError, NotRegular, TooLarge."""
    return read_open(os.open(path, _READING), most)


def read_below(root: Path, path: str | os.PathLike[str], most: int) -> bytes:
    """The same of a file below a folder, by its path from there: a link on the way is not followed, whoever puts it there
    and when."""
    return read_open(open_below(root, path), most)


def open_below(root: Path, path: str | os.PathLike[str]) -> int:
    """A descriptor to read what lies below a folder, by its path from there: no part of that is a link when it is opened,
    and nothing is waited for. Raises OSError."""
    handle = os.open(root, _READING)
    for part in Path(path).parts:
        outer = handle
        try:
            handle = os.open(part, _READING | os.O_NOFOLLOW, dir_fd=outer)
        finally:
            os.close(outer)
    return handle


def read_open(handle: int, most: int) -> bytes:
    """The same of what a descriptor leads to, which is closed."""
    try:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            raise NotRegular("it is a folder")
        if not stat.S_ISREG(status.st_mode):
            raise NotRegular("it is no regular file")
        with open(handle, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(handle)
    if len(content) > most:
        raise TooLarge(max(status.st_size, len(content)))
    return content
