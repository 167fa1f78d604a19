"""The whole app on a real terminal: a pty, its bytes, its exit code."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.conftest import within
from tests.tui.terminals import BARE, Terminal, styles
from zotui.computer import Computer
from zotui.home import Home

LIGHT, DARK = b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\", b"\x1b[?997;1n"
DAY, NIGHT = b"48;2;251;250;247", b"48;2;20;22;27"  # the grounds of the themes
ANY_MOTION, DRAGGING = b"\x1b[?1003h", b"\x1b[?1002h"
SETTLED_S, IDLE_S = 1.0, 3.0
QUESTION = re.compile(rb"\x1b\[\?[0-9]+(?:n|\$p)|\x1b\][^\x07\x1b]*|\x1b\[[<>=][0-9]*u|\x1b\[c|\x1b\[\?2031h")


@pytest.fixture
def opened(home: Home) -> Iterator[list[Terminal]]:
    """Terminals that are put away after the test."""
    terminals: list[Terminal] = []
    yield terminals
    for terminal in terminals:
        terminal.end()


@pytest.fixture
def terminal(home: Home, opened: list[Terminal]) -> Terminal:
    opened.append(Terminal(home))
    return opened[0]


async def test_without_any_word_the_app_opens(home: Home, opened: list[Terminal]) -> None:
    opened.append(terminal := Terminal(home, *BARE, ZOTUI_HOME=str(home.path)))
    await within(lambda: terminal.shows("Skills"))
    terminal.write(b"\x11")
    await within(terminal.ended)
    subprocess.run([sys.executable, "-m", "zotui", "--home", str(home.path), "stop"], check=False)
    assert terminal.status == 0


async def test_a_coloured_log_and_bad_bytes_can_be_pasted(home: Home, terminal: Terminal) -> None:
    await within(lambda: terminal.shows("Skills"))
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
    await within(lambda: terminal.shows("Skills"))
    os.kill(terminal.pid, signal.SIGTERM)
    await within(terminal.ended)
    assert terminal.status == 0
    assert b"\x1b[?1049l" in terminal.seen


# What a terminal can show


async def shown(terminal: Terminal) -> bytes:
    """All that is written until the desk is there."""
    await within(lambda: terminal.shows("Skills") and not terminal.read(SETTLED_S))
    return terminal.seen


@pytest.mark.parametrize(
    ("environ", "allowed"),
    [
        ({"NO_COLOR": "1"}, r"0|1|2|3|4|7|9"),
        ({"NO_COLOR": "1", "COLORTERM": "truecolor"}, r"0|1|2|3|4|7|9"),
        ({"TERM": "xterm"}, r"0|1|2|3|4|7|9|39|49|[34][0-7]|9[0-7]|10[0-7]"),
        ({"TERM": "linux"}, r"0|1|2|3|4|7|9|39|49|[34][0-7]|9[0-7]|10[0-7]"),
        ({}, r"0|1|2|3|4|7|9|39|49|[34]8;5"),
        ({"COLORTERM": "truecolor"}, r"0|1|2|3|4|7|9|39|49|[34]8;2"),
    ],
)
async def test_no_more_colours_are_sent_than_the_terminal_has(
    home: Home, opened: list[Terminal], environ: dict[str, str], allowed: str
) -> None:
    opened.append(terminal := Terminal(home, **environ))
    written = styles(await shown(terminal))
    terminal.write(b"what is 17*23\r")
    await within(lambda: terminal.shows("No model is connected"))
    terminal.write(b"\x10")  # the palette, with a ground behind it
    await within(lambda: terminal.shows("What shall be done"))
    written += styles(terminal.seen)
    assert written
    assert not [code for code in written if not re.fullmatch(allowed, code)]


@pytest.mark.parametrize("environ", [{"TERM": "linux"}, {"TERM": "vt100"}, {"TERM": "screen"}, {"STY": "1.pts"}])
async def test_a_terminal_that_would_show_a_question_is_asked_nothing(
    home: Home, opened: list[Terminal], environ: dict[str, str]
) -> None:
    opened.append(terminal := Terminal(home, **environ))
    assert QUESTION.findall(await shown(terminal)) == []
    terminal.write(b"\x11")
    await within(terminal.ended)
    assert QUESTION.findall(terminal.seen) == []


async def test_the_theme_follows_what_the_terminal_says(home: Home, opened: list[Terminal]) -> None:
    opened.append(terminal := Terminal(home, COLORTERM="truecolor"))
    assert {b"\x1b]11;?", b"\x1b[?996n", b"\x1b[?2031h"} <= set(QUESTION.findall(await shown(terminal)))
    assert NIGHT in terminal.seen
    assert DAY not in terminal.seen
    terminal.write(LIGHT[:9])
    terminal.read()
    terminal.write(LIGHT[9:])
    await within(lambda: terminal.painted(DAY))
    seen = len(terminal.seen)
    terminal.write(DARK)
    await within(lambda: terminal.read() is not None and NIGHT in terminal.seen[seen:])
    assert b"rgb" not in terminal.seen
    async with Computer.open(home, workers="none") as computer:
        assert "rgb" not in (await computer.desk.get("draft:new") or "")


@pytest.mark.parametrize("remembered", ["0;15", "15;0"])
async def test_a_terminal_that_never_answers_may_have_said_so_before(
    home: Home, opened: list[Terminal], remembered: str
) -> None:
    opened.append(terminal := Terminal(home, COLORTERM="truecolor", COLORFGBG=remembered))
    assert (DAY if remembered == "0;15" else NIGHT) in await shown(terminal)
    assert (NIGHT if remembered == "0;15" else DAY) not in terminal.seen


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux")
async def test_within_tmux_nothing_of_the_questions_is_seen(home: Home, tmp_path: Path) -> None:
    socket = ["tmux", "-S", str(tmp_path / "tmux"), "-f", "/dev/null"]
    command = f"LANG=C.UTF-8 {sys.executable} -m zotui --home {home.path} --no-daemon"
    subprocess.run([*socket, "new-session", "-d", "-x", "100", "-y", "30", command], check=True)
    try:

        def screen() -> str:
            return subprocess.run([*socket, "capture-pane", "-p"], check=True, capture_output=True, text=True).stdout

        await within(lambda: "esc stop" in screen() and "Conversation" in screen())
        subprocess.run([*socket, "send-keys", "hello"], check=True)
        await within(lambda: "hello" in screen())
        assert not re.search(r"rgb|996|997|2031|2026|11;|\?\?", screen())
        assert "│ hello " in screen()
    finally:
        subprocess.run([*socket, "kill-server"], check=False)


# Bytes


async def test_an_idle_desk_sends_nothing(terminal: Terminal) -> None:
    await shown(terminal)
    terminal.write(b"\x1b[<35;10;10M")  # the mouse came to rest somewhere
    terminal.read(SETTLED_S)
    assert terminal.read(IDLE_S) == b""


async def test_a_key_costs_little(terminal: Terminal) -> None:
    await shown(terminal)
    terminal.write(b"a")
    terminal.read(SETTLED_S)
    seen = len(terminal.seen)
    terminal.write(b"b")
    await within(lambda: terminal.shows("ab") and len(terminal.seen) > seen)
    assert len(terminal.read(SETTLED_S)) + len(terminal.seen) - seen < 200


@pytest.mark.parametrize(
    ("words", "environ", "config", "expected"),
    [
        ((), {}, "", True),
        (("--no-mouse",), {}, "", False),
        ((), {"ZOTUI_MOUSE": "0"}, "", False),
        ((), {}, "[desk]\nmouse = false\n", False),
    ],
)
async def test_the_mouse_is_left_to_the_terminal_on_request(
    home: Home, opened: list[Terminal], words: tuple[str, ...], environ: dict[str, str], config: str, expected: bool
) -> None:
    home.config_file.write_text(config)
    opened.append(terminal := Terminal(home, *words, **environ))
    await shown(terminal)
    assert ANY_MOTION not in terminal.seen
    on, off = terminal.seen.rfind(DRAGGING), terminal.seen.rfind(b"\x1b[?1002l")
    assert (on > off) is expected


# Going away


async def test_a_line_that_drops_leaves_quietly_and_the_draft_is_kept(home: Home, opened: list[Terminal]) -> None:
    opened.append(terminal := Terminal(home))
    await shown(terminal)
    terminal.write(b"half a thought")
    await within(lambda: terminal.shows("half a thought"))
    os.close(terminal.handle)  # the kernel sends SIGHUP, and every write fails from now on
    terminal.handle = -1

    def gone() -> bool:
        pid, status = os.waitpid(terminal.pid, os.WNOHANG)
        terminal.status = os.waitstatus_to_exitcode(status) if pid else None
        return terminal.status is not None

    await within(gone)
    assert terminal.status == 0
    async with Computer.open(home, workers="none") as computer:
        assert "half a thought" in (await computer.desk.get("draft:new") or "")


async def test_a_pause_gives_the_terminal_back_and_takes_it_again(terminal: Terminal) -> None:
    await shown(terminal)
    os.kill(terminal.pid, signal.SIGTSTP)

    def stopped() -> bool:
        terminal.read()
        pid, status = os.waitpid(terminal.pid, os.WNOHANG | os.WUNTRACED)
        return pid != 0 and os.WIFSTOPPED(status)

    await within(stopped)
    assert not terminal.shows("Skills")
    paused = len(terminal.seen)
    for mode in (b"2031l", b"1049l", b"2004l", b"1004l", b"1002l"):
        assert b"\x1b[?" + mode in terminal.seen
    os.kill(terminal.pid, signal.SIGCONT)
    await within(lambda: terminal.painted(b"\x1b[?2031h") and terminal.shows("Skills"))
    assert terminal.seen[paused:].find(b"\x1b[?1049h") < terminal.seen[paused:].find(b"\x1b[?2031h")
    terminal.write(b"\x11")
    await within(terminal.ended)
    assert terminal.status == 0
