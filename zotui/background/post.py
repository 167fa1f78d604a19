"""The background process's side: hold the post, count the doors, leave when nobody needs it."""

import asyncio
import contextlib
import fcntl
import logging
import os
import socket
import time
from collections.abc import Callable
from typing import Any

import msgspec

from zotui import __version__, sockets
from zotui.background.link import IDLE, LOCK, SOCKET, Identity, unpacked
from zotui.errors import ZotuiError
from zotui.home import Home
from zotui.store.ids import now_ms
from zotui.store.owner import this_owner

LONGEST_LINE = 1 << 20
UNLOCKED_S = 900.0
"""How long the process stays with a vault that was unlocked for it, though nobody needs it."""

log = logging.getLogger(__name__)


class Post:
    """The post of background process, held from :meth:`take` to :meth:`leave`.

    ``leaving`` is set when it was told to go: by a door's word, or by the caller (a signal, nothing left to do).
    """

    def __init__(self, home: Home, *, detached: bool) -> None:
        self._home = home
        self.detached = detached
        self._since = now_ms()
        self._doors: set[asyncio.StreamWriter] = set()
        self._visitors: set[asyncio.StreamWriter] = set()
        self._lock = -1
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Event()
        self.leaving = asyncio.Event()
        self._farewell = IDLE
        self._unlocked_until = 0.0
        self.take_over: Callable[[dict[str, Any]], None] = lambda told: None
        """Called, in a thread, with what a door hands over."""

    @property
    def doors(self) -> int:
        """How many doors are open now."""
        return len(self._doors)

    def take(self, patience_s: float) -> bool:
        """Become the background process; False when another still is after ``patience_s``."""
        self._lock = os.open(self._home.run / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        end = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.ftruncate(self._lock, 0)
                os.pwrite(self._lock, this_owner().encode(), 0)
                return True
            except BlockingIOError:
                if time.monotonic() > end:
                    os.close(self._lock)
                    self._lock = -1
                    return False
                time.sleep(0.02)

    async def listen(self) -> None:
        """Open for doors."""
        (self._home.run / SOCKET).unlink(missing_ok=True)
        bound = sockets.bind(self._home.run, SOCKET, socket.SOCK_STREAM)
        self._server = await asyncio.start_unix_server(self._visit, sock=bound, limit=LONGEST_LINE)

    async def until_idle(self, idle_s: float) -> None:
        """Returns when no door has been open for ``idle_s`` seconds, and what was unlocked for it alone is stale."""
        while True:
            self._changed.clear()
            patience = max(idle_s, self._unlocked_until - time.monotonic())
            try:
                async with asyncio.timeout(None if self._doors else patience):
                    await self._changed.wait()
            except TimeoutError:
                return

    def go(self, farewell: str = "stopped") -> None:
        """Start to leave; the doors will be told why."""
        self._farewell = farewell
        self.leaving.set()

    async def leave(self) -> None:
        """Say goodbye, stop listening, give the post up. Safe to call twice."""
        lock, self._lock = self._lock, -1
        if lock < 0:
            return
        (self._home.run / SOCKET).unlink(missing_ok=True)
        if self._server is not None:
            self._server.close()
        for writer in self._doors | self._visitors:
            with contextlib.suppress(OSError):
                writer.write(self._farewell.encode() + b"\n")
                await writer.drain()
            writer.close()
        os.ftruncate(lock, 0)
        os.close(lock)

    async def _take(self, told: str, *, typed: bool) -> None:
        """What a door hands over; what is no good of it is the door's to say.

        ``typed``: where a vault's key is in it, somebody typed a passphrase for what comes next.
        """
        try:
            handed = unpacked(told)
            if typed and "master" in handed:
                self._unlocked_until = time.monotonic() + UNLOCKED_S
                self._changed.set()
            await asyncio.to_thread(self.take_over, handed)
        except (ValueError, ZotuiError) as error:
            log.warning("what a door handed over cannot be used: %s", type(error).__name__)

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            purpose, _, told = (await reader.readline()).decode("utf-8", "replace").strip().partition(" ")
            if told:  # before the greeting: what a door writes then is done with its keys
                await self._take(told, typed=purpose == "hand")
            if purpose == "door":
                self._doors.add(writer)
                self._changed.set()
            self._visitors.add(writer)
            who = Identity(os.getpid(), self._since, __version__, self.detached, len(self._doors))
            writer.write(msgspec.json.encode(who) + b"\n")
            await writer.drain()
            if purpose in ("stop", "replace"):
                self.go("stopped" if purpose == "stop" else "replaced")
            await reader.read()  # until it hangs up
        except (OSError, ValueError):  # it hung up; it said too much
            pass
        finally:
            self._doors.discard(writer)
            self._visitors.discard(writer)
            self._changed.set()
            writer.close()
