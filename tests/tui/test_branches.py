"""Branches side by side, by keys; and several models at once."""

import asyncio

import pytest
from textual.widgets import Input, TextArea

from tests.openai_server import holds, openai_server, says
from tests.screens.session import scripted_server, write_config
from tests.tui.conftest import opened, said, typed, wait_for
from zotui.computer import Computer
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.branch_view import BranchView
from zotui.tui.compare_dialog import CompareDialog
from zotui.tui.compare_view import CompareView
from zotui.tui.dialogs import Confirm, Prompt, Reading
from zotui.tui.widgets.column_view import ColumnView
from zotui.tui.widgets.rows import Rows

WIDE = (140, 40)


def column(app: Zotui, name: str) -> str:
    """What a column shows, as text."""
    found = app.screen.query_one(name, ColumnView)
    return "\n".join(entry.text for entry in found.transcript.entries)


async def branched(home: Home) -> tuple[str, str]:
    """A conversation of three turns, and a branch that leaves after the first."""
    async with Computer.open(home, workers="own") as computer:
        reply = await computer.ask("list files")
        root = reply.conversation_id
        await computer.ask("list memories", root)
        await computer.ask("help", root)
        requests = [message for message in await computer.chats.messages(root) if message.role == "user"]
        branch, turn = await computer.edit(root, requests[1].id, "what time is it")
        async for _ in computer.turns.follow(turn):
            pass
        await computer.desk.set("conversation", root)
    return root, branch


@pytest.mark.parametrize("size", [WIDE, (80, 24), (40, 12)], ids=str)
async def test_a_branch_is_looked_at_and_opened(home: Home, size: tuple[int, int]) -> None:
    _, branch = await branched(home)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app)
        await pilot.press("f6")
        await wait_for(pilot, lambda: isinstance(app.screen, BranchView) and app.screen.rows.count == 2)
        await wait_for(pilot, lambda: app.screen.query_one(Rows).current is not None)
        await pilot.press("down")
        await wait_for(pilot, lambda: "what time is it" in column(app, "#there"))
        assert "list files" not in column(app, "#there")
        assert "list memories" in column(app, "#here")
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.desk.conversation.conversation == branch)
        assert "list files" in said(app)
        assert "list memories" not in said(app)


async def test_differences_a_title_and_back(home: Home) -> None:
    root, branch = await branched(home)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press("f6")
        await wait_for(pilot, lambda: isinstance(app.screen, BranchView) and app.screen.rows.current is not None)
        await pilot.press("down")
        await wait_for(pilot, lambda: "what time" in column(app, "#there"))
        await pilot.press("d")
        await wait_for(pilot, lambda: isinstance(app.screen, Reading))
        assert "@@" in app.screen._text  # type: ignore[attr-defined]
        await pilot.press("escape", "r")
        await wait_for(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press("end", "x", "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, BranchView))
        assert app.computer is not None
        assert (await app.computer.chats.find(branch)).title == "list filesx"
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.desk)
        assert app.desk.conversation.conversation == root


async def test_a_fork_at_the_message_under_the_cursor(home: Home) -> None:
    root, _ = await branched(home)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press("shift+tab", "ctrl+up", "ctrl+up")
        entry = app.desk.conversation.transcript.current
        assert entry is not None
        assert entry.text == "list memories"
        await pilot.press("f")
        await wait_for(pilot, lambda: app.desk.conversation.conversation != root)
        assert said(app).rstrip().endswith("list memories")


async def test_a_request_under_the_cursor_is_edited(home: Home) -> None:
    root, _ = await branched(home)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press("shift+tab", "ctrl+up", "ctrl+up", "r")
        await wait_for(pilot, lambda: app.desk.conversation.composer.text == "list memories")
        app.desk.conversation.composer.text = "recall the harbour"
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.desk.conversation.conversation not in (None, root))
        await wait_for(pilot, lambda: "recall the harbour" in said(app) and "list memories" not in said(app))


# Several models at once


def three(home: Home, url: str) -> None:
    """A configuration with three models of one server."""
    home.config_file.write_text(
        f'model = "lab/a"\n[providers.lab]\nbase_url = "{url}"\nmodels = ["a", "b", "c"]\n'
        '[prices]\n"lab/a" = { input = 1.0, output = 2.0 }\n"lab/b" = { input = 3.0, output = 4.0 }\n'
    )


async def choose(pilot, dialog: CompareDialog, name: str) -> None:  # type: ignore[no-untyped-def]
    """Mark a model by its name."""
    dialog.query_one("#filter", Input).value = name
    rows = dialog.query_one(Rows)
    await wait_for(pilot, lambda: rows.current is not None and name in rows.current.text)
    await pilot.press("enter")
    await wait_for(pilot, lambda: name in dialog._chosen)


async def compared(pilot, app: Zotui, models: str, text: str) -> None:  # type: ignore[no-untyped-def]
    """Put a prompt to some models."""
    await pilot.press(*typed(text), "f7")
    await wait_for(pilot, lambda: isinstance(app.screen, CompareDialog))
    dialog = app.screen
    await wait_for(pilot, lambda: (dialog.query_one(Rows).count or 0) >= 3)
    for model in models:
        await choose(pilot, dialog, f"lab/{model}")
    await pilot.press("ctrl+s")
    await wait_for(pilot, lambda: isinstance(app.screen, CompareView))
    await wait_for(pilot, lambda: len(app.screen.query(ColumnView)) == len(models))


