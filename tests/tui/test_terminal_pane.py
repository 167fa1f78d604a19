"""The person's terminal, by keys: a shell, commands, what is theirs and what stays zotui's."""

import asyncio
import re
import resource
import shutil
import time

import pytest
from textual.pilot import Pilot

from tests.sandbox.world import Missing, NoLandlock, running
from tests.tui.conftest import opened, typed, wait_for
from zotui.computer import Computer
from zotui.home import Home
from zotui.store import audit
from zotui.tui.app import Zotui
from zotui.tui.panes.terminal import TerminalPane
from zotui.tui.widgets.lines import KeyLine
from zotui.tui.widgets.terminal_screen import TerminalScreen

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")


def pane(app: Zotui) -> TerminalPane:
    return app.desk.query_one(TerminalPane)


def seen(app: Zotui) -> str:
    """What can be read in the terminal."""
    screen = pane(app).view.screen_shown
    return screen.text if screen else ""


def note(app: Zotui) -> str:
    return str(pane(app).border_subtitle)


def footer(app: Zotui) -> str:
    return "".join(text for text, _ in app.desk.query_one(KeyLine)._left)


async def shell(pilot: Pilot[None], app: Zotui) -> None:
    """A shell that waits for its person."""
    await pilot.press("ctrl+l")
    await wait_for(pilot, lambda: "/work $" in seen(app))


async def line(pilot: Pilot[None], app: Zotui, words: str, shown: str) -> None:
    """Type a line, and wait for what it brings."""
    pane(app).view.post_message(TerminalScreen.Typed(words.encode() + b"\r"))
    await wait_for(pilot, lambda: re.search(shown, seen(app)))


@pytest.mark.parametrize("words", ["!echo on; exit 3", "/run echo on; exit 3"])
async def test_a_command_runs_shows_its_output_and_its_end(home: Home, words: str) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 30)) as pilot:
        await opened(pilot, app)
        assert not pane(app).display
        await pilot.press(*typed(words), "enter")
        await wait_for(pilot, lambda: "ended: exit code 3; enter: back" in note(app))
        assert re.match(r"on\nexit code 3 · [0-9.]+ m?s · bubblewrap · network off", seen(app))
        assert app.desk.current.whole
        await pilot.press("enter" if words.startswith("!") else "escape")
        await wait_for(pilot, lambda: app.desk.focused is app.desk.conversation.composer)
        assert app.desk.conversation.composer.text == ""
        assert not app.desk.arrangement.zoomed
        assert app.computer is not None
        noted = await app.computer.store.read(lambda db: audit.entries(db, 9))
        assert [(one.kind, one.subject) for one in noted] == [("terminal", "$ echo on; exit 3")] * 2
        assert '"status":"ended","exit_code":3' in noted[0].details
        assert '"status":"started"' in noted[1].details


async def test_a_shell_has_the_keys_and_the_size_of_the_pane(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 40)) as pilot:
        await opened(pilot, app)
        await shell(pilot, app)
        view = pane(app).view
        assert note(app) == f"bubblewrap · network off · {view.size.width}×{view.size.height}"
        await line(pilot, app, "stty size; tput cols", rf"{view.size.height} {view.size.width}\n{view.size.width}\n")
        await pilot.press("f2")
        await wait_for(pilot, lambda: view.size.width > 100)
        await line(pilot, app, "stty size; tput cols", rf"{view.size.height} {view.size.width}\n{view.size.width}\n")
        await pilot.resize_terminal(90, 24)
        await wait_for(pilot, lambda: view.size.width < 90)
        await line(pilot, app, "stty size", rf"\n{view.size.height} {view.size.width}\n")
        await wait_for(pilot, lambda: "^] back  ^o jump  F1 help  ^q quit" in footer(app))
        await line(pilot, app, "clear; echo ready; cat -v", "^ready")
        await pilot.press(
            "tab", "escape", "ctrl+f", "ctrl+p", "ctrl+up", "ctrl+t", "alt+b", "up", "ctrl+g", "é", "enter"
        )
        await wait_for(
            pilot, lambda: re.search(r"\^\[\^F\^P\^\[\[1;5A\^T\^\[b\^\[\[A\^Gé", seen(app).replace("M-CM-)", "é"))
        )
        await pilot.press("ctrl+o")
        await wait_for(pilot, lambda: app.screen is not app.desk)
        await pilot.press("ctrl+o", "enter")
        await wait_for(pilot, lambda: "^O" in seen(app))
        await pilot.press("ctrl+d")
        await wait_for(pilot, lambda: seen(app).rstrip().endswith("/work $"))
        await pilot.press("ctrl+right_square_bracket")
        await wait_for(pilot, lambda: app.desk.focused is app.desk.conversation.composer)
        await wait_for(pilot, lambda: "^p palette" in footer(app))
        await pilot.press("ctrl+o", "t", *typed("exit 4"), "enter")
        await wait_for(pilot, lambda: note(app) == "ended: exit code 4; enter starts another")
        await pilot.press("enter")
        await wait_for(pilot, lambda: seen(app).startswith("/work $"))


