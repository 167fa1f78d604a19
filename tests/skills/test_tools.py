"""What the agent reads of skills: a catalogue within its bound, instructions once they are wanted, files on demand."""

import pytest

from tests.skills.shelves import RUN, put, settle, trust
from zotui.errors import ZotuiError
from zotui.home import Home
from zotui.skills import Shelf
from zotui.skills.catalogue import INDEX_BYTES
from zotui.skills.runs import Runs
from zotui.skills.tools import tools
from zotui.store import Store
from zotui.toolbox import Result, ToolContext


async def find(shelf: Shelf, query: str) -> Result:
    """What ``find_skill`` gives."""
    (tool,) = tools(shelf)
    result = await tool.run(tool.parse({"query": query}), ToolContext("c", "t", "k", True))
    assert isinstance(result, Result)
    return result


async def test_instructions_and_files(home: Home, shelf: Shelf) -> None:
    folder = put(home.skills, "pdf-tools", "Merge and split PDF documents.", "# How\n\nSee references/forms.md.\n")
    (folder / "references").mkdir()
    (folder / "references" / "forms.md").write_text("Forms are\x1b[31m filled in.")
    (folder / "logo.png").write_bytes(bytes(range(200, 256)))
    settle(shelf)
    for query in ("pdf-tools", "/pdf-tools", "join two pdf documents"):
        result = await find(shelf, query)
        assert "See references/forms.md." in result.text
        assert "pdf-tools/logo.png, pdf-tools/references/forms.md" in result.text
        assert result.tainted, "nobody has looked at it"
    assert "Forms are" not in result.text
    assert (await find(shelf, "pdf-tools/references/forms.md")).text == "Forms are filled in."
    for path, said in {
        "logo.png": "is no text",
        "../../config.toml": "has no file '../../config.toml'",
        "references": "has no file",
        "references/gone.md": "has no file",
    }.items():
        with pytest.raises(ZotuiError, match=said):
            await find(shelf, f"pdf-tools/{path}")
    trust(shelf, "pdf-tools")
    assert not (await find(shelf, "pdf-tools")).tainted


async def test_it_is_kept_that_they_were_read(home: Home, shelf: Shelf, store: Store) -> None:
    put(home.skills, "pdf-tools", "Merge and split PDF documents.", "x" * 397)
    runs = Runs(store)
    (tool,) = tools(shelf, runs)
    for query in ("pdf-tools", "nothing of the kind whatever", "pdf-tools/SKILL.md"):
        await tool.run(tool.parse({"query": query}), ToolContext("c", "t", "k", True))
    (one,) = await runs.list()
    assert (one.skill, one.script, one.status, one.tokens) == ("pdf-tools", "SKILL.md", "done", 100)
    assert (one.asked_by, one.conv_id, one.turn_id) == ("agent", "c", "t")


async def test_what_comes_with_zotui_taints_nothing(shelf: Shelf) -> None:
    assert (await find(shelf, "meeting-notes")).tainted is False


async def test_nothing_of_what_may_not_be_used(home: Home, shelf: Shelf) -> None:
    folder = put(home.skills, "pdf-tools", "Merge and split PDF documents.", "The secret body.\n")
    trust(shelf, "pdf-tools")
    (folder / "SKILL.md").write_text((folder / "SKILL.md").read_text() + "Changed.\n")
    with pytest.raises(ZotuiError, match="the skill pdf-tools is changed"):
        await find(shelf, "pdf-tools")
    with pytest.raises(ZotuiError, match="is changed"):
        await find(shelf, "pdf-tools/SKILL.md")
    assert "pdf-tools" not in (await find(shelf, "merge pdf documents")).text
    assert "pdf-tools" not in shelf.index("merge pdf documents")
    assert shelf.route("merge pdf documents")[0].name == "pdf-tools", "the person is told of it"


async def test_a_file_that_is_swapped_for_a_link_is_not_followed(
    home: Home, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(home.skills, "pdf-tools")
    (folder / "notes.md").write_text("notes")
    settle(shelf)
    monkeypatch.setattr("zotui.skills.shelf.is_as_seen", lambda path, seen: True)
    shelf.list()
    (folder / "notes.md").unlink()
    (folder / "notes.md").symlink_to(home.config_file)
    with pytest.raises(ZotuiError, match=r"notes\.md: "):
        await find(shelf, "pdf-tools/notes.md")


def test_the_catalogue_of_many_is_a_shortlist_for_the_request(home: Home, shelf: Shelf) -> None:
    kinds = (
        "pdf documents",
        "weather forecasts",
        "git branches",
        "slides for talks",
        "units of length",
        "logs of servers",
    )
    for number in range(300):
        put(home.skills, f"skill-{number}", f"Work with {kinds[number % 6]}. " + f"More of its kind {number}. " * 9)
    put(home.skills, "umbrella", "Says whether to take an umbrella along when it rains.")
    settle(shelf)
    text = shelf.index("is an umbrella needed today")
    assert len(text.encode()) <= INDEX_BYTES
    assert text.splitlines()[1].startswith("- umbrella: ")
    assert text.splitlines()[-1].startswith("- … ")
    assert shelf.index("a talk with slides").splitlines()[1] != text.splitlines()[1]
    assert shelf.index("") == shelf.index("")


def test_code_that_nobody_looked_at_is_in_the_catalogue_with_its_text(home: Home, shelf: Shelf) -> None:
    put(home.skills, "weather", "The weather.", weather=RUN)
    settle(shelf)
    assert "- weather: The weather." in shelf.index("")


def test_a_request_that_names_a_skill_is_told_to_be_for_it(home: Home, shelf: Shelf) -> None:
    folder = put(home.skills, "weather", "The weather.")
    (folder / "SKILL.md").write_text("---\nname: weather\ndescription: x\ntriggers: will it rain\n---\n")
    settle(shelf)
    told = "This request is for weather: read that with find_skill first."
    assert shelf.index("/weather in Oslo").endswith(told)
    assert shelf.index("Will it rain?").endswith(told)
    assert told not in shelf.index("the weather") + shelf.index("cat /etc/weather")
    shelf.turn(shelf.find("weather"), False)
    assert "weather" not in shelf.index("/weather in Oslo")
