"""One pass of the mirror: a look at the folder, files into memories, memories into files. Nothing that was deleted in masses,
or with the whole disk, deletes a memory."""

import contextlib
import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from zotui.memory import undoing
from zotui.memory.mirror import records
from zotui.memory.mirror.folder import Folder, Opened
from zotui.memory.mirror.putting import Putting
from zotui.memory.mirror.records import Settings
from zotui.memory.mirror.taking import Notify, Taking
from zotui.store import Store, Transaction, now_ms

SETTLED_S = 0.7  # for which a file is gone before its memory goes: some editors delete and write anew
MANY = 20  # files that are gone: more are asked about
RECENT_S = 60.0
DELETED = 500  # memories that one transaction deletes
Deletions = Literal["wait", "now", "take", "restore"]


class Outcome(msgspec.Struct):
    """What a pass did: memories that are new, changed, moved with their files, kept beside others, deleted; files written and
    deleted; files that cannot be read. ``held``: what was not done, and why; ``again``: folders to look at soon."""

    new: int = 0
    changed: int = 0
    moved: int = 0
    conflicts: int = 0
    deleted: int = 0
    written: int = 0
    removed: int = 0
    problems: int = 0
    held: str = ""
    again: set[str] = msgspec.field(default_factory=set)

    @property
    def is_nothing(self) -> bool:
        """Whether all was well already."""
        did = self.new, self.changed, self.moved, self.conflicts, self.deleted, self.written, self.removed
        return not any(did)


def unheard(_folder: int, _name: str) -> None:
    """Nobody watches."""


