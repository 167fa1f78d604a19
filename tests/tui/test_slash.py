"""Slash commands: each one in the app, by typing it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.conftest import opened, said, typed, wait_for
from zotui.conversations import Conversation
from zotui.home import Home
from zotui.tui import slash
from zotui.tui.actions import ROOMS
from zotui.tui.acts import act_of
from zotui.tui.app import Zotui
from zotui.tui.branch_view import BranchView
from zotui.tui.compare_dialog import CompareDialog
from zotui.tui.dialogs import Prompt, Reading
from zotui.tui.inbox import Inbox
from zotui.tui.key_dialog import KeyDialog
from zotui.tui.model_picker import ModelPicker
from zotui.tui.persona_picker import PersonaPicker
from zotui.tui.rules_dialog import RulesDialog
from zotui.tui.search_dialog import SearchDialog
from zotui.tui.summary_dialog import SummaryDialog

WANTED = {
    "new", "conversations", "info", "status", "model", "persona", "help", "skill", "mem", "run", "auto", "pool", "web",
    "fork", "undo", "export", "cost",
}  # fmt: skip
"""The commands that were promised."""


def test_all_that_were_promised_are_there() -> None:
    assert {command.name for command in slash.COMMANDS} >= WANTED
    assert len({command.name for command in slash.COMMANDS}) == len(slash.COMMANDS)


@pytest.mark.parametrize("command", slash.COMMANDS, ids=lambda command: command.name)
def test_each_does_something_or_says_why_not(command: slash.Slash) -> None:
    assert bool(command.action) != bool(command.missing)
    if command.action:
        assert command.action in ROOMS
        assert callable(act_of(command.action))


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("/fork", ("fork", "")), ("/Fork", ("fork", "")), ("/export md a b.md ", ("export", "md a b.md")),
        ("/etc/hosts", None), ("/", None), ("/1", None), ("//fork", None), (" /fork", None), ("/fork\nmore", None), ("fork", None),
    ],
)  # fmt: skip
def test_a_command_is_told_from_a_message(text: str, parsed: tuple[str, str] | None) -> None:
    assert slash.parse(text) == parsed


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    found = slash.parse(text)
    if found is not None:
        assert text.startswith(("/", "!"))
        assert "/" not in found[0]
    slash.candidates(text)


def test_a_mistyped_one_has_neighbours() -> None:
    assert slash.nearest("frok")[0] == "fork"
    assert slash.nearest("exprot")[0] == "export"
    assert slash.nearest("zzzzzz") == []


DIALOGS = {
    "rules": RulesDialog, "persona": PersonaPicker,
    "status": Reading, "info": Reading, "help": Reading, "cost": Reading, "context": Reading, "model": ModelPicker, "keys": KeyDialog,
    "search": SearchDialog, "inbox": Inbox, "branches": BranchView, "compare": CompareDialog, "compact": SummaryDialog,
    "rename": Prompt, "export": Prompt, "import": Prompt,
}  # fmt: skip


async def begun(pilot, home: Home) -> Zotui:  # type: ignore[no-untyped-def]
    """An app in which something was said."""
    app: Zotui = pilot.app
    await opened(pilot, app)
    await pilot.press(*typed("list files"), "enter")
    await wait_for(pilot, lambda: "The folder is empty" in said(app) and not app.desk.conversation.state())
    return app


async def give(pilot, text: str) -> None:  # type: ignore[no-untyped-def]
    """Type the last letter of a command and send it: every letter costs time."""
    pilot.app.desk.conversation.composer.rewrite(text[:-1])
    await pilot.press(*typed(text[-1]), "enter")
    await pilot.pause()


async def test_those_that_open_a_dialog(home: Home) -> None:
    async with Zotui(home, own_workers=True).run_test(size=(140, 40)) as pilot:
        app = await begun(pilot, home)
        for name, dialog in DIALOGS.items():
            await give(pilot, f"/{name}")
            await wait_for(pilot, lambda dialog=dialog: isinstance(app.screen, dialog))
            while app.screen is not app.desk:
                await pilot.press("escape")
                await pilot.pause()


async def test_a_skill_is_made_of_the_conversation(home: Home) -> None:
    async with Zotui(home, own_workers=True).run_test(size=(140, 40), notifications=True) as pilot:
        app = await begun(pilot, home)
        await give(pilot, "/skill new Bad one")
        await wait_for(pilot, lambda: any("is no name of a skill" in note.message for note in app._notifications))
        await give(pilot, "/skill new list-all")
        await wait_for(pilot, lambda: "is a draft. The person looks at it first" in said(app))
        assert "1. list files\n" in (home.skills / "list-all" / "SKILL.md").read_text()


async def test_those_that_change_the_conversation(home: Home) -> None:
    async with Zotui(home, own_workers=True).run_test(size=(140, 40)) as pilot:
        app = await begun(pilot, home)
        pane, computer = app.desk.conversation, app.computer
        assert computer is not None
        first = pane.conversation
        assert first is not None
        await give(pilot, "/rename Harbour lights")
        await give(pilot, "/pin")

        def chat() -> Conversation:
            assert pane.reel is not None
            assert pane.reel.conversation is not None
            return pane.reel.conversation

        async def title() -> str:
            return (await computer.chats.find(first)).title

        await wait_for(pilot, lambda: chat().pinned_at)
        assert await title() == "Harbour lights"
        await give(pilot, "/fork")
        await wait_for(pilot, lambda: pane.conversation not in (None, first))
        branch = pane.conversation
        await give(pilot, "/back")
        await wait_for(pilot, lambda: pane.conversation not in (None, first, branch))
        assert pane.composer.text == "list files"
        pane.composer.rewrite("")
        await give(pilot, "/model offline")
        await wait_for(
            pilot,
            lambda: (
                pane.reel is not None
                and pane.reel.conversation is not None
                and pane.reel.conversation.model == "offline"
            ),
        )
        await give(pilot, "/mem the harbour is in Oslo")
        assert [one.content for one in await computer.memory.list()] == ["the harbour is in Oslo"]
        await give(pilot, "/archive")
        assert await computer.chats.count(shelf="archived") == 1
        await give(pilot, "/new")
        await wait_for(pilot, lambda: pane.conversation is None)


async def test_those_that_write_go_and_copy(home: Home) -> None:
    async with Zotui(home, own_workers=True).run_test(size=(140, 40)) as pilot:
        app = await begun(pilot, home)
        pane = app.desk.conversation
        await give(pilot, f"/export jsonl {home.workspace}/it.jsonl")
        await wait_for(pilot, lambda: (home.workspace / "it.jsonl").exists())
        first = pane.conversation
        await give(pilot, f"/import {home.workspace}/it.jsonl")
        await wait_for(pilot, lambda: pane.conversation not in (None, first))
        assert "The folder is empty" in said(app)
        await give(pilot, "/copy")
        await wait_for(pilot, lambda: (home.path / "clipboard.txt").exists())
        assert "folder is empty" in (home.path / "clipboard.txt").read_text()
        for name, current in (("conversations", "chats"), ("skill", "skills"), ("mem", "memory"), ("auto", "schedule")):
            await give(pilot, f"/{name}")
            await wait_for(pilot, lambda current=current: app.desk.arrangement.current == current)
            await pilot.press("ctrl+o", "c")
        await give(pilot, "/theme zotui-paper")
        assert app.theme == "zotui-paper"
        await give(pilot, "/plan")
        assert app.desk.arrangement.plan
        await give(pilot, "/find folder")
        await wait_for(pilot, lambda: app.desk.query_one("#find").display)
        await pilot.press("escape", "escape")
        await give(pilot, "/again")
        await wait_for(pilot, lambda: said(app).count("The folder is empty") == 2)
        await give(pilot, "/edit")
        await wait_for(pilot, lambda: pane.composer.editing)
        await pilot.press("escape")
        await give(pilot, "/continue")
        await wait_for(pilot, lambda: "This goes on from" in said(app))
        await give(pilot, "/quit")
        await wait_for(pilot, lambda: not app.is_running)


async def test_an_unknown_one_comes_back_with_its_neighbours_and_one_that_is_not_there_says_why(home: Home) -> None:
    async with Zotui(home, own_workers=True).run_test(size=(140, 40), notifications=True) as pilot:
        app: Zotui = pilot.app  # type: ignore[assignment]
        await opened(pilot, app)
        await give(pilot, "/frok it")
        await wait_for(pilot, lambda: any("nearest: /fork" in note.message for note in app._notifications))
        assert app.desk.conversation.composer.text == "/frok it"
        for name in ("pool", "web"):
            app.desk.conversation.composer.rewrite("")
            await give(pilot, f"/{name} x")
            await wait_for(
                pilot,
                lambda name=name: any(note.message.startswith(f"/{name}: this version") for note in app._notifications),
            )


async def test_stop_stops_and_says_when_there_is_nothing_to_stop(home: Home) -> None:
    async with Zotui(home, own_workers=True).run_test(size=(140, 40), notifications=True) as pilot:
        app = await begun(pilot, home)
        await give(pilot, "/stop")
        await wait_for(pilot, lambda: any("nothing is being answered" in note.message for note in app._notifications))
