"""Hearing of it when something changes in folders, from the kernel (Linux)."""

import ctypes
import os
import struct

_MODIFY, _CLOSE_WRITE = 0x2, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE, _DELETE_SELF, _MOVE_SELF = 0x40, 0x80, 0x100, 0x200, 0x400, 0x800
_UNMOUNT, _OVERFLOW, _IGNORED, _ONLYDIR, _ISDIR = 0x2000, 0x4000, 0x8000, 0x1000000, 0x40000000
_EVENTS = _MODIFY | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF | _ONLYDIR
_DOUBTFUL = _UNMOUNT | _OVERFLOW | _IGNORED | _ISDIR | _DELETE_SELF | _MOVE_SELF
_HEAD = struct.Struct("iIII")  # of an event: watch, what happened, cookie, bytes of the name that follows


class Changes:
    """Which of the folders that are watched changed. ``descriptor`` can be read from once there is something."""

    def __init__(self) -> None:
        """Raises OSError where the system has no such thing, or has no more of it to give."""
        try:
            self._libc = ctypes.CDLL(None, use_errno=True)
            self.descriptor: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        except AttributeError:
            raise OSError("no inotify here") from None
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        self._names: dict[int, str] = {}

    def watch(self, folder: int, name: str) -> None:
        """Watch an open folder, called ``name`` from now on. Raises OSError."""
        path = f"/proc/self/fd/{folder}".encode()  # by the descriptor, as its path may lead elsewhere by now
        number = self._libc.inotify_add_watch(self.descriptor, path, _EVENTS)
        if number < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        self._names[number] = name

    def read(self) -> set[str] | None:
        """The folders that changed since this was asked last; None where folders themselves came or went, or that is not
        known: then all of them are to be looked at and watched anew."""
        changed, doubtful = set[str](), False
        while True:
            try:
                data = os.read(self.descriptor, 65_536)
            except BlockingIOError:
                return None if doubtful else changed
            at = 0
            while at < len(data):
                number, what, _, length = _HEAD.unpack_from(data, at)
                at += _HEAD.size + length
                doubtful = doubtful or bool(what & _DOUBTFUL)
                if number in self._names:
                    changed.add(self._names[number])

    def close(self) -> None:
        """Watch nothing any more."""
        os.close(self.descriptor)