class Syncing:
    """Makes passes over the mirror of one store. ``run``: the folder of locks, as one process at a time does it."""

    def __init__(self, store: Store, run: Path, notify: Notify) -> None:
        self._store = store
        self._lock = run / "mirror.lock"
        self._notify = notify
        self._leaving = threading.Event()
        self._missing: dict[str, float] = {}  # memories whose files are gone, since when
        self._deleted: deque[float] = deque()  # when memories were deleted

    def run(
        self, folders: Iterable[str] | None = None, opened: Opened = unheard, deletions: Deletions = "wait"
    ) -> Outcome:
        """A pass over these folders, or all. ``deletions``: what becomes of memories whose files are gone: ``wait`` for a moment
        before they are deleted, delete them ``now``, both of a few; ``take`` them all; ``restore`` the files. Blocks.
        Raises StoreError."""
        with _alone(self._lock):
            settings = self._store.read_now(records.settings)
            outcome = Outcome()
            if settings is None or not settings.active:
                return outcome
            folder = Folder(Path(settings.folder))
            if not folder.is_marked(settings.mark):
                outcome.held = (
                    f"{settings.folder} is not there, or is another folder: nothing is taken from it or written"
                )
            else:
                try:
                    self._pass(folder, folders, opened, deletions, outcome)
                except OSError as error:
                    outcome.held = f"{settings.folder}: {error.strerror or error}"
            self._hold(settings, outcome.held)
        return outcome

    def leave(self) -> None:
        """End a pass that is being made, soon; there is none after it."""
        self._leaving.set()

    def _pass(
        self, folder: Folder, folders: Iterable[str] | None, opened: Opened, deletions: Deletions, outcome: Outcome
    ) -> None:
        self._expire()
        taking = Taking(self._store, folder, self._notify, self._leaving)
        putting = Putting(self._store, folder, self._leaving)
        found, gone = self._look(folder, folders, opened, taking)
        taken = taking.take(found)
        self._delete(folder, gone, deletions, outcome)
        done = putting.put()
        for name in ("new", "changed", "moved", "conflicts", "problems"):
            setattr(outcome, name, getattr(taken, name))
        outcome.written, outcome.removed = done.written, done.removed
        outcome.again |= taken.again | done.again

    def _look(
        self, folder: Folder, folders: Iterable[str] | None, opened: Opened, taking: Taking
    ) -> tuple[list[str], dict[str, str]]:
        """The files that are not as they were, and the memories whose files are gone, with the paths of these."""
        known = dict(self._store.read_now(lambda db: db.execute("SELECT path, stamp FROM mirror_problems").fetchall()))
        found, gone, seen = list[str](), dict[str, str](), set[str]()
        for name in folder.folders(opened) if folders is None else folders:
            if not _is_text(name):
                taking.odd(name, known)
                continue
            seen.add(name)
            files = folder.files(name)
            for path in [path for path in files if not _is_text(path)]:
                taking.odd(path, known)
                del files[path]
            of = {one.path: one for one in self._store.read_now(lambda db, name=name: records.in_folder(db, name))}  # type: ignore[misc]
            for path, stamp in sorted(files.items()):
                if stamp not in (known.get(path), of[path].stamp if path in of else None):
                    found.append(path)
            gone |= {one.memory_id: path for path, one in of.items() if path and path not in files and one.file}
            over = [path for path in known if path.rpartition("/")[0] == name and path not in files]
            if over:
                self._store.write_now(lambda db, over=over: records.well(db, over))  # type: ignore[misc]
        if folders is None:  # also those in folders that are gone
            names = self._store.read_now(lambda db: db.execute("SELECT DISTINCT folder FROM mirrored").fetchall())
            for (name,) in names:
                if name not in seen:
                    lost = self._store.read_now(lambda db, name=name: records.in_folder(db, name))  # type: ignore[misc]
                    gone |= {one.memory_id: one.path for one in lost if one.path and one.file}
        return found, gone

    def _delete(self, folder: Folder, gone: dict[str, str], deletions: Deletions, outcome: Outcome) -> None:
        """Delete the memories whose files are gone for good, unless they are many."""
        now = time.monotonic()
        self._missing = {id_: self._missing.get(id_, now) for id_ in [*self._missing, *gone]}
        paths = self._store.read_now(
            lambda db: {
                id_: one.path for id_ in self._missing if (one := records.of_memory(db, id_)) and one.path and one.file
            }
        )
        gone = {id_: path for id_, path in paths.items() if folder.stamp(path) is None}
        self._missing = {id_: since for id_, since in self._missing.items() if id_ in gone}
        while self._deleted and now - self._deleted[0] > RECENT_S:
            self._deleted.popleft()
        total = int(
            self._store.read_now(lambda db: db.execute("SELECT count(*) FROM mirrored WHERE path IS NOT NULL").get)
        )
        many = len(gone) + len(self._deleted)
        if deletions == "restore":
            self._store.write_now(lambda db: _write_again(db, gone))
            self._missing.clear()
        elif deletions != "take" and gone and (many > MANY or (many > 2 and 2 * many > total + len(self._deleted))):
            outcome.held = (
                f"{len(gone):,} of {total:,} files are gone, and their memories stay: zotui memory mirror sync --delete"
                " deletes them, --restore writes the files again"
            )
        else:
            settled = [id_ for id_ in gone if deletions != "wait" or now - self._missing[id_] >= SETTLED_S]
            outcome.again |= {paths[id_].rpartition("/")[0] for id_ in gone if id_ not in settled}
            outcome.deleted = self._forget(settled)
            if deletions != "take":
                self._deleted.extend([now] * outcome.deleted)
            for id_ in settled:
                del self._missing[id_]

    def _forget(self, identities: list[str]) -> int:
        """Delete memories so that it can be undone. One that was changed meanwhile stays, and gets its file again."""
        done = deleted = 0
        for start in range(0, len(identities), DELETED):
            some = identities[start : start + DELETED]
            done, count = self._store.write_now(lambda db, some=some, done=done: _deleted(db, some, done))  # type: ignore[misc]
            deleted += count
        return deleted

    def _expire(self) -> None:
        """What has come to its end is due."""
        ended = "SELECT m.id FROM memory m JOIN mirrored r ON r.memory_id = m.id WHERE m.expires_at <= ?"
        if self._store.read_now(lambda db: db.execute(f"{ended} LIMIT 1", (now_ms(),)).get):
            self._store.write_now(
                lambda db: records.due(db, [id_ for (id_,) in db.execute(ended, (now_ms(),)).fetchall()])
            )

    def _hold(self, settings: Settings, held: str) -> None:
        """Write down what is held, and tell it once."""
        if held == settings.held:
            return

        def put(db: Transaction) -> None:
            db.execute("UPDATE mirror SET held = ?", (held,))
            if held and not settings.held:
                self._notify(db, "memory", f"the mirror: {held}", "", "warning")

        self._store.write_now(put)


def _deleted(db: Transaction, identities: list[str], done: int) -> tuple[int, int]:
    changed = {
        id_
        for id_ in identities
        if (row := records.live(db, id_)) and (one := records.of_memory(db, id_)) and one.row != records.row_print(row)
    }
    _write_again(db, changed)
    going = [id_ for id_ in identities if id_ not in changed]
    if not going:
        return done, 0
    ids = msgspec.json.encode(going).decode()
    with undoing.noted(db, "delete", going, done) as done:
        db.execute("DELETE FROM memory_history WHERE memory_id IN (SELECT value FROM json_each(?))", (ids,))
        db.execute("DELETE FROM memory WHERE id IN (SELECT value FROM json_each(?))", (ids,))
    records.drop(db, going)
    return done, len(going)


def _write_again(db: Transaction, identities: Iterable[str]) -> None:
    for id_ in identities:
        db.execute("UPDATE mirrored SET path = NULL, row = x'' WHERE memory_id = ?", (id_,))
        records.due(db, [id_])


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """No other process does it meanwhile."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
