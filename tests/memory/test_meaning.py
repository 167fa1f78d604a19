"""What shares no word with a query is found by what it means."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from zotui.errors import ZotuiError
from zotui.memory import Memories, open_memory
from zotui.memory.embedding import Embedder, by_table, packed
from zotui.memory.filling import Filling
from zotui.memory.meaning import Vectors


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
    look = await known.of("fruit")
    counts = []
    for _ in range(3):
        await memory._store.read(lambda db: look(db).near(5))
        counts.append(len(known._by_table._vectors))
    assert counts == [3, 4, 4]


async def test_signs_tell_what_is_near_without_numpy(memory: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.vectors.numpy", lambda: None)
    monkeypatch.setattr("zotui.vectors.FAST_FROM", 100)
    known = Vectors()._by_table
    words = ["garden", "river", "stone", "bread", "window", "letter", "engine", "winter", "music", "paper"]
    texts = [f"{one} {other} and {third}" for one in words for other in words for third in words]
    for number, text in enumerate([*texts, "my computer refuses to start up"]):
        known.put((number, str(number)), by_table(text))
    assert known.nearest(by_table("laptop won't boot"), 5, 0.35)[:1] == [(len(texts), str(len(texts)))]


async def test_what_is_kept_is_read_by_another_process_and_goes_with_the_text(memory: Memories) -> None:
    store = memory._store
    ids = await memory.memorize_many([("my computer refuses to start up", None), ("apples are ripe", None)])
    assert await Filling(store, None).fill() == 2
    assert await Filling(store, None).fill() == 0
    known = Vectors()
    await store.read(await known.of("laptop won't boot"))
    assert len(known._by_table._vectors) == 2
    await memory.edit(ids[0], "pears are ripe")
    await memory.forget(ids[1])
    left = "SELECT memory_id FROM memory_vectors"
    assert await store.read(lambda db: db.execute(left).fetchall()) == []
    assert await Filling(store, None).fill() == 1
    assert [one.content for one in await memory.recall("fruit")] == ["pears are ripe"]


class Model:
    """A model that is asked: by letters, and as the test wants it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.broken = False
        self.slow = False

    async def __call__(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        self.asked += texts
        if self.slow:
            await asyncio.sleep(3_600)
        if self.broken:
            raise ZotuiError("the model is gone")
        return [[float(text.count(letter)) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts]


async def test_a_model_that_is_asked_and_falls_silent(memory: Memories) -> None:
    store, model = memory._store, Model()
    embedder = Embedder("lab/letters", model)
    await memory.memorize("zzz qqq")
    await memory.memorize("my computer refuses to start up")
    await Filling(store, None).fill()
    asked = Memories(store, Vectors(embedder))
    assert [one.content for one in await asked.recall("laptop won't boot")] == ["my computer refuses to start up"]
    await Filling(store, embedder).fill()
    models = "SELECT DISTINCT model FROM memory_vectors"
    assert await store.read(lambda db: db.execute(models).fetchall()) == [("lab/letters",)]
    assert [one.content for one in await asked.recall("zqzq")] == ["zzz qqq"]
    count = len(model.asked)
    assert asked._mean is not None
    await store.read(await asked._mean.of("zqzq", private=True))
    assert len(model.asked) == count  # nothing has left this machine
    model.broken = True
    assert [one.content for one in await asked.recall("laptop won't boot")] == ["my computer refuses to start up"]
    assert asked._mean.problem == "the model is gone"
    count = len(model.asked)
    await asked.recall("zqzq")
    assert len(model.asked) == count  # it is left alone for a while
    model.broken, model.slow = False, True
    patient = Memories(store, Vectors(Embedder("lab/letters", model, patience_s=0.01)))
    assert [one.content for one in await patient.recall("laptop won't boot")] == ["my computer refuses to start up"]
    with pytest.raises(ZotuiError, match="gave 1 vectors for 2 texts"):
        await Embedder("x", lambda texts: Model()(texts[:1])).embed(["a", "b"])


async def test_what_the_model_has_not_seen_yet_is_found_by_the_table(memory: Memories) -> None:
    store, embedder = memory._store, Embedder("lab/letters", Model())
    await memory.memorize("zzz qqq")
    await Filling(store, embedder).fill()
    await memory.memorize("my computer refuses to start up")
    asked = Memories(store, Vectors(embedder))
    assert [one.content for one in await asked.recall("laptop won't boot")] == ["my computer refuses to start up"]
    assert [one.content for one in await asked.recall("zqzq")] == ["zzz qqq"]


async def test_one_that_is_changed_while_it_is_embedded_gets_no_old_vector(memory: Memories) -> None:
    id_ = await memory.memorize("apples are ripe")

    async def ask(texts: Sequence[str]) -> Sequence[Sequence[float]]:
        if texts == ["apples are ripe"]:
            await memory.edit(id_, "pears are ripe")
        seen.extend(texts)
        return [[1.0, 2.0] for _ in texts]

    seen: list[str] = []
    assert await Filling(memory._store, Embedder("m", ask)).fill() == 2
    assert seen == ["apples are ripe", "pears are ripe"]


def test_what_is_no_vector() -> None:
    assert packed([]) == packed([0.0, 0.0]) == packed([float("inf")]) == packed([1.0] * 5_000) == b""
    assert packed([1, -2, 0]) == bytes([64, 129, 0])


async def test_without_a_table_words_are_all_there_is(memory: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    from zotui import vectors

    vectors._table.cache_clear()
    monkeypatch.setattr("zotui.vectors.TABLE", Path("/no/such/table"))
    await memory.memorize("my computer refuses to start up")
    assert await memory.recall("laptop won't boot") == []
    assert len(await memory.recall("computer")) == 1
    monkeypatch.undo()
    vectors._table.cache_clear()
