"""Looking into SQLite files that are not ours: never written to, and never for long.

``main`` answers questions, a line each, in a process of its own (:mod:`zotui.store.foreign` asks them): what a view or a
column has SQLite do within one step, or to read a question at all, is stopped by nothing but a signal.
"""

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import msgspec

from zotui.errors import StoreError
from zotui.text import one_line

PATIENCE_S = 2.0
LONGEST = 1_000  # characters of a text that are given
LONGEST_RECORD = 200_000  # and of one that is taken over
LARGEST = 50_000_000  # bytes of a value that SQLite makes for a question
MOST_TABLES = 2_000
MEMORY = 1_500_000_000  # bytes of address space
GRACE = 1.25  # of the patience, until the process that still has no answer ends
_STEPS = 2_000  # of SQLite's machine, between two looks at the clock
_WAL = b"\2\2"  # the two bytes that say so in the file's head
_BUSY_MS = 500


Value = str | int | float


class Table(NamedTuple):
    """A table or view: its name, which of both, its columns with their types, and how it was made."""

    name: str
    kind: str
    columns: tuple[tuple[str, str], ...]
    sql: str

    @property
    def columns_named(self) -> list[str]:
        """The names of the columns."""
        return [name for name, _ in self.columns]


def tables(path: Path, *, patience_s: float = PATIENCE_S) -> list[Table]:
    """The tables and views of a file, by name. Blocks. Raises StoreError."""
    with _looking(path, patience_s) as db:
        found = db.execute(
            "SELECT name, type, coalesce(sql, '') FROM sqlite_schema WHERE type IN ('table', 'view')"
            " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name COLLATE NOCASE LIMIT ?",
            (MOST_TABLES,),
        ).fetchall()
        return [Table(str(name), str(kind), _columns(db, str(name)), str(sql)) for name, kind, sql in found]


def count(path: Path, table: str, *, patience_s: float = PATIENCE_S) -> int:
    """How many rows a table has. Blocks. Raises StoreError."""
    with _looking(path, patience_s) as db:
        return int(db.execute(f"SELECT count(*) FROM {_quoted(table)}").get)


def rows(path: Path, table: str, first: int, most: int, *, patience_s: float = PATIENCE_S) -> list[list[str]]:
    """Some rows of a table as text, from a number on: NULL as such, a long text cut, of a blob its size. Blocks. Raises
    StoreError."""
    with _looking(path, patience_s) as db:
        columns = [name for name, _ in _columns(db, table)]
        if not columns:
            raise StoreError(f"{one_line(path.name, 80)}: no table {one_line(table, 80)!r} that can be read")
        shown = ", ".join(
            f"CAST(CASE typeof({name}) WHEN 'blob' THEN 'blob, ' || length({name}) || ' bytes' WHEN 'null' THEN 'NULL'"
            f" WHEN 'text' THEN substr({name}, 1, {LONGEST}) ELSE {name} END AS BLOB)"
            for name in map(_quoted, columns)
        )
        found = db.execute(f"SELECT {shown} FROM {_quoted(table)} LIMIT ? OFFSET ?", (most, first)).fetchall()
        encoding = str(db.pragma("encoding"))  # in which a text may be torn
        return [[value.decode(encoding, "replace") for value in row if isinstance(value, bytes)] for row in found]


def records(
    path: Path, table: str, after: int, most: int, *, patience_s: float = PATIENCE_S
) -> list[tuple[int, dict[str, Value]]]:
    """Some rows of a table after one, each with its number, as values by the names of their columns: a text to so many
    characters, a blob as text. Blocks. Raises StoreError."""
    with _looking(path, patience_s) as db:
        names = [name for name, _ in _columns(db, table)]
        if not names:
            raise StoreError(f"{one_line(path.name, 80)}: no table {one_line(table, 80)!r} that can be read")
        shown = ", ".join(
            f"CASE WHEN typeof({name}) IN ('text', 'blob') THEN CAST(substr({name}, 1, {LONGEST_RECORD}) AS BLOB) ELSE {name} END"
            for name in map(_quoted, names)
        )
        found: list[tuple[Any, ...]]
        try:
            asked = f"SELECT rowid, {shown} FROM {_quoted(table)} WHERE rowid > ? ORDER BY rowid LIMIT ?"
            found = db.execute(asked, (after, most)).fetchall()
        except apsw.SQLError:  # a view, or a table that numbers no rows
            first = max(0, after)
            found = db.execute(f"SELECT 0, {shown} FROM {_quoted(table)} LIMIT ? OFFSET ?", (most, first)).fetchall()
            found = [(first + number, *row[1:]) for number, row in enumerate(found, 1)]
        encoding = str(db.pragma("encoding"))
        return [(int(str(number)), _told(names, values, encoding)) for number, *values in found]


