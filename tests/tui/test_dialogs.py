"""Dialogs show what they are told as it is: brackets in a title or a text are letters, no markup."""

from tests.tui.conftest import opened, wait_for
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.dialogs import Confirm, Editor, Prompt, Reading

TITLE = "[/] of [red]me[/red]"
DIALOGS = [Confirm(TITLE, "Do it"), Prompt(TITLE, TITLE), Editor(TITLE, TITLE), Reading(TITLE, TITLE)]


async def test_brackets_are_letters(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        for dialog in DIALOGS:
            app.push_screen(dialog)
            await wait_for(pilot, lambda: bool(app.screen.query(".box")))
            box = dialog.query_one(".box")
            if not isinstance(dialog, Confirm):
                assert box._border_title is not None
                assert box._border_title.plain == TITLE
            await pilot.press("escape")
            await wait_for(pilot, lambda: app.screen is app.desk)
        app.desk.current.note(TITLE)
        assert app.desk.current._border_subtitle is not None
        assert app.desk.current._border_subtitle.plain == TITLE
