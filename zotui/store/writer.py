"""The one writer thread of a process: waiting writes share a commit, processes take turns on a ``flock``.

SQLite's own waiting between processes is unfair and ends in "database is locked"; a ``flock`` is a queue. It is
on a file beside the database, never on the database itself.
"""

import contextlib
import fcntl
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from pathlib import Path
from typing import Any

import apsw

from zotui.errors import StoreError
from zotui.store.connection import connect, explained, full

LARGEST_BATCH = 256
CLOSE_S = 30.0
Work = Callable[[apsw.Connection], Any]


class Write:
    """One waiting write: what to do, whether its caller must find it after a power cut, and its outcome."""

    __slots__ = ("do", "durable", "error", "future", "value")

    def __init__(self, do: Work, durable: bool) -> None:
        self.do = do
        self.durable = durable
        self.future: Future[Any] = Future()
        self.value: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Hand the outcome to whoever waits."""
        with contextlib.suppress(InvalidStateError):  # it was cancelled before it had begun
            if self.error is not None:
                self.future.set_exception(self.error)
            else:
                self.future.set_result(self.value)


class Writer:
    """Runs writes in order of arrival, as many to a commit as are waiting."""

    def __init__(self, path: Path, lock: Path, committed: Callable[[dict[str, int]], None]) -> None:
        self._path = path
        self._committed = committed
        self._waiting: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._lock = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._connection = connect(path, write=True)
        self._connection.set_update_hook(self._touch)
        self._level = ""
        self._touched: set[str] = set()
        self._gate = threading.Lock()  # nothing is queued behind the end
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="zotui-writer", daemon=True)
        self._thread.start()

    def submit(self, do: Work, *, durable: bool) -> "Future[Any]":
        """Queue ``do(connection)``; its outcome comes when it is committed, on disk if ``durable``."""
        write = Write(do, durable)
        with self._gate:
            if self._closed:
                raise StoreError("the file is closed")
            self._waiting.put(write)
        return write.future

    def close(self) -> None:
        """Finish what is waiting, then close. What another process has kept waiting for ``CLOSE_S`` is not written."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._waiting.put(None)
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            return  # it still wants the lock; the end of this process closes the rest
        self._connection.close()
        os.close(self._lock)

    def _touch(self, _kind: int, _database: str, table: str, _row: int) -> None:
        self._touched.add(table)

    def _run(self) -> None:
        last = False
        while not last and (first := self._waiting.get()) is not None:
            batch = [first]
            risen: dict[str, int] = {}
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX)
                try:
                    while not last and len(batch) < LARGEST_BATCH and not self._waiting.empty():
                        write = self._waiting.get()
                        last = write is None
                        batch += [] if write is None else [write]
                    batch = [write for write in batch if write.future.set_running_or_notify_cancel()]
                    risen = self._commit(batch) if batch else {}
                finally:
                    fcntl.flock(self._lock, fcntl.LOCK_UN)
            except BaseException as error:
                for write in batch:
                    write.error = error
            for write in batch:
                write.settle()
            if risen:
                self._committed(risen)

    def _commit(self, writes: list[Write]) -> dict[str, int]:
        """One transaction; returns the tables it changed with their new numbers."""
        db = self._connection
        self._touched.clear()
        with explained(self._path):
            self._set_level("FULL" if any(write.durable for write in writes) else "NORMAL")
            db.execute("BEGIN IMMEDIATE")
            try:
                if len(writes) == 1:  # a savepoint makes each statement the dearer the more was changed within it
                    writes[0].value = writes[0].do(db)
                else:
                    for write in writes:
                        self._do(write)
                risen = self._bump()
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        return risen

    def _do(self, write: Write) -> None:
        """One write in a savepoint of its own, so that its failure is its own."""
        db = self._connection
        db.execute("SAVEPOINT one")
        try:
            write.value = write.do(db)
        except apsw.FullError:
            raise full(self._path) from None  # may have ended the whole transaction
        except (apsw.IOError, apsw.CorruptError, apsw.NotADBError, apsw.ReadOnlyError):
            raise
        except BaseException as error:
            write.error = error
            if db.in_transaction:
                db.execute("ROLLBACK TO one")
        db.execute("RELEASE one")

    def _bump(self) -> dict[str, int]:
        risen: dict[str, int] = {}
        for table in {table for table in self._touched if "_fts" not in table}:
            seq = self._connection.execute(
                'INSERT INTO changes("table", seq) VALUES (?, 1) ON CONFLICT DO UPDATE SET seq = seq + 1 RETURNING seq',
                (table,),
            ).get
            risen[table] = int(seq)
        return risen

    def _set_level(self, level: str) -> None:
        if level != self._level:  # cannot be changed within a transaction
            self._connection.pragma("synchronous", level)
            self._level = level
