"""Looks at the workspace, and what is known from one to the next: its tree, and which folders can have changed since."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from zotui.store import Store, Transaction
from zotui.workspace.undo import copies, records, tree
from zotui.workspace.undo.scan import Looked, Scan
from zotui.workspace.undo.state import below
from zotui.workspace.undo.watching import Doubtful, Watcher

T = TypeVar("T")
Told = Callable[[int, int], None]
WHOLE_S = 600.0  # after so long everything is looked at, whatever the watcher says
FULL = 0.75  # of what copies may take: from here on the oldest checkpoints go


class Looks:
    """The looks of one process at ``root``, which block; no two processes may look at once. ``room``: bytes that all
    copies may take. ``watcher`` knows where the next look may go; where there is none it goes everywhere."""

    def __init__(self, store: Store, root: Path, room: Callable[[], int]) -> None:
        self._store = store
        self._root = root
        self._room = room
        self.watcher: Watcher | None = None
        self._version = 0  # of the tree, as it was kept here last: where another process looked, the watcher is old
        self._plain_until = 0.0  # nothing could be watched
        self._grown = True  # the copies, perhaps, since it was seen how many they are
        self._bare: dict[str, list[tuple[str, int]]] = {}  # by folder: files without a copy, and their size

    def look(
        self,
        paths: Sequence[str] | None,
        off: threading.Event,
        then: Callable[[Transaction, Looked], T],
        told: Told = lambda done, of: None,
        *,
        attributed: bool = True,
    ) -> T:
        """Look at some paths, or at everything (None), and keep the tree as it is now; what changed goes to the
        checkpoints that are open, if it is ``attributed``. What ``then`` returns, which acts in the same transaction.

        Raises Stopped, OSError, StoreError: then nothing was kept.
        """
        if self._store.read_now(tree.version) != self._version:
            self.watcher = None
        if paths is None:
            looked, watcher = self._everything(off, told)
        else:
            looked, watcher = self._scan(paths, off, told), self.watcher
        self._grown = self._grown or bool(looked.changes)

        def put(db: Transaction) -> T:
            self._keep(db, looked, attributed)
            return then(db, looked)

        result = self._store.write_now(put)
        self._version = self._store.read_now(tree.version)
        self.watcher = watcher
        if paths is None:
            self._bare = {path: bare for path, bare in looked.bare.items() if bare}
        return result

    def make_room(self) -> None:
        """Let the oldest checkpoints go where copies have become too many."""

        def drop(db: Transaction) -> bool:
            if copies.total(db) <= FULL * self._room():
                return False
            db.execute(
                "DELETE FROM checkpoints WHERE id IN (SELECT id FROM checkpoints WHERE status <> 'open' ORDER BY id"
                " LIMIT max(1, (SELECT count(*) FROM checkpoints) / 4))"
            )
            gone = db.changes()
            hashes = [name for kept in tree.load(db).values() for name in tree.hashes(kept)]
            copies.sweep(db, records.wanted_copies(db, hashes))
            return bool(gone)

        while self._grown:
            self._grown = self._store.write_now(drop)

    def _everything(self, off: threading.Event, told: Told) -> tuple[Looked, Watcher | None]:
        """Look at what can have changed; at all of it where that cannot be told. The watcher until the next look.

        It is taken: where a look does not come to its end, the next one begins anew.
        """
        watcher, self.watcher = self.watcher, None
        if watcher is not None and time.monotonic() - watcher.since < WHOLE_S:
            try:
                looked = self._scan(None, off, told, watcher)
            except Doubtful:
                pass
            else:
                return looked._replace(bare=self._still_bare(looked)), watcher
        watcher = None
        if time.monotonic() >= self._plain_until:
            try:
                watcher = Watcher(self._root)
                return self._scan(None, off, told, watcher), watcher
            except Doubtful:
                self._plain_until = time.monotonic() + WHOLE_S
        return self._scan(None, off, told), None

    def _scan(
        self, paths: Sequence[str] | None, off: threading.Event, told: Told, watcher: Watcher | None = None
    ) -> Looked:
        def room() -> int:
            return max(0, self._room() - self._store.read_now(copies.total))

        return Scan(self._store, self._root, paths, room, off, told, watcher).look()

    def _still_bare(self, looked: Looked) -> dict[str, list[tuple[str, int]]]:
        """The files without a copy, after a look that left out what did not change."""
        gone = [path for path, folder in looked.folders.items() if folder is None]
        kept = {path: bare for path, bare in self._bare.items() if not any(below(path, one) for one in gone)}
        return kept | looked.bare

    def _keep(self, db: Transaction, looked: Looked, attributed: bool) -> None:
        """The tree as it is now; what changed goes to the checkpoints that are open."""
        for path, folder in looked.folders.items():
            if folder is None:
                tree.forget(db, path)
        for path, folder in looked.folders.items():
            if folder is not None:
                tree.keep(db, path, *folder)
        if attributed and looked.changes:
            records.attribute(db, looked.changes, records.checkpoints(db, "status = 'open'"))
