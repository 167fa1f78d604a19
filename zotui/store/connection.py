"""Opening the file, and what can go wrong with it in words."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from zotui.errors import DamagedFile, StoreError, StoreFull

BUSY_MS = 5_000
WAL_LIMIT_BYTES = 64 * 1024 * 1024


def connect(path: Path, *, write: bool) -> apsw.Connection:
    """A connection with the pragmas that every one of ours has. Raises StoreError.

    Readers open the file read-write too, as WAL needs its shared memory, and are held to reading by a pragma.
    """
    with explained(path):
        connection = apsw.Connection(os.fspath(path), flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(BUSY_MS)
        if write and connection.readonly("main"):
            raise apsw.ReadOnlyError("SQLite fell back to reading")
        if write:
            if connection.pragma("journal_mode", "wal") != "wal":
                raise StoreError(
                    f"the disk of {path} cannot hold a shared file (no WAL)", "choose --home on a local disk"
                )
            connection.pragma("journal_size_limit", WAL_LIMIT_BYTES)
            connection.pragma("fullfsync", 1)
            connection.pragma("secure_delete", 1)  # what is deleted is overwritten, in pages that are free, too
        else:
            connection.pragma("query_only", 1)
        connection.pragma("foreign_keys", 1)
        connection.pragma("trusted_schema", 0)
        connection.pragma("temp_store", 2)
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    return connection


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """SQLite's errors within become ours, each with its one line."""
    try:
        yield
    except apsw.FullError:
        raise full(path) from None
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise DamagedFile(
            f"{path} is damaged or no database ({_first_line(error)})",
            f"move it away and start anew, or put a copy from {path.parent / 'backups'} in its place",
        ) from error
    except apsw.BusyError:
        raise StoreError(f"{path} is held by another program", "close that program and try again") from None
    except apsw.ReadOnlyError:
        raise StoreError(f"{path} cannot be written to", "check its owner and mode (0600), or choose --home") from None
    except apsw.CantOpenError as error:
        raise StoreError(f"{path} cannot be opened ({_first_line(error)})", "check its owner and mode") from None
    except apsw.IOError as error:
        if _no_room(path):
            raise full(path) from None
        raise StoreError(f"{path}: the disk answered with an error ({_first_line(error)})", "check the disk") from error


def full(path: Path) -> StoreFull:
    """The error for a disk with no room."""
    return StoreFull(f"no room left on the disk of {path}", "free some space; nothing that was confirmed is lost")


def _no_room(path: Path) -> bool:
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < 1 << 20


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].removeprefix("SQLITE_").strip() if str(error) else type(error).__name__


def sqlite_version() -> str:
    """The version of the SQLite in this process."""
    return apsw.sqlite_lib_version()