async def test_interrupting_putting_aside_and_full_screen_programs(home: Home) -> None:
    (home.workspace / "long.txt").write_text("".join(f"line {number}\n" for number in range(500)))
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await shell(pilot, app)
        await line(pilot, app, "sleep 7654361", "sleep 7654361")
        await wait_for(pilot, lambda: running("7654361"))
        await pilot.press("ctrl+c")
        await wait_for(pilot, lambda: "^C\n/work $" in seen(app))
        await line(pilot, app, "sleep 7654361", r"\^C\n/work \$ sleep 7654361")
        await wait_for(pilot, lambda: running("7654361"))
        await pilot.press("ctrl+z")
        await wait_for(pilot, lambda: "Stopped" in seen(app))
        await line(pilot, app, "kill %1; clear; less long.txt", r"^line 0\n")
        screen = pane(app).view.screen_shown
        assert screen is not None
        assert screen.is_other
        await pilot.press("G")
        await wait_for(pilot, lambda: "line 499" in seen(app))
        await pilot.press("q")
        await wait_for(pilot, lambda: not screen.is_other)
        await line(pilot, app, "cat long.txt", "line 499")
        painted = lambda: "\n".join(strip.text for strip in pane(app).view._lines())  # noqa: E731
        await wait_for(pilot, lambda: "line 499" in painted())
        await pilot.press("shift+pageup", "shift+pageup")
        await wait_for(pilot, lambda: "line 460" in painted())
        assert "line 499" not in painted()
        await pilot.press("shift+pagedown", "shift+pagedown")
        await wait_for(pilot, lambda: "line 499" in painted())
    assert running("7654361") == []


async def test_who_prints_much_keeps_nobody_waiting(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        app.desk.act("run", "sleep 0.1; yes a line of about sixty characters that is of no use to | head -c 8M")
        await wait_for(pilot, lambda: "bubblewrap" in note(app))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        longest, last = 0.0, time.monotonic()
        while "ended" not in note(app):
            await asyncio.sleep(0.001)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        assert longest < 0.3
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB
        assert "all of it is in" in seen(app).replace("\n", " ")
        assert max(path.stat().st_size for path in home.outputs.glob("output-*")) > 8_000_000


async def test_one_command_at_a_time_and_ways_to_end_it(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await opened(pilot, app)
        said = lambda words: any(words in note.message for note in app._notifications)  # noqa: E731
        app.desk.act("end_terminal")
        await wait_for(pilot, lambda: said("nothing runs in the terminal"))
        app.desk.act("run", "trap '' INT; sleep 7654362")
        await wait_for(pilot, lambda: running("7654362"))
        await pilot.press("ctrl+right_square_bracket", *typed("!true"), "enter")
        await wait_for(pilot, lambda: said("still runs in the terminal"))
        app.desk.act("end_terminal")
        await wait_for(pilot, lambda: "you stopped it" in note(app))
        assert running("7654362") == []
        await pilot.press("ctrl+l", "enter", "ctrl+l")
        await wait_for(pilot, lambda: "/work $" in seen(app))
        await line(pilot, app, "sleep 7654363", "7654363")
        await wait_for(pilot, lambda: running("7654363"))
        await pilot.press("ctrl+backslash")
        await wait_for(pilot, lambda: said("everything is stopped"))
        assert running("7654363") == []
        await wait_for(pilot, lambda: "it was stopped" in note(app))


async def test_leaving_the_app_ends_it(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        app.desk.act("run", "setsid sleep 7654364 & sleep 7654364")
        await wait_for(pilot, lambda: len(running("7654364")) == 2)
    assert running("7654364") == []
    async with Computer.open(home, workers="none") as computer:
        last = (await computer.store.read(lambda db: audit.entries(db, 1)))[0]
    assert last.details == '{"status":"ended","exit_code":137,"reason":"stopped"}'


async def test_where_no_wall_stands_it_says_so(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.sandbox.sandbox.Namespaces", Missing)
    monkeypatch.setattr("zotui.sandbox.sandbox.Landlock", NoLandlock)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("!touch made"), "enter")
        await wait_for(pilot, lambda: note(app) == "it did not start; enter: back")
        assert "apt install bubblewrap" in seen(app)
        await pilot.press("escape", "ctrl+l")
        await wait_for(pilot, lambda: note(app) == "it did not start; enter tries again")
        assert not (home.workspace / "made").exists()


async def test_what_it_shows_is_coloured_and_acts_on_nothing(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("/run"), "enter")
        await wait_for(pilot, lambda: app.screen is not app.desk)
        text = r"\033]52;c;aGk=\007\033]0;title\007\033[6n\033[1;31mred\033[8mhidden\033[0m [b]日本[/b]\033[?1000;1006;2004h"
        pilot.app.screen.query_one("Input").value = f"printf '{text}'; cat -v"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await wait_for(pilot, lambda: "^[[1;1R" in seen(app))
        view = pane(app).view
        first = view._lines()[0]
        segment = next(segment for segment in first if segment.text == "red")
        assert segment.style is not None
        assert segment.style.bold
        assert segment.style.color is not None
        assert segment.style.color.number == 1
        assert "hidden" not in first.text
        assert "[b]日本[/b]" in first.text
        app.desk.query_one(TerminalScreen).on_mouse_scroll_up  # noqa: B018 (it is there)
        await pilot.click(TerminalScreen, offset=(2, 3))
        await wait_for(pilot, lambda: "^[[<0;3;4M^[[<0;3;4m" in seen(app))
        await pilot.press("ctrl+d")
