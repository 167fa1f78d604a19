"""Archives of strangers as folders: nothing leaves the folder, nothing but files and folders comes out, and not too much."""

import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from zotui.errors import UsageError
from zotui.text import one_line

MOST_FILES = 2_000
LARGEST, LARGEST_ALL = 10_000_000, 50_000_000  # bytes of one file, and of all
LONGEST_PATH, DEEPEST = 400, 16
CHUNK = 1 << 16
FAULTS = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError,
    NotImplementedError,
)  # fmt: skip
"""What reading a damaged archive raises."""


class Member(NamedTuple):
    """Something in an archive. ``opened`` is its content, None of a folder; ``wrong`` says what it is where it is neither that
    nor a file."""

    name: str
    executable: bool
    opened: Callable[[], IO[bytes]] | None
    wrong: str = ""


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or a tarball, however it is compressed, into a new folder. Blocks. Raises UsageError that names what is
    refused; what was unpacked by then lies in the folder."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed:
                _write(_of_zip(packed), folder)
        else:
            with tarfile.open(archive) as packed_tar:
                _write(_of_tar(packed_tar), folder)
    except FAULTS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise UsageError(f"the archive cannot be unpacked: {error.strerror}") from None
        raise UsageError(f"the archive cannot be read: {one_line(str(error), 100) or type(error).__name__}") from None


def copy(source: Path, folder: Path) -> None:
    """Copy a folder by the same rules; ``.git`` and what Python compiles stay behind. Blocks. Raises UsageError."""
    _write(_of_folder(source), folder)


def _write(members: Iterator[Member], folder: Path) -> None:
    """Write members into a folder that is made for them."""
    folder.mkdir(mode=0o700)
    known: set[str] = set()
    left, count = LARGEST_ALL, 0
    for member in members:
        path = _checked(member, known)
        if path is None:
            continue
        count += 1
        if count > MOST_FILES:
            raise UsageError(f"there are more than {MOST_FILES:,} files in it")
        target = folder / path
        if member.opened is None:
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
            continue
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(member.opened()) as content:
            left -= _copied(content, target, member, min(left, LARGEST))


def _copied(content: IO[bytes], target: Path, member: Member, most: int) -> int:
    """Copy a file; how many bytes it has, as they come and not as they are said to be."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    total = 0
    with os.fdopen(os.open(target, flags, 0o700 if member.executable else 0o600), "wb") as out:
        while piece := content.read(CHUNK):
            total += len(piece)
            if total > most:
                which = f"{one_line(member.name, 100)} has more than {LARGEST:,} bytes"
                raise UsageError(which if most == LARGEST else f"it has more than {LARGEST_ALL:,} bytes in all")
            out.write(piece)
    return total


def _checked(member: Member, known: set[str]) -> str | None:
    """The path of a member within the folder; None for the folder itself. Raises UsageError."""
    name, shown = member.name, one_line(member.name, 100)
    path = PurePosixPath(name)
    if member.wrong:
        raise UsageError(f"{shown} in it is {member.wrong}, which is not taken")
    if not name.isprintable() or "\\" in name or ":" in path.parts[:1] or len(name) > LONGEST_PATH:
        raise UsageError(f"{shown} in it is no name for a file")
    if path.is_absolute() or ".." in path.parts:
        raise UsageError(f"{shown} in it would lie outside of its folder")
    if len(path.parts) > DEEPEST:
        raise UsageError(f"{shown} in it lies too deep")
    if not path.parts:
        return None
    whole = str(path)
    if member.opened is not None:
        if whole.casefold() in known:
            raise UsageError(f"{shown} is twice in it")
        known.add(whole.casefold())
    return whole


def _of_zip(packed: zipfile.ZipFile) -> Iterator[Member]:
    for info in packed.infolist():
        mode = info.external_attr >> 16
        if info.is_dir():
            yield Member(info.filename, False, None)
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            yield Member(info.filename, False, None, "a link" if stat.S_ISLNK(mode) else "no file")
        else:
            yield Member(info.filename, bool(mode & 0o100), lambda info=info: packed.open(info))  # type: ignore[misc]


def _of_tar(packed: tarfile.TarFile) -> Iterator[Member]:
    for info in packed:
        if info.isdir():
            yield Member(info.name, False, None)
        elif not info.isreg():
            yield Member(info.name, False, None, "a link" if info.issym() or info.islnk() else "no file")
        else:
            yield Member(info.name, bool(info.mode & 0o100), lambda info=info: _opened(packed, info))  # type: ignore[misc]


def _opened(packed: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    found = packed.extractfile(info)
    if found is None:
        raise tarfile.TarError(f"{info.name} has no content")
    return found


def _file(path: Path) -> IO[bytes]:
    return open(path, "rb")


def _of_folder(source: Path) -> Iterator[Member]:
    for place, folders, files in os.walk(source):
        folders[:] = sorted(name for name in folders if name not in (".git", "__pycache__", ".hg", ".svn"))
        for name in [*folders, *sorted(files)]:
            path = Path(place, name)
            status, inside = path.lstat(), path.relative_to(source).as_posix()
            if stat.S_ISDIR(status.st_mode):
                continue
            if not stat.S_ISREG(status.st_mode):
                yield Member(inside, False, None, "a link" if stat.S_ISLNK(status.st_mode) else "no file")
            else:
                yield Member(inside, bool(status.st_mode & 0o100), partial(_file, path))
