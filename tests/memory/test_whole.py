"""Of many memories all are found by what they mean: the signs of their vectors are in the file, and in step with it."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from zotui import vectors
from zotui.memory import Memories, open_memory, whole
from zotui.memory.embedding import by_table
from zotui.memory.filling import Filling
from zotui.signs import BLOCK, signs_of
from zotui.store import Reader

BYTES = vectors.DIMS // 8


@pytest_asyncio.fixture
async def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Memories]:
    """A memory to which ten are many."""
    monkeypatch.setattr("zotui.memory.whole.COVERED", 10)
    monkeypatch.setattr("zotui.memory.meaning.NEW", 3)
    async with open_memory(tmp_path / "m.db") as memory:
        yield memory


def kept(db: Reader) -> dict[int, bytes]:
    """The signs in the file, by the number of the memory, without those that are nothing."""
    found = {}
    for block, signs in db.execute("SELECT block, signs FROM memory_signs").fetchall():
        assert len(signs) in (0, BLOCK * BYTES)
        found |= {block * BLOCK + at // BYTES: signs[at : at + BYTES] for at in range(0, len(signs), BYTES)}
    return {seq: one for seq, one in found.items() if any(one)}


def meant(db: Reader) -> dict[int, bytes]:
    """The signs that should be there."""
    return {seq: signs_of(by_table(text)) for seq, text in db.execute("SELECT seq, value FROM memory").fetchall()}


async def test_the_oldest_of_many_is_found(memory: Memories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await memory.memorize("my computer refuses to start up")
    await memory.memorize_many([(f"note number {n} about gardening", None) for n in range(600)])
    assert await memory.recall("laptop won't boot") == []
    assert await Filling(memory._store, None).fill() == 601
    assert await memory._store.read(lambda db: db.execute("SELECT count(*) FROM memory_vectors").get) == 0
    [first, *_] = await memory.recall("laptop won't boot")
    assert first.content == "my computer refuses to start up"
    assert set(first.why) == {"closeness"}
    await memory.memorize("the pc will not start")  # not in the file yet
    assert "the pc will not start" in [one.content for one in await memory.recall("my laptop won't boot")]
    monkeypatch.setattr("zotui.memory.whole.is_there", lambda: False)
    async with open_memory(tmp_path / "m.db") as other:
        assert "my computer refuses to start up" not in [one.content for one in await other.recall("laptop won't boot")]


async def test_signs_keep_in_step_whatever_becomes_of_memories(memory: Memories) -> None:
    chance, store = random.Random(3), memory._store
    words = ["garden", "river", "stone", "bread", "window", "engine", "winter", "music", "日本"]

    def text() -> str:
        return " ".join(chance.choices(words, k=4))

    await memory.memorize_many([(text(), None) for _ in range(2 * BLOCK + 30)])
    known = whole.Whole()
    for _ in range(50):
        ids = await memory.ids("")
        match chance.randrange(8):
            case 0:
                await memory.memorize_many([(text(), None) for _ in range(chance.choice((1, 40)))])
            case 1:
                await memory.edit(chance.choice(ids), text())
            case 2:
                await memory.delete(chance.sample(ids, chance.choice((1, 20))))
            case 3:
                await memory.delete(ids[:3])  # the newest: their numbers are given anew
            case 4:
                await memory.undo()
            case 5:
                await memory.forget(chance.choice(ids))
            case 6:
                await memory.set("key", text())
            case _:
                await Filling(store, None).fill()
                wanted = {seq: one for seq, one in (await store.read(meant)).items() if any(one)}
                assert await store.read(kept) == wanted
                assert await store.read(known.load)
        # What is no longer so is out of the file at once; what is new may lack.
        wanted, there = await store.read(meant), await store.read(kept)
        assert {seq: one for seq, one in there.items() if wanted.get(seq) != one} == {}


async def test_one_that_goes_while_its_signs_are_made_leaves_none(memory: Memories) -> None:
    store = memory._store
    ids = await memory.memorize_many([(f"apples {n} are ripe", None) for n in range(20)])
    [block] = await store.read(whole.lacking)
    made = block.signs()
    await memory.forget(ids[4])
    await memory.edit(ids[7], "pears")
    await memory.memorize("plums")
    await store.write(lambda db: whole.put(db, block, made))
    there, wanted = await store.read(kept), await store.read(meant)
    assert set(there) == {*range(1, 21)} - {5, 8}
    assert all(wanted[seq] == one for seq, one in there.items())
    await store.write(lambda db: whole.put(db, block, made))  # another was quicker: nothing is written twice
    assert await store.read(kept) == there
    await Filling(store, None).fill()
    assert await store.read(kept) == await store.read(meant)
