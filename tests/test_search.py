"""One search over everything: by groups, with the place of each hit; nothing deleted is found, one fault is one line."""

from collections.abc import AsyncIterator

import pytest

from zotui.computer import Computer
from zotui.home import Home
from zotui.search import GROUPS, excerpt_of


@pytest.fixture
async def computer(home: Home) -> AsyncIterator[Computer]:
    """A computer that has heard of a heron everywhere."""
    (home.workspace / "notes").mkdir()
    (home.workspace / "notes" / "birds.md").write_text("A grey heron, seen twice.\n")
    (home.workspace / "heron.txt").write_text("x")
    (home.workspace / "picture.bin").write_bytes(b"\0heron")
    (home.logs / "serve.log").write_text("started\nthe heron was fed\n")
    skill = home.skills / "birdwatch"
    skill.mkdir()
    (skill / "SKILL.md").write_text("---\nname: birdwatch\ndescription: count birds\n---\nLook for the heron.\n")
    async with Computer.open(home, workers="own") as zo:
        await zo.memory.memorize("the heron is called Nils")
        await zo.ask("recall heron")
        yield zo


async def test_every_group_is_searched_and_each_hit_leads_somewhere(computer: Computer) -> None:
    found = await computer.search("heron")
    assert list(dict.fromkeys(hit.group for hit in found)) == list(GROUPS)
    places = {hit.group: hit.place for hit in found}
    assert places["chats"].startswith("chat:")
    assert places["memory"].startswith("memory:")
    assert places["skills"] == "skill:birdwatch"
    assert places["runs"].startswith("run:")
    assert {hit.place for hit in found if hit.group == "files"} == {"file:heron.txt", "file:notes/birds.md"}
    assert places["logs"] == "log:serve.log:2"
    assert all("heron" in (hit.title + hit.excerpt).lower() for hit in found)
    assert [hit.group for hit in await computer.search("heron", only="memory")] == ["memory"]
    assert await computer.search("   ") == []


async def test_titles_come_before_messages(computer: Computer) -> None:
    chat = (await computer.chats.list())[0]
    found = await computer.search("heron", only="chats")
    assert found[0].place == f"chat:{chat.id}"
    assert found[1].place.startswith(f"chat:{chat.id}/")


async def test_nothing_of_a_deleted_conversation_is_found(computer: Computer) -> None:
    chat = (await computer.chats.list())[0]
    await computer.chats.delete(chat.id)
    assert {hit.group for hit in await computer.search("heron")} == {"memory", "skills", "files", "logs"}
    await computer.chats.restore(chat.id)
    assert "chats" in {hit.group for hit in await computer.search("heron")}


@pytest.mark.parametrize(
    "query", ['"', "%", "_", "'; DROP TABLE messages", "a AND", "*", "(", "\x1b[2J", "heron OR", "x" * 5000]
)
async def test_no_words_break_it(computer: Computer, query: str) -> None:
    await computer.search(query)
    assert await computer.chats.count() == 1


async def test_a_group_that_cannot_be_searched_is_one_line(computer: Computer) -> None:
    log = computer.home.logs / "broken.log"
    log.mkdir()
    found = await computer.search("heron")
    assert [hit.title for hit in found if hit.group == "logs"] == ["! logs cannot be searched"]
    assert {"chats", "memory", "files"} <= {hit.group for hit in found}


async def test_common_words_find_the_newest(computer: Computer) -> None:
    for number in range(30):
        await computer.memory.memorize(f"common word {number}")
    from zotui import search

    before, search.RARE = search.RARE, 5
    try:
        found = await computer.search("common", only="memory")
    finally:
        search.RARE = before
    assert [hit.excerpt for hit in found] == [f"common word {number}" for number in range(29, 24, -1)]


def test_an_excerpt_stands_around_the_word() -> None:
    text = "word " * 100 + "heron " + "word " * 100
    assert "heron" in excerpt_of(text, ["heron"])
    assert len(excerpt_of(text, ["heron"])) <= 200
    assert excerpt_of("short", ["nothing"]) == "short"
