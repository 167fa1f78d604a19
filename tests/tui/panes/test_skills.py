"""The skills pane, by its keys: run with a form, look and trust, disable, history."""

import shutil

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.skills.shelves import put
from tests.tui.conftest import opened, typed, wait_for
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.dialogs import Reading
from zotui.tui.panes.skills import SkillsPane
from zotui.tui.skill_dialogs import SkillForm, SkillLook

SUM = "def run(a: int, b: int = 2) -> int:\n    print('adding')\n    return a + b\n"


def text_of(app: Zotui) -> str:
    return "\n".join(str(static.render()) for static in app.screen.query(Static))


async def at(pilot: Pilot[None], app: Zotui, name: str) -> SkillsPane:
    """The pane, with the cursor on a skill."""
    await opened(pilot, app)
    pane = app.desk.query_one(SkillsPane)
    await wait_for(pilot, lambda: pane._source is not None and any(one.name == name for one in pane._source.skills))
    app.desk.go_to(pane)
    await pane.seek(name)
    await wait_for(pilot, lambda: pane.rows.current is not None and pane.rows.current.id == name)
    return pane


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")
@pytest.mark.parametrize("size", [(140, 40), (80, 24)], ids=["wide", "narrow"])
async def test_from_a_look_to_a_run_and_its_history(home: Home, size: tuple[int, int]) -> None:
    put(home.skills, "asum", "Adds numbers. Use in tests.", sums=SUM)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=size) as pilot:
        pane = await at(pilot, app, "asum")
        await pilot.press("r")
        await wait_for(pilot, lambda: any("nobody has looked" in str(one.message) for one in app._notifications))
        await pilot.press("t")
        await wait_for(pilot, lambda: isinstance(app.screen, SkillLook))
        assert "scripts/sums.py" in text_of(app)
        await pilot.press("t")
        await wait_for(pilot, lambda: app.screen is app.desk)
        assert app.computer is not None
        await wait_for(pilot, lambda: any(one.name == "asum" and one.trusted for one in pane._source.skills))  # type: ignore[union-attr]
        await pilot.press("r")
        await wait_for(pilot, lambda: isinstance(app.screen, SkillForm))
        assert "a: int" in text_of(app)
        assert "b: int, else 2" in text_of(app)
        await pilot.press(*typed("3"), "enter", *typed("x"), "enter")
        await wait_for(pilot, lambda: any("b: 'x' is no int" in str(one.message) for one in app._notifications))
        await wait_for(pilot, lambda: app.screen is app.desk)
        await pilot.press("r")
        await wait_for(pilot, lambda: isinstance(app.screen, SkillForm) and app.screen.query(Input).first().has_focus)
        await pilot.press(*typed("3"), "ctrl+s")
        await wait_for(pilot, lambda: isinstance(app.screen, Reading) and "5" in text_of(app))
        assert "It printed:\nadding" in text_of(app)
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.desk)
        await pilot.press("h")
        await wait_for(pilot, lambda: isinstance(app.screen, Reading) and '{"a":3}' in text_of(app))
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.desk)
        for enabled in (False, True):
            await pilot.press("space")
            await wait_for(
                pilot,
                lambda enabled=enabled: (
                    next(one for one in pane._source.skills if one.name == "asum").enabled is enabled
                ),
            )


async def test_one_of_instructions_has_nothing_to_run_and_a_bundled_one_is_not_edited(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 40)) as pilot:
        await at(pilot, app, "meeting-notes")
        await pilot.press("r")
        await wait_for(pilot, lambda: any("has nothing to run" in str(one.message) for one in app._notifications))
        await pilot.press("e")
        await wait_for(pilot, lambda: any("comes with zotui" in str(one.message) for one in app._notifications))
        await pilot.press("h")
        await wait_for(pilot, lambda: isinstance(app.screen, Reading) and "has not run yet" in text_of(app))
