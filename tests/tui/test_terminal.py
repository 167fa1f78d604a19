"""The whole app on a real terminal: a pty, its bytes, its exit code."""

import os
import pty
import select
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.tui.conftest import within
from zotui.computer import Computer
from zotui.home import Home


class Terminal:
    """zotui on a pty."""

    def __init__(self, home: Home) -> None:
        self.pid, self.handle = pty.fork()
        if self.pid == 0:
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": str(home.path),
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
            }
            command = [sys.executable, "-m", "zotui", "--home", str(home.path), "--no-daemon"]
            os.execve(command[0], command, environment)
        self.seen = b""
        self.status: int | None = None

    def read(self) -> None:
        """Take what was painted."""
        while select.select([self.handle], [], [], 0.02)[0]:
            try:
                self.seen += os.read(self.handle, 1 << 16)
            except OSError:  # it has ended
                return

    def ended(self) -> bool:
        """Whether it is over; ``status`` is its exit code then."""
        self.read()
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def painted(self, text: bytes) -> bool:
        """Whether this has been painted."""
        self.read()
        return text in self.seen


@pytest.fixture
def terminal(home: Home) -> Iterator[Terminal]:
    terminal = Terminal(home)
    yield terminal
    if not terminal.ended():
        os.kill(terminal.pid, signal.SIGKILL)
        os.waitpid(terminal.pid, 0)
    os.close(terminal.handle)


async def test_a_coloured_log_and_bad_bytes_can_be_pasted(home: Home, terminal: Terminal) -> None:
    await within(lambda: terminal.painted(b"Skills"))
    os.write(terminal.handle, b"\x1b[200~one \x1b[31mERROR\x1b[0m \xff\xc2 \x11\ttwo\r\n\x1b[201~")
    async with Computer.open(home, workers="none") as computer:
        kept = ""
        while "two" not in kept:
            terminal.read()
            kept = await computer.desk.get("draft:new") or ""
        assert "ERROR" in kept
        assert "\\u001b" not in kept
        assert await computer.chats.list() == []
    assert not terminal.ended()
    os.write(terminal.handle, b"\x11")  # ctrl+q
    await within(terminal.ended)
    assert terminal.status == 0


async def test_sigterm_leaves_the_terminal_in_order(terminal: Terminal) -> None:
    await within(lambda: terminal.painted(b"Skills"))
    os.kill(terminal.pid, signal.SIGTERM)
    await within(terminal.ended)
    assert terminal.status == 0
    assert b"\x1b[?1049l" in terminal.seen
