"""An answer that names memories: they stand below it, and lead to where they are kept; the profile by its command."""

from textual.widgets import TextArea

from tests.cli.inside import Inside
from tests.openai_server import openai_server, says
from tests.tui.conftest import opened, said, typed, wait_for
from zotui.home import Home
from zotui.memory.knowing import name_of
from zotui.tui.app import Zotui
from zotui.tui.dialogs import Editor
from zotui.tui.panes.memory import MemoryPane

CONFIG = 'model = "lab/tiny"\n[providers.lab]\nbase_url = "{url}"\nmodels = ["tiny"]\n'


async def test_what_an_answer_names_leads_to_the_memory(home: Home) -> None:
    async with openai_server() as server:
        home.config_file.write_text(CONFIG.format(url=server.url))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=(140, 40)) as pilot:
            await opened(pilot, app)
            assert app.computer is not None
            memory = app.computer.memory
            box = await memory.memorize("The staging box is lab-3")
            await memory.memorize("The staging database is on port 5433")
            server.script(says(f"It is lab-3 [{name_of(box)}]."))
            await pilot.press(*typed("which box is staging?"), "enter")
            await wait_for(pilot, lambda: "✦ The staging box is lab-3" in said(app))
            assert "✦ The staging database" not in said(app)  # it was told, and not named
            transcript = app.desk.conversation.transcript
            transcript.focus()
            await pilot.press("end")
            await wait_for(
                pilot, lambda: transcript.current is not None and transcript.current.id.startswith("memory:")
            )
            await pilot.press("enter")
            pane = app.desk.query_one(MemoryPane)
            await wait_for(pilot, lambda: app.desk.current is pane and pane.rows.current is not None)
            await wait_for(pilot, lambda: pane.rows.current is not None and pane.rows.current.id == box)
            await memory.forget(box)
            await app.desk.conversation.reading.older()


async def test_the_profile_is_written_and_known(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        assert app.computer is not None
        await pilot.press(*typed("/profile"), "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Editor))
        app.screen.query_one(TextArea).text = "Ada, a nurse in Oslo."
        await pilot.press("ctrl+s")
        while await app.computer.memory.get("profile") != "Ada, a nurse in Oslo.":
            await pilot.pause(0.01)


def test_the_profile_by_its_verb(home: Home) -> None:
    inside = Inside(home)
    assert inside("memory", "profile").out == "nothing yet; zotui memory profile TEXT says it\n"
    inside("memory", "profile", "Ada,", "a nurse")
    inside("memory", "profile", "-", given=b"Ada, a nurse in Oslo.\n" + b"x" * 2_000)
    assert inside("memory", "profile").out.startswith("Ada, a nurse in Oslo.\nxxx")
    assert "know its first 1,200 characters" in inside("memory", "profile").complaint
    assert [one["value"][:12] for one in inside("memory", "history", "profile", "--json").json] == ["Ada, a nurse"] * 2
    assert "Ada, a nurse in Oslo." in inside("chats", "context", "last").complaint + inside("ask", "hello").out + (
        inside("chats", "context", "last").out
    )


def test_the_cli_tells_what_was_named(home: Home) -> None:
    inside = Inside(home)
    assert inside("ask", "--json", "hello").json["memories"] == []
