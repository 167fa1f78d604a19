"""The change feed: who wrote to which tables, told to everyone who shows them.

Each transaction raises ``changes(table, seq)``; after the commit an empty datagram to every socket in ``run/``
rings the other processes, which then read what has risen. ``PRAGMA data_version``, asked now and then, serves
where a datagram got lost or sockets cannot be had.
"""

import asyncio
import contextlib
import errno
import os
import selectors
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import apsw

from zotui import sockets
from zotui.errors import StoreError
from zotui.store.ids import new_id

POLL_S = 2.0


class Watch:
    """What has changed since one last looked. Use as an async context manager, then ``await wait()``."""

    def __init__(self, feed: "Feed", tables: frozenset[str]) -> None:
        self._feed = feed
        self._tables = tables
        self._changed: set[str] = set()
        self._event = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def wait(self, timeout: float | None = None) -> frozenset[str]:  # noqa: ASYNC109
        """The watched tables that changed since the last call; empty when ``timeout`` seconds went by."""
        try:
            async with asyncio.timeout(timeout):
                await self._event.wait()
        except TimeoutError:
            return frozenset()
        self._event.clear()
        changed, self._changed = frozenset(self._changed), set()
        return changed

    def tell(self, tables: frozenset[str]) -> None:
        """Called by the feed, from any thread."""
        if tables & self._tables:
            try:
                self._loop.call_soon_threadsafe(self._ring, tables & self._tables)
            except RuntimeError:  # its loop is closed
                self._feed.forget(self)

    def _ring(self, tables: frozenset[str]) -> None:
        self._changed |= tables
        self._event.set()

    async def __aenter__(self) -> "Watch":
        self._feed.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._feed.forget(self)


class Feed:
    """This process's end of the feed: rings the others after a commit, and listens in a thread of its own."""

    def __init__(self, run: Path, connect: Callable[[], apsw.Connection]) -> None:
        self._connect = connect
        self._run = run
        self._name = f"{os.getpid():x}-{new_id()[-6:]}.bell"
        self._watches: set[Watch] = set()
        self._seen: dict[str, int] = {}
        self._lock = threading.Lock()
        self._folder = os.open(run, os.O_RDONLY | os.O_DIRECTORY)
        self._bell: socket.socket | None = None
        self._stop_out, self._stop_in = os.pipe()
        try:
            self._bell = sockets.bind(run, self._name, socket.SOCK_DGRAM)
        except OSError:
            pass  # no sockets on this file system: the slow poll serves
        self._thread = threading.Thread(target=self._listen, name="zotui-feed", daemon=True)
        self._thread.start()

    def watch(self, *tables: str) -> Watch:
        """A watch on these tables."""
        return Watch(self, frozenset(tables))

    def add(self, watch: Watch) -> None:
        with self._lock:
            self._watches.add(watch)

    def forget(self, watch: Watch) -> None:
        with self._lock:
            self._watches.discard(watch)

    def committed(self, risen: dict[str, int]) -> None:
        """This process has committed: tell its own watches, and ring the other processes."""
        with self._lock:
            for table, seq in risen.items():
                self._seen[table] = max(seq, self._seen.get(table, 0))
        self._tell(frozenset(risen))
        self._ring()

    def close(self) -> None:
        """Stop listening and take the socket away."""
        os.write(self._stop_in, b"x")
        self._thread.join()
        if self._bell is not None:
            self._bell.close()
            (self._run / self._name).unlink(missing_ok=True)
        for handle in (self._folder, self._stop_out, self._stop_in):
            os.close(handle)

    def _ring(self) -> None:
        """Ring the others. Runs in the writer's thread, so no fault here may end that: the poll serves instead."""
        if self._bell is None:
            return
        with contextlib.suppress(OSError):
            for name in os.listdir(self._folder):
                if name.endswith(".bell") and name != self._name:
                    self._ring_one(self._bell, name)

    def _ring_one(self, bell: socket.socket, name: str) -> None:
        try:
            bell.sendto(b"", sockets.address(self._run, self._folder, name))
        except OSError as error:
            if error.errno == errno.ECONNREFUSED:  # its process is gone
                (self._run / name).unlink(missing_ok=True)

    def _tell(self, tables: frozenset[str]) -> None:
        with self._lock:
            watches = list(self._watches)
        for watch in watches:
            watch.tell(tables)

    def _listen(self) -> None:
        connection: apsw.Connection | None = None
        version = -1
        with selectors.DefaultSelector() as sources:
            stop = sources.register(self._stop_out, selectors.EVENT_READ)
            if self._bell is not None:
                sources.register(self._bell, selectors.EVENT_READ)
            while True:
                if stop in [key for key, _ in sources.select(POLL_S)]:
                    break
                if self._bell is not None:
                    self._drain(self._bell)
                try:
                    connection = connection or self._connect()
                    latest = connection.pragma("data_version")
                    if latest != version:
                        self._tell_risen(connection)
                        version = latest
                except (apsw.Error, StoreError):
                    continue  # whoever reads or writes next reports it in words
        if connection is not None:
            connection.close()

    def _tell_risen(self, connection: apsw.Connection) -> None:
        rows: list[Any] = connection.execute('SELECT "table", seq FROM changes').fetchall()
        with self._lock:
            risen = frozenset(table for table, seq in rows if seq > self._seen.get(table, 0))
            self._seen.update((table, seq) for table, seq in rows if table in risen)
        if risen:
            self._tell(risen)

    @staticmethod
    def _drain(bell: socket.socket) -> None:
        try:
            while True:
                bell.recv(1)
        except BlockingIOError:
            pass
