"""The wall on the status line, and doing without one."""

import pytest

from tests.sandbox.world import Missing, NoLandlock
from tests.tui.conftest import opened, typed, wait_for
from tests.tui.test_inbox import status
from zotui.conversations import Spent
from zotui.home import Home
from zotui.sandbox import Wall
from zotui.sandbox.standing import LEAVE
from zotui.tui.app import Zotui
from zotui.tui.dialogs import Confirm
from zotui.tui.panes.telling import Changed
from zotui.tui.widgets.status import StatusLine, shown


@pytest.mark.parametrize(
    ("wall", "words"),
    [
        (Wall("bubblewrap", "bubblewrap · network off"), "● bwrap"),
        (Wall("bubblewrap", "bubblewrap · network: 2 hosts", "some"), "◐ bwrap +network"),
        (Wall("landlock", "Landlock · network off", "some"), "◐ landlock"),
        (Wall("seatbelt", "sandbox-exec · network off", "some"), "◐ sandbox-exec"),
        (Wall("none", "no sandbox: commands are refused", "why"), "○ NO SANDBOX"),
    ],
    ids=["whole", "with-gaps", "landlock", "macos", "none"],
)
def test_a_wall_is_a_glyph_and_a_word(wall: Wall, words: str) -> None:
    assert shown(wall) == words


@pytest.mark.parametrize("width", [140, 80, 60])
async def test_the_status_line_names_the_wall(home: Home, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.sandbox.sandbox.Namespaces", Missing)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(width, 30)) as pilot:
        await opened(pilot, app)
        await wait_for(pilot, lambda: "◐ landlock" in status(app))


async def test_what_was_spent_gives_way_to_the_wall(home: Home) -> None:
    said = Changed("A long title of a chat", "lab/llama-3.3", Spent(25_000, 200, 0.001), "", Spent(1, 1, 0.03))
    wall = Wall("landlock", "Landlock · network off", "some")
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        app.desk.query_one(StatusLine).show(said, "", "", wall)
        assert "lab/llama-3.3 · 25.2k tokens · <$0.01 · ◐ landlock" in status(app)
        assert "today" not in status(app)
        app.desk.query_one(StatusLine).show(said, "")
        assert "25.2k tokens · <$0.01 · today $0.03" in status(app)


async def test_doing_without_is_a_choice_that_ends_with_the_app(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.sandbox.sandbox.Namespaces", Missing)
    monkeypatch.setattr("zotui.sandbox.sandbox.Landlock", NoLandlock)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(60, 30)) as pilot:
        await opened(pilot, app)
        await wait_for(pilot, lambda: "○ NO SANDBOX" in status(app))
        computer = app.computer
        assert computer is not None
        await pilot.press(*typed("/nosandbox"), "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await wait_for(pilot, lambda: app.screen is app.desk)
        assert await computer.desk.get(LEAVE) is None
        await pilot.press(*typed("/nosandbox"), "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await wait_for(pilot, lambda: computer.sandbox.is_open)
        await pilot.press(*typed("!touch made"), "enter")
        await wait_for(pilot, lambda: (home.workspace / "made").exists())
        assert await computer.desk.get(LEAVE) == computer.store.owner


async def test_where_a_wall_stands_there_is_nothing_to_do_without(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        await wait_for(pilot, lambda: "bwrap" in status(app))
        assert app.computer is not None
        await pilot.press(*typed("/nosandbox"), "enter")
        await pilot.pause()
        await wait_for(pilot, lambda: app.screen is app.desk)
        assert await app.computer.desk.get(LEAVE) is None
