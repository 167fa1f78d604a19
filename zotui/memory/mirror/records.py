"""What the file knows of the mirror: where it is, and what each memory and its file were when they last said the same."""

from collections.abc import Iterable

import msgspec

from zotui.memory.mirror.text import print_of, written
from zotui.memory.records import COLUMNS, LIVE, Memory, memory
from zotui.store import Reader, Transaction

_FIELDS = "memory_id, path, file, stamp, row, next, forgotten"


class Settings(msgspec.Struct, frozen=True):
    """Where the mirror is. ``held``: what is not done at present, and why, in words."""

    folder: str
    mark: str
    active: bool
    held: str = ""


class Record(msgspec.Struct, frozen=True):
    """A memory and its file as they last were one: the file's path, None for none; the hashes of its bytes, of what the
    memory was in Markdown, and of what is about to be written."""

    memory_id: str
    path: str | None
    file: bytes
    stamp: str
    row: bytes
    next: bytes = b""
    forgotten: int = 0

    def wrote(self, found: bytes) -> bool:
        """Whether bytes of this hash are of our writing, or known."""
        return found in (self.file, self.next)


def settings(db: Reader) -> Settings | None:
    """Where the mirror is; None where there never was one."""
    row = db.execute("SELECT folder, mark, active, held FROM mirror").get
    return None if row is None else Settings(row[0], row[1], bool(row[2]), row[3])


def of_path(db: Reader, path: str) -> Record | None:
    """The record whose file this is."""
    row = db.execute(f"SELECT {_FIELDS} FROM mirrored WHERE path = ?", (path,)).get
    return None if row is None else Record(*row)


def of_memory(db: Reader, identity: str) -> Record | None:
    """The record of a memory."""
    row = db.execute(f"SELECT {_FIELDS} FROM mirrored WHERE memory_id = ?", (identity,)).get
    return None if row is None else Record(*row)


def in_folder(db: Reader, folder: str) -> list[Record]:
    """The records whose files are right in a folder."""
    rows = db.execute(f"SELECT {_FIELDS} FROM mirrored WHERE folder = ? AND path IS NOT NULL", (folder,)).fetchall()
    return [Record(*row) for row in rows]


def keep(db: Transaction, record: Record) -> None:
    """Write a record. One of another memory that had its path has no file from now on."""
    db.execute("UPDATE mirrored SET path = NULL WHERE path = ? AND memory_id <> ?", (record.path, record.memory_id))
    folder = (record.path or "").rpartition("/")[0]
    db.execute(
        f"INSERT OR REPLACE INTO mirrored(folder, {_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (folder, *msgspec.structs.astuple(record)),
    )


def drop(db: Transaction, identities: Iterable[str]) -> None:
    """Know nothing of these any more."""
    ids = msgspec.json.encode(list(identities)).decode()
    db.execute("DELETE FROM mirrored WHERE memory_id IN (SELECT value FROM json_each(?))", (ids,))


def live(db: Reader, identity: str) -> Memory | None:
    """The memory of an id that has not come to its end; None for none."""
    row = db.execute(f"SELECT {COLUMNS} FROM memory m WHERE id = ? AND {LIVE}", (identity,)).get
    return None if row is None else memory(row)


def row_print(one: Memory) -> bytes:
    """By what a memory is known to be unchanged."""
    return print_of(written(one).encode())


def due(db: Transaction, identities: Iterable[str]) -> None:
    """Have memories looked at."""
    for identity in identities:
        db.execute("INSERT INTO mirror_due(memory_id) VALUES (?) ON CONFLICT DO UPDATE SET n = n + 1", (identity,))


def well(db: Transaction, paths: Iterable[str]) -> None:
    """Nothing is wrong with these files any more."""
    for path in paths:
        db.execute("DELETE FROM mirror_problems WHERE path = ?", (path,))


def problem(db: Transaction, path: str, stamp: str, said: str) -> None:
    """Note what is wrong with a file."""
    db.execute("INSERT OR REPLACE INTO mirror_problems(path, stamp, problem) VALUES (?, ?, ?)", (path, stamp, said))
