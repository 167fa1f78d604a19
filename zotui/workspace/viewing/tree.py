"""The workspace as a tree of which some folders are open: rows by numbers, each folder read when it is opened."""

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, NamedTuple

from zotui.errors import NotFound, ZotuiError
from zotui.workspace.folder import Folder
from zotui.workspace.viewing.kinds import DATABASES
from zotui.workspace.viewing.source import special
from zotui.workspace.walking import Rules, is_ignored, rules_of

LeafKind = Literal["folder", "file", "database", "table", "link", "other", "note"]
MOST = 500_000
"""Entries of one folder that are read; a last row says that there are more."""
OF_DATABASE = "\0"
"""What stands between the path of a database and the name of a table."""
_SETTLED_NS = 50_000_000  # how old a folder's time must be to tell that it is as it was


class Leaf(NamedTuple):
    """A row of the tree: ``path`` from the root, behind it ``OF_DATABASE`` and the name of a table; ``depth`` from 0."""

    path: str
    name: str
    kind: LeafKind
    depth: int
    is_open: bool = False

    @property
    def file(self) -> str:
        """The path of the file, also for a table of it."""
        return self.path.partition(OF_DATABASE)[0]

    @property
    def table(self) -> str:
        """The name of the table; empty for what is none."""
        return self.path.partition(OF_DATABASE)[2]

    @property
    def can_open(self) -> bool:
        """Whether something may be below it."""
        return self.kind in ("folder", "database")


class Seen(NamedTuple):
    """A leaf with what the disk says of it: bytes, where a link leads, whether it is hidden or ignored, what is wrong."""

    leaf: Leaf
    size: int = 0
    target: str = ""
    is_dim: bool = False
    problem: str = ""


@dataclass(slots=True)
class _Listing:
    """What lies in one folder, folders first, and when that was read."""

    names: list[tuple[str, LeafKind]]
    rules: Rules
    is_dim: bool
    mark: tuple[int, ...] = ()
    looked_at: int = 0  # nanoseconds since 1970
    notes: list[str] = field(default_factory=list)

    def is_as(self, status: os.stat_result) -> bool:
        """Whether the folder of this status is the one that was read, and nothing was put there or taken away since."""
        return self.mark == _mark(status) and self.looked_at - status.st_mtime_ns > _SETTLED_NS

    def is_fresh(self, folder: Folder, path: str) -> bool:
        """The same of the folder as it is now. Blocks."""
        try:
            return self.is_as(os.lstat(folder.root / path if path else folder.root.resolve()))
        except OSError:
            return False


