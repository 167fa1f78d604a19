"""Nothing foreign reaches the terminal: on a real pty with every kind of widget, and by fuzzing the filter.

Run as a program, this module is the app that the pty tests watch.
"""

import fcntl
import os
import pty
import random
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.control import Control
from rich.text import Text
from textual.app import ComposeResult
from textual.drivers._writer_thread import WriterThread
from textual.drivers.headless_driver import HeadlessDriver
from textual.drivers.linux_driver import LinuxDriver
from textual.widgets import DataTable, Input, Label, Log, Markdown, RichLog, Static, TextArea

from zotui.tui.driver import GuardedApp, Patient, admit, guarded

PAYLOADS = [
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[6n",
    "\x1b[2J",
    "\x1b[31;45;7m",
    "\x1b[33;44H",
    "\x1b[?1049l",
    "\x1b[?1000l",
    "\x1b[?25h",
    "\x1bP+q544e\x1b\\",
    "\x1b_Gq=2\x1b\\",
    "\x1bc",
    "\x1b(0",
    "\x9b2J\x9d0;title\x9c\x90q\x9c",
    "\u202eevil\u202c\u2066",
    "\a\b\v\f\r\x0e\x7f\x00",
    "\x1b",
    "tab\there\x1b[9",
    "half \udc9b pair",
]
KNOWN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]+)"
    r"|(?P<style>\x1b\[[0-9;]*m)|(?P<move>\x1b\[[0-9]+;[0-9]+H)"
    r"|(?P<mode>\x1b\[\?[0-9]+(?:[hl]|\$p)|\x1b\[[<>][0-9]*u)|(?P<pointer>\x1b\]22;[a-z-]+\x07)"
    r"|(?P<inline>\x1b\[[0-9]+[ABCD]|\x1b\[J|\x1b\[6n|\r?\n|\r)|(?P<copy>\x1b\]52;c;aGk=\x07)|(?P<bell>\x07)"
)


class Hostile(GuardedApp[None]):
    """Every kind of widget, each holding every payload."""

    BINDINGS: ClassVar = [("f2", "copy"), ("f3", "crash"), ("f10", "quit")]

    def compose(self) -> ComposeResult:
        """Paint the payloads."""
        every = "|".join(PAYLOADS)
        yield Static("\n".join(PAYLOADS), markup=False)
        label = Label(every, markup=False)
        label.border_title = Text(every)
        label.styles.border = ("round", "red")
        yield label
        yield Static(Text(every, style="link https://evil/\x1b[2J"))
        yield Input(every)
        yield TextArea(every)
        for kind in (RichLog, Log, DataTable, Markdown):
            widget = kind()
            widget.styles.height = 4
            yield widget

    def on_mount(self) -> None:
        """Fill what cannot be filled when made."""
        for payload in PAYLOADS[:3]:
            self.query_one(RichLog).write(payload)
            self.query_one(Log).write_line(payload)
        self.query_one(RichLog).write(Text("x").append(Text.from_markup(f"[link=https://evil]{PAYLOADS[0]}")))
        self.query_one(RichLog).write(Control.home())
        table = self.query_one(DataTable)
        table.add_columns("one", PAYLOADS[3])
        table.add_row(*PAYLOADS[:2])
        self.query_one(Markdown).update("# a\n\n" + "\n\n".join(PAYLOADS) + "\n\n```\n\x1b[2J\n```\n")
        self.set_timer(0.01, lambda: self.query_one(Label).update("ready"))

    def action_copy(self) -> None:
        """Copy, once in order and once past the guard."""
        self.copy_to_clipboard("hi")
        assert self._driver is not None
        self._driver.write("\x1b]52;c;ZXZpbA==\x07")
        self.bell()
        self.query_one(Label).update("taken")

    def action_crash(self) -> None:
        """Fail with a payload in the message."""
        raise RuntimeError("oh no " + "|".join(PAYLOADS))


