"""What waits for the person: the inbox, its questions, notices, and how they are told."""

import math

import pytest

from tests.screens.session import scripted_server, write_config
from tests.tui.conftest import opened, said, typed, wait_for
from zotui.computer import Computer
from zotui.conversations import Question
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.inbox import Inbox
from zotui.tui.question_dialog import QuestionDialog
from zotui.tui.widgets.rows import Rows
from zotui.tui.widgets.status import StatusLine

WIDE = (140, 40)


def status(app: Zotui) -> str:
    """The text of the status line."""
    return "".join(segment.text for segment in app.desk.query_one(StatusLine).render_line(0))


def seen(app: Zotui) -> bool:
    """Whether a question has stood long enough to be answered."""
    return isinstance(app.screen, QuestionDialog) and app.screen.is_seen


async def test_keys_held_down_allow_no_call_and_enter_alone_denies(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Question("q", "approval", "t", "c", "rm wants to run", ["allow once", "deny"], "open", None, 0)
    app, answers = Zotui(home, own_workers=True), list[str | None]()
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        monkeypatch.setattr("zotui.tui.widgets.question.SEEN_S", math.inf)
        await app.push_screen(QuestionDialog(call), answers.append)
        await wait_for(pilot, lambda: app.screen.query_one(Rows).current is not None)
        await pilot.press("enter", "1", "enter", *typed("yes"), "enter")
        assert isinstance(app.screen, QuestionDialog)
        assert answers == []
        await pilot.press("escape")
        monkeypatch.undo()
        await app.push_screen(QuestionDialog(call), answers.append)
        await wait_for(pilot, lambda: seen(app) and app.screen.query_one(Rows).current is not None)
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.screen is app.desk)
        assert answers == [None, "deny"]


async def test_a_question_is_answered_from_the_inbox_by_its_number(home: Home) -> None:
    async with scripted_server() as base_url:
        write_config(home.path, base_url)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE) as pilot:
            await opened(pilot, app)
            await pilot.press(*typed("deploy"), "enter")
            await wait_for(pilot, lambda: "inbox ? 1" in status(app))
            await pilot.press("ctrl+n")
            await wait_for(pilot, lambda: app.desk.conversation.conversation is None)
            await pilot.press("f10")
            await wait_for(pilot, lambda: isinstance(app.screen, Inbox))
            await wait_for(pilot, lambda: app.screen.query_one(Rows).current is not None)
            await pilot.press("enter")
            await wait_for(pilot, lambda: isinstance(app.screen, QuestionDialog))
            await wait_for(pilot, lambda: app.screen.query_one(Rows).current is not None)
            await wait_for(pilot, lambda: seen(app))
            await pilot.press("2", "enter")
            await wait_for(pilot, lambda: isinstance(app.screen, Inbox))
            await pilot.press("escape")
            chat = await app.computer.chats.list()  # type: ignore[union-attr]
            await app.desk.open_chat(chat[0].id)
            await wait_for(pilot, lambda: "lab-4" in said(app))


async def test_words_of_ones_own_answer_and_escape_lets_it_wait(home: Home) -> None:
    async with scripted_server() as base_url:
        write_config(home.path, base_url)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE) as pilot:
            await opened(pilot, app)
            await pilot.press(*typed("deploy"), "enter")
            await wait_for(pilot, lambda: app.desk.conversation.question is not None)
            await pilot.press("f10")
            await wait_for(pilot, lambda: isinstance(app.screen, Inbox) and app.screen.query_one(Rows).current)
            for _ in range(3):  # as keys that came while it opened
                app.screen.query_one(Rows).action_choose()
            await wait_for(pilot, lambda: isinstance(app.screen, QuestionDialog))
            await pilot.press("escape", "escape")
            await wait_for(pilot, lambda: app.screen is app.desk)
            assert app.desk.conversation.question is not None
        again = Zotui(home, own_workers=True)
        async with again.run_test(size=WIDE) as pilot:  # a restart: it still waits
            await opened(pilot, again)
            await pilot.press("f10")
            await wait_for(pilot, lambda: isinstance(again.screen, Inbox) and again.screen.query_one(Rows).current)
            await pilot.press("enter")
            await wait_for(pilot, lambda: isinstance(again.screen, QuestionDialog))
            await wait_for(pilot, lambda: again.screen.query_one(Rows).current is not None)
            await wait_for(pilot, lambda: seen(again))
            await pilot.press(*typed("neither"), "enter")
            await wait_for(pilot, lambda: isinstance(again.screen, Inbox))
            await pilot.press("escape")
            await wait_for(pilot, lambda: "neither" in said(again))


async def test_a_question_is_declined(home: Home) -> None:
    async with scripted_server() as base_url:
        write_config(home.path, base_url)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE) as pilot:
            await opened(pilot, app)
            await pilot.press(*typed("deploy"), "enter")
            await wait_for(pilot, lambda: app.desk.conversation.question is not None)
            await pilot.press("f10")
            await wait_for(pilot, lambda: isinstance(app.screen, Inbox) and app.screen.query_one(Rows).current)
            await pilot.press("d")
            await wait_for(pilot, lambda: "declined" in said(app))


async def test_notices_are_counted_told_and_gone_to(home: Home) -> None:
    async with Computer.open(home, workers="own") as computer:
        reply = await computer.ask("help")
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, app)
        assert app.computer is not None
        await app.computer.notices.read(None)
        await app.computer.notices.add("failure", "the [b]backup[/b] failed", f"chat:{reply.conversation_id}", "error")
        await wait_for(pilot, lambda: "• 1" in status(app))
        assert [note.message for note in app._notifications] == ["the [b]backup[/b] failed"]
        assert app._notifications
        assert not next(iter(app._notifications)).markup
        await pilot.press("f10")
        await wait_for(pilot, lambda: isinstance(app.screen, Inbox) and app.screen.query_one(Rows).current)
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.desk.conversation.conversation == reply.conversation_id)
        await wait_for(pilot, lambda: "•" not in status(app))


async def test_a_second_enter_leaves_nothing_but_the_inbox(home: Home) -> None:
    async with Computer.open(home, workers="own") as computer:
        await computer.ask("help")
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        assert app.computer is not None
        await app.computer.notices.add("failure", "the backup failed", "chat:x", "error")
        await wait_for(pilot, lambda: "•" in status(app))
        await pilot.press("f10")
        await wait_for(pilot, lambda: isinstance(app.screen, Inbox) and app.screen.query_one(Rows).current)
        rows = app.screen.query_one(Rows)
        for _ in range(3):
            rows.action_choose()
        await wait_for(pilot, lambda: app.screen is app.desk)
        await pilot.press(*typed("still here"))
        assert app.desk.conversation.composer.text == "still here"


async def test_all_are_marked_as_read_at_once(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        assert app.computer is not None
        for number in range(5):
            await app.computer.notices.add("system", f"notice {number}")
        await wait_for(pilot, lambda: "• 5" in status(app))
        await pilot.press("f10")
        await wait_for(pilot, lambda: isinstance(app.screen, Inbox) and app.screen.query_one(Rows).current)
        await pilot.press("r", "escape")
        await wait_for(pilot, lambda: "inbox" not in status(app))
