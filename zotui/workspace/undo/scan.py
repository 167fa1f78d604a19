"""Looking at the workspace: what changed since the last look, with copies of what is new."""

import os
import stat
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from zotui.store import Store, now_ms
from zotui.workspace.undo import copies, tree
from zotui.workspace.undo.copies import Copy
from zotui.workspace.undo.state import State, below, open_folder
from zotui.workspace.undo.tree import Mark
from zotui.workspace.undo.watching import Watcher

LARGEST = 32_000_000  # bytes of a file that is copied
BATCH, MOST = 8_000_000, 2_000  # bytes and number of copies in one transaction

Change = tuple[str, State | None, State | None]
"""A path, what stood there, what stands there."""


class Stopped(Exception):
    """The look was called off; nothing of it holds."""


class Looked(NamedTuple):
    """What a look found. ``folders``: those that changed, as they are now, ``None`` where one is gone; ``bare``: of each
    that was looked at and is there the files without a copy, and their size."""

    changes: list[Change]
    folders: dict[str, tuple[list[Mark], list[str]] | None]
    bare: dict[str, list[tuple[str, int]]]


class Scan:
    """One look at ``root``, whole or at some ``paths``; it blocks. ``room``: bytes that new copies may take, asked where
    there are some; ``watcher``: which folders a whole look can do without."""

    def __init__(
        self,
        store: Store,
        root: Path,
        paths: Sequence[str] | None,
        room: Callable[[], int],
        called_off: threading.Event,
        told: Callable[[int, int], None] = lambda done, of: None,
        watcher: Watcher | None = None,
    ) -> None:
        self._store = store
        self._root = root
        self._paths = paths
        self._watcher = watcher
        self._room_of = room
        self._room = 0
        self._waiting = 0  # bytes in the batch
        self._there: set[str] = set()  # the copies there are
        self._called_off = called_off
        self._told = told
        self._changed: list[
            tuple[str, Mark | None, str, Mark | None]
        ] = []  # path, what it was, its content, what it is
        self._folders: dict[str, tuple[dict[str, Mark], dict[str, str]] | None] = {}
        self._bare: dict[str, list[tuple[str, int]]] = {}
        self._known: dict[str, bytes] | None = None  # all folders as they were, where all are looked at

    def look(self) -> Looked:
        """Raises Stopped, OSError where the root itself cannot be read, Doubtful where the watcher is of no use."""
        root = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._walk(root)
            return self._copied(root)
        finally:
            os.close(root)

    def _walk(self, root: int) -> None:
        """Every folder that is wanted, those above before those below."""
        if self._paths is None and (self._watcher is None or self._watcher.is_new):
            self._known = self._store.read_now(tree.load)
        waiting = [""] if self._watcher is None else self._watcher.changed(root)[::-1]
        while waiting:
            if self._called_off.is_set():
                raise Stopped
            path = waiting.pop()
            try:
                folder = open_folder(root, path)
            except OSError:  # it has just gone, or it may not be read: then nothing is known of it
                if not path:
                    raise
                self._skip(path)
                continue
            try:
                if self._watcher is not None:
                    self._watcher.watch(folder, path)
                seen = tree.look(folder)
            except OSError:
                self._skip(path)
                continue
            finally:
                os.close(folder)
            wanted = self._wanted(path)
            self._compare(path, seen, wanted)
            inner = seen.folders if wanted is None else [name for name in seen.folders if name in wanted]
            below = [_join(path, name) for name in inner]
            if self._watcher is not None:
                self._watcher.saw(path, seen.linked)
                below = [one for one in below if not self._watcher.has(one)]
            waiting += below

    def _skip(self, path: str) -> None:
        """A folder that could not be looked at, or is gone."""
        if self._watcher is not None:
            self._watcher.lost(path)

    def _wanted(self, folder: str) -> set[str] | None:
        """The names in a folder that are looked at; None for all."""
        if self._paths is None or any(below(folder, path) for path in self._paths):
            return None
        start = f"{folder}/" if folder else ""
        return {path[len(start) :].split("/")[0] for path in self._paths if path.startswith(start)}

    def _compare(self, path: str, seen: tree.Seen, wanted: set[str] | None) -> None:
        """Note what is other than it was in one folder."""
        kept = self._kept(path)
        bare = tree.bare_if_same(kept, seen) if kept is not None else None
        if bare is not None:
            sizes = {mark[0]: mark[2] for mark in seen.marks} if bare else {}
            self._bare[path] = [(name, sizes[name]) for name in bare]
            return
        before = tree.opened(kept).states() if kept is not None else {}
        now = {mark[0]: mark for mark in seen.marks}
        if wanted is not None:  # of the others it stays known what was
            now = {name: mark for name, mark in now.items() if name in wanted}
            now |= {name: mark for name, (mark, _) in before.items() if name not in wanted}
        contents: dict[str, str] = {}
        for name, mark in now.items():
            old, content = before.get(name, (None, ""))
            if old == mark:
                contents[name] = content
                continue
            self._changed.append((_join(path, name), old, content, mark))
            if old is not None and stat.S_ISDIR(old[1]) and not stat.S_ISDIR(mark[1]):
                self._lose(_join(path, name))
        for name in before.keys() - now.keys():
            old, content = before[name]
            self._changed.append((_join(path, name), old, content, None))
            if stat.S_ISDIR(old[1]):
                self._lose(_join(path, name))
        self._folders[path] = (now, contents)

    def _kept(self, path: str) -> bytes | None:
        """A folder as it was."""
        if self._known is not None:
            return self._known.get(path)
        return self._store.read_now(lambda db: tree.load_one(db, path))

    def _lose(self, folder: str) -> None:
        """A folder is gone, and all that was below it."""
        self._folders[folder] = None
        self._skip(folder)
        for path, kept in self._store.read_now(lambda db: tree.load_below(db, folder)).items():
            for name, (mark, content) in tree.opened(kept).states().items():
                self._changed.append((_join(path, name), mark, content, None))

    def _copied(self, root: int) -> Looked:
        """Copy what is new, the smallest files first, as far as there is room; then say what changed."""
        new = [(change[3][2], number) for number, change in enumerate(self._changed) if change[3] is not None]
        if new:
            self._there = self._store.read_now(copies.names)
            self._room = self._room_of()
        found: dict[int, tuple[Mark, str]] = {}
        batch: list[Copy] = []
        for done, (_, number) in enumerate(sorted(new)):
            if self._called_off.is_set():
                raise Stopped
            path, _, _, mark = self._changed[number]
            assert mark is not None
            found[number] = self._content(root, path, mark, batch)
            if self._waiting > BATCH or len(batch) >= MOST:
                self._keep(batch)
                self._told(done, len(new))
        self._keep(batch)
        changes: list[Change] = []
        for number, (path, old, content, mark) in enumerate(self._changed):
            before = tree.state_of(old, content) if old is not None else None
            after = None
            if mark is not None:
                settled, name = found[number]
                after = tree.state_of(settled, name)
                self._note(path, settled, name)
            unknown = after is not None and after.kind == "file" and not after.hash
            if before != after or unknown:
                changes.append((path, before, after))
        folders: dict[str, tuple[list[Mark], list[str]] | None] = {}
        for path, what in self._folders.items():
            if what is None:
                folders[path] = None
                continue
            marks, contents = sorted(what[0].values()), [what[1].get(name, "") for name in sorted(what[0])]
            folders[path] = (marks, contents)
            self._bare[path] = [(name, what[0][name][2]) for name in tree.bare(marks, contents)]
        return Looked(changes, folders, self._bare)

    def _note(self, path: str, mark: Mark, content: str) -> None:
        """An entry's mark and content, in its folder."""
        folder, _, name = path.rpartition("/")
        what = self._folders[folder]
        assert what is not None
        marks, contents = what
        marks[name] = mark
        contents[name] = content

    def _content(self, root: int, path: str, mark: Mark, batch: list[Copy]) -> tuple[Mark, str]:
        """An entry's mark as it is kept, and its hash or target; a file's copy goes to the batch."""
        folder, _, name = path.rpartition("/")
        if not (stat.S_ISREG(mark[1]) or stat.S_ISLNK(mark[1])):
            return mark, ""
        try:
            parent = open_folder(root, folder)
        except OSError:
            return mark, ""
        try:
            if stat.S_ISLNK(mark[1]):
                target = os.readlink(name, dir_fd=parent)
                return mark, target if target.isprintable() else ""
            if mark[2] > min(LARGEST, self._room):
                return mark, ""
            return self._file(parent, name, mark, batch)
        except OSError:  # gone, or not to be read
            return mark, ""
        finally:
            os.close(parent)

    def _file(self, parent: int, name: str, mark: Mark, batch: list[Copy]) -> tuple[Mark, str]:
        """The same for a file. One that is written to meanwhile is looked at again the next time."""
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return mark, ""
            content = file.read(LARGEST + 1)
            status = os.fstat(descriptor)
        if len(content) > LARGEST:
            return mark, ""
        hash_ = copies.digest(content)
        if hash_ not in self._there:
            self._there.add(hash_)
            how, packed = copies.pack(content)
            self._room -= len(packed)
            self._waiting += len(packed)
            batch.append((hash_, how, packed))
        after = tree.mark_of(name, status)
        if after != mark:
            return (*after[:2], len(content), after[3], 0, after[5]), hash_
        return tree.unsettled(mark, now_ms() * 1_000_000), hash_

    def _keep(self, batch: list[Copy]) -> None:
        """Write copies that wait for that."""
        if batch:
            taken = list(batch)
            batch.clear()
            self._waiting = 0
            self._store.write_now(lambda db: copies.keep(db, taken), durable=False)


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