async def test_three_models_end_by_themselves_and_one_answer_is_kept(home: Home) -> None:
    gates = {name: asyncio.Event() for name in "abc"}
    async with openai_server() as server:
        three(home, server.url)
        server.answer(
            lambda exchange: holds(gates[exchange.request["model"]], f"from {exchange.request['model']}", " all")
        )
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE) as pilot:
            await opened(pilot, app)
            await pilot.press(*typed("/memory off"), "enter")
            await wait_for(pilot, lambda: not app.desk.conversation.answering.next_knows)
            await compared(pilot, app, "abc", "which is best?")
            await wait_for(
                pilot, lambda: all(f"from {name}" in column(app, f"#column-{at}") for at, name in enumerate("abc"))
            )
            gates["b"].set()
            await wait_for(pilot, lambda: "✓ done" in str(app.screen.query_one("#column-1").border_subtitle))
            assert "● answering" in str(app.screen.query_one("#column-0").border_subtitle)
            assert "$0.0001" in str(app.screen.query_one("#column-1").border_subtitle)
            gates["c"].set()
            await wait_for(pilot, lambda: "✓ done" in str(app.screen.query_one("#column-2").border_subtitle))
            await pilot.press("1")  # has not answered: refused, and nothing is lost
            await pilot.pause()
            assert isinstance(app.screen, CompareView)
            await pilot.press("2")
            await wait_for(pilot, lambda: app.screen is app.desk)
            await wait_for(pilot, lambda: "from b all" in said(app))
            assert "from c" not in said(app)
            assert app.computer is not None
            assert not await app.computer.chats.remembers(app.desk.conversation.conversation or "")
            assert app.desk.conversation.answering.next_knows
            gates["a"].set()


async def test_it_goes_on_when_it_is_left_and_can_be_dropped(home: Home) -> None:
    gate = asyncio.Event()
    async with openai_server() as server:
        three(home, server.url)
        server.answer(lambda exchange: holds(gate, "hello", " there"))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=(80, 24)) as pilot:
            await opened(pilot, app)
            server.script(says("first"))
            await pilot.press(*typed("hi"), "enter")
            await wait_for(pilot, lambda: "first" in said(app) and not app.desk.conversation.state())
            await compared(pilot, app, "abc", "again")
            await wait_for(pilot, lambda: "hello" in column(app, "#column-0"))
            shown = [one.display for one in app.screen.query(ColumnView)]
            assert shown == [True, True, False]
            await pilot.press("right", "right")
            assert [one.display for one in app.screen.query(ColumnView)] == [False, True, True]
            await pilot.press("x")
            await wait_for(pilot, lambda: "■ stopped" in str(app.screen.query_one("#column-2").border_subtitle))
            await pilot.press("p")
            await wait_for(pilot, lambda: isinstance(app.screen, Reading))
            await pilot.press("escape", "escape")
            await wait_for(pilot, lambda: app.screen is app.desk)
            await pilot.press("f7")
            await wait_for(pilot, lambda: isinstance(app.screen, CompareView) and app.screen.query(ColumnView))
            await pilot.press("d")
            await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
            await pilot.press("y")
            await wait_for(pilot, lambda: app.screen is app.desk)
            gate.set()
            assert app.computer is not None
            chat = app.desk.conversation.conversation
            assert [one.content for one in await app.computer.chats.messages(chat or "")] == ["hi", "first"]


async def test_one_that_fails_shows_it_in_its_column_alone(home: Home) -> None:
    async with scripted_server() as base_url:
        write_config(home.path, base_url)
        with home.config_file.open("a") as file:
            file.write('[providers.gone]\nbase_url = "http://127.0.0.1:9/v1"\nmodels = ["x"]\n')
        async with Computer.open(home, workers="own") as computer:
            asked = await computer.compare("Summarise it", ["lab/llama-3.3", "gone/x"])
            app = Zotui(home, own_workers=True)
            async with app.run_test(size=WIDE) as pilot:
                await opened(pilot, app)
                app.push_screen(CompareView(computer, asked))
                await wait_for(pilot, lambda: len(app.screen.query(ColumnView)) == 2)
                await wait_for(pilot, lambda: "✗ failed" in str(app.screen.query_one("#column-1").border_subtitle), 60)
                await wait_for(pilot, lambda: "Three decisions" in column(app, "#column-0"))


async def test_too_few_models_or_no_prompt_are_refused_in_words(home: Home) -> None:
    async with openai_server() as server:
        three(home, server.url)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE, notifications=True) as pilot:
            await opened(pilot, app)
            await pilot.press("f7")
            await wait_for(pilot, lambda: isinstance(app.screen, CompareDialog))
            await pilot.press("ctrl+s")
            await wait_for(pilot, lambda: any("write the prompt" in note.message for note in app._notifications))
            app.screen.query_one(TextArea).text = "something"
            await pilot.press("ctrl+s")
            await wait_for(pilot, lambda: any("choose 2 to 6 models" in note.message for note in app._notifications))
            await pilot.press("escape")
            await wait_for(pilot, lambda: app.screen is app.desk)
