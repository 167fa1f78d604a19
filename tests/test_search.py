"""One search over everything: by groups, with the place of each hit; nothing deleted is found, one fault is one line."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from zotui import search
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


async def test_a_fault_of_ours_in_one_group_leaves_the_others(
    computer: Computer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(search, "_CALLS", "SELECT nonsense")
    found = await computer.search("heron")
    assert [hit.title for hit in found if hit.group == "runs"] == ["! runs cannot be searched"]
    assert [hit.place for hit in found if hit.group == "runs"] == [""]
    assert {"chats", "memory", "skills", "files", "logs"} <= {hit.group for hit in found}
    assert "runs cannot be searched" in caplog.text


async def test_common_words_find_the_newest(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        await computer.memory.memorize(f"common word {number}")
    monkeypatch.setattr(search, "RARE", 5)
    found = await computer.search("common", only="memory")
    assert [hit.excerpt for hit in found] == [f"common word {number}" for number in range(29, 24, -1)]


async def test_rare_words_find_the_best(computer: Computer) -> None:
    best = "plover plover plover"
    await computer.memory.memorize(best)
    for number in range(8):
        await computer.memory.memorize(f"a plover among many other words of a longer line, number {number}")
    assert (await computer.search("plover", only="memory"))[0].excerpt == best


async def test_titles_hold_words_in_any_order_and_case(computer: Computer) -> None:
    chat = (await computer.chats.list())[0]
    await computer.chats.rename(chat.id, "Über graue Reiher")
    assert (await computer.search("reiher ÜBER", only="chats"))[0].title == "Über graue Reiher"


async def test_an_excerpt_shows_the_form_of_a_word_that_is_in_the_text(computer: Computer) -> None:
    await computer.memory.memorize("word " * 200 + "the cafés were closing early " + "word " * 200)
    assert "cafés were closing" in (await computer.search("cafe closed", only="memory"))[0].excerpt


async def test_calls_are_read_beyond_the_first_page(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE", 2)
    for number in range(5):
        await computer.ask(f"recall plover{number}")
    hits = await computer.search("plover0", only="runs")
    assert [hit.title for hit in hits] == ["recall"]
    assert len(await computer.search("plover", only="runs")) == 5
    monkeypatch.setattr(search, "NEWEST", 2)
    assert not await computer.search("plover0", only="runs")


async def test_turns_that_failed_or_were_stopped_are_found(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        stopped = await computer.submit("look at the kingfisher")
        await computer.submit("look at the kingfisher again")  # it waits still
        assert await computer.turns.stop(stopped)
        found = await computer.search("kingfisher", only="runs")
    assert [(hit.title, hit.place) for hit in found] == [("cancelled", f"run:{stopped}")]


async def test_files_are_found_by_name_then_content_then_likeness(computer: Computer) -> None:
    root = computer.home.workspace
    (root / "plovers.txt").write_text("x")
    (root / "zzz.txt").write_text("A plover.")
    (root / "plower.txt").write_text("x")
    (root / "bread.txt").write_text("x")
    await computer.files.put("kept/plover.bin", b"12")
    found = await computer.search("plover", only="files")
    assert [hit.title for hit in found] == ["plovers.txt", "kept/plover.bin", "zzz.txt", "plower.txt"]
    assert [hit.place for hit in found] == ["file:plovers.txt", "", "file:zzz.txt", "file:plower.txt"]
    assert all(hit.at for hit in found)


async def test_nothing_outside_of_the_workspace_is_looked_at(computer: Computer, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("the avocet is here")
    (computer.home.workspace / "link.txt").symlink_to(outside / "secret.txt")
    (computer.home.workspace / "linked").symlink_to(outside)
    assert not await computer.search("avocet")
    for query in (f"{outside}/sec", "../", "~/"):
        assert not [hit for hit in await computer.search(query, only="files") if "secret" in hit.title], query


async def test_a_pipe_among_logs_holds_nothing_up(computer: Computer) -> None:
    os.mkfifo(computer.home.logs / "pipe.log")
    async with asyncio.timeout(20):
        found = await computer.search("heron", only="logs")
    assert [hit.title for hit in found] == ["! logs cannot be searched"]


async def test_a_line_of_a_long_log_has_the_number_that_the_home_gives_it(computer: Computer) -> None:
    filler = "nothing happened here\n"
    (computer.home.logs / "long.log").write_text(filler * 150_000 + "a plover flew by\n" + filler)
    (hit,) = await computer.search("plover", only="logs")
    _, name, line = hit.place.split(":")
    shown = await asyncio.to_thread(computer.home.read_log, name)
    assert shown.split("\n")[int(line) - 1] == "a plover flew by"


def test_an_excerpt_stands_around_the_word() -> None:
    text = "word " * 100 + "heron " + "word " * 100
    assert "heron" in excerpt_of(text, ["heron"])
    assert len(excerpt_of(text, ["heron"])) <= 200
    assert excerpt_of("short", ["nothing"]) == "short"
