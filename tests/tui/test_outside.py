"""The person's editor, pager and clipboard: from a real terminal, with programs that say what they were given."""

import os
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.app import App

from tests.tui.conftest import within
from tests.tui.terminals import Terminal
from zotui.computer import Computer
from zotui.errors import ZotuiError
from zotui.home import Home
from zotui.tui import clipboard
from zotui.tui.clipboard import LONGEST, copy
from zotui.tui.outside import edit, page

CODE = "def f():\n\treturn 'é \U0001f680'  \n\n# `x`"
ANSWER = f"Here:\n\n1. do it\n   ```sh\n   ls\n   ```\n\n```python\n{CODE}\n```\n"
EDITOR = """#!/bin/sh
trap 'echo caught >> "$HOME/log"' INT
env > "$HOME/environment"
stat -c '%a' "$1" > "$HOME/mode"
cp "$1" "$HOME/given"
stty -a > "$HOME/stty"
echo IN-THE-EDITOR
until IFS= read -r line; do :; done
echo "$line" >> "$1"
touch "$1~"
exit ${CODE:-0}
"""

Opened = Callable[..., Terminal]


@pytest.fixture
def open_terminal(home: Home) -> Iterator[Opened]:
    """Start the app on a terminal, with more in its environment."""
    opened: list[Terminal] = []

    def start(**more: str) -> Terminal:
        opened.append(Terminal(home, **more))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.end()


