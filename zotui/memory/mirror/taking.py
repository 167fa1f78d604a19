"""From files into memories: what a person changed, put in or moved. Where both sides changed, both are kept."""

from collections.abc import Iterable, Mapping, Sequence
from threading import Event
from typing import Literal, Protocol

import msgspec

from zotui.memory import undoing, writing
from zotui.memory.mirror import records
from zotui.memory.mirror.folder import LARGEST, Changed, Folder
from zotui.memory.mirror.records import Record
from zotui.memory.mirror.text import Said, print_of, read
from zotui.memory.records import Memory, packed, tidy
from zotui.regular import TooLarge
from zotui.store import Store, Transaction, new_id, now_ms
from zotui.text import clean, one_line

BATCH = 200  # files that are taken in one transaction
NAMED = 3  # things of one batch that are told one by one
LONGEST_ID = 64
CONFLICT = "conflict"  # the tag of what is kept beside a memory


class Notify(Protocol):
    """How a notice is written within a transaction."""

    def __call__(self, db: Transaction, kind: str, text: str, place: str, level: Literal["warning"], /) -> object: ...


class Seen(msgspec.Struct, frozen=True):
    """A file as it was read; ``problem``: why it says nothing."""

    path: str
    stamp: str
    print: bytes
    said: Said | None
    problem: str = ""


class Taken(msgspec.Struct):
    """How many memories are new, were changed, moved with their files, and are kept beside what else was changed; how many
    files cannot be read, or not wholly; which have to be looked at again."""

    new: int = 0
    changed: int = 0
    moved: int = 0
    conflicts: int = 0
    problems: int = 0
    again: set[str] = msgspec.field(default_factory=set)