def _told(names: Sequence[str], values: Sequence[Any], encoding: str) -> dict[str, Value]:
    return {
        name: value.decode(encoding, "replace") if isinstance(value, bytes) else value
        for name, value in zip(names, values, strict=True)
        if value is not None
    }


def _columns(db: apsw.Connection, table: str) -> tuple[tuple[str, str], ...]:
    try:
        found = db.execute("SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden <> 1", (table,)).fetchall()
    except apsw.SQLError:  # a view of what is gone, a table of an unknown module
        return ()
    return tuple((str(name), str(kind)) for name, kind in found)


@contextmanager
def _looking(path: Path, patience_s: float) -> Iterator[apsw.Connection]:
    """A connection that only reads, for a moment; all that can be wrong with a file becomes one line."""
    name = one_line(path.name, 80)
    try:
        db = _opened(path, patience_s)
        try:
            yield db
        finally:
            db.close()
    except apsw.NotADBError:
        raise StoreError(f"{name} is no SQLite database, or it is encrypted") from None
    except apsw.CorruptError:
        raise StoreError(f"{name} is damaged") from None
    except apsw.InterruptError:
        raise StoreError(f"{name}: this takes longer than {patience_s:g} s") from None
    except apsw.BusyError:
        raise StoreError(f"{name} is locked by another program") from None
    except UnicodeDecodeError:
        raise StoreError(f"{name} has names that are no text") from None
    except apsw.ReadOnlyError:
        raise StoreError(f"{name} was left in the middle of a change, and is not mended here") from None
    except (apsw.Error, OSError) as error:
        said = str(error) or type(error).__name__
        raise StoreError(f"{name} cannot be read ({one_line(said.removeprefix('SQLITE_'), 120)})") from None


def _opened(path: Path, patience_s: float) -> apsw.Connection:
    """Open a file so that nothing is written beside it: of one in WAL mode that nobody has open, what is in the file
    itself, as it never changes meanwhile."""
    with open(path, "rb") as file:
        is_wal = file.read(20)[18:20] == _WAL
    lonely = is_wal and not (_has(path, "-wal") and _has(path, "-shm"))
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_NOFOLLOW
    db = apsw.Connection(f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' * lonely}", flags=flags)
    until = time.monotonic() + patience_s
    db.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    db.set_busy_timeout(_BUSY_MS)
    db.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    db.limit(apsw.SQLITE_LIMIT_LENGTH, LARGEST)
    for pragma, value in (
        ("query_only", 1),
        ("trusted_schema", 0),
        ("temp_store", 2),
        ("mmap_size", 0),
        ("cell_size_check", 1),
    ):
        db.pragma(pragma, value)
    return db


def _has(path: Path, ending: str) -> bool:
    try:
        return os.stat(f"{path}{ending}").st_size > 0
    except OSError:
        return False


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def main(patience_s: float) -> None:
    """Answer questions, ``[name, path, …]``, with ``[answer, ""]`` or ``[null, what is wrong]``, until there are no more."""
    for limit, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
        with suppress(ValueError, OSError):  # less is allowed already, or the system knows no such limit
            resource.setrlimit(limit, (most, most))
    questions: dict[str, Callable[..., object]] = {"tables": tables, "count": count, "rows": rows, "records": records}
    for line in sys.stdin.buffer:
        name, told, *more = msgspec.json.decode(line)
        path = Path(os.fsdecode(told.encode("latin-1")))  # any bytes
        signal.setitimer(signal.ITIMER_REAL, patience_s * GRACE)
        answer: tuple[object, str]
        try:
            answer = questions[name](path, *more, patience_s=patience_s), ""
        except StoreError as error:
            answer = None, error.message
        except MemoryError:
            answer = None, f"{one_line(path.name, 80)} takes too much memory"
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()
