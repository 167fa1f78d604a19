"""The search over everything, by its keys."""

from tests.tui.conftest import opened, said, typed, wait_for
from zotui.computer import Computer
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.panes.memory import MemoryPane
from zotui.tui.search_dialog import SearchDialog
from zotui.tui.widgets.rows import Rows

WIDE = (140, 40)


async def filled(home: Home) -> str:
    """A home with the word "harbour" in a chat and a memory, and many other chats and memories; the chat's id."""
    async with Computer.open(home, workers="own") as computer:
        reply = await computer.ask("recall the harbour lights")
        for number in range(40):
            await computer.memory.memorize(f"filler {number}")
        await computer.memory.memorize("the harbour master is called Nils")
        for number in range(150):
            await computer.memory.memorize(f"more filler {number}")
        await computer.ask("help")
    return reply.conversation_id


async def test_a_hit_in_a_chat_opens_it_at_the_message(home: Home) -> None:
    chat = await filled(home)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press("ctrl+t")
        await wait_for(pilot, lambda: isinstance(app.screen, SearchDialog))
        await pilot.press(*typed("harbour"))
        rows = app.screen.query_one(Rows)
        await wait_for(pilot, lambda: (rows.count or 0) >= 4)
        groups = [row.text for row in (await rows._source.page(0, 50)) if row.id.startswith("heading:")]  # type: ignore[union-attr]
        assert groups[:2] == ["CHATS", "MEMORY"]
        await pilot.press("down", "enter")  # the first hit is its title
        await wait_for(pilot, lambda: app.screen is app.desk)
        await wait_for(pilot, lambda: app.desk.conversation.conversation == chat)
        assert "harbour lights" in said(app)
        await wait_for(pilot, lambda: app.desk.conversation.transcript.current is not None)


async def test_a_hit_in_memory_puts_the_cursor_on_it(home: Home) -> None:
    await filled(home)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press("ctrl+t", *typed("Nils"))
        await wait_for(
            pilot, lambda: isinstance(app.screen, SearchDialog) and (app.screen.query_one(Rows).count or 0) == 2
        )
        await pilot.press("enter")
        memory = app.desk.query_one(MemoryPane)
        await wait_for(pilot, lambda: memory.rows.current is not None and "Nils" in memory.rows.current.text)
        assert memory.has_focus_within


async def test_nothing_found_says_so_and_escape_leaves(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press("ctrl+t", *typed("zzzz"))
        await wait_for(pilot, lambda: isinstance(app.screen, SearchDialog))
        await wait_for(pilot, lambda: "zzzz" in app.screen.query_one(Rows).empty)
        await pilot.press("enter", "escape")
        await wait_for(pilot, lambda: app.screen is app.desk)
