"""Files and folders moved from one folder to another, also to another file system: then copied first, and only what lies
whole on the disk over there is removed here."""

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator

from zotui.errors import UsageError
from zotui.text import one_line
from zotui.workspace.undo.state import open_folder

DEEPEST = 200  # folders one below the other


def move(parent: int, name: str, target: int, new: str) -> None:
    """Move ``name`` in the folder with the descriptor ``parent`` to ``new`` in ``target``. Blocks.

    Whoever is killed on the way leaves it whole in one of them or in both. Raises OSError where it stays as it is;
    UsageError where it is over there and what was here could not be removed.
    """
    try:
        os.rename(name, new, src_dir_fd=parent, dst_dir_fd=target)
        return
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    arrived, gone = _beside(), _beside()
    try:
        _copy(parent, name, target, arrived)
        os.rename(arrived, new, src_dir_fd=target, dst_dir_fd=target)
        arrived = new
        os.fsync(target)
        os.rename(name, gone, src_dir_fd=parent, dst_dir_fd=parent)  # so that nobody takes half of it for the whole
    except OSError:
        _remove(target, arrived)
        raise
    if left := _remove(parent, gone):
        raise UsageError(f"{one_line(name, 80)} was moved, but a copy is left as {gone}: {left}", "delete that one")


def _copy(parent: int, name: str, target: int, new: str, depth: int = 0) -> None:
    """Copy a file, link or folder onto the disk. Raises OSError: it is something else, it changed meanwhile, there is no
    room."""
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if status.st_dev != os.fstat(parent).st_dev:
        raise OSError(errno.EXDEV, f"another file system begins at {one_line(name, 60)}")
    if depth > DEEPEST:
        raise OSError(errno.ELOOP, "its folders are too deep")
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(name, dir_fd=parent), new, dir_fd=target)
    elif stat.S_ISDIR(status.st_mode):
        _copy_folder(parent, name, target, new, depth)
    elif stat.S_ISREG(status.st_mode):
        _copy_file(parent, name, target, new)
    else:
        raise OSError(errno.EINVAL, f"{one_line(name, 60)} is neither a file nor a folder")


def _copy_folder(parent: int, name: str, target: int, new: str, depth: int) -> None:
    os.mkdir(new, 0o700, dir_fd=target)
    with _opened(open_folder(parent, name)) as inside, _opened(open_folder(target, new)) as made:
        for entry in os.listdir(inside):
            _copy(inside, entry, made, entry, depth + 1)
        _finish(made, os.fstat(inside))


def _copy_file(parent: int, name: str, target: int, new: str) -> None:
    reading = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    writing = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(name, reading, dir_fd=parent), "rb") as file:
        before = os.fstat(file.fileno())
        with open(os.open(new, writing, 0o600, dir_fd=target), "wb") as made:
            shutil.copyfileobj(file, made, 1 << 20)
            made.flush()
            after = os.fstat(file.fileno())
            if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
                raise OSError(errno.EBUSY, f"{one_line(name, 60)} changed meanwhile")
            _finish(made.fileno(), before)


def _finish(made: int, status: os.stat_result) -> None:
    """Give a copy its owner, mode and times, and have it on the disk. Raises OSError."""
    with contextlib.suppress(PermissionError):
        os.fchown(made, status.st_uid, status.st_gid)
    os.fchmod(made, stat.S_IMODE(status.st_mode))
    os.utime(made, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.fsync(made)


def _remove(parent: int, name: str) -> str:
    """Remove a file or folder; why that was not possible, empty where nothing is left."""
    try:
        try:
            os.unlink(name, dir_fd=parent)
        except (IsADirectoryError, PermissionError):  # the latter on macOS
            shutil.rmtree(name, dir_fd=parent)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _beside() -> str:
    """A name that nothing has yet."""
    return f".{os.urandom(8).hex()}~"


@contextlib.contextmanager
def _opened(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)
