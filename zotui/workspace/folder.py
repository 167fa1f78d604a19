"""The workspace folder, read without ever leaving it."""

import contextlib
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from zotui.errors import NotFound, UsageError
from zotui.regular import NotRegular, TooLarge, open_below, read_below
from zotui.text import clean, one_line
from zotui.workspace.repositories import repository

LARGEST = 5_000_000  # bytes of a text that is read
LARGEST_DOCUMENT = 20_000_000  # bytes of what needs a reader of its own
MOST = 1_000  # entries of a listing

Document = Callable[[str, bytes], str | None]  # name, content -> its text; None where it is no document


def no_document(name: str, content: bytes) -> None:
    """All files are texts."""


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
        above = folder.relative_to(self.root.resolve())
        handle = self._open(folder, path)
        try:
            with os.scandir(handle) as scan:
                found = sorted(scan, key=lambda entry: (not entry.is_dir(follow_symlinks=False), entry.name))
            entries = []
            for entry in found[:MOST]:
                with contextlib.suppress(OSError):  # it has just gone
                    status = entry.stat(follow_symlinks=False)
                    name = clean(str(above / entry.name)).replace("\n", "?")
                    entries.append(Entry(name, stat.S_ISDIR(status.st_mode), status.st_size))
            return entries
        except OSError as error:
            raise NotFound(f"{one_line(path, 80)}: {error.strerror}") from None
        finally:
            os.close(handle)

    def read(self, path: str, document: Document = no_document) -> str:
        """A text file, or a ``document``, clean. Blocks. Raises NotFound, UsageError for a folder, a binary or too large a
        file."""
        real = self._inside(path)
        try:
            root = self.root.resolve()
            content = read_below(root, real.relative_to(root), LARGEST_DOCUMENT)
            told = document(real.name, content)
            if told is None and len(content) > LARGEST:
                raise TooLarge(len(content))
        except NotRegular as error:
            raise UsageError(f"{one_line(path, 80)}: {error}", "list_files shows what there is") from None
        except TooLarge as error:
            raise UsageError(
                f"{one_line(path, 80)} has {error.args[0]:,} bytes, at most {LARGEST:,} are read,"
                f" {LARGEST_DOCUMENT:,} of a document"
            ) from None
        except OSError as error:
            raise NotFound(f"{one_line(path, 80)}: {error.strerror}") from None
        if told is not None:
            return told
        if b"\0" in content[:8192]:
            raise UsageError(f"{one_line(path, 80)} is a binary file ({len(content):,} bytes)")
        return clean(content.decode("utf-8", "replace"))

    def open(self, path: str) -> int:
        """A descriptor to read a file or list a folder by, which is to be closed; no part of the real path is a link when
        it is opened, and nothing is waited for. Blocks. Raises NotFound, UsageError."""
        return self._open(self._inside(path), path)

    def _open(self, real: Path, path: str) -> int:
        """The same of a path that was found to be inside. Raises NotFound."""
        root = self.root.resolve()
        try:
            return open_below(root, real.relative_to(root))
        except OSError as error:
            raise NotFound(f"{one_line(path, 80)}: {error.strerror}") from None

    def real(self, path: str) -> Path:
        """Where a path of the workspace is. Blocks. Raises NotFound, UsageError for one that leads out."""
        return self._inside(path)

    def repository(self, path: str) -> str:
        """The repository in the workspace that a file is of, by its path; empty where it is of none. Blocks. Raises
        NotFound, UsageError."""
        return repository(self.root.resolve(), self._inside(path))

    def names(self, path: str) -> Sequence[str]:
        """What a file may be called: as it was named, whole, and from the workspace's root, in each way of writing that."""
        whole = Path(os.path.abspath(os.path.expanduser(path)))
        found = [path, str(whole)]
        for root in (self.root, self.root.resolve()):
            if whole.is_relative_to(root):
                found.append(str(whole.relative_to(root)))
        if not os.path.isabs(path):
            below = os.path.normpath(path)
            found += [str(self.root / path), below, f"/{below}", f"./{below}"]
        return list(dict.fromkeys(found))

    def _inside(self, path: str) -> Path:
        """The real path below the root, of one that begins there or is whole. Raises NotFound, UsageError."""
        if "\0" in path:
            raise UsageError("a path cannot hold a NUL")
        root = self.root.resolve()
        whole = Path(path)
        below = whole.is_relative_to(self.root) or whole.is_relative_to(root)
        try:
            real = (whole if below else root / path.lstrip("/")).resolve(strict=True)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(f"no {one_line(path, 80)!r} in the workspace", "list_files shows what there is") from None
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links is a RuntimeError before Python 3.13
            said = getattr(error, "strerror", None) or "this path leads nowhere"
            raise NotFound(f"{one_line(path, 80)}: {said}") from None
        if real != root and root not in real.parents:
            raise UsageError(f"{one_line(path, 80)} is outside the workspace", "only the workspace can be read")
        return real