def program(folder: Path, name: str, text: str) -> str:
    """A program in a folder; its path."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


async def with_answer(home: Home, answer: str) -> None:
    """Have a conversation open in which this was answered."""
    async with Computer.open(home, workers="own") as computer:
        turn = await computer.ask("help")

        def put(db) -> None:  # type: ignore[no-untyped-def]
            db.execute("UPDATE messages SET content = ? WHERE role = 'assistant'", (answer,))

        await computer.store.write(put)
        await computer.desk.set("conversation", turn.conversation_id)


async def to_the_transcript(terminal: Terminal) -> None:
    """Focus the transcript, which shows its cursor then."""
    bars = terminal.seen.count("▎".encode())
    terminal.write(b"\x1b[Z")  # shift+tab
    await within(lambda: terminal.painted(b"") and terminal.seen.count("▎".encode()) > bars)


def sent(seen: bytes) -> list[str]:
    """What was sent to the terminal's clipboard."""
    return [b64decode(found).decode() for found in re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", seen)]


async def test_what_the_terminal_is_sent_is_the_block_to_the_byte(home: Home, open_terminal: Opened) -> None:
    await with_answer(home, ANSWER)
    terminal = open_terminal()
    await within(lambda: terminal.painted(b"return") and terminal.painted(b"offline"))
    await to_the_transcript(terminal)
    for keys, wanted in (
        (b"Y", ANSWER),
        (b"]y", "Here:"),
        (b"]]y", "ls"),
        (b"]y", CODE),
        (b"c", CODE),
    ):
        count = len(sent(terminal.seen))
        terminal.write(keys)
        await within(lambda count=count: terminal.painted(b"\x1b]52") and len(sent(terminal.seen)) > count)
        assert sent(terminal.seen)[-1] == wanted
    kept = home.path / "clipboard.txt"
    await within(lambda: kept.read_text() == CODE)
    assert kept.stat().st_mode & 0o777 == 0o600


async def test_a_rule_is_written_in_the_editor(home: Home, tmp_path: Path, open_terminal: Opened) -> None:
    async with Computer.open(home, workers="none") as computer:
        await computer.rules.add("Use types.")
    terminal = open_terminal(EDITOR=program(tmp_path, "editor", EDITOR))
    await within(lambda: terminal.painted(b"Skills"))
    terminal.write(b"/rules\r")
    await within(lambda: terminal.shows("Use types."))
    terminal.write(b"e")
    await within(lambda: terminal.painted(b"IN-THE-EDITOR"))
    assert (home.path / "given").read_text() == "Use types."
    terminal.write(b" And docstrings.\n")
    await within(lambda: terminal.shows("And docstrings."))
    async with Computer.open(home, workers="none") as computer:
        assert [rule.instruction for rule in await computer.rules.list()] == ["Use types. And docstrings."]


async def test_a_message_is_written_in_the_editor(home: Home, tmp_path: Path, open_terminal: Opened) -> None:
    editor = program(tmp_path, "fake editor", EDITOR)
    terminal = open_terminal(EDITOR=f"'{editor}'", OPENAI_API_KEY="sk-secret")
    await within(lambda: terminal.painted(b"Skills"))
    terminal.write(b"before")
    await within(lambda: terminal.shows("before"))
    start = len(terminal.seen)
    terminal.write(b"\x07")  # ctrl+g
    await within(lambda: terminal.painted(b"IN-THE-EDITOR"))
    left = terminal.seen.index(b"\x1b[?1049l", start)
    assert left < terminal.seen.index(b"IN-THE-EDITOR")
    terminal.write(b"\x03")  # for the editor, not for the app
    await within(lambda: terminal.painted(b"") and (home.path / "log").exists())
    assert not terminal.ended()
    terminal.write(b" and after\n")
    await within(lambda: terminal.painted(b"\x1b[?1049h") and b"\x1b[?1049h" in terminal.seen[left:])
    async with Computer.open(home, workers="none") as computer:
        kept = ""
        while "after" not in kept:
            terminal.read()
            kept = await computer.desk.get("draft:new") or ""
    assert "before and after" in kept
    assert (home.path / "given").read_text() == "before"
    assert (home.path / "mode").read_text().strip() == "600"
    assert "sk-secret" not in (home.path / "environment").read_text()
    assert "TERM=xterm-256color" in (home.path / "environment").read_text()
    assert " icanon" in (home.path / "stty").read_text()  # as it was before the app
    assert list(home.run.glob("outside-*")) == []
    terminal.write(b"\x11")
    await within(terminal.ended)
    assert terminal.status == 0


async def test_an_editor_that_fails_changes_nothing(home: Home, tmp_path: Path, open_terminal: Opened) -> None:
    editor = program(tmp_path, "editor", "#!/bin/sh\necho changed > $1\nexit 3\n")
    terminal = open_terminal(VISUAL=editor, EDITOR="never")
    await within(lambda: terminal.painted(b"Skills"))
    terminal.write(b"before\x07")
    await within(lambda: terminal.painted(b"code 3"))
    terminal.write(b"more")
    async with Computer.open(home, workers="none") as computer:
        kept = ""
        while "more" not in kept:
            terminal.read()
            kept = await computer.desk.get("draft:new") or ""
    assert "beforemore" in kept
    assert list(home.run.glob("outside-*")) == []


async def test_a_message_is_read_in_the_pager(home: Home, tmp_path: Path, open_terminal: Opened) -> None:
    await with_answer(home, ANSWER)
    pager = program(tmp_path, "pager", f'#!/bin/sh\necho IN-THE-PAGER\ncat "$2" > {tmp_path}/read-$1\n')
    terminal = open_terminal(PAGER=f"{pager} option")
    await within(lambda: terminal.painted(b"return") and terminal.painted(b"offline"))
    await to_the_transcript(terminal)
    terminal.write(b"o")
    await within(lambda: terminal.painted(b"IN-THE-PAGER") and (tmp_path / "read-option").exists())
    await within(lambda: (tmp_path / "read-option").read_text() == ANSWER)


async def test_the_own_shell_has_no_keys_and_comes_back(home: Home, open_terminal: Opened) -> None:
    config = home.config_file.read_text() if home.config_file.exists() else ""
    row = '[providers.lab]\ndialect = "openai"\nbase_url = "http://127.0.0.1:9/v1"\nkey = "env:LAB"\n'
    home.config_file.write_text(f"{config}\n{row}")
    keys = {"OPENAI_API_KEY": "sk-1", "ZOTUI_KEY_GROQ": "sk-2", "LAB": "sk-3"}
    terminal = open_terminal(SHELL="/bin/bash", PS1="own> ", KEPT="yes", **keys)
    await within(lambda: terminal.painted(b"Skills"))
    osc = r"printf '\033]52;c;aGk=\007\033]0;evil\007'; echo inside"
    terminal.write(f"!{osc}\r".encode())  # what a program of the pane prints, before
    await within(lambda: terminal.shows("exit code 0"))
    terminal.write(b"\r")
    await within(lambda: not terminal.shows("exit code 0"))
    assert b"\x1b]52" not in terminal.seen
    assert b"\x1b]0;" not in terminal.seen
    terminal.write(b"/shell\r")
    await within(lambda: terminal.painted(b"\x1b[?1049l"))
    terminal.write(b"env > environment; pwd > where; stty -a > stty; kill -9 $$\r")
    away = terminal.seen.rindex(b"\x1b[?1049l")
    await within(lambda: terminal.painted(b"\x1b[?1049h") and b"\x1b[?1049h" in terminal.seen[away:])
    environment = (home.workspace / "environment").read_text()
    assert "KEPT=yes" in environment
    assert "sk-" not in environment
    assert (home.workspace / "where").read_text().strip() == str(home.workspace)
    terminal.write(b"still here")
    await within(lambda: terminal.shows("still here"))


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"EDITOR": "no-such-editor -w"}, "$EDITOR is 'no-such-editor -w', which is not there"),
        ({"VISUAL": "vi 'half"}, "$VISUAL is not written well"),
        ({"EDITOR": "sh"}, "cannot be given to another program"),
        ({"PATH": "/nowhere"}, "there is no editor here"),
    ],
)
async def test_what_stands_in_the_way_is_one_line(
    home: Home, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], problem: str
) -> None:
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    app: App[None] = App()
    async with app.run_test():
        with pytest.raises(ZotuiError, match=re.escape(problem)) as error:
            await edit(app, "text", ".md", home)
        assert "\n" not in str(error.value)
        monkeypatch.setenv("PAGER", environment.get("EDITOR", ""))
        with pytest.raises(ZotuiError):
            await page(app, "text", home)
    assert list(home.run.glob("outside-*")) == []


