"""How little a first request holds: core tools and a line for each skill; the rest is found on demand."""

import json
import os

from tests.agent.lab import Lab, Word, tool
from tests.openai_server import OpenAIServer, calls, openai_server, says
from tests.skills.bundled import SKILLS
from zotui import Computer
from zotui.home import Home
from zotui.skills import load_skills, route
from zotui.skills.catalogue import INDEX_BYTES, index
from zotui.toolbox import FIND, Result, Tool, ToolContext

WORDS = (
    "Watch a page for changes and say what has changed since the last look, with a link. Use when the person wants"
    " to be told of news on a site, of a price, of an opening, of a date"
)


def fill(home: Home, count: int, words: str = WORDS) -> None:
    """So many skills in the home."""
    for number in range(count):
        folder = home.skills / f"skill-number-{number}"
        folder.mkdir()
        (folder / "SKILL.md").write_text(
            f"---\nname: {folder.name}\ndescription: {words}\n---\n\n# Do it\n\nStep {number}.\n"
        )


async def first_request(home: Home, server: OpenAIServer) -> bytes:
    home.config_file.write_text(f'model = "lab/tiny"\n[providers.lab]\nbase_url = "{server.url}"\n')
    server.script(says("Hello."))
    async with Computer.open(home, workers="own") as zo:
        await zo.ask("hi")
    return server.exchanges[0].body


async def test_hi_with_thirty_skills_is_small(home: Home) -> None:
    assert 165 <= len(WORDS) <= 180
    bundled = len([name for name in os.listdir(SKILLS) if os.path.isdir(SKILLS / name)])
    fill(home, 30 - bundled)
    async with openai_server() as server:
        body = await first_request(home, server)
        request = server.exchanges[0].request
    assert len(body) <= 12_000
    assert len(json.dumps(request["tools"]).encode()) <= 5_000
    system = request["messages"][0]["content"]
    assert all(f"skill-number-{number}:" in system for number in range(30 - bundled))


async def test_hi_with_three_hundred_skills_is_as_small_and_holds_no_body(home: Home) -> None:
    fill(home, 300, f"{WORDS}. {WORDS}")
    async with openai_server() as server:
        body = await first_request(home, server)
        system = server.exchanges[0].request["messages"][0]["content"]
    assert len(body) <= 12_000
    assert "more: find_skill" in system
    assert "Step " not in system


def test_the_index_of_any_number_of_skills_has_its_bound(home: Home) -> None:
    assert index([]) == ""
    fill(home, 200, "ü" * 170)
    text = index(load_skills([home.skills]))
    assert len(text.encode()) <= INDEX_BYTES
    assert "more: find_skill" in text


def test_a_skill_is_found_by_its_name_or_by_what_is_to_be_done(home: Home) -> None:
    fill(home, 3)
    (home.skills / "slides").mkdir()
    (home.skills / "slides" / "SKILL.md").write_text("---\nname: slides\ndescription: Make a slide deck\n---\nBody")
    skills = load_skills([home.skills])
    assert route("slides", skills)[0].name == "slides"
    assert route("make me a slide deck", skills)[0].name == "slides"
    assert route("zzqx vvkw", skills) == []


async def test_a_tool_that_is_not_core_is_offered_once_it_was_found(lab: Lab) -> None:
    async def run(arguments: Word, context: ToolContext) -> Result:
        return Result(f"printed {arguments.word}")

    printer = tool("print_page", run)
    rare = Tool(printer.name, "Print a page on paper.", printer.arguments, "read", printer.run, core=False)
    lab.worker(rare)
    lab.server.script(
        calls((FIND, {"query": "put a page on paper"})), calls(("print_page", {"word": "this"})), says("Done.")
    )
    view = await lab.ask("print this")
    assert [call.status for call in view.tool_calls] == ["done", "done"]
    offered = [{tool["function"]["name"] for tool in request["tools"]} for request in lab.server.requests]
    assert ["print_page" in names for names in offered] == [False, True, True]
    lab.server.script(says("ok"))
    await lab.ask("thanks", view.turn.conv_id)
    assert "print_page" in {tool["function"]["name"] for tool in lab.server.requests[-1]["tools"]}
