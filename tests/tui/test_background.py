"""Commands in the background, by keys."""

import shutil

import pytest
from textual.widgets import Static

from tests.sandbox.world import running
from tests.tui.conftest import opened, typed, wait_for
from tests.workspace.beginning import begin
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.background_dialog import BackgroundDialog
from zotui.tui.dialogs import Confirm, Prompt
from zotui.tui.output_view import OutputView
from zotui.tui.widgets.rows import Rows
from zotui.tui.widgets.status import StatusLine

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")


async def test_they_are_watched_fed_and_stopped(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await opened(pilot, app)
        assert app.computer is not None

        def status() -> str:
            return "".join(segment.text for segment in app.desk.query_one(StatusLine).render_line(0))

        def output() -> str:
            return str(app.screen.query_one("#output", Static).content)

        def below() -> str:
            return str(app.screen.query_one(".box").border_subtitle)

        assert "in background" not in status()
        name = await begin(app.computer, 'while read line; do echo "got $line"; done; sleep 7654360')
        await wait_for(pilot, lambda: "▸ 1 in background" in status())
        app.desk.act("commands")
        await wait_for(pilot, lambda: isinstance(app.screen, BackgroundDialog) and app.screen.query_one(Rows).current)
        await pilot.press("i")
        await wait_for(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press(*typed("heron"), "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, BackgroundDialog))
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, OutputView) and output() == "got heron\n")
        assert below() == "running · i: feed a line · s: stop · esc: back"
        await pilot.press("i")
        await wait_for(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, OutputView) and output() == "got heron\ngot \n")
        await app.computer.commands.end_input((await app.computer.commands.find(name)).id)
        await wait_for(pilot, lambda: running("7654360"))
        await pilot.press("s")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await wait_for(pilot, lambda: isinstance(app.screen, OutputView) and "cancelled" in below())
        assert running("7654360") == []
        await pilot.press("s", "i")
        await wait_for(pilot, lambda: len(app._notifications) == 2)
        assert {note.message.partition(" (")[0] for note in app._notifications} == {"the command has ended"}
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(app.screen, BackgroundDialog))
        await wait_for(pilot, lambda: app.screen.query_one(Rows).current.text.startswith("cancelled"))  # type: ignore[union-attr]
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.desk and "in background" not in status())