class Taking:
    """Takes files of one look at the folder."""

    def __init__(self, store: Store, folder: Folder, notify: Notify, leaving: Event) -> None:
        self._store = store
        self._folder = folder
        self._notify = notify
        self._leaving = leaving
        self._told: list[tuple[str, str]] = []
        self.taken = Taken()

    def take(self, paths: Sequence[str]) -> Taken:
        """Take these files. Blocks. Raises OSError, StoreError."""
        for start in range(0, len(paths), BATCH):
            if self._leaving.is_set():
                break
            seen = [one for path in paths[start : start + BATCH] if (one := self._seen(path)) is not None]
            self._store.write_now(lambda db, seen=seen: self._take(db, seen))  # type: ignore[misc]
        return self.taken

    def odd(self, name: str, known: Mapping[str, str]) -> None:
        """Note a file or folder that nobody can name."""
        path = one_line(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), 400)
        if path not in known:
            seen = Seen(path, "", b"", None)
            self._store.write_now(lambda db: self._problem(db, seen, "its name is not UTF-8"))

    def _seen(self, path: str) -> Seen | None:
        """A file as it is now; None where it is gone, or being written."""
        try:
            data, stamp = self._folder.read(path)
        except Changed:
            self.taken.again.add(path.rpartition("/")[0])
            return None
        except FileNotFoundError:
            return None
        except TooLarge as error:
            said = f"it has {error.args[0]:,} bytes; at most {LARGEST:,} are read"
            return Seen(path, self._folder.stamp(path) or "", b"", None, said)
        except OSError as error:
            return Seen(path, self._folder.stamp(path) or "", b"", None, error.strerror or str(error))
        try:
            return Seen(path, stamp, print_of(data), read(data))
        except ValueError as error:
            return Seen(path, stamp, print_of(data), None, one_line(str(error), 200))

    def _take(self, db: Transaction, batch: Iterable[Seen]) -> None:
        self._told = []
        edits: list[tuple[Memory, Said]] = []
        for seen in batch:
            record = records.of_path(db, seen.path)
            if record is not None and seen.print and record.wrote(seen.print):
                records.keep(db, msgspec.structs.replace(record, stamp=seen.stamp))
            elif seen.said is None:
                self._problem(db, seen, seen.problem)
            else:
                records.well(db, [seen.path])
                edits += self._settle(db, seen, seen.said, record)
        if edits:
            with undoing.noted(db, "edit", [one.id for one, _ in edits]):
                for one, said in edits:
                    self._apply(db, one, said)
        for text, place in self._told[:NAMED]:
            self._notify(db, "memory", text, place, "warning")
        if len(self._told) > NAMED:
            more = f"and {len(self._told) - NAMED:,} more of the mirror; zotui memory mirror status"
            self._notify(db, "memory", more, "", "warning")

    def _settle(self, db: Transaction, seen: Seen, said: Said, record: Record | None) -> list[tuple[Memory, Said]]:
        """Write down what a file is: a new memory, one that moved, an edit, which is returned, or a conflict."""
        own = records.of_memory(db, said.id) if said.id else None
        if own is not None and own.path != seen.path and not self._holds(own):
            record = msgspec.structs.replace(own, path=seen.path)
            records.keep(db, record)
            self.taken.moved += 1
        elif record is None and own is not None:  # a copy
            said = msgspec.structs.replace(said, id="", key=None)
        if record is None:
            self._meet(db, seen, said)
            return []
        row = records.live(db, record.memory_id)
        if row is None:
            if not record.forgotten:
                records.drop(db, [record.memory_id])
                self._new(
                    db,
                    seen,
                    msgspec.structs.replace(said, id="", key=None),
                    f"{seen.path} was changed after its memory was deleted: it is a new one",
                )
            return []
        if record.wrote(seen.print):  # it was moved
            records.keep(db, msgspec.structs.replace(record, stamp=seen.stamp))
            return []
        named = said.id == row.id
        if said.fits(row) or record.row == records.row_print(row):
            row_print = records.row_print(row) if named else b""
            records.keep(db, Record(row.id, seen.path, seen.print, seen.stamp, row_print))
            if said.whole and said.key != row.key:
                self._problem(db, seen, "the key of a memory cannot be changed: it stays as it was")
            return [] if said.fits(row) else [(row, said)]
        self._conflict(db, seen, said, row)
        return []

    def _holds(self, record: Record) -> bool:
        """Whether the file of a record is there, and still that of its memory."""
        if record.path is None:
            return False
        stamp = self._folder.stamp(record.path)
        if stamp is None or stamp == record.stamp:
            return stamp is not None
        found = self._seen(record.path)
        return found is None or found.said is None or found.said.id in ("", record.memory_id)

    def _meet(self, db: Transaction, seen: Seen, said: Said) -> None:
        """A file that nobody knows."""
        row = records.live(db, said.id) if said.id else None
        if row is not None and said.fits(row):
            records.keep(db, Record(row.id, seen.path, seen.print, seen.stamp, records.row_print(row)))
        elif row is not None:
            self._conflict(db, seen, said, row)
        elif said.id and db.execute("SELECT 1 FROM audit WHERE kind = 'forgotten' AND subject = ?", (said.id,)).get:
            self._problem(db, seen, "its memory was forgotten for good; delete the file, or its id to have it again")
        elif said.key and db.execute("SELECT 1 FROM memory WHERE key = ?", (said.key,)).get:
            self._new(
                db, seen, said, f"{seen.path}: another memory has the key {one_line(said.key, 40)!r}; this one has none"
            )
        else:
            self._new(db, seen, said)

    def _new(self, db: Transaction, seen: Seen, said: Said, conflict: str = "") -> None:
        """Make a memory of a file, into which its id is then written."""
        identity = self._insert(db, said, conflict=conflict)
        records.keep(db, Record(identity, seen.path, seen.print, seen.stamp, b""))
        self.taken.new += 1

    def _conflict(self, db: Transaction, seen: Seen, said: Said, row: Memory) -> None:
        """Keep a memory as it is, and what its file says as another one."""
        beside = msgspec.structs.replace(
            said,
            id="",
            key=None,
            tainted=said.tainted or row.tainted,
            meta=packed({"source": "mirror", "conflict": row.id}),
        )
        self._insert(
            db,
            beside,
            conflict=f"{seen.path} and its memory were both changed: the memory stays, the file is another one now, tagged {CONFLICT}",
        )
        records.keep(db, Record(row.id, seen.path, seen.print, seen.stamp, b""))
        records.due(db, [row.id])

    def _insert(self, db: Transaction, said: Said, *, conflict: str) -> str:
        now = now_ms()
        known = (
            not said.id or len(said.id) > LONGEST_ID or db.execute("SELECT 1 FROM memory WHERE id = ?", (said.id,)).get
        )
        identity = new_id() if known else tidy(said.id)
        key = None if conflict else said.key
        db.execute(
            "INSERT INTO memory(id, key, value, meta, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
            (
                identity,
                key,
                said.content,
                said.meta or packed({"source": "mirror"}),
                min(said.created_at or now, now),
                now,
            ),
        )
        if key:
            history = "INSERT INTO memory_history(memory_id, key, value, created_at) VALUES (?, ?, ?, ?)"
            db.execute(history, (identity, key, said.content, now))
        _mark(db, identity, said, [*said.tags, CONFLICT] if conflict else said.tags, None)
        if conflict:
            self.taken.conflicts += 1
            self._told.append((conflict, f"memory:{identity}"))
        return identity

    def _apply(self, db: Transaction, one: Memory, said: Said) -> None:
        """Make a memory what its file says; what anybody's words were in stays so."""
        if said.content != clean(one.content).strip():
            writing.edit(db, one.id, said.content)
        if said.whole:
            _mark(db, one.id, said, said.tags, one.pinned_at)
        if one.tainted:
            db.execute("UPDATE memory SET tainted = 1 WHERE id = ? AND tainted = 0", (one.id,))
        record, row = records.of_memory(db, one.id), records.live(db, one.id)
        if record is not None and row is not None and record.row:
            records.keep(db, msgspec.structs.replace(record, row=records.row_print(row)))
            db.execute("DELETE FROM mirror_due WHERE memory_id = ?", (one.id,))
        self.taken.changed += 1

    def _problem(self, db: Transaction, seen: Seen, said: str) -> None:
        records.problem(db, seen.path, seen.stamp, said)
        self.taken.problems += 1
        self._told.append((f"{seen.path}: {said}", ""))


def _mark(db: Transaction, identity: str, said: Said, tags: Iterable[str], pinned_at: int | None) -> None:
    """Give a memory the tags, the pin and the end that a file says."""
    pinned = (pinned_at or now_ms()) if said.pinned else None
    db.execute(
        "UPDATE memory SET pinned_at = ?, expires_at = ?, tainted = max(tainted, ?) WHERE id = ?",
        (pinned, said.expires_at, said.tainted, identity),
    )
    db.execute("DELETE FROM memory_tags WHERE memory_id = ?", (identity,))
    for tag in dict.fromkeys(tags):
        db.execute("INSERT INTO memory_tags(memory_id, tag) VALUES (?, ?)", (identity, tag))
