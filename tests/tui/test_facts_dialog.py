"""The queue of facts, by its keys."""

import contextlib
from collections.abc import AsyncIterator

from textual.pilot import Pilot
from textual.widgets import Static, TextArea

from tests.tui.conftest import opened, typed, wait_for
from zotui.computer import Computer
from zotui.conversations import taint
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.dialogs import Confirm, Editor
from zotui.tui.facts_dialog import FactsDialog
from zotui.tui.widgets.rows import Rows


async def say(computer: Computer, *lines: str) -> str:
    """Have these said, without a model."""
    chat = await computer.chats.create("facts")
    for line in lines:
        await computer.ask(line, chat, attended=True)
    return chat


async def test_every_key(home: Home) -> None:
    async with Computer.open(home, workers="own") as computer:
        await computer.memory.set("home", "I live in Paris.")
        first = await say(computer, "I moved to Berlin. My name is Ada.", "I prefer tabs, and my dog is called Rex")
        spoilt = await computer.chats.create()
        await computer.store.write(lambda db: taint.mark(db, spoilt, "fetch"))
        await computer.ask("my boss is called Eve", spoilt, attended=True)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 40)) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("/facts"), "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, FactsDialog) and app.screen.query_one(Rows).current)
        dialog = app.screen
        rows = dialog.query_one(Rows)
        assert app.computer is not None

        def told() -> str:
            return str(dialog.query_one("#line", Static).render())

        async def left(count: int) -> None:
            await wait_for(pilot, lambda: rows.count == count)

        await left(5)
        await wait_for(pilot, lambda: "My boss is called Eve." in told())
        assert "said where words of others were (fetch)" in told()
        await pilot.press("r")
        await left(4)
        await wait_for(pilot, lambda: "My dog is called Rex." in told())
        await pilot.press("A")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await left(3)
        await wait_for(pilot, lambda: "I prefer tabs." in told())
        await pilot.press("e")
        await wait_for(pilot, lambda: isinstance(app.screen, Editor))
        app.screen.query_one(TextArea).text = "I prefer tabs of four."
        await pilot.press("ctrl+s")
        await left(2)
        await wait_for(pilot, lambda: "My name is Ada." in told())
        await pilot.press("a")
        await left(1)
        await wait_for(pilot, lambda: "I moved to Berlin." in told())
        assert "instead of: I live in Paris." in told()
        await pilot.press("enter")
        await left(0)
        found = {one.content for one in await app.computer.memory.list()}
        assert found == {"My dog is called Rex.", "I prefer tabs of four.", "My name is Ada.", "I moved to Berlin."}
        assert await app.computer.proposals.accepted_kinds() == ("person",)
        await say(app.computer, "my name is Bo")
        await left(1)
        await wait_for(pilot, lambda: rows.current)
        await pilot.press("g")
        await wait_for(pilot, lambda: not isinstance(app.screen, FactsDialog))
        await wait_for(pilot, lambda: app.desk.conversation.conversation not in (None, first))


@contextlib.asynccontextmanager
async def app_again(home: Home) -> AsyncIterator[tuple[Zotui, Pilot[None]]]:
    """The app, opened once more."""
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        yield app, pilot


async def test_memory_is_switched_off_for_a_conversation(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        answering = app.desk.conversation.answering
        for words, on in (("/memory off", False), ("/memory on", True), ("/memory", False)):
            await pilot.press(*typed(words), "enter")
            await wait_for(pilot, lambda on=on: answering.next_knows is on)  # type: ignore[misc]
    async with app_again(home) as (app, pilot):  # it is not begun yet, and switched off all the same
        await pilot.press(*typed("hello, my name is Ada"), "enter")
        await wait_for(pilot, lambda: app.desk.conversation.conversation is not None)
        assert app.computer is not None
        chat = str(app.desk.conversation.conversation)
        remembers = app.computer.chats.remembers
        assert not await remembers(chat)
        assert app.desk.conversation.answering.next_knows
        for words, on in (("/memory", True), ("/memory off", False), ("/memory on", True)):
            await pilot.press(*typed(words), "enter")
            while await remembers(chat) is not on:
                await pilot.pause(0.01)
