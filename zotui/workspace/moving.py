"""Files and folders of the workspace moved, and put into the bin; no link followed, nothing written over."""

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from zotui.errors import NotFound, UsageError
from zotui.store import Store, Transaction, new_id, now_ms
from zotui.text import one_line
from zotui.workspace import across
from zotui.workspace.folder import Folder
from zotui.workspace.writing import Writing

KEPT_MS = 30 * 86_400_000  # how long what was deleted stays in the bin


class Binned(msgspec.Struct, frozen=True):
    """What lies in the bin; ``path`` is where it was, ``size`` of a file in bytes."""

    id: str
    path: str
    folder: bool
    size: int
    deleted_at: int


class Bin:
    """Deleted files and folders of the workspace, each in a folder of its own under ``bin``, until it is emptied."""

    def __init__(self, store: Store, folder: Folder, place: Path) -> None:
        self._store = store
        self._folder = folder
        self._writing = Writing(folder)
        self._place = place

    def move(self, path: str, to: str) -> None:
        """Give a file or folder another path. Blocks. Raises NotFound, UsageError where something is there already."""
        with self._writing.parent(path, make=False) as (parent, name):
            _look(parent, name, path)
            with self._writing.parent(to, make=True) as (target, new):
                if _is_there(target, new):
                    raise UsageError(f"{one_line(to, 80)} is there already", "delete it first, or choose another name")
                try:
                    across.move(parent, name, target, new)
                except OSError as error:
                    raise UsageError(f"{one_line(path, 80)} cannot be moved there: {error.strerror}") from None

    def delete(self, path: str, conversation: str | None = None, turn: str | None = None) -> str:
        """Put a file or folder into the bin; its id there. Blocks. Raises NotFound, UsageError.

        The row is written first: what is on its way is found under it.
        """
        if path.encode(errors="ignore").decode() != path:
            raise UsageError(
                f"{one_line(path, 80)}: a name that is no UTF-8 cannot be kept in the bin", "rename it first"
            )
        with self._writing.parent(path, make=False) as (parent, name):
            status = _look(parent, name, path)
            one = new_id()
            row = (one, path, stat.S_ISDIR(status.st_mode), status.st_size, conversation, turn, now_ms())
            self._store.write_now(
                lambda db: db.execute(
                    "INSERT INTO binned(id, path, folder, size, conv_id, turn_id, deleted_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
            )
            box = self._place / one
            box.mkdir(parents=True, mode=0o700)
            try:
                with _opened(box) as target:
                    across.move(parent, name, target, "it")
            except OSError as error:
                shutil.rmtree(box, ignore_errors=True)
                self._forget(one)
                raise UsageError(f"{one_line(path, 80)} cannot be put into the bin: {error.strerror}") from None
        return one

    def list(self) -> list[Binned]:
        """What lies in the bin, the newest first. Blocks."""
        return [one for one in self._noted() if self._holds(one)]

    def restore(self, name: str) -> Binned:
        """Bring something back to where it was; ``name`` is its id, or the end of it. Blocks. Raises NotFound, UsageError."""
        found = [one for one in self.list() if name and one.id.endswith(name)]
        if len(found) != 1:
            raise NotFound(f"nothing in the bin is {one_line(name, 40)!r}", "zotui bin list shows what there is")
        one = found[0]
        with self._writing.parent(one.path, make=True) as (parent, new):
            if _is_there(parent, new):
                raise UsageError(f"{one_line(one.path, 80)} is there already", "move that away first")
            try:
                with _opened(self._place / one.id) as box:
                    across.move(box, "it", parent, new)
            except OSError as error:
                raise UsageError(f"{one_line(one.path, 80)} cannot be brought back: {error.strerror}") from None
        self._drop(one)
        return one

    def empty(self, before: int | None = None) -> int:
        """Delete for ever what was put into the bin before a time (ms since 1970), or all; how much that was. Blocks."""
        gone = [one for one in self._noted() if before is None or one.deleted_at < before]
        held = sum(map(self._holds, gone))
        for one in gone:  # also what never got here, because somebody was killed
            self._drop(one)
        return held

    def _noted(self) -> Sequence[Binned]:
        rows = self._store.read_now(
            lambda db: db.execute(
                "SELECT id, path, folder, size, deleted_at FROM binned ORDER BY deleted_at DESC, id DESC"
            ).fetchall()
        )
        return [Binned(id_, path, bool(folder), size, deleted_at) for id_, path, folder, size, deleted_at in rows]

    def _holds(self, one: Binned) -> bool:
        return os.path.lexists(self._place / one.id / "it")

    def _drop(self, one: Binned) -> None:
        shutil.rmtree(self._place / one.id, ignore_errors=True)
        self._forget(one.id)

    def _forget(self, one: str) -> None:
        def forget(db: Transaction) -> None:
            db.execute("DELETE FROM binned WHERE id = ?", (one,))

        self._store.write_now(forget)


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_there(parent: int, name: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        os.stat(name, dir_fd=parent, follow_symlinks=False)
        return True
    return False


def _look(parent: int, name: str, path: str) -> os.stat_result:
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        raise NotFound(f"no {one_line(path, 80)!r} in the workspace", "list_files shows what there is") from None
