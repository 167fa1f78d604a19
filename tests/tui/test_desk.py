"""The desk, by its keys, on a real file with the real agent."""

import asyncio
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from textual.color import Color
from textual.widgets import Input, Static, TextArea

from tests.screens.session import scripted_server, write_config
from tests.tui.conftest import opened, said, typed, wait_for
from zotui.computer import Computer
from zotui.home import Home
from zotui.skills import load_skills
from zotui.skills.places import bundled
from zotui.tui.app import Zotui
from zotui.tui.desk import Desk
from zotui.tui.dialogs import Confirm, Editor, Prompt, Reading
from zotui.tui.panes.chats import ChatsPane
from zotui.tui.panes.memory import MemoryPane
from zotui.tui.panes.skills import SkillsPane
from zotui.tui.search_dialog import SearchDialog
from zotui.tui.theme import THEMES
from zotui.tui.widgets.question import QuestionPanel
from zotui.tui.widgets.transcript import Transcript

WIDE, NARROW, TINY = (140, 40), (80, 24), (20, 6)


async def test_a_message_is_answered_and_kept(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("remember that the staging box is lab-3"), "enter")
        await wait_for(pilot, lambda: "Remembered." in said(app))
        assert app.desk.conversation.composer.text == ""
        await wait_for(pilot, lambda: app.desk.query_one(MemoryPane).rows.count == 1)
        await wait_for(pilot, lambda: app.desk.query_one(ChatsPane).rows.count == 1)
    again = Zotui(home, own_workers=True)
    async with again.run_test(size=WIDE) as pilot:
        await opened(pilot, again)
        assert "Remembered." in said(again)
        assert "the staging box is lab-3" in said(again)


async def test_a_key_pressed_before_the_file_is_open_is_not_lost(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    opens, attach = asyncio.Event(), Desk.attach

    async def late(desk: Desk, computer: Computer) -> None:
        await opens.wait()
        await attach(desk, computer)

    monkeypatch.setattr(Desk, "attach", late)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("ctrl+t")
        assert app.screen is app.desk
        opens.set()
        await wait_for(pilot, lambda: isinstance(app.screen, SearchDialog))


async def test_messages_typed_without_a_pause_are_separate_and_in_order(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("list files"), "enter", *typed("list memories"), "enter", *typed("help"), "enter")
        await wait_for(pilot, lambda: "Without a model I understand" in said(app))
        users = [entry.text for entry in app.desk.query_one(Transcript).entries if entry.kind == "user"]
        assert users == ["list files", "list memories", "help"]


async def test_a_streamed_answer_with_tool_calls(home: Home) -> None:
    async with scripted_server() as base_url:
        write_config(home.path, base_url)
        (home.workspace / "hosts.md").write_text("lab-3: staging\n")
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE) as pilot:
            await opened(pilot, app)
            await pilot.press(*typed("Which box is staging"), "enter")
            await wait_for(pilot, lambda: "the monitor at" in said(app))
            await wait_for(pilot, lambda: app.desk.conversation.state() == "")
            entries = app.desk.query_one(Transcript).entries
            assert [entry.kind for entry in entries] == ["user", "tool", "tool", "assistant"]
            assert "lab-3: staging" in entries[2].detail
            assert entries[3].live is False


async def test_escape_stops_the_answer_and_keeps_what_came(home: Home) -> None:
    async with scripted_server(pause_s=0.3) as base_url:
        write_config(home.path, base_url)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE) as pilot:
            await opened(pilot, app)
            await pilot.press(*typed("Plan the trip"), "enter")
            await wait_for(pilot, lambda: "Here is a plan" in said(app))
            await pilot.press("escape")
            await wait_for(pilot, lambda: "you stopped it" in said(app))
            assert "Here is a plan" in said(app)
            await pilot.press("ctrl+r")
            await wait_for(pilot, lambda: said(app).count("user done  Plan the trip") == 2)
            await wait_for(pilot, lambda: "Nesodden by ferry" in said(app))


