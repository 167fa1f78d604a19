"""What meta says of a memory's place, in columns that follow it; and signs, which are no words."""

from pathlib import Path
from typing import Any

import apsw
import pytest

from zotui.memory import Memories, open_memory
from zotui.memory.recalling import HEAD, recalled
from zotui.store import Reader

COLUMNS = "source, conversation, message, session, turn, speaker, dated"


async def columns(memory: Memories, identity: str) -> tuple[Any, ...]:
    def look(db: Reader) -> tuple[Any, ...]:
        return tuple(db.execute(f"SELECT {COLUMNS} FROM memory WHERE id = ?", (identity,)).get)

    return await memory._store.read(look)


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({}, (None,) * 7),
        ({"source": "agent", "conversation": "c1"}, ("agent", "c1", None, "c1", None, None, None)),
        (
            {"speaker": "Anna", "ts": "2023-05-07T10:00:00", "session": "s/3", "turn": 12},
            (None, None, None, "s/3", 12, "Anna", "7 may 2023"),
        ),
        (
            {"conversation": "c", "session": 2, "message": "m9", "at": 1700000000000},
            (None, "c", "m9", "c/2", None, None, "14 november 2023"),
        ),
        ({"at": 1700000000.5}, (None,) * 6 + ("14 november 2023",)),
        ({"ts": "2024-12-31"}, (None,) * 6 + ("31 december 2024",)),
        ({"ts": "now", "turn": "3", "session": [1], "speaker": {"a": 1}, "conversation": True}, (None,) * 7),
        ({"at": 1e300, "turn": 2.5, "speaker": None}, (None,) * 7),
        ({"at": "2023-99-99"}, None),
    ],
)
async def test_columns_are_what_meta_says(memory: Memories, meta: dict[str, Any], expected: Any) -> None:
    identity = await memory.memorize("the heron", meta)
    assert expected is None or await columns(memory, identity) == expected
    assert [one.id for one in await memory.recall("heron")] == [identity]


async def test_columns_and_indexes_follow_every_change(tmp_path: Path) -> None:
    async with open_memory(tmp_path / "memory.db") as memory:
        turn = await memory.memorize("the parrot 東京", {"ts": "2023-05-07", "session": "s", "turn": 1})
        await memory.edit(turn, "the canary 京都")
        assert (await columns(memory, turn))[3:5] == ("s", 1)
        for query, found in (("parrot", 0), ("東京", 0), ("canary", 1), ("京都", 1), ("7 may", 1)):
            assert len(await memory.recall(query)) == found, query
        await memory.set("city", "Oslo", {"ts": "2020-01-01"})
        await memory.set("city", "Bergen", {"ts": "2021-02-02"})
        assert await memory.recall("january 2020") == []
        assert [one.content for one in await memory.recall("february 2021")] == ["Bergen"]
        await memory.forget(turn)
        assert [await memory.recall(word) for word in ("canary", "京都")] == [[], []]
    with apsw.Connection(str(tmp_path / "memory.db")) as db:
        db.execute("INSERT INTO memory_fts(memory_fts, rank) VALUES ('integrity-check', 1)")
        assert db.execute("SELECT count(*) FROM memory_drawn_fts_terms").get == 0
        db.execute(  # by a program that knows ZoClone's columns
            "INSERT INTO memory(id, key, value, meta, created_at, updated_at)"
            """ VALUES ('x', NULL, 'written 北京 elsewhere', '{"session": "s", "turn": 4, "ts": "2022-03-04"}', 1, 1)"""
        )
        db.execute("UPDATE memory SET meta = replace(meta, '2022-03', '2022-08') WHERE id = 'x'")
    async with open_memory(tmp_path / "memory.db") as memory:
        assert await columns(memory, "x") == (None, None, None, "s", 4, None, "4 august 2022")
        for query, found in (("elsewhere", 1), ("北京", 1), ("august", 1), ("march", 0)):
            assert len(await memory.recall(query)) == found, query


async def test_what_is_beside_the_words_in_a_talk_is_recalled_and_explained(memory: Memories) -> None:
    talk = [("Anna", "Where did you see the heron?"), ("Ben", "By the old mill."), ("Anna", "Lovely."), ("Ben", "Yes.")]
    ids = await memory.memorize_many(
        (text, {"session": "s", "turn": number, "speaker": speaker}) for number, (speaker, text) in enumerate(talk)
    )
    await memory.memorize_many((f"note {number}", None) for number in range(50))
    found = await memory.recall("what did Ben say of the heron", 9)
    assert {one.id for one in found} >= {ids[0], ids[1]}
    answer = next(one for one in found if one.id == ids[1])
    assert {"neighbours", "session", "speaker", "length"} == set(answer.why)
    for one in found:
        assert one.score == pytest.approx(sum(one.why.values()))
        assert await memory.explain("what did Ben say of the heron", one.id) == one.why
    assert await memory.explain("heron", (await memory.list(limit=1))[0].id) == {}


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("東京", "来年の春に東京タワーへ"),
        ("東京タワーはどこですか", "来年の春に東京タワーへ"),
        ("猫", "我的猫叫小雪"),
        ("小雪", "我的猫叫小雪"),
        ("結婚 결혼식", "부산에서 사촌의 결혼식이 있다"),
        ("🎉", "Dinner at eight 🎉"),
        ("กรุงเทพ", "บินไปกรุงเทพวันศุกร์"),
        ("המפתח", "המפתח מתחת לעציץ"),
        ("المفتاح", "المفتاح تحت السجادة"),
    ],
)
async def test_any_script_is_found(memory: Memories, query: str, first: str) -> None:
    texts = ["来年の春に東京タワーへ", "我的猫叫小雪", "부산에서 사촌의 결혼식이 있다", "Dinner at eight 🎉"]
    texts += ["บินไปกรุงเทพวันศุกร์", "המפתח מתחת לעציץ", "المفتاح تحت السجادة", "Dinner at nine"]
    await memory.memorize_many((text, None) for text in texts)
    assert (await memory.recall(query))[0].content == first
    if " " not in query and len(query) < 8:
        assert [one.content for one in await memory.list(search=query)] == [first]
        assert await memory.count(query) == 1


async def test_words_and_signs_are_sought_together(memory: Memories) -> None:
    await memory.memorize_many([("dinner in 東京", None), ("lunch in 東京", None), ("dinner in Oslo", None)])
    assert [one.content for one in await memory.list(search="東京 dinn")] == ["dinner in 東京"]
    assert await memory.list(search="東京 大阪") == []
    assert (await memory.recall("dinner 東京"))[0].content == "dinner in 東京"


async def test_long_texts_and_long_queries(memory: Memories) -> None:
    deep = await memory.memorize("word " * (HEAD // 2) + "kestrel")
    await memory.memorize("a kestrel")
    assert [one.content[:9] for one in await memory.recall("kestrel")] == ["a kestrel", "word word"]
    assert [one.id for one in await memory.recall("kestrel\0word" + " kestrel\x1b[31m" * 800_000, 1)] == [deep]


class Near:
    """A meaning that knows one row."""

    def near(self, limit: int) -> list[int]:
        return [1]

    def closeness(self, seq: int) -> float | None:
        return 0.8 if seq == 1 else None


async def test_meaning_finds_a_row_without_any_word_of_the_query(memory: Memories) -> None:
    await memory.memorize("keeps rows in tables")
    await memory.memorize("the database is large")
    found = await memory._store.read(lambda db: recalled(db, "database", 5, lambda db: Near()))
    assert [one.content for one in found] == ["the database is large", "keeps rows in tables"]
    assert found[1].why == {"closeness": found[1].score}
