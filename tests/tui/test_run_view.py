"""Commands of the person, by keys."""

import shutil

import pytest
from textual.widgets import Static
from zotui.tui.run_view import RunView

from tests.sandbox.world import Missing, NoLandlock, running
from tests.tui.conftest import opened, typed, wait_for
from zotui.home import Home
from zotui.sandbox import shell
from zotui.tui.app import Zotui
from zotui.tui.dialogs import Reading

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")


def output(app: Zotui) -> str:
    assert isinstance(app.screen, RunView)
    return str(app.screen.query_one("#output", Static).content)


def below(app: Zotui) -> str:
    return str(app.screen.query_one(".box").border_subtitle)


@pytest.mark.parametrize("line", ["!echo heron; exit 3", "/run echo heron; exit 3"])
async def test_a_command_runs_shows_its_output_and_its_end(home: Home, line: str) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed(line), "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, RunView) and "exit code 3" in below(app))
        assert output(app) == "heron\n"
        assert "bubblewrap · network off" in below(app)
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.desk)
        assert app.desk.conversation.composer.text == ""


async def test_escape_stops_it_then_goes_back(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("!echo on; sleep 7654327"), "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, RunView) and output(app) == "on\n")
        assert "running" in below(app)
        await pilot.press("enter")
        assert isinstance(app.screen, RunView)
        await pilot.press("escape")
        await wait_for(pilot, lambda: "you stopped it" in below(app))
        assert running("7654327") == []
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.screen is app.desk)


async def test_leaving_the_app_ends_it(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("!sleep 7654328"), "enter")
        await wait_for(pilot, lambda: running("7654328"))
    assert running("7654328") == []


async def test_where_no_wall_stands_it_says_so(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.sandbox.sandbox.Namespaces", Missing)
    monkeypatch.setattr("zotui.sandbox.sandbox.Landlock", NoLandlock)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("!touch made"), "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, RunView) and "did not run" in below(app))
        assert "apt install bubblewrap" in output(app)
        await pilot.press("escape", *typed("/status"), "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Reading))
        assert not (home.workspace / "made").exists()


async def test_what_is_asked_for_without_words(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("/run"), "enter")
        await wait_for(pilot, lambda: app.screen is not app.desk)
        await pilot.press(*typed("printf '\\033[2Jx'"), "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, RunView) and "exit code 0" in below(app))
        assert output(app) == "x"


async def test_one_key_stops_everything(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await opened(pilot, app)
        assert app.computer is not None
        out = app.computer.sandbox.output()
        await app.computer.sandbox.start(shell("sleep 7654330", timeout_s=60), out, out)
        await wait_for(pilot, lambda: running("7654330"))
        await pilot.press("ctrl+backslash")
        await wait_for(pilot, lambda: any(note.message == "everything is stopped" for note in app._notifications))
        assert running("7654330") == []
