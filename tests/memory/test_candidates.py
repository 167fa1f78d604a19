"""Rows found within a budget, and what their index tells of its size."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from zotui.memory import Memories, candidates, open_memory
from zotui.memory.candidates import Leg, corpus, find
from zotui.memory.query import quoted, read
from zotui.store import Reader

FREQUENT = "alder birch cedar dogwood elm"


@pytest.fixture
async def wood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Memories]:
    """3,000 rows of frequent words, with budgets that they go beyond."""
    monkeypatch.setattr(candidates, "FIRST", 50)
    monkeypatch.setattr(candidates, "BUDGET", 300)
    monkeypatch.setattr(candidates, "BESIDE", 100)
    monkeypatch.setattr(candidates, "MOST", 40)
    chance = random.Random(3)
    async with open_memory(tmp_path / "wood.db") as memory:
        memory._mean = None
        texts = [" ".join(chance.sample(FREQUENT.split(), 2)) for _ in range(3000)]
        texts[7] = "alder cedar elm"  # the only row of three
        texts[9] = "alder juniper"
        texts[11] = "elm juniper"
        await memory.memorize_many((text, None) for text in texts)
        yield memory


async def test_a_row_that_holds_all_of_several_frequent_words_is_found(wood: Memories) -> None:
    assert (await wood.recall("elm alder cedar", 3))[0].content == "alder cedar elm"


async def test_a_frequent_word_tells_among_rows_of_a_rare_one(wood: Memories) -> None:
    assert [one.content for one in await wood.recall("juniper elm birch", 2)] == ["elm juniper", "alder juniper"]


async def test_a_memory_that_is_no_candidate_is_explained_too(wood: Memories) -> None:
    oldest = (await wood.list(limit=1, offset=2999))[0]
    assert oldest.id not in [one.id for one in await wood.recall(oldest.content, 40)]
    assert 0 < (await wood.explain(oldest.content, oldest.id))["words"] <= 1


async def test_a_rare_word_hides_no_row_that_holds_the_others(wood: Memories) -> None:
    found = await wood.recall("juniper alder cedar elm", 10)
    assert {one.content for one in found[:2]} == {"elm juniper", "alder juniper"}
    assert found[2].content == "alder cedar elm"
    assert len(found) == 10


async def test_no_more_rows_are_looked_at_than_the_budget_allows(wood: Memories) -> None:
    def look(db: Reader) -> None:
        size = corpus(db)
        assert (size.rows, size.newest) == (3000, 3000)
        assert size.average == pytest.approx(2, abs=0.01)
        query = read(db, FREQUENT + " juniper")
        leg = Leg(db, size, "memory_fts", {stem: quoted(word) for stem, word in query.words.items()})
        assert sum(map(len, leg.rows.values())) <= 300 + 5 * (50 + 100 + 4 * 40)
        assert leg.frequency["junip"] == 2
        assert all(700 < leg.frequency[word] < 1900 for word in ("alder", "birch", "cedar", "elm"))
        assert len(find(db, query, size, 40).rows) == 40

    await wood._store.read(look)


async def test_the_size_is_known_when_there_is_nothing(memory: Memories) -> None:
    assert await memory._store.read(lambda db: corpus(db)) == candidates.Corpus(0, 0.0, 0)
    assert await memory.recall("anything") == []
    await memory.forget(await memory.memorize("one two three"))
    assert await memory._store.read(lambda db: corpus(db).rows) == 0


async def test_what_frequent_words_alone_find_is_the_newest(wood: Memories) -> None:
    newest = await wood.memorize("birch")
    assert (await wood.recall("birch", 1))[0].id == newest


async def test_rows_of_no_talk_are_weighed_as_fts5_weighs_them(memory: Memories) -> None:
    chance = random.Random(5)
    words = [f"w{number}" for number in range(60)]
    texts = [" ".join(chance.choices(words, range(60, 0, -1), k=chance.randint(3, 30))) for _ in range(400)]
    await memory.memorize_many((text, None) for text in texts)
    with apsw.Connection(":memory:") as db:
        db.execute("CREATE VIRTUAL TABLE plain USING fts5(value, tokenize='porter unicode61')")
        db.executemany("INSERT INTO plain VALUES (?)", [(text,) for text in texts])
        for _ in range(20):
            query = chance.sample(words, 4)
            asked = "SELECT -bm25(plain) FROM plain WHERE plain MATCH ? ORDER BY rank LIMIT 10"
            expected = [score for (score,) in db.execute(asked, (" OR ".join(query),))]
            found = [one.score for one in await memory.recall(" ".join(query), 10)]
            assert found == pytest.approx([score / expected[0] for score in expected])
