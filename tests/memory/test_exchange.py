"""Memories out and in again, and those of others."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from zotui import Computer
from zotui.home import Home
from zotui.memory.exchange import Line, lines_in, paragraphs_in, written
from zotui.memory.taking import Taken, take


@pytest_asyncio.fixture
async def computer(home: Home) -> AsyncIterator[Computer]:
    async with Computer.open(home, workers="none") as computer:
        yield computer


async def put(computer: Computer, text: str) -> Taken:
    whole = Taken()
    async for one in take(computer.store, lines_in(text.split("\n"), "test")):
        whole = whole.plus(one)
    return whole


async def out(computer: Computer) -> str:
    return "".join([lines async for lines in written(computer.store)])


async def test_what_goes_out_comes_in_as_the_same_bytes(computer: Computer, tmp_path: Path) -> None:
    memory = computer.memory
    await memory.memorize("the staging box is lab-3", {"source": "me", "nested": {"a": [1, None, "ü\u2028"]}})
    await memory.set("city", "Paris")
    await memory.set("city", "Berlin")
    pinned = await memory.pin(await memory.memorize("prefers metric units"))
    await memory.tag(pinned.id, "habit")
    first = await out(computer)
    assert [json.loads(line)["content"] for line in first.splitlines()[:1]] == ["the staging box is lab-3"]
    assert json.loads(first.split("\n")[1])["history"][0]["value"] == "Paris"
    again = await put(computer, first)
    assert (again.taken, again.known, again.problems) == (0, 3, [])
    async with Computer.open(Home(str(tmp_path / "other")), workers="none") as other:
        assert (await put(other, first)).taken == 3
        second = await out(other)
        assert [one.content for one in await other.memory.list()] == [
            "prefers metric units",
            "Berlin",
            "the staging box is lab-3",
        ]
        assert (await other.memory.list(tag="habit"))[0].pinned_at == pinned.pinned_at
        assert second == first


async def test_a_line_that_cannot_be_read_is_named_and_the_rest_taken(computer: Computer) -> None:
    lines = [
        '{"content": "one"}', "nonsense", "", "[1]", '{"content": ""}', '{"meta": {}}', '{"content": "two", "created_at": "?"}',
        '{"content": "three", "key": "a\\nb"}', '{"content": "four", "meta": 5, "id": "own", "created_at": 1700000000}',
    ]  # fmt: skip
    found = await put(computer, "\n".join(lines))
    assert found.taken == 2
    assert [problem.split(":")[0] for problem in found.problems] == [
        "line 2",
        "line 4",
        "line 5",
        "line 6",
        "line 7",
        "line 8",
    ]
    assert (await computer.memory.find("own")).created_at == 1_700_000_000_000


async def test_one_key_and_one_id_with_other_words(computer: Computer) -> None:
    await put(computer, '{"key": "city", "content": "Paris", "id": "x"}\n{"id": "y", "content": "old"}')
    found = await put(
        computer, '{"key": "city", "content": "Berlin"}\n{"id": "y", "content": "new"}\n{"id": "y", "content": "new"}'
    )
    assert (found.taken, found.known) == (2, 1)
    assert [version.value for version in await computer.memory.history("city")] == ["Paris", "Berlin"]
    assert sorted(one.content for one in await computer.memory.list()) == ["Berlin", "new", "old"]


OF_OTHERS = {
    "mem0": (
        '{"id": "m1", "memory": "Likes tea", "metadata": {"user": "ada"}, "categories": ["taste"],'
        ' "created_at": "2026-01-02T03:04:05.678+02:00"}',
        ["Likes tea"],
    ),
    "an array": ('[{"text": "one"},\n {"text": "two"}, 3]', ["one", "two"]),
    "claude": (
        '[{"conversations_memory": "# Work\\n\\nWrites Python.\\n\\n- runs two labs", "account": 1}]',
        ["Writes Python.", "runs two labs"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_OTHERS)
async def test_those_of_others(computer: Computer, name: str) -> None:
    text, contents = OF_OTHERS[name]
    found = await put(computer, text)
    assert found.taken == len(contents)
    assert [one.content for one in reversed(await computer.memory.list())] == contents
    if name == "mem0":
        one = await computer.memory.find("m1")
        assert (one.meta, one.tags, one.created_at) == ({"source": "test", "user": "ada"}, ("taste",), 1767315845678)


def test_markdown_is_bullets_and_paragraphs_under_their_headings() -> None:
    text = "# About\nA paragraph\nof two lines.\n\n- one\n- two\n  goes on\n§\nA third entry\n---\n## Box ##\n1. numbered\n"
    found = [
        (number, line.content, json.loads(line.meta))
        for number, line in paragraphs_in(text, "2026-03-04.md")
        if isinstance(line, Line)
    ]
    about, box = {"source": "2026-03-04.md", "heading": "About", "at": "2026-03-04"}, "Box"
    assert found == [
        (2, "A paragraph of two lines.", about), (5, "one", about), (6, "two goes on", about), (9, "A third entry", about),
        (12, "numbered", about | {"heading": box}),
    ]  # fmt: skip


@given(st.text(max_size=200))
def test_no_text_breaks_a_reader(text: str) -> None:
    for read in (lines_in(text.split("\n"), "x"), paragraphs_in(text, "x")):
        for number, line in read:
            assert number >= 1
            assert isinstance(line, str | Line)


async def test_the_same_file_again_brings_no_old_value_back(computer: Computer) -> None:
    text = '{"key": "city", "content": "Paris", "id": "x"}\n{"content": "a note"}'
    assert (await put(computer, text)).taken == 2
    await computer.memory.set("city", "Oslo")
    again = await put(computer, text)
    assert (again.taken, again.known, await computer.memory.get("city")) == (0, 2, "Oslo")


async def test_what_anybodys_words_were_in_stays_so(computer: Computer, tmp_path: Path) -> None:
    await computer.memory.memorize("read on a page")
    await computer.store.write(lambda db: db.execute("UPDATE memory SET tainted = 1"))
    text = await out(computer)
    async with Computer.open(Home(str(tmp_path / "other")), workers="none") as other:
        await put(other, text)
        assert [one.tainted for one in await other.memory.list()] == [True]
        assert await out(other) == text


async def test_many_lines_a_batch_at_a_time(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.memory.taking.BATCH", 10)
    monkeypatch.setattr("zotui.memory.taking.NAMED", 3)
    read = []

    def lines() -> Iterator[str]:
        for n in range(95):
            read.append(n)
            yield "nonsense" if n % 10 == 5 else json.dumps({"content": f"number {n}"})

    whole, told = Taken(), []
    async for one in take(computer.store, lines_in(lines(), "x")):
        whole = whole.plus(one)
        told.append((whole.taken + whole.wrong, len(read)))
    assert (whole.taken, whole.wrong, len(whole.problems), whole.problems[0][:7]) == (86, 9, 3, "line 6:")
    assert all(read - done <= 20 for done, read in told), "no more than two batches are held"