# The clipboard


@pytest.fixture
def no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WAYLAND_DISPLAY", "DISPLAY", "TMUX", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_desktop")
async def test_a_text_too_long_for_the_terminal_is_kept_in_the_file_only(home: Home) -> None:
    app: App[None] = App()
    async with app.run_test():
        assert await copy(app, "x" * LONGEST, home) == f"copied 56 kB (OSC 52); also in {home.path}/clipboard.txt"
        assert app.clipboard == "x" * LONGEST
        said = await copy(app, "y" * (LONGEST + 1), home)
        assert said == f"copied 56 kB into {home.path}/clipboard.txt; the terminal takes 56 kB at most"
        assert app.clipboard == "x" * LONGEST
        assert (home.path / "clipboard.txt").read_text() == "y" * (LONGEST + 1)


@pytest.mark.usefixtures("no_desktop")
async def test_a_program_of_the_desktop_is_asked_too(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "wl-copy", f"#!/bin/sh\nexit 1 # {tmp_path}\n")
    program(tmp_path, "xclip", f'#!/bin/sh\ncat > {tmp_path}/taken\necho "$@" > {tmp_path}/words\n')
    program(tmp_path, "tmux", f"#!/bin/sh\ncat > {tmp_path}/buffer\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    app: App[None] = App()
    async with app.run_test():
        assert (await copy(app, "text", home)).startswith("copied 4 B (OSC 52); also in ")
        for name in ("WAYLAND_DISPLAY", "DISPLAY"):
            monkeypatch.setenv(name, ":0")
        assert (await copy(app, "text $(é)", home)).startswith("copied 10 B (xclip, OSC 52); also in ")
        assert (tmp_path / "taken").read_text() == "text $(é)"
        assert (tmp_path / "words").read_text() == "-selection clipboard\n"
        monkeypatch.setenv("SSH_CONNECTION", "1.2.3.4 5 6.7.8.9 22")
        assert (await copy(app, "text", home)).startswith("copied 4 B (OSC 52)")
        monkeypatch.setenv("TMUX", "/tmp/tmux")  # its buffer is in front of the person
        assert (await copy(app, "text", home)).startswith("copied 4 B (tmux, OSC 52)")


@pytest.mark.usefixtures("no_desktop")
async def test_a_program_that_hangs_is_left(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "xclip", "#!/bin/sh\nexec tail -f /dev/null\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(clipboard, "PATIENCE_S", 0.2)
    app: App[None] = App()
    async with app.run_test():
        assert (await copy(app, "text", home)).startswith("copied 4 B (OSC 52)")


@pytest.mark.usefixtures("no_desktop")
async def test_without_room_for_the_file_it_says_only_what_is_so(home: Home) -> None:
    (home.path / "clipboard.txt").mkdir()
    app: App[None] = App()
    async with app.run_test():
        assert await copy(app, "text", home) == "copied 4 B (OSC 52)"
        assert (await copy(app, "x" * 60_000, home)).startswith("not copied: 60 kB is too long")
    assert list(home.run.glob("copy-*")) == []