async def test_a_question_waits_through_a_restart_and_is_answered_by_number(home: Home) -> None:
    async with scripted_server() as base_url:
        write_config(home.path, base_url)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE) as pilot:
            await opened(pilot, app)
            await pilot.press(*typed("deploy"), "enter")
            await wait_for(pilot, lambda: app.desk.conversation.question is not None)
        again = Zotui(home, own_workers=True)
        async with again.run_test(size=WIDE) as pilot:
            await opened(pilot, again)
            assert again.desk.conversation.question is not None
            await wait_for(pilot, lambda: again.desk.query_one(QuestionPanel).is_seen)
            await pilot.press("2", "enter")
            await wait_for(pilot, lambda: again.desk.conversation.question is None)
            await wait_for(pilot, lambda: "lab-4" in said(again))


async def test_a_message_on_its_way_when_a_question_comes_up_is_no_answer(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scripted_server() as base_url:
        write_config(home.path, base_url)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE, notifications=True) as pilot:
            await opened(pilot, app)
            monkeypatch.setattr("zotui.tui.widgets.question.SEEN_S", math.inf)
            await pilot.press(*typed("deploy"), "enter")
            await wait_for(pilot, lambda: app.desk.conversation.question is not None)
            await pilot.press("2", "enter")
            await wait_for(pilot, lambda: any("just come up" in note.message for note in app._notifications))
            assert app.desk.conversation.composer.text == "2"
            assert app.desk.conversation.question is not None
            monkeypatch.undo()
            await wait_for(pilot, lambda: app.desk.query_one(QuestionPanel).is_seen)
            await pilot.press("enter")
            await wait_for(pilot, lambda: "lab-4" in said(app))


async def test_a_question_is_left_by_escape(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("/ask which one"), "enter")
        await wait_for(pilot, lambda: app.desk.conversation.question is not None)
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.desk.conversation.question is None)
        assert "cancelled" in said(app)


async def test_an_empty_and_an_oversized_message_are_refused_and_not_lost(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, app)
        await pilot.press("enter")
        await wait_for(pilot, lambda: any("empty" in note.message for note in app._notifications))
        composer = app.desk.conversation.composer
        composer.insert(composer._folded("x" * 5_000_000))
        chip = composer.text
        assert "5.0 MB" in chip
        await pilot.press("enter")
        await wait_for(pilot, lambda: any("the limit is" in note.message for note in app._notifications))
        await wait_for(pilot, lambda: composer.text == chip)


