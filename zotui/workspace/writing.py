"""Files of the workspace, written: whole or one place of them, never outside, never half."""

import contextlib
import difflib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from zotui.errors import NotFound, UsageError
from zotui.sandbox.protected import is_protected
from zotui.text import one_line
from zotui.workspace.folder import LARGEST, Folder

CONTEXT = 3  # lines around a change that are shown
LONGEST_DIFF = 20_000  # characters of one
_NEW_FILE, _NEW_FOLDER = 0o644, 0o755
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class Content(NamedTuple):
    """A file's text, the mark before it, and how it is encoded."""

    text: str
    bom: bytes = b""
    encoding: str = "utf-8"

    @property
    def bytes(self) -> bytes:
        """The same as it is on the disk."""
        return self.bom + self.text.encode(self.encoding)


class Writing:
    """Writes below a folder. Every part of a path is opened by itself and no link is followed, so that nobody who
    works there at the same time can lead a write out; a file is replaced whole, by renaming."""

    def __init__(self, folder: Folder) -> None:
        self._root = folder.root

    def write(self, path: str, text: str, *, try_only: bool = False) -> str:
        """Write a file, made anew with its folders where it is not there; what that changed. Blocks.

        What was there keeps its encoding, its mark and its mode. ``try_only``: what it would change. Raises UsageError.
        """
        try:
            with self.parent(path, make=not try_only) as (parent, name):
                before = self._read(parent, name, path)
                after = Content(text) if before is None else before._replace(text=_ended_like(text, before.text))
                if not try_only:
                    self._replace(parent, name, after, path)
        except NotFound:  # its folder would be made
            before, after = None, Content(text)
        return difference(before.text if before else "", after.text, path)

    def edit(self, path: str, old: str, new: str, every: bool = False, *, try_only: bool = False) -> str:
        """Put ``new`` in the place of ``old``, which stands there once, or of all of them; what that changed. Blocks.

        All other bytes stay as they are. ``try_only``: what it would change. Raises NotFound, UsageError.
        """
        if not old or old == new:
            raise UsageError("old and new are the same" if old else "old is empty", "write_file writes a whole file")
        return self.change(path, lambda text: _replaced(text, old, new, every, path), try_only=try_only)

    def change(self, path: str, made: Callable[[str], str], *, try_only: bool = False) -> str:
        """Put what is ``made`` of a file's text in its place; what that changed. Blocks.

        Its encoding, mark and mode stay. ``try_only``: what it would change. Raises NotFound, UsageError.
        """
        with self.parent(path, make=False) as (parent, name):
            before = self._read(parent, name, path)
            if before is None:
                raise NotFound(f"no {one_line(path, 80)!r} in the workspace", "list_files shows what there is")
            after = before._replace(text=made(before.text))
            if not try_only:
                self._replace(parent, name, after, path)
        return difference(before.text, after.text, path)

    @contextlib.contextmanager
    def parent(self, path: str, make: bool) -> Iterator[tuple[int, str]]:
        """A descriptor of the folder that a file is in, and the file's name there; no link is followed, and what is for
        the person alone is refused. Raises NotFound, UsageError."""
        *folders, name = self._parts(path)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for folder in folders:
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(folder, _NEW_FOLDER, dir_fd=descriptor)
                inner = os.open(folder, flags, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor, name
        except FileNotFoundError:
            raise NotFound(f"no {one_line(path, 80)!r} in the workspace", "list_files shows what there is") from None
        except OSError as error:
            raise UsageError(f"{one_line(path, 80)}: {error.strerror}", "a link in a path is not followed") from None
        finally:
            os.close(descriptor)

    def _parts(self, path: str) -> tuple[str, ...]:
        """The parts of a path below the root. Raises UsageError."""
        whole = PurePosixPath(path)
        for root in (self._root, self._root.resolve()):
            if whole.is_relative_to(root):
                whole = whole.relative_to(root)
        parts = tuple(part for part in whole.parts if part not in ("/", "."))
        if ".." in parts or "\0" in path:
            raise UsageError(f"{one_line(path, 80)} is outside the workspace", "name it by its path from the root")
        if not parts or path.endswith("/"):
            raise UsageError(f"{one_line(path, 80) or 'the root'} is a folder", "name a file")
        if is_protected(parts):
            raise UsageError(
                f"{one_line(path, 80)} is for you alone: other programs run what it says", "ask the person to change it"
            )
        return parts

    def _read(self, parent: int, name: str, path: str) -> Content | None:
        """What a file holds; None where there is none. Raises UsageError for what is no text."""
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise UsageError(f"{one_line(path, 80)} is no file", "list_files shows what there is")
            if status.st_size > LARGEST:
                raise UsageError(f"{one_line(path, 80)} has {status.st_size:,} bytes, at most {LARGEST:,} are edited")
            content = file.read()
        bom, encoding = next((one for one in _BOMS if content.startswith(one[0])), (b"", "utf-8"))
        try:
            return Content(content[len(bom) :].decode(encoding), bom, encoding)
        except UnicodeDecodeError as error:
            raise UsageError(
                f"{one_line(path, 80)} is no text in {encoding} (byte {error.start})", "a command can change it"
            ) from None

    def _replace(self, parent: int, name: str, content: Content, path: str) -> None:
        """Put a file in the place of what is there, whole and on the disk. Raises OSError, UsageError."""
        try:
            written = content.bytes
        except UnicodeEncodeError:
            raise UsageError("the text holds half a character", "send it whole") from None
        if len(written) > LARGEST:
            raise UsageError(f"{one_line(path, 80)} would have {len(written):,} bytes, at most {LARGEST:,} are written")
        try:
            mode = stat.S_IMODE(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode) & 0o777
        except FileNotFoundError:
            mode = _NEW_FILE
        made = f".{name[:100]}.{os.urandom(4).hex()}~"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(made, flags, 0o600, dir_fd=parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(written)
                file.flush()
                os.fchmod(descriptor, mode)
                os.fsync(descriptor)
            os.rename(made, name, src_dir_fd=parent, dst_dir_fd=parent)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(made, dir_fd=parent)
            raise


def _replaced(text: str, old: str, new: str, every: bool, path: str) -> str:
    """A text with ``new`` where ``old`` stood. Raises UsageError where that is nowhere, or in more places than meant."""
    if old not in text and "\r\n" in text:  # as a model is shown it, lines end alike
        old, new = (part.replace("\r\n", "\n").replace("\n", "\r\n") for part in (old, new))
    count = text.count(old)
    if count == 0:
        raise UsageError(f"{one_line(path, 80)} does not hold that text", "read_file shows what it holds")
    if count > 1 and not every:
        raise UsageError(
            f"that text stands in {count} places of {one_line(path, 80)}", "give more of what is around it"
        )
    return text.replace(old, new)


def difference(before: str, after: str, path: str) -> str:
    """A unified difference, as much of it as anybody reads; empty where nothing changed."""
    shown = one_line(path, 200)
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"a/{shown}", f"b/{shown}", n=CONTEXT, lineterm=""
    )
    text = "\n".join(lines)
    return text if len(text) <= LONGEST_DIFF else text[:LONGEST_DIFF] + "\n… the rest of the difference is left out"


def _ended_like(text: str, before: str) -> str:
    """A text whose lines end as they did, where they all ended alike."""
    if "\r\n" in before and "\n" not in before.replace("\r\n", ""):
        return text.replace("\r\n", "\n").replace("\n", "\r\n")
    return text
