"""A command that runs: it can be fed, watched, waited for and stopped."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zotui.sandbox.command import Command, Outcome, Reason
from zotui.sandbox.egress import Egress
from zotui.sandbox.output import CHUNK, Output
from zotui.sandbox.wall import Profile, Start, nothing
from zotui.sandbox.watch import Watch, descendants

GONE_S = 1.0  # until which everything is gone after it was killed
IDLE_S = 1.0  # between two looks at what is idle
LIKELY_VICTIM = b"1000"


class Child:
    """A command behind a wall. When it ends, nothing that it started is left."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        command: Command,
        wall: str,
        profile: Profile,
        finish: Callable[[], str] = nothing,
        egress: Egress | None = None,
    ) -> None:
        self._process = process
        self._finish = finish
        self._egress = egress
        self._command = command
        self._wall = wall
        self._watch = Watch(process.pid, profile.limits, profile.workspace)
        self._begun = time.monotonic()
        self._stop: asyncio.Future[tuple[Reason, str]] = asyncio.get_running_loop().create_future()
        self._unheard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._drains: list[asyncio.Task[None]] = []
        self._ended: asyncio.Task[Outcome] | None = None

    @property
    def pid(self) -> int:
        """The process of the wall, of which all others descend."""
        return self._process.pid

    @property
    def has_a_way_out(self) -> bool:
        """Whether it may reach hosts, and put out their words."""
        return self._egress is not None

    @property
    def wall(self) -> str:
        """What stands around it."""
        return self._wall

    def follow(self, out: Output, err: Output) -> None:
        """Take what it puts out from now on; where both are one, so are its streams."""
        for stream, output in ((self._process.stdout, out), (self._process.stderr, err)):
            if stream is not None:
                self._drains.append(asyncio.create_task(self._drain(stream, output)))
        self._ended = asyncio.create_task(self._end())

    def when_ended(self, do: Callable[["Child"], None]) -> None:
        """Call this then."""
        assert self._ended is not None
        self._ended.add_done_callback(lambda _: do(self))

    def may_be_idle(self) -> None:
        """It waits for a person most of the time: look less often what it takes while nothing changes."""
        self._watch.slowest_s = IDLE_S

    async def write(self, data: bytes) -> None:
        """Feed it; nothing happens where it takes no more."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._process.stdin.write(data)
                await self._process.stdin.drain()

    async def feed(self, data: bytes) -> None:
        """Feed it this, and nothing more."""
        await self.write(data)
        self.close_input()

    def close_input(self) -> None:
        """Its input ends."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def stop(self, said: str = "it was stopped") -> None:
        """End it at once, and all that it started."""
        if not self._stop.done():
            self._stop.set_result(("stopped", said))

    async def wait(self) -> Outcome:
        """Until it has ended and all that it put out is taken. Raises OSError where that could not be taken."""
        assert self._ended is not None
        return await asyncio.shield(self._ended)

    async def _end(self) -> Outcome:
        exited = asyncio.create_task(self._process.wait())
        too_much = asyncio.create_task(self._watch.until_too_much())
        reason: Reason = ""
        said = ""
        try:
            any_of: list[asyncio.Future[Any]] = [exited, too_much, self._unheard, self._stop]
            await asyncio.wait(any_of, timeout=self._command.timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if not exited.done():
                if self._stop.done():
                    reason, said = self._stop.result()
                elif too_much.done():
                    reason, said = "limit", too_much.result()
                elif not self._unheard.done():
                    reason, said = "timeout", f"it took more than {self._command.timeout_s:g} s"
                await self._kill()
            code = await exited
        finally:
            too_much.cancel()
            if self._process.returncode is None:
                await self._kill()
            try:
                put_right = await asyncio.to_thread(self._finish)
            finally:
                if self._egress is not None:
                    await self._egress.close()
        if self._drains:
            _, slow = await asyncio.wait(self._drains, timeout=GONE_S)
            for drain in slow:
                drain.cancel()
        if self._unheard.done():
            self._unheard.result()
        exit_code = code if code >= 0 else 128 - code
        way = self._egress
        met = (way.reached, way.refused) if way is not None else ((), ())
        return Outcome(exit_code, time.monotonic() - self._begun, self._wall, reason, said, put_right, *met)

    async def _drain(self, stream: asyncio.StreamReader, output: Output) -> None:
        """Take what it puts out. Where that cannot be kept (the disk is full, nobody reads), the rest is let go: a pipe
        that nobody empties would keep the end of the command from being seen."""
        try:
            await output.drain(stream)
        except OSError as error:
            if not self._unheard.done():
                self._unheard.set_exception(error)
            while await stream.read(CHUNK):
                pass

    async def _kill(self) -> None:
        """Kill the wall; its first process inside dies with it, and with that all others. Wait until they are gone."""
        alive = await asyncio.to_thread(lambda: set(descendants(self.pid)))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        for pid in alive:  # without a wall, what has a session of its own is in no group of ours
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        await self._process.wait()
        await asyncio.to_thread(_wait_until_gone, alive)


def _wait_until_gone(pids: set[int]) -> None:
    """Blocks, for a second at most."""
    end = time.monotonic() + GONE_S
    while time.monotonic() < end and _any_alive(pids):
        time.sleep(0.005)


def _any_alive(pids: set[int]) -> bool:
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                return True
    return False


async def spawn(start: Start, *, one_stream: bool, fed: bool) -> asyncio.subprocess.Process:
    """Start a process of a group of its own. ``one_stream``: errors go where the rest goes; ``fed``: it has an input.

    Raises OSError.
    """
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *start.words,
        stdin=pipe if fed else nothing,
        stdout=pipe,
        stderr=asyncio.subprocess.STDOUT if one_stream else pipe,
        env=dict(start.environment),
        pass_fds=tuple(start.descriptors),
        cwd="/",
        start_new_session=True,
    )
    offer(process.pid)
    return process


def offer(pid: int) -> None:
    """Where memory is short, this process and its children go first."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_bytes(LIKELY_VICTIM)
