"""What is protected is put back after a command, where no wall kept the command from it.

What was there is remembered with what it held; what a command made of it is put aside, and what is new, too. Links are
never followed: another command may run, and put one in the place of a folder.
"""

import contextlib
import errno
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Container, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from zotui.limits import MB
from zotui.sandbox import protected

LARGEST, MOST = 8 * MB, 64 * MB
"""Bytes of one file and of all that are remembered; of others is known only whether they are as they were."""
NAMED = 5  # of what was put back, in words
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Entry(NamedTuple):
    """One thing that is protected: how it looks, by which it is known again, and what it holds.

    ``content`` is a file's, or a link's target; None for a folder, and for what is not remembered."""

    mode: int
    look: tuple[int, ...]
    content: bytes | None

    def is_like(self, other: "Entry | None") -> bool:
        """Whether the other one is the same for whoever reads it."""
        if other is None or self.mode != other.mode:
            return False
        if stat.S_ISDIR(self.mode):
            return True
        return self.look == other.look or (self.content is not None and self.content == other.content)


class Snapshot:
    """All that was protected at one moment."""

    def __init__(self, places: list[str], entries: dict[str, Entry]) -> None:
        self._places = places
        self._entries = entries

    @classmethod
    def take(cls, root: Path, before: "Snapshot | None" = None) -> "Snapshot":
        """What is there now; what looks as it did ``before`` is not read again. Blocks."""
        protected.prepare(root)
        places = [*protected.FILES, *protected.FOLDERS]
        for git in protected.repositories(root):
            name = os.path.relpath(git, root)
            places += [f"{name}/{part}" for part in protected.OF_GIT] if git.is_dir() else [name]
        return cls(places, _look(root, places, before._entries if before else {}))

    def restore(self, root: Path, beside: Path) -> str:
        """Put it back, with what is found instead put into a new folder ``beside``, or into one of the root's where that is
        on another disk; what was changed, in words. Blocks.
        """
        now = _look(root, self._places, self._entries, whole=False)
        changed = [name for name in sorted({*now, *self._entries}) if not _same(now.get(name), self._entries.get(name))]
        if not changed:
            return ""
        new = {name for name in changed if name not in self._entries}
        changed = [name for name in changed if new.isdisjoint(map(str, PurePosixPath(name).parents))]
        aside = Aside(root, Path(tempfile.mkdtemp(prefix="put-aside-", dir=beside)))
        lost = []
        for name in changed:
            try:
                self._put_back(root, name, aside)
            except OSError:
                lost.append(name)
        names = [name for name in changed if name not in lost]
        own = f" (the command’s own is in {' and '.join(found)})" if (found := aside.close()) else ""
        said = [f"put back: {_some(names)}{own}"] if names else []
        return "; ".join([*said, *([f"cannot be put back: {_some(lost)}"] if lost else [])])

    def _put_back(self, root: Path, name: str, aside: "Aside") -> None:
        """Raises OSError."""
        old = self._entries.get(name)
        if old is not None and old.content is None and not stat.S_ISDIR(old.mode):
            raise OSError(f"{name} was too large to be remembered")
        with _inside(root, os.path.dirname(name), aside) as folder:
            last = os.path.basename(name)
            if old is not None and stat.S_ISDIR(old.mode) and _is_folder(folder, last):
                below = os.open(last, _FOLDER, dir_fd=folder)
                os.fchmod(below, stat.S_IMODE(old.mode))
                os.close(below)
                return
            aside.put(folder, last)
            if old is None:
                return
            if stat.S_ISDIR(old.mode):
                os.mkdir(last, 0o700, dir_fd=folder)
                os.chmod(last, stat.S_IMODE(old.mode), dir_fd=folder)
            elif stat.S_ISLNK(old.mode):
                os.symlink(old.content or b"", os.fsencode(last), dir_fd=folder)
            else:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                with open(os.open(last, flags, 0o600, dir_fd=folder), "wb") as file:
                    file.write(old.content or b"")
                    os.fchmod(file.fileno(), stat.S_IMODE(old.mode))


