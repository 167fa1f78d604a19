"""Reading a file that others may have made: only a regular one, and only so much of it."""

import os
import stat


class NotRegular(OSError):
    """A folder, pipe, device or socket where a file was expected."""


class TooLarge(OSError):
    """More bytes than were asked for; ``args[0]`` says how many there are."""


def read_regular(path: str | os.PathLike[str], most: int) -> bytes:
    """The bytes of a regular file of at most ``most``. Never waits for a pipe. Raises OSError, NotRegular, TooLarge."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
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
