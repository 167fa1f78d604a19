"""Unix sockets in a folder whose path may be longer than the 104 bytes that a socket's address can hold."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LONGEST = 100


def address(folder: Path, handle: int, name: str) -> str:
    """An address for ``name`` in ``folder``, on which ``handle`` is open; by way of the handle where it is too long."""
    path = os.fspath(folder / name)
    if len(os.fsencode(path)) > _LONGEST and os.path.isdir("/proc/self/fd"):
        return f"/proc/self/fd/{handle}/{name}"
    return path


def bind(folder: Path, name: str, kind: socket.SocketKind) -> socket.socket:
    """A non-blocking socket at ``folder/name``, mode 0600. Raises OSError."""
    bound = socket.socket(socket.AF_UNIX, kind)
    try:
        with _opened(folder) as handle:
            bound.bind(address(folder, handle, name))
        os.chmod(folder / name, 0o600)
        bound.setblocking(False)
    except BaseException:
        bound.close()
        raise
    return bound


def connect(folder: Path, name: str) -> socket.socket:
    """A non-blocking stream connected to ``folder/name``. Raises OSError, at once."""
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _opened(folder) as handle:
            stream.connect(address(folder, handle, name))
        stream.setblocking(False)
    except BaseException:
        stream.close()
        raise
    return stream


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)