async def test_the_draft_survives_kill_9(home: Home) -> None:
    program = (
        "import asyncio, sys\n"
        "from zotui.home import Home\n"
        "from zotui.tui.app import Zotui\n"
        "async def main():\n"
        f"    app = Zotui(Home({str(home.path)!r}), own_workers=True)\n"
        "    async with app.run_test(size=(140, 40)) as pilot:\n"
        "        while not app.desk.attached: await pilot.pause(0.01)\n"
        "        await pilot.press(*'half a thought')\n"
        "        while app.computer is None or await app.computer.desk.get('draft:new') is None:\n"
        "            await pilot.pause(0.01)\n"
        "        print('kept', flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"kept\n"
        os.kill(child.pid, signal.SIGKILL)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        assert app.desk.conversation.composer.text.replace(" ", "").startswith("halfa")


async def test_composer_history_newlines_and_pastes(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        composer = app.desk.conversation.composer
        for text in ("help", "list files"):
            await pilot.press(*typed(text), "enter")
        await wait_for(pilot, lambda: "The folder is empty" in said(app))
        await pilot.press("d", "up")
        assert composer.text == "list files"
        await pilot.press("up")
        assert composer.text == "help"
        await pilot.press("down", "down")
        assert composer.text == "d"
        await pilot.press("ctrl+j", "e", "shift+enter", "f")
        assert composer.text == "d\ne\nf"
        await pilot.press("up", "up", "up")
        assert composer.text == "list files"


async def test_chats_are_opened_renamed_searched_and_deleted(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("help"), "enter")
        await wait_for(pilot, lambda: "Without a model" in said(app))
        await pilot.press("ctrl+n")
        await wait_for(pilot, lambda: app.desk.conversation.conversation is None)
        await pilot.press(*typed("list files"), "enter")
        await wait_for(pilot, lambda: "The folder is empty" in said(app))
        chats = app.desk.query_one(ChatsPane)
        await wait_for(pilot, lambda: chats.rows.count == 2)

        await pilot.press("ctrl+o", "h", "home", "down", "enter")
        await wait_for(pilot, lambda: "Without a model" in said(app))

        await pilot.press("ctrl+o", "h", "r")
        await wait_for(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press("end", *typed(" me"), "enter")
        await wait_for(pilot, lambda: chats.rows.current is not None and chats.rows.current.text == "help me")

        await pilot.press("slash", *typed("empty"))
        await wait_for(pilot, lambda: chats.rows.count == 1)
        await pilot.press("enter", "d")
        await wait_for(pilot, lambda: chats.rows.count == 0)
        await pilot.press("escape")
        await wait_for(pilot, lambda: chats.rows.count == 1)
        await pilot.press("u")
        await wait_for(pilot, lambda: chats.rows.count == 2)


async def test_chats_are_pinned_archived_and_deleted_for_ever(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        assert app.computer is not None
        for title in ("first", "second"):
            await app.computer.chats.create(title)
        chats = app.desk.query_one(ChatsPane)
        await wait_for(pilot, lambda: chats.rows.count == 2)
        await pilot.press("ctrl+o", "h", "end")
        await wait_for(pilot, lambda: chats.rows.current is not None and chats.rows.current.text == "first")
        await pilot.press("p")
        await wait_for(pilot, lambda: chats.rows.current is not None and chats.rows.current.mark == "✦")
        await pilot.press("home")
        await wait_for(pilot, lambda: chats.rows.current is not None and chats.rows.current.text == "first")
        await pilot.press("a")
        await wait_for(pilot, lambda: chats.rows.count == 1)
        await pilot.press("s")
        await wait_for(pilot, lambda: chats.border_title == "Archive" and chats.rows.count == 1)
        await wait_for(pilot, lambda: chats.rows.current is not None)
        await pilot.press("a")
        await wait_for(pilot, lambda: chats.rows.count == 0)
        await pilot.press("s", "s")
        await wait_for(pilot, lambda: chats.border_title == "Chats" and chats.rows.count == 2)
        await wait_for(pilot, lambda: chats.rows.current is not None)
        await pilot.press("d")
        await wait_for(pilot, lambda: chats.rows.count == 1)
        await pilot.press("s", "s")
        await wait_for(pilot, lambda: chats.border_title == "Trash" and chats.rows.count == 1)
        await wait_for(pilot, lambda: chats.rows.current is not None)
        await pilot.press("d")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await wait_for(pilot, lambda: app.screen is app.desk)
        await pilot.press("d", "y")
        await wait_for(pilot, lambda: chats.rows.count == 0)
        assert await app.computer.chats.count(shelf="deleted") == 0


async def test_deleting_the_open_chat_leaves_a_new_one(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("help"), "enter")
        await wait_for(pilot, lambda: "Without a model" in said(app))
        await pilot.press("ctrl+o", "h", "d")
        await wait_for(pilot, lambda: app.desk.conversation.conversation is None)
        await pilot.press("escape", *typed("list files"), "enter")
        await wait_for(pilot, lambda: "The folder is empty" in said(app))


async def test_memory_is_added_edited_searched_and_forgotten(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        assert app.computer is not None
        memory = app.desk.query_one(MemoryPane)
        await pilot.press("ctrl+o", "m", "a")
        await wait_for(pilot, lambda: isinstance(app.screen, Editor))
        await pilot.press(*typed("likes tea"), "ctrl+s")
        await wait_for(pilot, lambda: memory.rows.count == 1)
        await wait_for(pilot, lambda: memory.rows.current is not None)
        await pilot.press("e")
        await wait_for(pilot, lambda: isinstance(app.screen, Editor))
        await pilot.press(*typed(" green"), "ctrl+s")
        await wait_for(pilot, lambda: memory.rows.current is not None and "tea green" in memory.rows.current.text)
        await pilot.press("enter")
        await wait_for(pilot, lambda: memory.whole)
        await pilot.press("escape")
        await wait_for(pilot, lambda: not memory.whole)
        await pilot.press("slash", *typed("coffee"))
        await wait_for(pilot, lambda: memory.rows.count == 0)
        await pilot.press("escape")
        await wait_for(pilot, lambda: memory.rows.count == 1)
        await pilot.press("d", "y")
        await wait_for(pilot, lambda: memory.rows.count == 0)
        assert await app.computer.memory.list() == []


async def test_skills_are_read(home: Home) -> None:
    folder = home.skills / "page-watch"
    folder.mkdir()
    (folder / "SKILL.md").write_text("---\nname: page-watch\ndescription: watch a page\n---\nLook at it.\n")
    broken = home.skills / "broken"
    broken.mkdir()
    (broken / "SKILL.md").write_text("no front matter")
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        skills = app.desk.query_one(SkillsPane)
        await wait_for(pilot, lambda: (skills.rows.count or 0) >= 2)
        await pilot.press("ctrl+o", "s", "enter")
        await wait_for(pilot, lambda: skills.whole)
        assert "invalid" in str(skills.border_subtitle)


async def test_skills_show_as_they_come_change_and_go(home: Home) -> None:
    usual = len(load_skills([bundled()]))
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        skills = app.desk.query_one(SkillsPane)
        await wait_for(pilot, lambda: f"{usual} ready" in str(skills.border_subtitle))
        folder = home.skills / "site-look"
        folder.mkdir()
        (folder / "SKILL.md").write_text("---\nname: site-look\ndescription: watch a page\n---\nLook at it.\n")
        await wait_for(pilot, lambda: f"{usual + 1} ready" in str(skills.border_subtitle))
        assert app.computer is not None
        await app.computer.store.write(
            lambda db: db.execute("UPDATE skills SET trusted = 'another' WHERE name = 'site-look'")
        )
        await wait_for(pilot, lambda: f"{usual} ready · 1 changed" in str(skills.border_subtitle))
        (folder / "SKILL.md").unlink()
        await wait_for(pilot, lambda: str(skills.border_subtitle) == f"{usual} ready")


async def test_another_process_writes_and_the_desk_shows_it(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        subprocess.run(
            [sys.executable, "-m", "zotui", "--home", str(home.path), "memory", "add", "from outside"],
            check=True,
            capture_output=True,
        )
        await wait_for(pilot, lambda: app.desk.query_one(MemoryPane).rows.count == 1)


@pytest.mark.parametrize("size", [WIDE, (100, 30), NARROW])
async def test_no_line_of_the_help_is_broken(size: tuple[int, int], home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app)
        await pilot.press("f1")
        await wait_for(pilot, lambda: app.screen.query(Static))
        text = app.screen.query_one(Static)
        await wait_for(pilot, lambda: text.size.width)
        assert max(map(len, str(text.content).splitlines())) <= text.size.width


async def test_help_context_palette_theme_and_zoom(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press("f1")
        assert isinstance(app.screen, Reading)
        await pilot.press("escape")
        assert app.screen is app.desk
        await pilot.press(*typed("help"), "enter")
        await wait_for(pilot, lambda: "Without a model" in said(app))
        await pilot.press("f3")
        await wait_for(pilot, lambda: isinstance(app.screen, Reading))
        await pilot.press("escape", "ctrl+p", *typed("zoom the pane"), "enter")
        await wait_for(pilot, lambda: app.desk.conversation.whole)
        assert not app.desk.query_one(MemoryPane).display
        await pilot.press("f2")
        await wait_for(pilot, lambda: app.desk.query_one(MemoryPane).display)
        app.theme = "zotui-day"
        await wait_for(pilot, lambda: app.desk.arrangement.theme == "zotui-day")
    again = Zotui(home, own_workers=True)
    async with again.run_test(size=WIDE) as pilot:
        await opened(pilot, again)
        assert again.theme == "zotui-day"


async def test_f4_renames_the_conversation(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("help"), "enter")
        await wait_for(pilot, lambda: "Without a model" in said(app))
        await pilot.press("f4")
        await wait_for(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press("end", "x", "enter")
        await wait_for(pilot, lambda: app.desk.query_one(ChatsPane).rows.current is not None)
        await wait_for(pilot, lambda: app.desk.query_one(ChatsPane).rows.current.text == "helpx")  # type: ignore[union-attr]


async def test_tab_goes_round_and_every_pane_is_reached(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        seen = []
        for _ in range(6):
            seen.append(app.desk.arrangement.current)
            await pilot.press("tab")
        assert seen == ["conversation", "chats", "memory", "skills", "schedule", "files"]
        assert app.desk.focused is app.desk.conversation.composer
        await pilot.press("shift+tab")
        assert app.desk.arrangement.current == "files"
        await pilot.press("escape", *typed("help"), "enter")
        await wait_for(pilot, lambda: "Without a model" in said(app))
        await pilot.press("shift+tab")
        assert app.desk.focused is app.desk.query_one(Transcript)


@pytest.mark.parametrize("size", [WIDE, NARROW, TINY, (400, 120)])
async def test_every_size_shows_the_pane_in_use(home: Home, size: tuple[int, int]) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app)
        shown = [pane.id for pane in app.desk.panes if pane.display]
        assert shown == (
            ["conversation"] if size[0] < 120 else ["conversation", "chats", "memory", "skills", "schedule", "files"]
        )
        await pilot.press("ctrl+o", "m")
        await wait_for(pilot, lambda: app.desk.query_one(MemoryPane).display)
        await pilot.press("f1", "escape", "ctrl+p", "escape")
        for width, height in ((31, 9), (119, 50), (120, 14), (200, 60), size):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
        assert app.desk.query_one(MemoryPane).has_focus_within


def test_the_house_themes_can_be_read() -> None:
    for theme in THEMES:
        for ground in (theme.background, theme.surface, theme.panel):
            assert ground is not None
            for ink in (theme.foreground, theme.primary, theme.accent, theme.warning, theme.error):
                assert ink is not None
                assert contrast(Color.parse(ink), Color.parse(ground)) >= 4.5, (theme.name, ink, ground)


def contrast(ink: Color, ground: Color) -> float:
    """The contrast ratio of WCAG 2 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""

    def luminance(color: Color) -> float:
        parts = [part / 255 for part in color.rgb]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


async def test_escape_leaves_what_is_queued(home: Home) -> None:
    async with scripted_server(pause_s=0.3) as base_url:
        write_config(home.path, base_url)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE) as pilot:
            await opened(pilot, app)
            await pilot.press(*typed("Plan the trip"), "enter", *typed("Summarise"), "enter")
            await wait_for(pilot, lambda: "Here is a plan" in said(app))
            await pilot.press("escape")
            await wait_for(pilot, lambda: "one open question" in said(app))


async def test_deleting_a_chat_that_is_being_answered_is_refused_in_words(home: Home) -> None:
    async with scripted_server(pause_s=2) as base_url:
        write_config(home.path, base_url)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE, notifications=True) as pilot:
            await opened(pilot, app)
            await pilot.press(*typed("Plan the trip"), "enter")
            await wait_for(pilot, lambda: "Here is" in said(app))
            await pilot.press("ctrl+o", "h", "home", "d")
            await wait_for(pilot, lambda: any("stop the answer first" in note.message for note in app._notifications))
            assert app.is_running


async def test_a_text_that_cannot_be_kept_comes_back_to_the_editor(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, app)
        await pilot.press("ctrl+o", "m", "a")
        await wait_for(pilot, lambda: isinstance(app.screen, Editor))
        app.screen.query_one(TextArea).text = "x" * 200_000
        first = app.screen
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: isinstance(app.screen, Editor) and app.screen is not first)
        assert len(app.screen.query_one(TextArea).text) == 200_000
        await pilot.press("x", "escape")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await wait_for(pilot, lambda: isinstance(app.screen, Editor))
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await wait_for(pilot, lambda: app.screen is app.desk)


async def test_pages_turn_from_the_composer(home: Home) -> None:
    async with Computer.open(home, workers="own") as computer:
        reply = await computer.ask("help")
        for _ in range(4):
            await computer.ask("help", reply.conversation_id)
        await computer.desk.set("conversation", reply.conversation_id)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        transcript = app.desk.query_one(Transcript)
        await wait_for(pilot, lambda: transcript.scroll_offset.y > 0)
        end = transcript.scroll_offset.y
        await pilot.press("pageup")
        await wait_for(pilot, lambda: transcript.scroll_offset.y < end)
        await pilot.press("pagedown")
        await wait_for(pilot, lambda: transcript.scroll_offset.y >= transcript.max_scroll_y - 1)


async def test_the_dialog_for_a_title_shows_what_is_typed(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("help"), "enter")
        await wait_for(pilot, lambda: "Without a model" in said(app))
        await pilot.press("f4")
        await wait_for(pilot, lambda: isinstance(app.screen, Prompt))
        line = app.screen.query_one(Input)
        await wait_for(pilot, lambda: line.size.height == 1)
        assert line.styles.border_top[0] in ("", "none")


async def test_a_choice_that_is_not_there_is_refused(home: Home) -> None:
    async with scripted_server() as base_url:
        write_config(home.path, base_url)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE, notifications=True) as pilot:
            await opened(pilot, app)
            await pilot.press(*typed("deploy"), "enter")
            await wait_for(pilot, lambda: app.desk.query_one(QuestionPanel).is_seen)
            await pilot.press("9", "enter")
            await wait_for(pilot, lambda: any("choose 1 to 2" in note.message for note in app._notifications))
            assert app.desk.conversation.composer.text == "9"


async def test_a_broken_file_is_said_in_the_panes_and_the_app_lives(home: Home) -> None:
    home.database.write_bytes(b"this is no database" * 500)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await wait_for(pilot, lambda: app.desk.query(MemoryPane))
        memory = app.desk.query_one(MemoryPane)
        await wait_for(pilot, lambda: "no database" in memory.rows.problem)
        await pilot.press(*typed("hello"), "enter", "f1", "escape", "ctrl+o", "m")
        assert app.is_running
        await pilot.press("ctrl+t")
        await wait_for(pilot, lambda: any("no database" in note.message for note in app._notifications))
        assert app.screen is app.desk


async def test_rebound_keys(home: Home) -> None:
    home.config_file.write_text('[keys]\nhelp = "f12"\n')
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press("f12")
        assert isinstance(app.screen, Reading)


async def test_untrusted_text_is_shown_as_text(home: Home) -> None:
    evil = "[red]x[/] \x1b]52;c;AAAA\x07\x1b[2J\u202egnp.exe"
    async with Computer.open(home, workers="own") as computer:
        await computer.memory.memorize(evil)
        reply = await computer.ask(f"recall {evil}")
        await computer.desk.set("conversation", reply.conversation_id)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        assert "[red]x[/]" in said(app)
        assert not set("\x1b\x07\u202e") & set(said(app))
        row = app.desk.query_one(MemoryPane).rows.current
        assert row is not None
        assert row.text.startswith("[red]x[/]")


def test_the_app_refuses_a_dumb_terminal_in_one_line(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "ZOTUI_HOME": str(tmp_path / "home"), "TERM": "dumb", "LANG": "C.UTF-8"}
    command = ["script", "-qec", f"{sys.executable} -m zotui", "/dev/null"]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert b"TERM=dumb" in done.stdout
    assert done.stdout.count(b"\n") == 1
