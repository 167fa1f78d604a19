"""The one SQLite file of a home, as the rest of zotui sees it."""

import asyncio
import contextlib
import errno
import fcntl
import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import apsw

from zotui.errors import StoreError
from zotui.private import make_file
from zotui.store.changes import Feed, Watch
from zotui.store.connection import connect, explained, full
from zotui.store.migrations import bring_up_to_date
from zotui.store.owner import this_owner
from zotui.store.sql import Database
from zotui.store.writer import Writer

T = TypeVar("T")
Transaction = Database  # within a write
Reader = Database  # within a read

READERS = 4
WAIT_S = 30.0


class Store:
    """Open with :meth:`open`, end with :meth:`close`. Reads and writes run in threads, never on the event loop."""

    def __init__(self, path: Path, run: Path, backups: Path) -> None:
        self.path = path
        self.owner = this_owner()
        make_file(path)
        _close_to_others(path)
        self._in_use = os.open(run / "open.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            bring_up_to_date(path, self._in_use, backups)
            self._feed = Feed(run, lambda: connect(path, write=False))
            try:
                self._writer = Writer(path, run / "write.lock", self._feed.committed)
            except BaseException:
                self._feed.close()
                raise
        except BaseException:
            os.close(self._in_use)
            raise
        self._local = threading.local()
        self._connections: list[apsw.Connection] = []
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="zotui-reader")
        self._closed = False

    @classmethod
    def open(cls, path: Path, *, run: Path, backups: Path) -> "Store":
        """The file, created or migrated where needed; locks and sockets live in ``run``. Blocks. Raises StoreError."""
        try:
            return cls(path, run, backups)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise full(path) from None
            raise StoreError(f"{path}: {error.strerror or error}", "check the disk and the modes") from None

    async def write(self, do: Callable[[Transaction], T], *, durable: bool = True) -> T:
        """Run ``do`` in a transaction and return its result once committed.

        ``durable``: the result survives a power cut; otherwise a killed process only. Raises what ``do`` raises
        (and rolls it back), StoreFull with no room, StoreError when another process keeps the file for 30 s.
        """
        future = self._writer.submit(do, durable=durable)
        outcome = asyncio.wrap_future(future)
        try:
            done, _ = await asyncio.wait({outcome}, timeout=WAIT_S)
            if not done and future.cancel():  # once it has begun it cannot be taken back: then its outcome decides
                raise StoreError(
                    f"another process has kept {self.path} busy for {WAIT_S:.0f} s",
                    "see zotui status; the write was not made",
                )
            result: T = await outcome
            return result
        except asyncio.CancelledError:
            outcome.cancel()
            raise

    def write_now(self, do: Callable[[Transaction], T], *, durable: bool = True) -> T:
        """:meth:`write` for threads that may block."""
        result: T = self._writer.submit(do, durable=durable).result()
        return result

    async def read(self, do: Callable[[Reader], T]) -> T:
        """Run ``do`` on one consistent snapshot, in a thread."""
        if self._closed:
            raise StoreError("the file is closed")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, do)

    def read_now(self, do: Callable[[Reader], T]) -> T:
        """:meth:`read` for threads that may block."""
        connection: apsw.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self.path, write=False)
            self._connections.append(connection)
        with explained(self.path):
            connection.execute("BEGIN")
            try:
                return do(connection)
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")

    async def scrub(self) -> str:
        """Take what was deleted out of the write-ahead log, and pages that were free before out of the file; why some of it
        may still be there, in words, or nothing. Raises StoreError."""
        return await asyncio.to_thread(self._scrub)

    def _scrub(self) -> str:
        with explained(self.path):
            connection = connect(self.path, write=True)
            try:
                if connection.pragma("freelist_count"):
                    connection.execute("VACUUM")
                busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0]
            except apsw.BusyError:
                busy = 1
            finally:
                connection.close()
        return "somebody reads the file at this moment: what was forgotten is in its log still" if busy else ""

    def watch(self, *tables: str) -> Watch:
        """What changes in these tables from now on, by any process."""
        return self._feed.watch(*tables)

    def close(self) -> None:
        """Finish waiting writes and close. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._readers.shutdown(wait=True)
        self._writer.close()
        self._feed.close()
        for connection in self._connections:
            with contextlib.suppress(apsw.Error):
                connection.close()
        fcntl.flock(self._in_use, fcntl.LOCK_UN)
        os.close(self._in_use)


def _close_to_others(path: Path) -> None:
    """A file that came from elsewhere becomes its owner's alone; by name, as opening it would drop SQLite's locks."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        with contextlib.suppress(PermissionError):
            path.chmod(0o600)
