"""Undoing what turns did to files, a file's timeline, and the audit log: by keys, in the app."""

import contextlib
from collections.abc import AsyncIterator

from textual.pilot import Pilot

from tests.openai_server import calls, openai_server, says
from tests.tui.conftest import opened, said, typed, wait_for
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.audit_view import AuditView
from zotui.tui.dialogs import Confirm, Prompt, Reading
from zotui.tui.timeline import Timeline
from zotui.tui.widgets.rows import Rows

CONFIG = 'model = "lab/tiny"\n[providers.lab]\nbase_url = "{url}"\nmodels = ["tiny"]\n'


@contextlib.asynccontextmanager
async def written(home: Home) -> AsyncIterator[Pilot[None]]:
    """The app after two turns that wrote a file."""
    async with openai_server() as server:
        home.config_file.write_text(CONFIG.format(url=server.url))
        server.script(
            calls(("write_file", {"path": "notes.md", "content": "one\n"})),
            says("the first"),
            calls(("write_file", {"path": "notes.md", "content": "two\n"})),
            says("the second"),
        )
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=(140, 40)) as pilot:
            await opened(pilot, app)
            for words, answer in (("write", "the first"), ("again", "the second")):
                await pilot.press(*typed(words), "enter")
                await wait_for(pilot, lambda answer=answer: answer in said(app))
                await wait_for(pilot, lambda: not app.desk.conversation.state())
            yield pilot


def app_of(pilot: Pilot[None]) -> Zotui:
    """The app that a pilot flies."""
    assert isinstance(pilot.app, Zotui)
    return pilot.app


async def command(pilot: Pilot[None], text: str) -> None:
    """Give a slash command."""
    app_of(pilot).desk.conversation.composer.rewrite(text)
    await pilot.press("enter")


async def test_undo_asks_first_and_redo_brings_it_again(home: Home) -> None:
    file = home.workspace / "notes.md"
    async with written(home) as pilot:
        app = app_of(pilot)
        await command(pilot, "/undo")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await wait_for(pilot, lambda: app.screen is app.desk)
        assert file.read_text() == "two\n"
        for text, key, left in (("/undo", "y", "one\n"), ("/undo", "y", None), ("/redo", "y", "one\n")):
            await command(pilot, text)
            await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
            await pilot.press(key)
            await wait_for(pilot, lambda left=left: (file.read_text() if file.exists() else None) == left)
            await wait_for(pilot, lambda: app.screen is app.desk)


async def test_what_somebody_else_changed_is_asked_about(home: Home) -> None:
    file = home.workspace / "notes.md"
    async with written(home) as pilot:
        app = app_of(pilot)
        file.write_text("mine\n")
        await command(pilot, "/undo")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        first = app.screen
        await pilot.press("y")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm) and app.screen is not first)
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.desk)
        assert file.read_text() == "mine\n"


async def test_a_timeline_shows_differences_and_brings_back(home: Home) -> None:
    file = home.workspace / "notes.md"
    async with written(home) as pilot:
        app = app_of(pilot)
        await command(pilot, "/timeline")
        await wait_for(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press(*typed("notes.md"), "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Timeline) and app.screen.query_one(Rows).current)
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Reading))
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(app.screen, Timeline))
        await pilot.press("b")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await wait_for(pilot, lambda: file.read_text() == "one\n")
        await wait_for(pilot, lambda: app.screen is app.desk)


async def test_the_audit_log_is_read_and_checked(home: Home) -> None:
    async with written(home) as pilot:
        app = app_of(pilot)
        await command(pilot, "/audit")
        await wait_for(pilot, lambda: isinstance(app.screen, AuditView) and app.screen.query_one(Rows).current)
        await pilot.press("v")
        await wait_for(pilot, lambda: any("4 rows hold" in one.message for one in app._notifications))
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Reading))
        await pilot.press("escape", "escape")
        await wait_for(pilot, lambda: app.screen is app.desk)


async def test_with_nothing_to_undo_it_says_so(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 40)) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("list files"), "enter")
        await wait_for(pilot, lambda: app.desk.conversation.conversation)
        await command(pilot, "/undo")
        await wait_for(pilot, lambda: any("has changed a file" in one.message for one in app._notifications))
