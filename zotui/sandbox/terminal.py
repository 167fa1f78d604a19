"""A command on a terminal of its own: behind the same wall as all others, with somebody who types and looks."""

import asyncio
import contextlib
import fcntl
import os
import struct
import termios

from msgspec import structs

from zotui.sandbox.child import Child, offer
from zotui.sandbox.command import Command, Outcome
from zotui.sandbox.output import Output
from zotui.sandbox.wall import Start

CHUNK = 1 << 14  # bytes that are read at once
MOST_UNSENT = 1 << 20  # bytes that are kept for a program that does not read what is typed
LOOKS = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
LEADER = ("setsid", "--ctty", "--wait", "/bin/bash", "-c", 'exec "$@" 2>&0', "terminal")
"""What makes the terminal the controlling one, within the wall: ^C, ^Z and a resize reach whom they should. The errors of
the wall itself go where they are told from the words of the command; what is behind it has the terminal for its own."""


def on_terminal(command: Command) -> Command:
    """The same command, as the leader of a session on its terminal."""
    return structs.replace(command, words=(*LEADER, *command.words), environment={**LOOKS, **command.environment})


class Line:
    """Both ends of a new terminal of a size."""

    def __init__(self, rows: int, columns: int) -> None:
        """Raises OSError where there are no more terminals."""
        self.near, self.far = os.openpty()
        os.set_blocking(self.near, False)
        self.resize(rows, columns)

    def resize(self, rows: int, columns: int) -> None:
        """Give it another size; what runs in front is told by the kernel."""
        fcntl.ioctl(self.near, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def spawn(self, start: Start) -> asyncio.subprocess.Process:
        """Start a process on the far end, which nobody else holds then. Raises OSError."""
        process = await asyncio.create_subprocess_exec(
            *start.words,
            stdin=self.far,
            stdout=self.far,
            stderr=asyncio.subprocess.PIPE,
            env=dict(start.environment),
            pass_fds=tuple(start.descriptors),
            cwd="/",
            start_new_session=True,
        )
        os.close(self.far)
        self.far = -1
        offer(process.pid)
        return process

    def close(self) -> None:
        """Let go of what is still held."""
        for end in (self.near, self.far):
            if end >= 0:
                os.close(end)
        self.near = self.far = -1


class Terminal:
    """A command that runs on a terminal. Whoever opened it reads until there is no more, and closes it.

    What it prints waits in the kernel until it is read, and the command with it: a few kilobytes, never more.
    """

    def __init__(self, child: Child, line: Line, complaints: Output) -> None:
        self._child = child
        self._line = line
        self._complaints = complaints
        self._unsent = bytearray()
        self._ended = self._is_cut = False
        self._stirred = asyncio.Event()
        child.may_be_idle()
        child.when_ended(self._has_ended)

    @property
    def pid(self) -> int:
        """The process of the wall, of which all others descend."""
        return self._child.pid

    @property
    def wall(self) -> str:
        """What stands around it."""
        return self._child.wall

    async def read(self) -> bytes:
        """What it has printed, at most ``CHUNK`` bytes; empty once it will print no more."""
        while self._line.near >= 0:
            over = self._ended  # looked at first: what was printed before the end is there by now
            if (printed := self._at_hand()) or over or self._is_cut:
                return printed
            await self._until_stirred()
        return b""

    def write(self, data: bytes) -> None:
        """Type this. What a program does not read is kept up to ``MOST_UNSENT`` bytes, and lost beyond."""
        if self._line.near >= 0 and not self._ended:
            self._unsent += data[: MOST_UNSENT - len(self._unsent)]
            self._send()

    def resize(self, rows: int, columns: int) -> None:
        """Its window has another size."""
        if self._line.near >= 0:
            self._line.resize(rows, columns)

    def stop(self, said: str = "it was stopped") -> None:
        """End it at once, and all that it started."""
        self._child.stop(said)

    async def wait(self) -> Outcome:
        """How it ended. Where the wall itself complained, ``said`` is that."""
        outcome = await self._child.wait()
        complaint = self._complaints.text.strip()
        if complaint.startswith("setsid:") and outcome.exit_code:  # which tells a signal's number, and complains of it
            return structs.replace(outcome, exit_code=128 + outcome.exit_code % 128)
        return structs.replace(outcome, said=outcome.said or complaint)

    def close(self) -> None:
        """Hang up: nothing is read or written any more."""
        if self._line.near >= 0:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._line.near)
            loop.remove_writer(self._line.near)
        self._line.close()
        self._complaints.close()
        self._stirred.set()

    def _has_ended(self, child: Child) -> None:
        self._ended = True
        self._stirred.set()

    def _at_hand(self) -> bytes:
        """What can be read at once. The kernel gives little at a time."""
        printed = bytearray()
        try:
            while len(printed) < CHUNK:
                printed += os.read(self._line.near, CHUNK)
        except BlockingIOError:
            pass
        except OSError:  # nobody holds the other end
            self._is_cut = True
        return bytes(printed)

    async def _until_stirred(self) -> None:
        """Until there may be something to read, or it has ended."""
        loop, near = asyncio.get_running_loop(), self._line.near
        self._stirred.clear()
        if self._ended:
            return
        loop.add_reader(near, self._stirred.set)
        try:
            await self._stirred.wait()
        finally:
            if self._line.near == near:
                loop.remove_reader(near)

    def _send(self) -> None:
        """Send what can be sent, the rest when there is room."""
        loop, near = asyncio.get_running_loop(), self._line.near
        with contextlib.suppress(BlockingIOError):
            while self._unsent:
                try:
                    sent = os.write(near, self._unsent)
                except BlockingIOError:
                    raise
                except OSError:  # nobody holds the other end
                    sent = len(self._unsent)
                del self._unsent[:sent]
        if self._unsent:
            loop.add_writer(near, self._send)
        else:
            loop.remove_writer(near)
