"""Rules and personas in the app: every key of their dialogs, and what becomes of what they change."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static, TextArea

from tests.openai_server import OpenAIServer, openai_server, says
from tests.tui.conftest import opened, said, typed, wait_for
from zotui import Computer
from zotui.errors import UsageError
from zotui.home import Home
from zotui.policy import Rule, Wanted
from zotui.tui.app import Zotui
from zotui.tui.dialogs import Confirm, Editor, Prompt
from zotui.tui.persona_picker import PersonaPicker
from zotui.tui.rules_dialog import RulesDialog, condition_in
from zotui.tui.widgets.rows import Rows
from zotui.tui.widgets.status import StatusLine


@pytest.fixture
async def server(home: Home) -> AsyncIterator[OpenAIServer]:
    """A model server that the home's configuration names."""
    async with openai_server() as server:
        home.config_file.write_text(f'model = "lab/tiny"\n[providers.lab]\nbase_url = "{server.url}"\n')
        yield server


def line(app: Zotui) -> str:
    """What the dialog tells of the row under the cursor."""
    return str(app.screen.query_one("#line", Static).content)


def status(app: Zotui) -> str:
    """The line at the top."""
    return "".join(segment.text for segment in app.desk.query_one(StatusLine).render_line(0))


async def give(pilot: Pilot[None], text: str) -> None:
    """Write into the composer, and send it."""
    await pilot.press(*typed(text), "enter")


async def written(pilot: Pilot[None], app: Zotui, text: str) -> None:
    """Write over what the dialog that has just opened holds, and keep it."""
    await wait_for(pilot, lambda: isinstance(app.screen, Editor | Prompt) and app.focused is not None)
    if isinstance(app.screen, Editor):
        app.screen.query_one(TextArea).text = text
        await pilot.press("ctrl+s")
    else:
        app.screen.query_one(Input).value = text
        await pilot.press("enter")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (" Always ", ("always", "")),
        ("for  *.py", ("glob", "*.py")),
        ("on /a b/c/", ("regex", "a b/c")),
        ("when I am sad", ("model", "I am sad")),
    ],
)
def test_when_a_rule_holds_is_written_as_it_is_listed(words: str, found: tuple[Any, str]) -> None:
    assert condition_in(words) == found
    assert condition_in(Rule("", "", *found, True, 0, 0).when) == found


@pytest.mark.parametrize("words", ["", "sometimes", "for", "on x", "on //", "on /(/", "always so", "when "])
def test_what_does_not_say_when_is_refused(words: str) -> None:
    with pytest.raises(UsageError):
        condition_in(words)


async def test_rules_are_made_switched_changed_and_deleted_by_keys(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "true")
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        await opened(pilot, app)
        assert app.computer is not None
        rules = app.computer.rules

        async def are(*wanted: tuple[str, str, bool]) -> None:
            async def look() -> list[tuple[str, str, bool]]:
                return [(one.instruction, one.when, one.enabled) for one in await rules.list()]

            await _until(pilot, look, list(wanted))
            await wait_for(pilot, lambda: isinstance(app.screen, RulesDialog))

        await give(pilot, "/rules")
        await wait_for(pilot, lambda: isinstance(app.screen, RulesDialog) and app.screen.query_one(Rows).count == 0)
        await pilot.press("space", "e", "c", "d")  # where there is none, nothing happens
        await pilot.press("a")
        await written(pilot, app, "Use types.")
        await written(pilot, app, "on /(/")
        await wait_for(pilot, lambda: any("no regular expression" in note.message for note in app._notifications))
        await written(pilot, app, "for *.py")
        await are(("Use types.", "for *.py", True))
        rows = app.screen.query_one(Rows)
        await wait_for(pilot, lambda: rows.current is not None and rows.current.mark == "●")
        await pilot.press("space")
        await are(("Use types.", "for *.py", False))
        await wait_for(pilot, lambda: "off; else for *.py" in line(app))
        await wait_for(pilot, lambda: rows.current is not None and rows.current.mark == "○")
        await pilot.press("space")
        await are(("Use types.", "for *.py", True))
        await pilot.press("enter")
        await written(pilot, app, "Use types: all.")
        await are(("Use types: all.", "for *.py", True))
        await pilot.press("e")  # for which there is no terminal here
        await wait_for(pilot, lambda: any("cannot be given" in note.message for note in app._notifications))
        await pilot.press("c")
        await written(pilot, app, "when it is late")
        await are(("Use types: all.", "when it is late", True))
        await pilot.press("c")
        await wait_for(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press("escape")
        await are(("Use types: all.", "when it is late", True))
        await pilot.press("d")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await are(("Use types: all.", "when it is late", True))
        await pilot.press("delete")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await are()
        await wait_for(pilot, lambda: rows.count == 0)
        await pilot.press("q")
        await wait_for(pilot, lambda: app.screen is app.desk)


async def test_what_became_of_rules_in_the_last_request_is_shown(home: Home, server: OpenAIServer) -> None:
    server.script(says("bonjour"))
    async with Computer.open(home, workers="own") as computer:
        await computer.rules.add("Answer in French.")
        await computer.rules.add("Use types.", "glob", "*.py")
        await computer.desk.set("conversation", (await computer.ask("hello")).conversation_id)
        await computer.rules.add("New.")
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        app.desk.act("rules")
        await wait_for(pilot, lambda: isinstance(app.screen, RulesDialog) and app.screen.query_one(Rows).count == 3)
        await wait_for(pilot, lambda: "In the last request here it held: always" in line(app))
        await pilot.press("down")
        await wait_for(pilot, lambda: "it did not hold: nothing at hand matches *.py" in line(app))
        await pilot.press("j")
        await wait_for(pilot, lambda: "It was not asked about in the last request here." in line(app))
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.desk)


