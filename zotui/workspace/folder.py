"""The workspace folder, read without ever leaving it."""

import os
import stat
from pathlib import Path

import msgspec

from zotui.errors import NotFound, UsageError
from zotui.text import clean, one_line

LARGEST = 5_000_000  # bytes of a file that is read
MOST = 1_000  # entries of a listing


class Entry(msgspec.Struct, frozen=True):
    """A file or folder; ``path`` from the workspace's root, ``size`` in bytes."""

    path: str
    folder: bool
    size: int


class Folder:
    """Lists and reads below ``root``; links that lead out of it are not followed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def list(self, path: str = "") -> list[Entry]:
        """A folder's entries, folders first; at most 1,000. Blocks. Raises NotFound, UsageError."""
        folder = self._inside(path)
        if not folder.is_dir():
            raise UsageError(f"{one_line(path, 80)} is a file", "read it instead")
        with os.scandir(folder) as scan:
            found = sorted(scan, key=lambda entry: (not entry.is_dir(follow_symlinks=False), entry.name))
        entries = []
        for entry in found[:MOST]:
            status = entry.stat(follow_symlinks=False)
            name = clean(os.path.relpath(entry.path, self.root)).replace("\n", "?")
            entries.append(Entry(name, stat.S_ISDIR(status.st_mode), status.st_size))
        return entries

    def read(self, path: str) -> str:
        """A text file, clean. Blocks. Raises NotFound, UsageError for a folder, a binary or too large a file."""
        file = self._inside(path)
        try:
            status = file.stat()
            if stat.S_ISDIR(status.st_mode):
                raise UsageError(f"{one_line(path, 80)} is a folder", "list it instead")
            if not stat.S_ISREG(status.st_mode):
                raise UsageError(f"{one_line(path, 80)} is no regular file")
            if status.st_size > LARGEST:
                raise UsageError(
                    f"{one_line(path, 80)} has {status.st_size:,} bytes, at most {LARGEST:,} are read"
                )
            content = file.read_bytes()
        except OSError as error:
            raise NotFound(f"{one_line(path, 80)}: {error.strerror}") from None
        if b"\0" in content[:8192]:
            raise UsageError(f"{one_line(path, 80)} is a binary file ({len(content):,} bytes)")
        return clean(content.decode("utf-8", "replace"))

    def _inside(self, path: str) -> Path:
        """The real path below the root. Raises NotFound, UsageError."""
        if "\0" in path:
            raise UsageError("a path cannot hold a NUL")
        root = self.root.resolve()
        try:
            real = (root / path.lstrip("/")).resolve(strict=True)
        except FileNotFoundError:
            raise NotFound(
                f"no {one_line(path, 80)!r} in the workspace", "list_files shows what there is"
            ) from None
        except OSError as error:
            raise NotFound(f"{one_line(path, 80)}: {error.strerror}") from None
        if real != root and root not in real.parents:
            raise UsageError(
                f"{one_line(path, 80)} is outside the workspace", "only the workspace can be read"
            )
        return real