class Screen:
    """The other end of a pty on which the app runs."""

    def __init__(self, *words: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
        self.before = termios.tcgetattr(slave)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONUTF8": "1"}
        root = Path(__file__).parents[2]
        self.child = subprocess.Popen(
            [sys.executable, __file__, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=root,
            env=environment | {"PYTHONPATH": str(root)},
        )
        self.slave = slave
        self.seen = b""

    def read_until(self, wanted: bytes, seconds: float = 30) -> None:
        """Read until a text was painted, answering the terminal queries."""
        end, start = time.monotonic() + seconds, len(self.seen)
        while wanted not in self.seen[start:]:
            assert time.monotonic() < end, f"{wanted!r} not in {self.seen[-2000:]!r}"
            if select.select([self.master], [], [], 0.1)[0]:
                new = os.read(self.master, 65536)
                self.seen += new
                for mode in (b"2026", b"2048"):
                    if b"\x1b[?%s$p" % mode in new:
                        self.press(b"\x1b[?%s;2$y" % mode)

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self.master, keys)

    def end(self, keys: bytes) -> str:
        """Press the last keys, and return all that was written until the app had ended."""
        self.press(keys)
        end = time.monotonic() + 30
        while self.child.poll() is None or select.select([self.master], [], [], 0)[0]:
            assert time.monotonic() < end
            if select.select([self.master], [], [], 0.1)[0]:
                self.seen += os.read(self.master, 65536)
        assert termios.tcgetattr(self.slave) == self.before
        return self.seen.decode()

    def close(self) -> None:
        """Let nothing outlive a test."""
        self.child.kill()
        self.child.wait()
        os.close(self.master)
        os.close(self.slave)


def tokens(written: str) -> dict[str, list[str]]:
    """Take apart what was written; fail on anything that is neither text nor Textual's own."""
    found: dict[str, list[str]] = {}
    place = 0
    while place < len(written):
        token = KNOWN.match(written, place)
        assert token, f"foreign: {written[place - 40 : place + 40]!r}"
        found.setdefault(str(token.lastgroup), []).append(token[0])
        place = token.end()
    return found


@pytest.fixture
def screen(request: pytest.FixtureRequest):
    """An app on a pty, ready."""
    screen = Screen(*getattr(request, "param", ()))
    try:
        screen.read_until(b"ready")
        yield screen
    finally:
        screen.close()


def test_a_terminal_gets_only_our_own(screen: Screen) -> None:
    screen.press(b"\x1bOQ")  # F2
    screen.read_until(b"taken")  # as wide as "ready": painted in one go, or the driver sends the rest alone
    written = screen.end(b"\x1b[21~")
    found = tokens(written)
    modes = found["mode"]
    assert modes.count("\x1b[?1049h") == modes.count("\x1b[?1049l") == 1
    assert set(tokens(written.partition("\x1b[?1049l")[2])) == {"mode"}
    assert modes.count("\x1b[?25h") == 1
    assert {"\x1b[?2026h", "\x1b[?2048h", "\x1b[?2004l", "\x1b[<u", "\x1b[?1000l", "\x1b[?1006l"} <= set(modes)
    assert found["copy"] == ["\x1b]52;c;aGk=\x07"]
    assert found["bell"] == ["\x07"]
    assert "\x1b[31;45;7m" not in found["style"]
    assert "\x1b[33;44H" not in found["move"]
    assert screen.child.returncode == 0
    assert "inline" not in found


def test_a_crash_prints_only_text(screen: Screen) -> None:
    found = tokens(screen.end(b"\x1bOR"))
    assert "oh no" in "".join(found["text"])
    assert found["mode"].count("\x1b[?1049l") == 1
    assert "\x1b[33;44H" not in found["move"]


@pytest.mark.parametrize("screen", [("inline",)], indirect=True)
def test_inline(screen: Screen) -> None:
    found = tokens(screen.end(b"\x1b[21~"))
    assert set(found) <= {"text", "style", "mode", "inline", "pointer"}
    assert "\x1b[?25h" in found["mode"]
    assert "\x1b[31;45;7m" not in found["style"]


async def test_the_filter_in_a_driver() -> None:
    written: list[str] = []

    class Terminal(HeadlessDriver):
        def write(self, data: str) -> None:
            written.append(data)

    driver = guarded(Terminal)(GuardedApp[None]())
    for data in ("\x1b[?1049h", "\x1b[?1049hx", "\x1b]52;c;aGk=\x07", "\x07", "\x1b]22;text\x07"):
        driver.write(data)
    assert written == ["\x1b[?1049h", "[?1049hx", "\x07", "\x1b]22;text\x07"]
    written.clear()
    driver.copy_next("hi")
    for data in ("\x1b]52;c;ZXZpbA==\x07", "\x1b]52;c;aGk=\x07", "\x1b]52;c;aGk=\x07"):
        driver.write(data)
    assert written == ["\x1b]52;c;aGk=\x07"]
    assert guarded(Terminal) is guarded(Terminal)


FRAME = re.compile(r"(?:[^\x00-\x1f\x7f-\x9f]|\x1b\[[0-9;]*m|\x1b\[[0-9]+;[0-9]+H)*")
BITS = [
    *(
        "\x1b",
        "[",
        "]",
        "\x07",
        "\\",
        "m",
        "H",
        ";",
        "1",
        "?",
        "h",
        "\x9b",
        "\x9d",
        "\n",
        "\r",
        "x",
        "é",
        "\x00",
        "P",
    ),
    *("\x1b[1m", "\x1b[2;3H", "\x1b]52;c;", "\x1b[?1049l", "\x1b[6n", "\x1b\\"),
]


def alone(data: str) -> bool:
    """Whether a write is one that Textual makes by itself."""
    return (
        re.fullmatch(r"\x1b\[\?[0-9]+(?:[hl]|\$p)|\x1b\[[<>][0-9]*u|\x07|\x1b\]22;[a-z-]+\x07|\x1b\[2?J", data)
        is not None
    )


@given(st.lists(st.sampled_from(BITS) | st.characters(), max_size=30).map("".join))
def test_what_is_admitted_is_ours(data: str) -> None:
    left = admit(data)
    assert FRAME.fullmatch(left) or alone(left)
    assert admit(left) == left


def test_random_bytes() -> None:
    dice = random.Random(8)
    for _ in range(20_000):
        length = dice.randrange(40)
        text = dice.randbytes(length).decode("latin-1" if length % 2 else "utf-8", "surrogateescape")
        for data in (text, "".join(dice.choices(BITS, k=12))):
            left = admit(data)
            assert FRAME.fullmatch(left) or alone(left), (data, left)


def test_a_frame_passes_whole() -> None:
    frame = "\x1b[1;1H\x1b[1;38;2;255;254;253;48;2;12;13;14m╭ text ✦ 👩\u200d🚀 ╮\x1b[0m\x1b[41;120H"
    assert admit(frame) == frame


if __name__ == "__main__":
    Hostile().run(inline="inline" in sys.argv)


def test_a_terminal_that_is_gone_keeps_no_app_from_leaving() -> None:
    """The writing thread outlives it: else what is written then would fill its queue, and nobody would empty that."""
    controller, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as file:
        writing = WriterThread(Patient(file))  # type: ignore[arg-type]
        writing.start()
        os.close(controller)
        for _ in range(100):
            writing._queue.put("gone\n", timeout=5)
        writing._queue.put(None, timeout=5)
        writing.join(5)
        assert not writing.is_alive()
        os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())  # so that closing it can say what it holds


async def test_the_apps_driver_writes_to_such_a_terminal() -> None:
    assert isinstance(getattr(guarded(LinuxDriver)(GuardedApp[None]()), "_file", None), Patient)
