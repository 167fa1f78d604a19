"""Putting the states of paths back on the disk, never outside of the root, and no link followed."""

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from zotui.text import one_line
from zotui.workspace.undo import copies
from zotui.workspace.undo.scan import LARGEST
from zotui.workspace.undo.state import CACHES, State, is_of_git, kind_of, open_folder

Content = Callable[[str], bytes | None]
"""The bytes of a copy, by its hash."""


class Restoring:
    """Brings paths below ``root`` to wanted states; blocks. Whatever happens, each is what it was or what is wanted.

    ``no_room``: the paths that stayed as they were because the disk is full.
    """

    def __init__(self, root: Path, content: Content) -> None:
        self._root = root
        self._content = content
        self.no_room: list[str] = []

    def state(self, path: str) -> State | None:
        """What stands at a path now; a file's hash where it can be told."""
        folder, _, name = path.rpartition("/")
        try:
            with self._open(folder) as parent:
                return self._look(parent, name)
        except OSError:
            return None

    def restore(self, wanted: Mapping[str, State | None]) -> list[str]:
        """Make these paths what is wanted; what could not be, a line each. What is so already stays as it is."""
        left: list[str] = []
        deepest = sorted(wanted, key=lambda path: path.count("/"), reverse=True)
        for path in deepest:  # at first, as that makes room
            now, target = self.state(path), wanted[path]
            if now is not None and target is None:
                self._try(left, path, self._remove, now)
            elif now is not None and target is not None and now.kind == "folder" != target.kind:
                self._try(left, path, self._make, target)
        for path in reversed(deepest):
            target = wanted[path]
            if target is not None and self.state(path) != target:
                self._try(left, path, self._make, target)
        for path in deepest:  # at last, as nothing can be put into a folder that may not be written
            target = wanted[path]
            if target is not None and target.kind == "folder":
                self._try(left, path, self._set_mode, target)
        os.sync()
        return left

    def _try(self, left: list[str], path: str, act: Callable[[int, str, State], str], state: State) -> None:
        """Act on one path; in a folder that may not be written, having made it so meanwhile."""
        folder, _, name = path.rpartition("/")
        try:
            with self._open(folder) as parent:
                try:
                    said = act(parent, name, state)
                except PermissionError:
                    mode = stat.S_IMODE(os.fstat(parent).st_mode)
                    os.fchmod(parent, mode | stat.S_IRWXU)
                    try:
                        said = act(parent, name, state)
                    finally:
                        os.fchmod(parent, mode)
        except OSError as error:
            said = error.strerror or str(error)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                self.no_room.append(path)
        if said:
            left.append(f"{one_line(path, 200)}: {said}")

    @contextlib.contextmanager
    def _open(self, folder: str) -> Iterator[int]:
        root = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            descriptor = open_folder(root, folder)
        finally:
            os.close(root)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _look(self, parent: int, name: str) -> State | None:
        try:
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except OSError:
            return None
        kind, mode = kind_of(status.st_mode), stat.S_IMODE(status.st_mode)
        if kind == "link":
            return State(kind, mode, target=os.readlink(name, dir_fd=parent))
        if kind != "file":
            return State(kind, mode)
        return State(kind, mode, status.st_size, _hash(parent, name, status.st_size))

    def _remove(self, parent: int, name: str, now: State) -> str:
        if now.kind != "folder":
            if now.kind == "file" and not now.hash:
                return "too large to be brought back again, so it was left"
            os.unlink(name, dir_fd=parent)
            return ""
        folder = open_folder(parent, name)
        try:
            for cache in CACHES.intersection(os.listdir(folder)):  # what is left of a program that ran there
                shutil.rmtree(cache, dir_fd=folder)
            others = os.listdir(folder)
        finally:
            os.close(folder)
        if others:
            return f"it holds {one_line(others[0], 60)!r} and was left"
        os.rmdir(name, dir_fd=parent)
        return ""

    def _make(self, parent: int, name: str, wanted: State) -> str:
        """Make something under another name, then put it in the place of what is there."""
        if not wanted.can_come_back:
            return "no copy was made of it"
        content = self._content(wanted.hash) if wanted.kind == "file" else b""
        if content is None:
            return "its copy is gone"
        now = self._look(parent, name)
        if now is not None and now.kind == wanted.kind == "folder":
            return ""
        made = f".{name[:100]}.{os.urandom(4).hex()}~"
        try:
            if wanted.kind == "folder":
                os.mkdir(made, 0o700, dir_fd=parent)
            elif wanted.kind == "link":
                os.symlink(wanted.target, made, dir_fd=parent)
            else:
                _write(parent, made, content, wanted.mode)
            if now is not None and now.kind != wanted.kind and (said := self._remove(parent, name, now)):
                return said
            os.rename(made, name, src_dir_fd=parent, dst_dir_fd=parent)
        finally:
            with contextlib.suppress(OSError):
                os.rmdir(made, dir_fd=parent) if wanted.kind == "folder" else os.unlink(made, dir_fd=parent)
        return ""

    def _set_mode(self, parent: int, name: str, wanted: State) -> str:
        now = self._look(parent, name)
        if now is not None and now.kind == "folder" and now.mode != wanted.mode:
            os.chmod(name, wanted.mode, dir_fd=parent)
        return ""


def _write(parent: int, name: str, content: bytes, mode: int) -> None:
    """A new file."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600, dir_fd=parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fchmod(descriptor, mode & 0o777)


def _hash(parent: int, name: str, size: int) -> str:
    if size > LARGEST:
        return ""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    with os.fdopen(descriptor, "rb") as file:
        return copies.digest(file.read(LARGEST + 1))


def may_be_restored(path: str, before: State | None, after: State | None) -> bool:
    """Whether undoing touches a path at all: within ``.git`` only what was lost is brought back."""
    return not is_of_git(path) or (before is not None and after is None)