class Aside:
    """Where things are put: ``place``, and a hidden folder of the root for what cannot be renamed to there."""

    def __init__(self, root: Path, place: Path) -> None:
        self._place = os.open(place, _FOLDER)
        self._root = root
        self._spare: int | None = None
        self._names = {self._place: place}

    def put(self, folder: int, name: str) -> None:
        """Put something of a folder there, if it is there. Raises OSError."""
        try:
            _into(self._place, folder, name)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _into(self._beside(), folder, name)

    def _beside(self) -> int:
        """The folder of the root, made now: by its descriptor, as a command may put a link in its place."""
        if self._spare is None:
            path = self._root / f".{self._names[self._place].name}"
            path.mkdir(0o700)
            self._spare = os.open(path, _FOLDER)
            self._names[self._spare] = path
        return self._spare

    def close(self) -> list[str]:
        """The folders in which anything is; the others are removed."""
        kept = []
        for descriptor, path in self._names.items():
            if os.listdir(descriptor):
                kept.append(str(path))
            else:
                path.rmdir()
            os.close(descriptor)
        return kept


def _into(target: int, folder: int, name: str) -> None:
    """Move something, if it is there, into a new folder of the target. Raises OSError."""
    new = os.urandom(4).hex()
    os.mkdir(new, 0o700, dir_fd=target)
    place = os.open(new, _FOLDER, dir_fd=target)
    try:
        os.rename(name, name, src_dir_fd=folder, dst_dir_fd=place)
    except OSError as error:
        os.rmdir(new, dir_fd=target)
        if not isinstance(error, FileNotFoundError):
            raise
    finally:
        os.close(place)


def _same(one: Entry | None, other: Entry | None) -> bool:
    return one is other if one is None else one.is_like(other)


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def discard(path: Path) -> None:
    """Delete a folder that a command could fill as it liked. Blocks."""
    try:
        shutil.rmtree(path, ignore_errors=True)
    except RecursionError:  # one within the other, more often than Python follows
        subprocess.run(["rm", "-rf", "--", path], check=False, stderr=subprocess.DEVNULL)


def _look(root: Path, places: list[str], known: dict[str, Entry], whole: bool = True) -> dict[str, Entry]:
    """All entries of these places, those above the others first; unless ``whole``, what is new is not looked into. What
    cannot be read is as if it were not there."""
    found: dict[str, Entry] = {}
    room = MOST
    for place in places:
        for name in _walk(root, place, None if whole else known):
            with contextlib.suppress(OSError):
                found[name] = entry = _entry(root, name, known.get(name), min(room, LARGEST))
                room -= len(entry.content or b"")
    return found


def _walk(root: Path, place: str, known: Container[str] | None) -> Iterator[str]:
    """A place and what lies in it, each folder before what is in that; but not within a folder that is none of the
    ``known``. It may be as deep as a command could make it."""
    if Path(os.path.realpath((root / place).parent)) != Path(os.path.realpath(root), place).parent:
        return  # behind a link that was put above it
    left = [place]
    while left:
        name = left.pop()
        path = root / name
        if not os.path.lexists(path):
            continue
        yield name
        if (known is None or name in known) and path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError):
                left += [f"{name}/{child}" for child in sorted(os.listdir(path), reverse=True)]


def _entry(root: Path, name: str, known: Entry | None, room: int) -> Entry:
    """Raises OSError."""
    path = root / name
    found = os.lstat(path)
    if stat.S_ISDIR(found.st_mode):
        return Entry(found.st_mode, (), None)
    look = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    if known is not None and known.look == look:
        return known
    if stat.S_ISLNK(found.st_mode):
        return Entry(found.st_mode, look, os.readlink(os.fsencode(path)))
    if not stat.S_ISREG(found.st_mode) or found.st_size > room:
        return Entry(found.st_mode, look, None)
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        content = file.read(room + 1)
    return Entry(found.st_mode, look, content if len(content) <= room else None)


@contextlib.contextmanager
def _inside(root: Path, name: str, aside: "Aside") -> Iterator[int]:
    """A descriptor of a folder in the root, made where it is missing. What is there instead of it is put aside."""
    folder = os.open(root, _FOLDER & ~os.O_NOFOLLOW)
    try:
        for part in filter(None, name.split("/")):
            try:
                below = os.open(part, _FOLDER, dir_fd=folder)
            except OSError:
                aside.put(folder, part)
                os.mkdir(part, 0o755, dir_fd=folder)
                below = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
        yield folder
    finally:
        os.close(folder)


def _is_folder(folder: int, name: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode)
    except OSError:
        return False
