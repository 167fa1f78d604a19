"""A program as a child process: fed once, read as it prints, and ended with all that it started."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

TERM_S = 2.0
"""How long what is asked to end may take before it is killed."""

LINGER_S = 1.0
"""How long what a program leaves behind may hold its output open."""

HELD_BYTES = 64 << 10
"""How much of the output is held before somebody reads it; then the program has to wait."""

TAIL_BYTES = 8 << 10
"""How much of the end of its complaints (standard error) is kept."""

PASSED_ON = frozenset(
    [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "NODE_EXTRA_CA_CERTS",
    ]
)
PASSED_ON_TOO = ("LC_", "XDG_")
"""Variables a child is given: where things are, whose they are, and how the network is reached; never a key."""

_STEP_S = 0.01


def environment(ours: Mapping[str, str], more: Iterable[str] = ()) -> dict[str, str]:
    """Of our environment, what a child is to have: what everybody is given, and ``more``."""
    names = PASSED_ON | set(more)
    kept = {name: value for name, value in ours.items() if name in names or name.startswith(PASSED_ON_TOO)}
    return kept | {"TERM": "dumb"}


class Child(asyncio.SubprocessProtocol):
    """A running program, the head of a process group of its own."""

    def __init__(self) -> None:
        self._transport: asyncio.SubprocessTransport | None = None
        self._gone = False  # with all that it started
        self._held = bytearray()
        self._tail = bytearray()
        self._paused = False
        self._closed = False  # nothing more will be printed
        self._news = asyncio.Event()
        self._exited = asyncio.Event()
        self._ending: asyncio.Task[None] | None = None
        self.pid = 0

    @classmethod
    async def start(cls, words: Sequence[str], *, cwd: Path, env: Mapping[str, str], given: bytes) -> "Child":
        """Run ``words`` in ``cwd`` with ``given`` as its input. Raises OSError, ValueError (a NUL in a word)."""
        loop = asyncio.get_running_loop()
        pipe = asyncio.subprocess.PIPE
        transport, child = await loop.subprocess_exec(
            cls, *words, stdin=pipe, stdout=pipe, stderr=pipe, cwd=cwd, env=dict(env), start_new_session=True
        )
        stdin = cast(asyncio.WriteTransport, transport.get_pipe_transport(0))
        stdin.write(given)
        stdin.write_eof()
        return child

    async def read(self) -> bytes:
        """What it has printed since; empty once it will print no more."""
        while not self._held and not self._closed:
            self._news.clear()
            try:
                async with asyncio.timeout(LINGER_S if self._exited.is_set() else None):
                    await self._news.wait()
            except TimeoutError:
                self._closed = True  # whoever it left behind holds it open
        chunk = bytes(self._held)
        self._held.clear()
        if self._paused:
            self._paused = False
            self._output.resume_reading()
        return chunk

    async def exit(self, patience: float) -> int | None:
        """The status it exited with, negative for a signal; None if it has not in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._exited.wait()
        return self._transport.get_returncode() if self._transport else None

    @property
    def complaint(self) -> bytes:
        """The end of what it wrote to standard error."""
        return bytes(self._tail)

    async def end(self) -> None:
        """End it and all that it started: asked at once, killed where that does not help. No zombie stays.

        Returns when it is gone; what it started has as long to follow it, whether anybody waits or not.
        """
        if self._ending is None:
            self._signal(signal.SIGTERM)
            self._ending = asyncio.ensure_future(self._end())
        await self.exit(2 * TERM_S)

    async def _end(self) -> None:
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TERM_S):
                    await self._exited.wait()
                    self._let_go()
                    while self._signal(0):  # noqa: ASYNC110 (nobody tells when a group is empty)
                        await asyncio.sleep(_STEP_S)
        finally:
            self._signal(signal.SIGKILL)
            await self.exit(TERM_S)  # the pipes are not closed under a running program
            self._let_go()

    def _let_go(self) -> None:
        """Close our ends of its pipes."""
        if self._transport:
            self._transport.close()

    def _signal(self, number: int) -> bool:
        """Send a signal to its whole group; whether anybody is there."""
        if not self._gone:  # else its number may be somebody else's by now
            try:
                os.killpg(self.pid, number)
                return True
            except (ProcessLookupError, PermissionError):  # macOS: only zombies are left
                self._gone = self._exited.is_set()
        return False

    @property
    def _output(self) -> asyncio.ReadTransport:
        assert self._transport
        return cast(asyncio.ReadTransport, self._transport.get_pipe_transport(1))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It runs."""
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self.pid = self._transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It has printed something: keep it; but not more than somebody reads."""
        if fd != 1:
            self._tail += data[-TAIL_BYTES:]
            del self._tail[:-TAIL_BYTES]
            return
        if self._closed:
            return
        self._held += data
        if len(self._held) >= HELD_BYTES and self._transport:
            self._paused = True
            self._output.pause_reading()
        self._news.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """One of its ends is closed."""
        if fd == 1:
            self._closed = True
            self._news.set()

    def process_exited(self) -> None:
        """It has exited. What it left behind is asked to end too, so that it holds nothing open."""
        self._exited.set()
        self._signal(signal.SIGTERM)
        self._news.set()
