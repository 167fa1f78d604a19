"""zotui on a real terminal: a pty, its bytes, its exit code."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections import Counter

import pyte

from zotui.home import Home

BARE = ("bare",)
"""In place of words: no word at all, which the command line answers by a way of its own."""
STYLE = re.compile(rb"\x1b\[([0-9;]*)m")


class Screen(pyte.Screen):
    """What a terminal shows; it answers nothing. Whoever leaves the app's screen wipes it."""

    def reset_mode(self, *modes: int, **options: bool) -> None:
        """pyte has one screen, so what the app painted goes as the app gives its screen back."""
        super().reset_mode(*modes, **options)
        if 1049 in modes and options.get("private"):
            self.erase_in_display(2)

    def report_device_status(self, mode: int, **_: bool) -> None:
        """Asked by way of a private mode too, which pyte does not know."""


class Terminal:
    """zotui on a pty, in an environment of nothing but what is said here."""

    def __init__(self, home: Home, *words: str, size: tuple[int, int] = (80, 24), **environ: str) -> None:
        self.pid, self.handle = pty.fork()
        if self.pid == 0:
            time.sleep(0.05)  # until the terminal has its size
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": str(home.path),
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
            }
            command = [sys.executable, "-m", "zotui"]
            if words != BARE:
                command += ["--home", str(home.path), "--no-daemon", *words]
            os.execve(command[0], command, environment | environ)
        fcntl.ioctl(self.handle, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.seen = b""
        self.status: int | None = None
        self._screen = Screen(*size)
        self._stream = pyte.ByteStream(self._screen)

    def read(self, patience_s: float = 0.02) -> bytes:
        """Take what was painted, until nothing more comes for a while."""
        before = len(self.seen)
        while self.handle >= 0 and select.select([self.handle], [], [], patience_s)[0]:
            try:
                self.seen += os.read(self.handle, 1 << 16)
            except OSError:  # it has ended
                break
        self._stream.feed(self.seen[before:])
        return self.seen[before:]

    def write(self, keys: bytes) -> None:
        """Type, or answer as a terminal does."""
        os.write(self.handle, keys)

    def ended(self) -> bool:
        """Whether it is over; ``status`` is its exit code then."""
        self.read()
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def end(self) -> None:
        """End it, whatever it does."""
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.handle >= 0:
            os.close(self.handle)

    def painted(self, sequence: bytes) -> bool:
        """Whether this has been written as it is."""
        self.read()
        return sequence in self.seen

    def shows(self, text: str) -> bool:
        """Whether this is to be read there now, however it was written."""
        self.read()
        return any(text in line for line in self._screen.display)


def styles(written: bytes) -> Counter[str]:
    """How often each code of style was written; colours as ``38;5`` and ``48;2``."""
    found: Counter[str] = Counter()
    for codes in STYLE.findall(written):
        numbers = codes.decode().split(";")
        while numbers:
            code = numbers.pop(0)
            if code in ("38", "48"):
                kind = numbers.pop(0)
                del numbers[: 3 if kind == "2" else 1]
                code = f"{code};{kind}"
            found[code] += 1
    return found
