"""Calls that wait for leave, in the app: the command is edited first, or its like allowed for good and that taken back."""

import shutil

import pytest
from textual.widgets import TextArea

from tests.openai_server import calls, openai_server, says
from tests.tui.conftest import opened, said, typed, wait_for
from zotui.home import Home
from zotui.tui.allowed_view import AllowedView
from zotui.tui.app import Zotui
from zotui.tui.dialogs import Editor
from zotui.tui.inbox import Inbox
from zotui.tui.question_dialog import QuestionDialog
from zotui.tui.widgets.question import QuestionPanel
from zotui.tui.widgets.rows import Rows

CONFIG = 'model = "lab/tiny"\n[providers.lab]\nbase_url = "{url}"\nmodels = ["tiny"]\n[policy]\nrun = "ask"\n'


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")
async def test_the_command_is_edited_or_its_like_allowed_for_good(home: Home) -> None:
    async with openai_server() as server:
        home.config_file.write_text(CONFIG.format(url=server.url))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=(140, 40)) as pilot:
            await opened(pilot, app)

            async def asked(command: str) -> None:
                """Have the model run a command, until it is asked about and a key can answer."""
                server.script(calls(("run_command", {"command": command})), says(f"that was {command}"))
                await pilot.press(*typed("go"), "enter")
                await wait_for(pilot, lambda: app.desk.conversation.question is not None)
                await wait_for(pilot, lambda: app.desk.query_one(QuestionPanel).is_seen)

            await asked("echo theirs")  # answered in the composer
            await pilot.press("3", "enter")
            composer = app.desk.conversation.composer
            await wait_for(pilot, lambda: composer.text == "allow: echo theirs")
            composer.rewrite("allow: echo mine")
            await pilot.press("enter")
            await wait_for(pilot, lambda: "that was echo theirs" in said(app))
            assert "echo mine" in server.exchanges[-1].body.decode()

            await asked("echo second")  # answered in a dialog
            await pilot.press("f10")
            await wait_for(
                pilot, lambda: isinstance(app.screen, Inbox) and app.screen.query_one(Rows).current is not None
            )
            await pilot.press("enter")
            await wait_for(pilot, lambda: isinstance(app.screen, QuestionDialog) and app.screen.is_seen)
            await wait_for(pilot, lambda: app.screen.query_one(Rows).current is not None)
            await pilot.press("3", "enter")
            await wait_for(pilot, lambda: isinstance(app.screen, Editor))
            assert app.screen.query_one(TextArea).text == "echo second"
            await pilot.press("escape")
            await wait_for(pilot, lambda: isinstance(app.screen, QuestionDialog))
            await pilot.press("5", "enter")
            await wait_for(pilot, lambda: isinstance(app.screen, Inbox))
            await pilot.press("escape")
            await wait_for(pilot, lambda: "that was echo second" in said(app))

            server.script(calls(("run_command", {"command": "echo second"})), says("nobody was asked"))
            await pilot.press(*typed("again"), "enter")
            await wait_for(pilot, lambda: "nobody was asked" in said(app))

            composer.rewrite("/allowed")
            await pilot.press("enter")
            await wait_for(pilot, lambda: isinstance(app.screen, AllowedView))
            rows = app.screen.query_one(Rows)
            await wait_for(pilot, lambda: rows.current is not None)
            assert rows.current is not None
            assert rows.current.text == "Bash(echo second) · always"
            await pilot.press("d")
            await wait_for(pilot, lambda: rows.count == 0)
            await pilot.press("escape")
            await asked("echo second")
