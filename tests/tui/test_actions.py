"""The table of actions: everything in it can be done, by a key or from the palette, and has a twin on the command line."""

import re

import click
import pytest
from textual.binding import Binding
from textual.pilot import Pilot

from tests.tui.conftest import opened, typed, wait_for
from zotui.cli.verbs import zotui as group
from zotui.home import Home
from zotui.tui.actions import ACTIONS, UNBOUND, Action, binding_id, clashes, key_of, shown_key
from zotui.tui.acts import act_of
from zotui.tui.app import Zotui
from zotui.tui.commands import Actions
from zotui.tui.desk import Desk
from zotui.tui.panes.chats import ChatsPane
from zotui.tui.panes.conversation import ConversationPane
from zotui.tui.panes.files import FilesPane
from zotui.tui.panes.memory import MemoryPane
from zotui.tui.panes.schedule import SchedulePane
from zotui.tui.panes.skills import SkillsPane

PANES = {
    "chats": ChatsPane, "memory": MemoryPane, "skills": SkillsPane, "schedule": SchedulePane, "files": FilesPane,
    "transcript": ConversationPane, "desk": Desk,
}  # fmt: skip
ONLY_A_SCREEN_HAS = {
    "palette", "jump", "quit", "stop", "send_now", "edit_draft", "own_shell", "previous_turn", "next_turn", "find_next",
    "find_previous", "edit_file", "copy_path", "mark_row", "mark_rows",
}  # fmt: skip
"""What needs no verb: moving on the screen and writing in it (stopping is ctrl+c in ``zotui ask``)."""


@pytest.mark.parametrize("action", ACTIONS, ids=binding_id)
def test_every_action_does_something(action: Action) -> None:
    if action.place in ("desk", "transcript"):
        assert callable(act_of(action.id))
    else:
        assert hasattr(PANES[action.place], f"action_{action.id}")


@pytest.mark.parametrize("action", ACTIONS, ids=binding_id)
def test_every_action_is_bound_under_its_name(action: Action) -> None:
    bound = {one.id: one for one in PANES[action.place].BINDINGS if isinstance(one, Binding)}
    assert bound[binding_id(action)].key == action.first_key
    assert action.key or action.first_key.startswith(UNBOUND)


@pytest.mark.parametrize("action", ACTIONS, ids=binding_id)
def test_every_action_has_a_twin_on_the_command_line(action: Action) -> None:
    if action.group == "View" or action.id in ONLY_A_SCREEN_HAS:
        assert not action.verb
        return
    assert action.verb, f"{binding_id(action)} names no verb"
    command: click.Command = group
    for word in action.verb.split():
        if word.startswith("-"):
            assert word == "--help" or word in [name for option in command.params for name in option.opts], action.verb
        else:
            assert isinstance(command, click.Group), action.verb
            found = command.get_command(click.Context(command), word)
            assert found is not None, f"{binding_id(action)}: no verb {action.verb!r}"
            command = found


def test_no_key_is_used_twice_in_a_place() -> None:
    assert clashes({}) == []


def test_clashes_are_named() -> None:
    assert clashes({"help": "ctrl+p"}) == ["^p is bound to palette and to help"]
    assert clashes({"help": "f2", "zoom": "f1"}) == []
    assert clashes({"chats.delete_row": "r"}) == ["r is bound to chats.rename_row and to chats.delete_row"]
    assert clashes({"nonsense": "f20"}) == ["no action 'nonsense' to bind a key to"]


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("ctrl+p", "^p"), ("f1", "F1"), ("slash", "/"), ("escape", "esc"), ("shift+tab", "⇧tab"), ("alt+left", "⌥←"),
        ("alt+shift+up", "⌥⇧↑"), ("ctrl+up", "^↑"), ("Y", "Y"), ("d", "d"), ("f2,ctrl+b", "F2"), ("", ""),
    ],
)  # fmt: skip
def test_keys_as_people_write_them(key: str, shown: str) -> None:
    assert shown_key(key) == shown


def test_a_key_from_the_configuration_wins() -> None:
    action = next(action for action in ACTIONS if action.id == "help")
    assert key_of(action, {"help": "f11"}) == "f11"
    assert key_of(action, {}) == "f1"


async def test_the_palette_has_every_action_with_its_words_and_its_key(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 40)) as pilot:
        await opened(pilot, app)
        hits = [hit async for hit in Actions(app.desk).discover()]
        assert len(hits) == len(ACTIONS)
        for hit, action in zip(hits, ACTIONS, strict=True):
            assert action.words in str(hit.display)
            assert hit.help == shown_key(action.key)


async def test_the_palette_finds_by_fragments_of_words(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 40)) as pilot:
        await opened(pilot, app)
        found = [hit async for hit in Actions(app.desk).search("zom pne")]
        assert "Zoom the pane" in str(max(found, key=lambda hit: hit.score).match_display)


STARTS = (("", (140, 40)), ("ctrl+o h", (80, 24)), ("shift+tab", (40, 12)))
"""Where one begins: in the composer, in lists, in the transcript."""
LEAVES_THE_APP = {"quit", "open_editor", "open_pager", "edit_draft", "edit_file", "terminal"}
"""Left to tests of their own: they end the app, hand the terminal over, or all keys."""


async def back_to_the_desk(pilot: Pilot[None], app: Zotui) -> None:
    """Escape leads out of everything: no dialog keeps a person."""
    for _ in range(6):
        if app.screen is app.desk:
            return
        await pilot.press("escape")
        await pilot.pause()
    raise AssertionError(f"escape does not leave {app.screen}")


@pytest.mark.parametrize(("start", "size"), STARTS, ids=str)
async def test_from_everywhere_every_key_works_and_escape_leads_back(
    home: Home, start: str, size: tuple[int, int]
) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("help"), "enter")
        await wait_for(pilot, lambda: app.desk.conversation.conversation and not app.desk.conversation.state())
        for action in ACTIONS:
            if action.id in LEAVES_THE_APP or not action.key or action.id in ("stop", "new_chat"):
                continue
            await pilot.press(*start.split())
            await pilot.press(*(re.split(r",", action.key)[:1] if action.place == "desk" else []))
            await pilot.pause()
            await back_to_the_desk(pilot, app)
            assert app.is_running
        await pilot.press("escape", "ctrl+o", "c", *typed("hi"))
        await wait_for(pilot, lambda: app.desk.conversation.composer.text.endswith("hi"))
        await pilot.press("ctrl+q")
        await wait_for(pilot, lambda: not app.is_running)
