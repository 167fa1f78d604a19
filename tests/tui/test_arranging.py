"""The desk rearranged by its keys: sizes, order, hiding; and all of it back after a kill."""

import os
import signal
import subprocess
import sys

import pytest
from textual.command import CommandList
from textual.pilot import Pilot

from tests.tui.conftest import opened, said, typed, wait_for
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.panes.chats import ChatsPane
from zotui.tui.panes.memory import MemoryPane
from zotui.tui.panes.skills import SkillsPane

WIDE = (140, 40)


def shown(app: Zotui) -> list[str]:
    """The panes in view, from left to right and top to bottom."""
    panes = [pane for pane in app.desk.panes if pane.display and pane.region]
    return [str(pane.id) for pane in sorted(panes, key=lambda pane: (pane.region.x, pane.region.y))]


async def palette(pilot: Pilot[None], words: str) -> None:
    """Do an action by the palette."""
    await pilot.press("ctrl+p", *typed(words))
    found = pilot.app.screen.query_one(CommandList)
    await wait_for(pilot, lambda: found.option_count and words in str(found.get_option_at_index(0).prompt).lower())
    await pilot.press("enter")
    await pilot.pause()


async def test_the_side_and_its_panes_take_more_or_less_room(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        side, memory = app.desk.query_one("#side"), app.desk.query_one(MemoryPane)
        before = side.size.width
        await pilot.press("alt+left", "alt+left")
        await wait_for(pilot, lambda: side.size.width > before)
        wider = side.size.width
        await pilot.press("alt+right")
        await wait_for(pilot, lambda: side.size.width < wider)
        await pilot.press("ctrl+o", "m")
        height = memory.size.height
        await pilot.press("alt+up")
        await wait_for(pilot, lambda: memory.size.height > height)
        taller = memory.size.height
        await pilot.press("alt+down", "alt+down")
        await wait_for(pilot, lambda: memory.size.height < taller)


async def test_panes_change_places_and_the_first_arrangement_comes_back(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        assert shown(app) == ["conversation", "chats", "memory", "skills", "schedule", "files"]
        await pilot.press("ctrl+o", "s", "alt+shift+up")
        await wait_for(pilot, lambda: shown(app) == ["conversation", "chats", "skills", "memory", "schedule", "files"])
        assert app.desk.query_one(SkillsPane).has_focus_within
        await pilot.press("alt+shift+up", "alt+shift+up", "alt+shift+down")
        await wait_for(pilot, lambda: shown(app) == ["conversation", "chats", "skills", "memory", "schedule", "files"])
        await palette(pilot, "show all panes")
        await wait_for(pilot, lambda: shown(app) == ["conversation", "chats", "memory", "skills", "schedule", "files"])


async def test_a_hidden_pane_is_passed_over_until_it_is_jumped_to(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press("ctrl+o", "m")
        await palette(pilot, "hide this pane")
        await wait_for(pilot, lambda: shown(app) == ["conversation", "chats", "skills", "schedule", "files"])
        assert app.desk.focused is app.desk.conversation.composer
        stops = []
        for _ in range(5):
            stops.append(app.desk.arrangement.current)
            await pilot.press("tab")
        assert stops == ["conversation", "chats", "skills", "schedule", "files"]
        await pilot.press("ctrl+o", "m")
        await wait_for(pilot, lambda: "memory" in shown(app))
        await pilot.press("escape")
        await palette(pilot, "hide this pane")
        assert app.desk.conversation.display


@pytest.mark.parametrize("size", [WIDE, (80, 24)], ids=str)
async def test_focus_layout_draft_and_scroll_come_back_after_a_kill(home: Home, size: tuple[int, int]) -> None:
    program = (
        "import asyncio, sys\n"
        "from zotui.home import Home\n"
        "from zotui.tui.app import Zotui\n"
        "from tests.tui.conftest import typed, said\n"
        "async def until(pilot, ready):\n"
        "    while not ready(): await pilot.pause(0.01)\n"
        "async def main():\n"
        f"    app = Zotui(Home({str(home.path)!r}), own_workers=True)\n"
        f"    async with app.run_test(size={size!r}) as pilot:\n"
        "        await until(pilot, lambda: app.desk.attached)\n"
        "        for number in range(6):\n"
        "            await pilot.press(*typed('help'), 'enter')\n"
        "            await until(pilot, lambda: said(app).count('Without a model') == number + 1)\n"
        "        await until(pilot, lambda: not app.desk.conversation.state())\n"
        "        await pilot.press(*typed('half a thought'), 'alt+left', 'alt+left', 'pageup', 'pageup')\n"
        "        await pilot.press('ctrl+o', 'm', 'alt+up')\n"
        "        place = app.desk.conversation.transcript.position\n"
        "        desk = app.computer.desk\n"
        "        name = 'scroll:' + app.desk.conversation.conversation\n"
        "        draft = 'draft:' + app.desk.conversation.conversation\n"
        "        while not await desk.get(name) or 'thought' not in (await desk.get(draft) or ''):\n"
        "            await pilot.pause(0.01)\n"
        "        while '\"memory\"' not in (await desk.get('layout') or '') or '\"side\":44' not in await desk.get('layout'):\n"
        "            await pilot.pause(0.01)\n"
        "        print(place, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        place = child.stdout.readline().decode().strip()
        os.kill(child.pid, signal.SIGKILL)
    assert place not in ("", "None")
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app)
        assert app.desk.arrangement.current == "memory"
        assert app.desk.query_one(MemoryPane).has_focus_within
        assert app.desk.arrangement.side == 44
        assert app.desk.conversation.composer.text == "half a thought"
        await pilot.press("ctrl+o", "c")
        await wait_for(pilot, lambda: str(app.desk.conversation.transcript.position) == place)
        assert "Without a model" in said(app)


async def test_spacing_and_the_debug_line(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await palette(pilot, "compact or roomy")
        await wait_for(pilot, lambda: app.has_class("-compact"))
        await palette(pilot, "how quick the app")
        await wait_for(pilot, lambda: app.desk.query_one("#debug").display)
    again = Zotui(home, own_workers=True)
    async with again.run_test(size=WIDE) as pilot:
        await opened(pilot, again)
        assert again.has_class("-compact")
        assert again.desk.query_one("#debug").display


async def test_the_open_chat_is_marked(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("help"), "enter")
        await wait_for(pilot, lambda: "Without a model" in said(app))
        chats = app.desk.query_one(ChatsPane)
        await wait_for(pilot, lambda: chats.rows.current is not None and chats.rows.current.mark == "●")
        await pilot.press("ctrl+n")
        await wait_for(pilot, lambda: chats.rows.current is not None and chats.rows.current.mark == "")


@pytest.mark.parametrize("size", [(140, 40), (120, 14), (80, 24), (40, 12), (400, 120)], ids=str)
async def test_where_one_writes_is_always_in_view(home: Home, size: tuple[int, int]) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("help"), "enter")
        await wait_for(pilot, lambda: "Without a model" in said(app))
        composer, pane = app.desk.conversation.composer, app.desk.conversation
        assert pane.region.bottom <= size[1]
        assert composer.region.height >= 1
        assert pane.region.contains_region(composer.region)
        for other in app.desk.panes:
            assert not other.display or other.region.bottom <= size[1]
