"""What shares no word with a query is found by what it means."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from zotui.memory import Memories, open_memory
from zotui.memory.meaning import Vectors
from zotui.store import Reader


@pytest_asyncio.fixture
async def memory(tmp_path: Path) -> AsyncIterator[Memories]:
    async with open_memory(tmp_path / "m.db") as memory:
        yield memory


async def test_what_shares_no_word_is_found_and_says_why(memory: Memories) -> None:
    await memory.memorize_many([(f"note number {n} about gardening", None) for n in range(40)])
    await memory.memorize("my computer refuses to start up")
    [first, *_] = await memory.recall("laptop won't boot", 10)
    assert first.content == "my computer refuses to start up"
    assert set(first.why) == {"closeness"}
    assert first.score == pytest.approx(sum(first.why.values()))


async def test_words_still_come_first(memory: Memories) -> None:
    await memory.memorize_many([("the laptop is in the car", None), ("my computer refuses to start up", None)])
    found = await memory.recall("laptop", 2)
    assert found[0].content == "the laptop is in the car"
    assert {"words", "closeness"} <= set(found[0].why)


async def test_one_that_is_changed_means_something_else(memory: Memories) -> None:
    id_ = await memory.memorize("my computer refuses to start up")
    assert await memory.recall("laptop won't boot")
    await memory.edit(id_, "apples are ripe in autumn")
    assert [one.content for one in await memory.recall("fruit")] == ["apples are ripe in autumn"]
    await memory.forget(id_)
    assert await memory.recall("fruit") == []


async def test_few_vectors_are_made_at_a_time_and_old_ones_let_go(
    memory: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zotui.memory.meaning.NEW", 3)
    monkeypatch.setattr("zotui.memory.meaning.KEPT", 4)
    await memory.memorize_many([(f"apple {n}", None) for n in range(10)])
    known = Vectors()

    def look(db: Reader) -> int:
        known(db, "fruit").near(5)
        return len(known._known)

    assert [await memory._store.read(look) for _ in range(3)] == [3, 5, 5]


async def test_without_a_table_words_are_all_there_is(memory: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    from zotui import vectors

    vectors._table.cache_clear()
    monkeypatch.setattr("zotui.vectors.TABLE", Path("/no/such/table"))
    await memory.memorize("my computer refuses to start up")
    assert await memory.recall("laptop won't boot") == []
    assert len(await memory.recall("computer")) == 1
    monkeypatch.undo()
    vectors._table.cache_clear()
