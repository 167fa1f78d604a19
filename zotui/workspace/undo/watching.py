"""Which folders may have changed since they were looked at, as the kernel tells (inotify): no thread, no waiting.

The kernel queues what happens at the time it happens; the queue is read when the next look begins. Three things give no
event, and wait for the next look at everything: a file kept mapped into memory and written through that while nobody
closes it, a file written to under a second name outside of the workspace or in a folder that is not covered, and what
another machine does on a shared disk, which is hence not watched at all.
"""

import contextlib
import ctypes
import os
import struct
import time
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path

IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE = 0x2, 0x4, 0x8
IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE = 0x40, 0x80, 0x100, 0x200
IN_UNMOUNT, IN_Q_OVERFLOW, IN_IGNORED, IN_ONLYDIR = 0x2000, 0x4000, 0x8000, 0x1000000
NAMES = IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE
EVENTS = IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | NAMES | IN_ONLYDIR
HEAD = struct.Struct("iIII")  # of an event: watch, what happened, cookie, bytes of the name that follows
LOCAL = frozenset({"bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "tmpfs", "xfs", "zfs"})
"""Disks that this machine alone writes to; not overlay, where the end of a mapping into memory gives no event."""
LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")


class Doubtful(Exception):
    """It cannot be told what changed: then everything is looked at."""


class Watched:
    """A folder that is watched: the kernel's number for that, and its place in the tree."""

    __slots__ = ("inner", "name", "number", "parent")

    def __init__(self, name: str, parent: "Watched | None") -> None:
        self.name = name
        self.parent = parent
        self.number = -1
        self.inner: dict[str, Watched] | None = None

    @property
    def path(self) -> str:
        """From the root, which is empty."""
        names = []
        one: Watched | None = self
        while one is not None:
            names.append(one.name)
            one = one.parent
        return "/".join(names[-2::-1])  # the root has no name

    def all(self) -> "Iterator[Watched]":
        """It, and all below it."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += (one.inner or {}).values()


class Watcher:
    """Watches the folders of ``root`` from the time they are first looked at. Any method may raise Doubtful: then this
    watcher is of no more use. ``since``: when it began, in seconds of the clock that does not jump."""

    def __init__(self, root: Path) -> None:
        """Raises Doubtful where nothing can be watched: on macOS, on a disk that others write to, with no room left."""
        self.since = time.monotonic()
        self._root = root
        self._most = _may_take()
        self._check_mounts()
        try:
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._queue = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        except AttributeError:
            raise Doubtful from None
        if self._queue < 0:
            raise Doubtful
        weakref.finalize(self, os.close, self._queue)
        self._identity: tuple[int, int] | None = None
        self._top = Watched("", None)
        self._watched: dict[int, Watched] = {}
        self._changed: set[Watched] = {self._top}
        self._linked: dict[Watched, list[tuple[int, int]]] = {}  # folders with files that have more than one name
        self._links: set[tuple[int, int]] | None = None  # of all these files; None until all folders were looked at

    @property
    def is_new(self) -> bool:
        """Whether nothing was looked at yet."""
        return self._identity is None

    def changed(self, root: int) -> list[str]:
        """The folders to look at now, those above before those below: those that may have changed since this was asked
        last; the first time the root alone, of which this is a descriptor. With each, all in it that :meth:`has` not.
        """
        self._check_mounts()
        status = os.fstat(root)
        identity = (status.st_dev, status.st_ino)
        if self._identity is None:
            self._identity = identity
        elif self._identity != identity:  # another folder is at its place
            raise Doubtful
        else:
            self._links = {link for links in self._linked.values() for link in links}
            self._read()
        changed = self._changed | self._linked.keys()
        self._changed = set()
        return sorted((one.path for one in changed), key=lambda path: (path.count("/"), path))

    def has(self, path: str) -> bool:
        """Whether a folder is watched."""
        found = self._find(path)
        return found is not None and found.number >= 0

    def watch(self, descriptor: int, path: str) -> None:
        """Watch a folder that is open; to be called before it is read, so that nothing is missed between."""
        one = self._made(path)
        # by the descriptor, as its path may lead elsewhere by now
        number = self._libc.inotify_add_watch(self._queue, f"/proc/self/fd/{descriptor}".encode(), EVENTS)
        if number < 0 or self._watched.setdefault(number, one) is not one or one.number not in (-1, number):
            raise Doubtful  # none may be added, or folders are moved just now
        one.number = number
        if len(self._watched) > self._most:
            raise Doubtful

    def saw(self, path: str, linked: list[tuple[int, int]]) -> None:
        """Which files in a folder that was looked at have other names. They may be written to under these, which gives
        no event here: so such a folder is always looked at, and where one is new, all are, for its other names."""
        if self._links is not None and not self._links.issuperset(linked):
            raise Doubtful
        one = self._made(path)
        if linked:
            self._linked[one] = linked
        else:
            self._linked.pop(one, None)

    def lost(self, path: str) -> None:
        """A folder could not be looked at: that is tried again the next time."""
        above = one = self._top
        for name in path.split("/"):
            above, inner = one, one.inner.get(name) if one.inner is not None else None
            if inner is None or inner.number < 0:
                break
            one = inner
        else:
            self._drop(one)
            one = above
        self._changed.add(one)

    def _find(self, path: str) -> Watched | None:
        one: Watched | None = self._top
        for name in filter(None, path.split("/")):
            one = one.inner.get(name) if one is not None and one.inner is not None else None
        return one

    def _made(self, path: str) -> Watched:
        one = self._top
        for name in filter(None, path.split("/")):
            if one.inner is None:
                one.inner = {}
            one = one.inner.setdefault(name, Watched(name, one))
        return one

    def _drop(self, one: Watched) -> None:
        """A folder is not known any more, nor what is below it."""
        if one.parent is not None and one.parent.inner is not None:
            one.parent.inner.pop(one.name, None)
        for each in one.all():
            self._changed.discard(each)
            self._linked.pop(each, None)
            if each.number >= 0:
                del self._watched[each.number]
                self._libc.inotify_rm_watch(self._queue, each.number)  # in vain where the folder is gone

    def _read(self) -> None:
        """Take what the kernel has queued."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._note(_events(os.read(self._queue, 262_144)))

    def _note(self, events: Iterable[tuple[int, int, bytes]]) -> None:
        for number, what, name in events:
            if what & (IN_Q_OVERFLOW | IN_UNMOUNT):
                raise Doubtful
            one = self._watched.get(number)
            if one is None:  # it was moved away or deleted, which the folder above it has told
                continue
            if what & IN_IGNORED:
                if one is self._top:
                    raise Doubtful
                self.lost(one.path)
                continue
            self._changed.add(one)
            if what & NAMES and one.inner is not None and (inner := one.inner.get(os.fsdecode(name))) is not None:
                self._drop(inner)  # it may be another folder now

    def _check_mounts(self) -> None:
        """Raises Doubtful where not all of the workspace lies on one disk that this machine alone writes to."""
        root = os.path.realpath(self._root)
        innermost = kind = ""
        try:
            lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
        except OSError:
            raise Doubtful from None
        for line in lines:
            left, _, right = line.partition(" - ")
            place = _unescaped(left.split(" ")[4])
            if place.startswith(root + "/"):
                raise Doubtful
            if len(place) >= len(innermost) and (place == "/" or f"{root}/".startswith(f"{place}/")):
                innermost, kind = place, right.split(" ")[0]
        if kind not in LOCAL:
            raise Doubtful


def _may_take() -> int:
    """How many folders are watched at most: half of what a person's programs may watch together."""
    try:
        return int(LIMIT.read_text()) // 2
    except (OSError, ValueError):
        return 0


def _events(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Watch, what happened, and the name in the folder if it has one."""
    at = 0
    while at < len(data):
        number, what, _, length = HEAD.unpack_from(data, at)
        at += HEAD.size
        yield number, what, data[at : at + length].rstrip(b"\0")
        at += length


def _unescaped(place: str) -> str:
    """A path as mountinfo has it: blanks, tabs, line ends and backslashes by their octal number."""
    for code, sign in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        place = place.replace(code, sign)
    return place
