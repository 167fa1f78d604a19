"""From memories into files: what was changed in the memory is written, what is gone there is deleted."""

from collections.abc import Iterator
from threading import Event

import msgspec

from zotui.memory.mirror import records
from zotui.memory.mirror.folder import ENDING, Changed, Folder, slug
from zotui.memory.mirror.records import Record
from zotui.memory.mirror.text import LATEST, kept_of, print_of, time_of, written
from zotui.memory.records import Memory
from zotui.store import Reader, Store, Transaction

BATCH = 500  # memories that are looked at together
FULL = 500  # files in a folder of ours


class Due(msgspec.Struct, frozen=True):
    """A memory that was changed ``n`` times, as it is now, and what is known of its file."""

    id: str
    n: int
    row: Memory | None
    record: Record | None


class Plan(msgspec.Struct, frozen=True):
    """A file that is to be written: what for, what is known of it from then on, where it is now."""

    due: Due
    record: Record
    data: bytes
    stamp: str | None


class Put(msgspec.Struct):
    """How many files were written and deleted; which folders have to be looked at first."""

    written: int = 0
    removed: int = 0
    again: set[str] = msgspec.field(default_factory=set)


class Putting:
    """Writes what is due."""

    def __init__(self, store: Store, folder: Folder, leaving: Event) -> None:
        self._store = store
        self._folder = folder
        self._leaving = leaving
        self._room: dict[
            str, tuple[str, int]
        ] = {}  # the folder of a kind that is filled now, and how many files it has
        self.done = Put()

    def put(self) -> Put:
        """Write all that is due and can be. Blocks. Raises OSError, StoreError."""
        last = ""
        while not self._leaving.is_set():
            batch = self._store.read_now(lambda db, last=last: _batch(db, last))  # type: ignore[misc]
            if not batch:
                break
            last = batch[-1].id
            plans, settled = list[Plan](), list[Due]()
            for due in batch:
                if due.row is None:
                    settled += [due] if self._remove(due) else []
                elif due.record is not None and due.record.row == records.row_print(due.row):
                    settled.append(due)
                elif (plan := self._plan(due, due.row, {one.record.path for one in plans})) is not None:
                    plans.append(plan)
            self._write(plans, settled)
        return self.done

    def _write(self, plans: list[Plan], settled: list[Due]) -> None:
        """Note what is going to be written, write it, and note that."""
        if plans:
            self._store.write_now(lambda db: _intend(db, plans), durable=False)
        made = []
        for plan in plans:
            try:
                stamp = self._folder.write(plan.record.path or "", plan.data, _at(plan), plan.stamp)
            except Changed:
                self.done.again.add((plan.record.path or "").rpartition("/")[0])
            else:
                made.append((plan.due, msgspec.structs.replace(plan.record, stamp=stamp)))
        self.done.written += len(made)
        if made or settled:
            self._store.write_now(lambda db: _settle(db, made, settled), durable=False)

    def _remove(self, due: Due) -> bool:
        """Delete the file of a memory that is gone; False where that has to wait for a look at it."""
        record = due.record
        if record is None or record.path is None:
            return True
        try:
            if not record.forgotten and not self._is_ours(record):
                return False
            self._folder.remove(record.path, None)
        except Changed:
            self.done.again.add(record.path.rpartition("/")[0])
            return False
        self.done.removed += 1
        return True

    def _is_ours(self, record: Record) -> bool:
        """Whether a file is gone or as it was; where it is not, it is to be looked at first. Raises Changed."""
        path = record.path or ""
        stamp = self._folder.stamp(path)
        if stamp in (None, record.stamp):
            return True
        try:
            data, _ = self._folder.read(path)
        except FileNotFoundError:
            return True
        except Changed:
            raise
        except OSError:  # it cannot be read, which is known of it
            return False
        if record.wrote(print_of(data)):
            return True
        if not self._store.read_now(lambda db: db.execute("SELECT 1 FROM mirror_problems WHERE path = ?", (path,)).get):
            self.done.again.add(path.rpartition("/")[0])
        return False

    def _plan(self, due: Due, row: Memory, planned: set[str | None]) -> Plan | None:
        """What to write for a memory; None where its file has to be looked at first."""
        record = due.record
        if record is None or record.path is None:
            path = self._place(row, planned)
            data = written(row).encode()
            return Plan(due, Record(row.id, path, print_of(data), "", records.row_print(row)), data, None)
        stamp = self._folder.stamp(record.path)
        if stamp is None and record.file:
            self.done.again.add(record.path.rpartition("/")[0])  # somebody deleted or moved it
            return None
        try:
            if stamp is not None and not self._is_ours(record):
                return None
            old = self._folder.read(record.path)[0] if stamp is not None else b""
        except (Changed, FileNotFoundError):
            self.done.again.add(record.path.rpartition("/")[0])
            return None
        data = written(row, kept_of(old)).encode()
        return Plan(due, Record(row.id, record.path, print_of(data), "", records.row_print(row)), data, stamp)

    def _place(self, row: Memory, planned: set[str | None]) -> str:
        """A path for a new file: by the key, or the month and the first words."""
        kind = "keys" if row.key else time_of(row.created_at)[:7]
        folder, count = self._room.get(kind) or (kind, self._count(kind))
        number = int(folder.rpartition(".")[2]) if "." in folder else 1
        while count >= FULL:
            number += 1
            folder = f"{kind}.{number}"
            count = self._count(folder)
        self._room[kind] = folder, count + 1
        for name in _names(row):
            path = f"{folder}/{name}{ENDING}"
            if path not in planned and not self._is_taken(path):
                return path
        return f"{folder}/{print_of(row.id.encode()).hex()}{ENDING}"

    def _is_taken(self, path: str) -> bool:
        known = self._store.read_now(lambda db: db.execute("SELECT 1 FROM mirrored WHERE path = ?", (path,)).get)
        return bool(known) or self._folder.stamp(path) is not None

    def _count(self, folder: str) -> int:
        return int(
            self._store.read_now(lambda db: db.execute("SELECT count(*) FROM mirrored WHERE folder = ?", (folder,)).get)
        )


def _names(row: Memory) -> Iterator[str]:
    name = slug(row.key or row.content)
    yield name
    for length in (4, 8):
        yield f"{name}-{slug(row.id[-length:])}"


def _at(plan: Plan) -> int:
    return min(max(plan.due.row.updated_at, 0), LATEST) if plan.due.row else 0


def _batch(db: Reader, last: str) -> list[Due]:
    rows = db.execute(
        "SELECT memory_id, n FROM mirror_due WHERE memory_id > ? ORDER BY memory_id LIMIT ?", (last, BATCH)
    ).fetchall()
    return [Due(id_, n, records.live(db, id_), records.of_memory(db, id_)) for id_, n in rows]


def _intend(db: Transaction, plans: list[Plan]) -> None:
    for plan in plans:
        old = plan.due.record
        if old is None or old.path is None:
            records.keep(db, Record(plan.due.id, plan.record.path, b"", "", b"", plan.record.file))
        else:
            db.execute("UPDATE mirrored SET next = ? WHERE memory_id = ?", (plan.record.file, plan.due.id))


def _settle(db: Transaction, made: list[tuple[Due, Record]], settled: list[Due]) -> None:
    for _, record in made:
        records.keep(db, record)
    records.drop(db, [due.id for due in settled if due.row is None])
    for due in [*(due for due, _ in made), *settled]:
        db.execute("DELETE FROM mirror_due WHERE memory_id = ? AND n = ?", (due.id, due.n))
