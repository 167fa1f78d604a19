"""While the background process runs, changes show by themselves."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.memory.mirror.conftest import Both, replace
from tests.processes import rows
from tests.waiting import wait_for
from zotui import Computer
from zotui.memory.mirror import following


class Deaf:
    """A system that does not tell."""

    def __init__(self) -> None:
        raise OSError


@pytest_asyncio.fixture(params=["told", "looking"])
async def followed(both: Both, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Both]:
    """A mirror that is followed, where the system tells of changes and where it does not."""
    if request.param == "looking":
        monkeypatch.setattr(following, "Changes", Deaf)
        monkeypatch.setattr(following, "SHARE", 0.0)
    async with _following(both.computer):
        yield both


@contextlib.asynccontextmanager
async def _following(computer: Computer) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(computer.mirror.follow())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_both_sides_follow_each_other(followed: Both) -> None:
    memory = followed.computer.memory
    one = await memory.memorize("the box is lab-3")
    await wait_for(lambda: "lab-3" in str(followed.files()))
    replace(followed.file("lab-3"), "the box is lab-3", "the box is lab-4")
    await wait_for(lambda: _says(followed, one, "the box is lab-4"))
    folder = followed.root / "people" / "near"
    folder.mkdir(parents=True)
    (folder / "ada.md").write_text("Ada likes tea")
    await wait_for(lambda: "id: " in (folder / "ada.md").read_text())
    replace(folder / "ada.md", "tea", "coffee")  # in a folder that was not there before
    await wait_for(lambda: _contents(followed, ["Ada likes coffee", "the box is lab-4"]))
    folder.rename(followed.root / "far")
    (followed.root / "far" / "ada.md").unlink()
    await wait_for(lambda: _contents(followed, ["the box is lab-4"]))


async def test_a_disk_that_comes_back(both: Both, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(following, "HELD_S", 0.05)
    async with _following(both.computer):
        await both.computer.memory.memorize("the box is lab-3")
        await wait_for(lambda: "lab-3" in str(both.files()))
        shutil.move(both.root, tmp_path / "away")
        await both.computer.memory.memorize("while it is away")
        await wait_for(lambda: both.mirror.status().held)
        shutil.move(tmp_path / "away", both.root)
        await wait_for(lambda: "while it is away" in str(both.files()))
        await wait_for(lambda: not both.mirror.status().held)
        assert await both.contents() == ["the box is lab-3", "while it is away"]


async def test_turned_on_and_off_while_it_is_followed(computer: Computer, tmp_path: Path) -> None:
    async with _following(computer) as task:
        both = Both(computer, tmp_path / "notes")
        await computer.memory.memorize("one")
        await wait_for(lambda: len(both.files()) == 1)
        both.mirror.turn_off()
        await computer.memory.memorize("two")
        both.mirror.turn_on(str(tmp_path / "others"))
        await wait_for(lambda: len(list((tmp_path / "others").rglob("*.md"))) == 2)
        assert len(both.files()) == 1
        assert not task.done()


async def test_stopped_in_the_middle_of_many(both: Both) -> None:
    await both.computer.memory.memorize_many((f"number {n}", None) for n in range(3_000))
    async with _following(both.computer):
        await wait_for(lambda: next(both.root.rglob("*.md"), None))
    written = both.mirror.status()
    assert 0 < written.due < 3_000, "what is under way is finished, and no more"
    both.sync()
    assert len(both.files()) == 3_000


async def test_a_pass_with_nothing_to_do_writes_nothing(both: Both) -> None:
    await both.computer.memory.memorize("one")
    both.sync()
    written = rows(both.computer.home, "SELECT * FROM changes")
    assert both.sync().is_nothing
    assert rows(both.computer.home, "SELECT * FROM changes") == written, "or it would ring itself for ever"


async def _says(both: Both, identity: str, words: str) -> bool:
    return (await both.computer.memory.find(identity)).content == words


async def _contents(both: Both, words: list[str]) -> bool:
    return await both.contents() == words