async def test_personas_are_made_changed_chosen_and_deleted_by_keys(home: Home, server: OpenAIServer) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        await opened(pilot, app)
        assert app.computer is not None
        personas = app.computer.personas

        async def are(*wanted: tuple[str, str, str, str]) -> None:
            async def look() -> list[tuple[str, str, str, str]]:
                return [(one.name, one.prompt, one.model, one.tools) for one in await personas.list()]

            await _until(pilot, look, list(wanted))
            await wait_for(pilot, lambda: isinstance(app.screen, PersonaPicker))

        await give(pilot, "/persona")
        await wait_for(pilot, lambda: isinstance(app.screen, PersonaPicker) and app.screen.query_one(Rows).count == 1)
        await pilot.press("e", "n", "m", "t", "d")  # no persona has nothing to change
        assert isinstance(app.screen, PersonaPicker)
        await pilot.press("a")
        await written(pilot, app, "Ada")
        await written(pilot, app, "You are Ada.")
        await are(("Ada", "You are Ada.", "", "all"))
        rows = app.screen.query_one(Rows)
        await wait_for(pilot, lambda: rows.count == 2)
        await pilot.press("down")
        await wait_for(pilot, lambda: line(app) == "You are Ada.")
        for key, text, wanted in (
            ("e", "You are A.", ("Ada", "You are A.", "", "all")),
            ("n", "Eve", ("Eve", "You are A.", "", "all")),
            ("m", "lab/large", ("Eve", "You are A.", "lab/large", "all")),
            ("t", "read-only", ("Eve", "You are A.", "lab/large", "read-only")),
            ("m", "nobody/x", ("Eve", "You are A.", "lab/large", "read-only")),
        ):
            await pilot.press(key)
            await written(pilot, app, text)
            await are(wanted)
            await wait_for(pilot, lambda wanted=wanted: [one.name for one in _known(app)] == [wanted[0]])
        await wait_for(pilot, lambda: any("no provider 'nobody'" in note.message for note in app._notifications))
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.screen is app.desk)
        await wait_for(pilot, lambda: "● Eve · lab/large" in status(app))
        server.script(says("one"), says("two"), says("three"))
        await give(pilot, "hello")
        await wait_for(pilot, lambda: "one" in said(app) and app.desk.conversation.state() == "")
        assert server.exchanges[0].request["model"] == "large"
        assert b"You are A." in server.exchanges[0].body
        assert "● Eve" in status(app)
        await give(pilot, "/persona none")
        await wait_for(pilot, lambda: "Eve" not in status(app))
        await give(pilot, "more")
        await wait_for(pilot, lambda: "two" in said(app) and app.desk.conversation.state() == "")
        assert server.exchanges[1].request["model"] == "tiny"
        assert b"You are A." not in server.exchanges[1].body
        await give(pilot, "/persona eve")
        await wait_for(pilot, lambda: "● Eve" in status(app))
        app.desk.act("personas")
        await wait_for(pilot, lambda: isinstance(app.screen, PersonaPicker) and app.screen.query_one(Rows).count == 2)
        await pilot.press("down", "d")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await are()
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.desk and "Eve" not in status(app))
        await give(pilot, "/persona nobody")
        await wait_for(pilot, lambda: any("no persona 'nobody'" in note.message for note in app._notifications))


async def test_the_persona_of_the_next_conversation_is_kept(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        await computer.personas.add(Wanted(name="Ada", hue=200))
    for _ in range(2):
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=(140, 40)) as pilot:
            await opened(pilot, app)
            if app.desk.conversation.answering.persona is None:
                await give(pilot, "/persona ada")
            await wait_for(pilot, lambda app=app: "● Ada · offline" in status(app))


def _known(app: Zotui) -> list[Any]:
    assert isinstance(app.screen, PersonaPicker)
    return list(app.screen._source.found.values())


async def _until(pilot: Pilot[None], look: Callable[[], Coroutine[Any, Any, Any]], wanted: object) -> None:
    """Wait until the file says so."""
    found: list[object] = []

    async def same() -> bool:
        found[:] = [await look()]
        return found[0] == wanted

    for _ in range(2000):
        if await same():
            return
        await pilot.pause(0.01)
    assert found[0] == wanted
