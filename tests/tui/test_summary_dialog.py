"""A summary is looked at, applied and undone by keys; its lines lead to their turns."""

from tests.tui.conftest import opened, wait_for
from zotui.computer import Computer
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.summary_dialog import SummaryDialog
from zotui.tui.widgets.rows import Rows


async def test_proposed_applied_undone_and_gone_to(home: Home) -> None:
    async with Computer.open(home, workers="own") as computer:
        chat = (await computer.ask("remember that the box is lab-3. Never delete the photos.")).conversation_id
        for _ in range(5):
            await computer.ask("list memories", chat)
        await computer.desk.set("conversation", chat)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 40)) as pilot:
        await opened(pilot, app)
        app.desk.act("compact")
        await wait_for(pilot, lambda: isinstance(app.screen, SummaryDialog))
        rows = app.screen.query_one(Rows)
        await wait_for(pilot, lambda: rows.count == 0)
        await pilot.press("p")
        await wait_for(
            pilot, lambda: (rows.count or 0) > 4 and rows.current is not None and "proposed" in rows.current.text
        )
        await pilot.press("down", "down")  # "remember that …" holds too
        await wait_for(pilot, lambda: rows.current is not None and rows.current.text == "“Never delete the photos.”")
        await pilot.press("a")
        await wait_for(
            pilot, lambda: rows._pages is not None and "applies" in (rows._pages.row(0) or rows.current).text
        )  # type: ignore[union-attr]
        assert app.computer is not None
        assert [one.status for one in await app.computer.summaries.of(chat)] == ["done"]
        await pilot.press("u")
        await wait_for(
            pilot, lambda: rows._pages is not None and "does not apply" in (rows._pages.row(0) or rows.current).text
        )  # type: ignore[union-attr]
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.screen is app.desk)
        await wait_for(pilot, lambda: app.desk.conversation.transcript.current is not None)
        entry = app.desk.conversation.transcript.current
        assert entry is not None
        assert "Never delete" in entry.text


async def test_too_short_a_conversation_is_said_in_words(home: Home) -> None:
    async with Computer.open(home, workers="own") as computer:
        chat = (await computer.ask("list memories")).conversation_id
        await computer.desk.set("conversation", chat)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(pilot, app)
        app.desk.act("compact")
        await wait_for(pilot, lambda: isinstance(app.screen, SummaryDialog))
        await pilot.press("p")
        await wait_for(pilot, lambda: any("too few" in note.message for note in app._notifications))
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.desk)