class Tree:
    """May be asked from several threads. ``tables``: the names of the tables of a database, by its path."""

    def __init__(self, folder: Folder, tables: Callable[[str], Sequence[str]] = lambda path: ()) -> None:
        self._folder = folder
        self._tables = tables
        self._open: set[str] = set()
        self._listings: dict[str, _Listing] = {}
        self._leaves: list[Leaf] = []
        self._shown: set[str] = set()  # what was open when these were made
        self._lock = threading.Lock()

    def read(self) -> int:
        """Look again at the folders that are open, and return how many rows there are. Blocks. Raises NotFound where
        there is no workspace."""
        with self._lock:
            if self._shown != self._open or not self._is_as_it_was():
                self._shown = set(self._open)
                known, self._listings = self._listings, {}
                try:
                    self._list("", known)
                except NotFound:
                    raise NotFound(
                        f"the workspace cannot be read: {self._folder.root}", "make that folder again"
                    ) from None
                self._leaves = list(self._below("", 0, known))
            return len(self._leaves)

    @property
    def at_root(self) -> int:
        """How many entries the root has."""
        root = self._listings.get("")
        return len(root.names) if root else 0

    def page(self, first: int, most: int) -> list[Seen]:
        """Some rows as they are now. Blocks."""
        with self._lock:
            return [self._seen(leaf) for leaf in self._leaves[first : first + most]]

    def place(self, path: str) -> int | None:
        """The number of a row; None where it is not among them."""
        return next((at for at, leaf in enumerate(self._leaves) if leaf.path == path), None)

    def is_open(self, path: str) -> bool:
        """Whether a folder is open."""
        return path in self._open

    def open(self, path: str) -> None:
        """Have what is below a folder shown, from the next :meth:`read` on."""
        self._open.add(path)

    def close(self, path: str) -> None:
        """Have it shown no longer; what was open in it will be again."""
        self._open.discard(path)

    def reveal(self, path: str) -> None:
        """Open all folders that something is in."""
        file, mark, _ = path.partition(OF_DATABASE)
        parts = file.split("/")
        self._open.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
        if mark:
            self._open.add(file)

    def _is_as_it_was(self) -> bool:
        """Whether no folder that is shown has changed; databases are looked into each time."""
        if not self._listings or any(path.lower().endswith(DATABASES) for path in self._shown):
            return False
        return all(listing.is_fresh(self._folder, folder) for folder, listing in self._listings.items())

    def _below(self, folder: str, depth: int, known: dict[str, _Listing]) -> Iterator[Leaf]:
        """The rows below an open folder."""
        listing = self._listings[folder]
        before = f"{folder}/" if folder else ""
        for name, kind in listing.names:
            path = before + name
            is_open = path in self._open and kind in ("folder", "database")
            yield Leaf(path, name, kind, depth, is_open)
            if is_open and kind == "folder":
                try:
                    self._list(path, known)
                except ZotuiError as error:
                    yield Leaf(f"{path}/", error.message, "note", depth + 1)
                else:
                    yield from self._below(path, depth + 1, known)
            elif is_open:
                yield from self._of_database(path, depth + 1)
        for note in listing.notes:
            yield Leaf(f"{before}/", note, "note", depth)

    def _of_database(self, path: str, depth: int) -> Iterator[Leaf]:
        try:
            names = self._tables(path)
        except ZotuiError as error:
            yield Leaf(f"{path}/", error.message, "note", depth)
            return
        for name in names:
            yield Leaf(f"{path}{OF_DATABASE}{name}", name, "table", depth)

    def _list(self, folder: str, known: dict[str, _Listing]) -> None:
        """Read a folder, unless it is as it was. Raises NotFound, UsageError."""
        handle = self._folder.open(folder)
        try:
            status = os.fstat(handle)
            before = known.get(folder)
            rules, is_dim = self._rules(folder)
            if before is not None and before.is_as(status):
                before.rules, before.is_dim = rules, is_dim
                self._listings[folder] = before
                return
            looked_at = time.time_ns()
            with os.scandir(handle) as scan:
                names = [(entry.name, _kind(entry)) for entry in islice(scan, MOST + 1)]
        finally:
            os.close(handle)
        notes = [f"… more than {MOST:,} entries"] if len(names) > MOST else []
        names = sorted(names[:MOST], key=lambda one: (one[1] != "folder", one[0].casefold(), one[0]))
        self._listings[folder] = _Listing(names, rules, is_dim, _mark(status), looked_at, notes)

    def _rules(self, folder: str) -> tuple[Rules, bool]:
        """What is ignored in a folder, and whether it is hidden or ignored itself."""
        root = self._folder.root
        if not folder:
            return rules_of(root, ""), False
        above, _, name = folder.rpartition("/")
        outer = self._listings[above]
        is_dim = outer.is_dim or name.startswith(".") or is_ignored(f"{folder}/", outer.rules)
        return outer.rules + rules_of(root, f"{folder}/"), is_dim

    def _seen(self, leaf: Leaf) -> Seen:
        """A row with what the disk says of it."""
        if leaf.kind in ("note", "table"):
            return Seen(leaf, is_dim=leaf.kind == "note")
        listing = self._listings.get(leaf.path.rpartition("/")[0])
        is_dim = leaf.name.startswith(".")
        if listing is not None and not is_dim:
            path = f"{leaf.path}/" if leaf.kind == "folder" else leaf.path
            is_dim = listing.is_dim or is_ignored(path, listing.rules)
        whole = self._folder.root / leaf.path
        try:
            status = os.lstat(whole)
        except OSError as error:
            return Seen(
                leaf, is_dim=True, problem="gone" if isinstance(error, FileNotFoundError) else str(error.strerror)
            )
        target = ""
        if stat.S_ISLNK(status.st_mode):
            with suppress(OSError):
                target = os.readlink(whole)
        problem = special(status.st_mode) if leaf.kind == "other" else ""
        return Seen(leaf, status.st_size, target, is_dim, problem)


def _mark(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_mtime_ns)


def _kind(entry: "os.DirEntry[str]") -> LeafKind:
    try:
        if entry.is_symlink():
            return "link"
        if entry.is_dir(follow_symlinks=False):
            return "folder"
        if not entry.is_file(follow_symlinks=False):
            return "other"
    except OSError:
        return "other"
    return "database" if entry.name.lower().endswith(DATABASES) else "file"
