"""Remembering, recalling, editing and forgetting, and the history of keys."""

import stat
from pathlib import Path
from typing import Any

import apsw
import pytest

from zotui.errors import NotFound, StoreError, UsageError
from zotui.memory import Memories, Memory, open_memory
from zotui.memory.knowing import name_of
from zotui.memory.records import LONGEST
from zotui.memory.tools import tools
from zotui.toolbox import Result, Toolbox, ToolContext


def rows(path: Path, sql: str) -> list[Any]:
    """The rows of a query on the memory's file."""
    connection = apsw.Connection(str(path / "memory.db"))
    try:
        return list(connection.execute(sql))
    finally:
        connection.close()


class TestContract:
    """ZoClone's signatures and return shapes."""

    async def test_memorize_gives_an_id_and_recall_gives_it_back(self, memory: Memories) -> None:
        nid = await memory.memorize("The staging box is lab-3", {"source": "me", "n": 1})
        (found,) = await memory.recall("which machine is staging?", top_k=5)
        assert isinstance(found, Memory)
        assert (found.id, found.content, found.meta) == (nid, "The staging box is lab-3", {"source": "me", "n": 1})
        assert found.score > 0

    async def test_top_k_bounds_the_answer(self, memory: Memories) -> None:
        await memory.memorize_many([(f"box {number}", None) for number in range(320)])
        assert [len(await memory.recall("box", top_k)) for top_k in (0, -1, 1, 5, 300, 10**30)] == [
            0,
            0,
            1,
            5,
            300,
            320,
        ]

    async def test_many_at_once_give_their_ids_in_order(self, memory: Memories) -> None:
        ids = await memory.memorize_many([("first", {"n": 1}), ("second", None)])
        assert [(await memory.find(identity)).content for identity in ids] == ["first", "second"]
        assert await memory.memorize_many([]) == []

    async def test_many_are_all_or_none(self, memory: Memories) -> None:
        with pytest.raises(UsageError):
            await memory.memorize_many([("good", None), ("", None)])
        assert await memory.count() == 0

    async def test_the_context_of_a_conversation_without_messages_is_empty(self, memory: Memories) -> None:
        await memory.memorize("anything")
        assert await memory.get_context("nobody") == []
        assert [found.content for found in await memory.get_context("nobody", query="anything")] == ["anything"]


class TestRecall:
    """What fits comes first; what does not fit does not come."""

    @pytest.fixture
    async def boxes(self, memory: Memories) -> Memories:
        await memory.memorize_many(
            [
                ("The staging box is lab-3 in Oslo", None),
                ("The production boxes are in Berlin", None),
                ("Anna's birthday is on the 5th of May", None),
                ("Anna likes green tea, not coffee", None),
                ("The café in the Straße des 17. Juni closes at six", None),
                ("Пароль от вайфая висит на холодильнике", None),
                ("東京 is where the next conference takes place", None),
                ("हिन्दी की किताब मेज़ पर है", None),
            ]
        )
        await memory.set("wifi", "the network is called heron")
        return memory

    @pytest.mark.parametrize(
        ("query", "first"),
        [
            ("staging", "The staging box is lab-3 in Oslo"),
            ("Which machine is the STAGING box?", "The staging box is lab-3 in Oslo"),
            ("where are the production boxes", "The production boxes are in Berlin"),
            ("box in production", "The production boxes are in Berlin"),
            ("when was Anna born, her birthday?", "Anna's birthday is on the 5th of May"),
            ("what does anna drink: tea?", "Anna likes green tea, not coffee"),
            ("cafe", "The café in the Straße des 17. Juni closes at six"),
            ("cafe\u0301", "The café in the Straße des 17. Juni closes at six"),
            ("STRASSE straße", "The café in the Straße des 17. Juni closes at six"),
            ("вайфая", "Пароль от вайфая висит на холодильнике"),
            ("東京", "東京 is where the next conference takes place"),
            ("हिन्दी", "हिन्दी की किताब मेज़ पर है"),
            ("wifi", "the network is called heron"),
            ("lab-3", "The staging box is lab-3 in Oslo"),
        ],
    )
    async def test_the_best_comes_first(self, query: str, first: str, boxes: Memories) -> None:
        found = await boxes.recall(query)
        assert found
        assert found[0].content == first
        assert [memory.score for memory in found] == sorted((memory.score for memory in found), reverse=True)

    @pytest.mark.parametrize("query", ["", "   ", "xylophone", "🎉", "???", "мир", '"', "*", "stag ing"])
    async def test_what_fits_nothing_finds_nothing(self, query: str, boxes: Memories) -> None:
        assert await boxes.recall(query) == []

    async def test_words_that_say_nothing_are_sought_only_where_there_are_no_others(self, boxes: Memories) -> None:
        assert [found.content for found in await boxes.recall("what is the tea", 9)] == [
            "Anna likes green tea, not coffee"
        ]
        assert await boxes.recall("the")

    @pytest.mark.parametrize(
        "query",
        [
            'staging"',
            '"staging" AND',
            "staging NOT box",
            "staging NEAR(box, 2)",
            "(staging",
            "staging*",
            "^staging",
            "value:staging",
            "{value key}: staging",
            "- staging",
            "staging; DROP TABLE memory; --",
            "staging\x00box",
            "staging " + "x " * 5000,
        ],
    )
    async def test_the_operators_of_the_index_are_plain_words(self, query: str, boxes: Memories) -> None:
        assert (await boxes.recall(query))[0].content == "The staging box is lab-3 in Oslo"
        assert isinstance(await boxes.list(search=query), list)
        assert isinstance(await boxes.count(query), int)

    async def test_forgotten_and_edited_texts_are_not_found(self, memory: Memories, tmp_path: Path) -> None:
        first = await memory.memorize("the parrot is green")
        second = await memory.memorize("the parrot sings")
        await memory.edit(first, "the canary is yellow")
        await memory.forget(second)
        assert await memory.recall("parrot") == []
        assert [found.id for found in await memory.recall("canary")] == [first]
        rows(tmp_path, "INSERT INTO memory_fts(memory_fts, rank) VALUES ('integrity-check', 1)")


class TestKeys:
    """A key has one value, and a history."""

    async def test_the_last_value_holds_and_the_others_are_history(self, memory: Memories) -> None:
        first = await memory.set("city", "Berlin", {"source": "me"})
        second = await memory.set("city", "Oslo")
        assert first == second
        assert await memory.get("city") == "Oslo"
        history = await memory.history("city")
        assert [version.value for version in history] == ["Berlin", "Oslo"]
        assert history[0].created_at <= history[1].created_at
        assert await memory.count() == 1

    async def test_reverting_gives_the_value_before_and_is_history_itself(self, memory: Memories) -> None:
        await memory.set("city", "Berlin")
        await memory.set("city", "Oslo", {"source": "me"})
        assert await memory.revert("city") == "Berlin"
        found = await memory.find("city")
        assert (found.content, found.meta) == ("Berlin", {"source": "me"})
        assert [version.value for version in await memory.history("city")] == ["Berlin", "Oslo", "Berlin"]
        assert await memory.revert("city") == "Oslo"
        assert [found.content for found in await memory.recall("oslo")] == ["Oslo"]

    @pytest.mark.parametrize("values", [[], ["only one"]])
    async def test_without_an_earlier_value_there_is_nothing_to_revert_to(
        self, values: list[str], memory: Memories
    ) -> None:
        for value in values:
            await memory.set("city", value)
        with pytest.raises(NotFound, match="'city' has no earlier value"):
            await memory.revert("city")
        assert await memory.get("city") == (values[-1] if values else None)

    @pytest.mark.parametrize("key", ["city", "my city", "ключ", "a.b/c", "🎉", "' OR 1=1", "%", "_"])
    async def test_any_line_is_a_key(self, key: str, memory: Memories) -> None:
        await memory.set(key, "value")
        await memory.set("another", "other")
        assert await memory.get(key) == "value"
        assert (await memory.find(key)).key == key
        assert await memory.get(f"  {key}\x1b[0m ") == "value"
        assert (await memory.forget(key)).content == "value"
        assert await memory.get(key) is None
        assert await memory.get("another") == "other"

    @pytest.mark.parametrize("key", ["", "  ", "a\nb", "x" * 201, "\x1b[31m"])
    async def test_what_is_no_key(self, key: str, memory: Memories) -> None:
        with pytest.raises(UsageError, match="a key is one line"):
            await memory.set(key, "value")

    async def test_editing_a_key_is_setting_it(self, memory: Memories) -> None:
        identity = await memory.set("city", "Berlin", {"source": "me"})
        await memory.edit(identity, "Oslo")
        assert [version.value for version in await memory.history("city")] == ["Berlin", "Oslo"]
        assert (await memory.find("city")).meta == {"source": "me"}

    async def test_forgetting_takes_the_history_along(self, memory: Memories, tmp_path: Path) -> None:
        await memory.set("city", "Berlin")
        await memory.set("city", "Oslo")
        await memory.set("other", "stays")
        gone = await memory.forget("city")
        assert (gone.key, gone.content) == ("city", "Oslo")
        assert await memory.history("city") == []
        assert rows(tmp_path, "SELECT value FROM memory_history") == [("stays",)]
        await memory.set("city", "Rome")
        assert [version.value for version in await memory.history("city")] == ["Rome"]

    async def test_a_key_that_came_with_a_zoclone_file_has_its_value_as_history(self, tmp_path: Path) -> None:
        old = apsw.Connection(str(tmp_path / "memory.db"))
        old.execute("CREATE TABLE memory(id TEXT PRIMARY KEY, key TEXT UNIQUE, value TEXT, updated_at TEXT)")
        old.execute("INSERT INTO memory VALUES ('old1', 'city', 'Berlin', '2024-01-02T03:04:05')")
        old.close()
        async with open_memory(tmp_path / "memory.db") as memory:
            assert [version.value for version in await memory.history("city")] == ["Berlin"]
            await memory.set("city", "Oslo")
            assert [version.value for version in await memory.history("city")] == ["Berlin", "Oslo"]
            assert await memory.revert("city") == "Berlin"


class TestNames:
    """A memory is found by its id, its key, or the end of its id."""

    async def test_the_end_of_an_id_is_enough(self, memory: Memories) -> None:
        first, second = await memory.memorize_many([("one", None), ("two", None)])
        assert (await memory.find(first)).content == "one"
        assert (await memory.find(second[-8:])).content == "two"
        assert (await memory.forget(first[-8:])).content == "one"

    @pytest.mark.parametrize("name", ["", " ", "%", "_", "nobody", "\ud800"])
    async def test_what_names_nothing(self, name: str, memory: Memories) -> None:
        await memory.memorize("the only one")
        for look in (memory.find, memory.forget):
            with pytest.raises(NotFound, match="zotui memory list"):
                await look(name)
        with pytest.raises(NotFound):
            await memory.edit(name.replace("\ud800", "x"), "text")
        assert await memory.count() == 1

    async def test_three_characters_are_too_few_to_forget_by(self, memory: Memories) -> None:
        identity = await memory.memorize("the only one")
        with pytest.raises(NotFound):
            await memory.forget(identity[-3:])

    async def test_an_end_that_fits_two_names_none(self, tmp_path: Path) -> None:
        async with open_memory(tmp_path / "memory.db"):
            pass
        for identity in ("aaaa-same", "bbbb-same"):
            rows(tmp_path, f"INSERT INTO memory(id, value, created_at, updated_at) VALUES ('{identity}', 'x', 0, 0)")
        async with open_memory(tmp_path / "memory.db") as memory:
            with pytest.raises(UsageError, match="several"):
                await memory.forget("same")

    async def test_a_key_goes_before_the_end_of_an_id(self, memory: Memories) -> None:
        identity = await memory.memorize("by its id")
        await memory.set(identity[-6:], "by its key")
        assert (await memory.find(identity[-6:])).content == "by its key"


class TestLists:
    """Pages, the newest first."""

    async def test_pages_hold_all_and_nothing_twice(self, memory: Memories) -> None:
        await memory.memorize_many([(f"fact {number}", None) for number in range(25)])
        pages = [await memory.list(limit=10, offset=offset) for offset in (0, 10, 20, 30)]
        assert [len(page) for page in pages] == [10, 10, 5, 0]
        assert [found.content for page in pages for found in page] == [
            f"fact {number}" for number in reversed(range(25))
        ]

    async def test_what_was_changed_last_comes_first(self, memory: Memories) -> None:
        ids = await memory.memorize_many([(f"fact {number}", None) for number in range(3)])
        await memory.edit(ids[0], "fact 0, mended")
        assert (await memory.list())[0].content in ("fact 0, mended", "fact 2")  # within the same millisecond either
        assert {found.id for found in await memory.list()} == set(ids)

    async def test_a_search_wants_all_words_and_completes_the_last(self, memory: Memories) -> None:
        await memory.memorize_many([("green tea", None), ("green parrots", None), ("black tea", None)])
        await memory.set("greeting", "hello")
        searches = ["green", "green te", "tea", "parrot green", "hel", "greet", "purple", "🎉", "b"]
        found = {search: sorted(memory.content for memory in await memory.list(search=search)) for search in searches}
        assert found == {
            "green": ["green parrots", "green tea"],
            "green te": ["green tea"],
            "tea": ["black tea", "green tea"],
            "parrot green": ["green parrots"],
            "hel": ["hello"],
            "greet": ["hello"],
            "purple": [],
            "🎉": [],
            "b": ["black tea"],
        }
        assert {search: await memory.count(search) for search in searches} == {s: len(found[s]) for s in searches}
        assert len(await memory.list(search="e", limit=1)) <= 1

    async def test_where_there_are_many_two_letters_are_a_word(
        self, memory: Memories, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("zotui.memory.query.MANY", 1)
        await memory.memorize_many([("black tea", None), ("plan b", None)])
        assert [found.content for found in await memory.list(search="b")] == ["plan b"]
        assert [found.content for found in await memory.list(search="bla")] == ["black tea"]


class TestLimits:
    """What is too much or nothing."""

    @pytest.mark.parametrize("content", ["", "  \n ", "\x1b[31m\x07", "\u200b\u202e"])
    async def test_nothing_is_no_memory(self, content: str, memory: Memories) -> None:
        for put in (memory.memorize(content), memory.set("key", content)):
            with pytest.raises(UsageError, match="empty"):
                await put
        identity = await memory.memorize("something")
        with pytest.raises(UsageError, match="empty"):
            await memory.edit(identity, content)

    async def test_the_longest_fits_and_one_more_does_not(self, memory: Memories) -> None:
        identity = await memory.memorize("x" * LONGEST)
        assert len((await memory.find(identity)).content) == LONGEST
        with pytest.raises(UsageError, match="100,000"):
            await memory.memorize("x" * (LONGEST + 1))

    @pytest.mark.parametrize("meta", [["a", "b"], "text", {"a": object()}, {"a": "x" * LONGEST}, {("a",): 1}])
    async def test_meta_that_is_no_object_or_too_large(self, meta: Any, memory: Memories) -> None:
        with pytest.raises(UsageError, match="meta"):
            await memory.memorize("x", meta)
        assert await memory.count() == 0

    async def test_meta_nested_without_end(self, memory: Memories) -> None:
        meta: dict[str, Any] = {}
        for _ in range(100_000):
            meta = {"a": meta}
        with pytest.raises(UsageError, match="meta"):
            await memory.memorize("x", meta)

    async def test_meta_is_clean_within(self, memory: Memories) -> None:
        meta = {"a\x1b[31m": ["b\x07", {"c": "\u202ed\ud800"}], "n": 1.5, "none": None, "yes": True}
        (found,) = [await memory.find(await memory.memorize("x", meta))]
        assert found.meta == {"a": ["b", {"c": "d\ufffd"}], "n": 1.5, "none": None, "yes": True}


class TestFileOfItsOwn:
    """``open_memory(path)``."""

    async def test_it_lasts_and_is_private(self, tmp_path: Path) -> None:
        async with open_memory(tmp_path / "deep" / "own.db") as memory:
            await memory.memorize("kept")
        async with open_memory(str(tmp_path / "deep" / "own.db")) as memory:
            assert [found.content for found in await memory.list()] == ["kept"]
        assert stat.S_IMODE((tmp_path / "deep" / "own.db").stat().st_mode) == 0o600
        assert not (tmp_path / ".zotui").exists()

    async def test_two_files_are_two_memories_and_one_file_is_one(self, tmp_path: Path) -> None:
        async with (
            open_memory(tmp_path / "a.db") as a,
            open_memory(tmp_path / "b.db") as b,
            open_memory(tmp_path / "a.db") as c,
        ):
            await a.memorize("in a")
            assert (await b.count(), await c.count()) == (0, 1)

    async def test_a_path_through_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreError, match=str(tmp_path)):
            async with open_memory(tmp_path / "file" / "own.db"):
                raise AssertionError

    async def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / "own.db").write_text("a letter to my grandmother " * 100)
        with pytest.raises(StoreError, match=r"own\.db"):
            async with open_memory(tmp_path / "own.db"):
                raise AssertionError
        assert (tmp_path / "own.db").read_text().startswith("a letter")


class TestTools:
    """What the agent may do with it."""

    async def say(self, memory: Memories, name: str, **arguments: Any) -> str:
        outcome = await Toolbox(tools(memory)).run(name, arguments, ToolContext("c", "t", "call", False), 5)
        assert isinstance(outcome, Result)
        return outcome.text

    async def test_the_agent_remembers_with_its_source(self, memory: Memories) -> None:
        assert await self.say(memory, "remember", content="the sky is blue") == "Remembered."
        assert await self.say(memory, "remember", content="Oslo", key="city") == "Remembered as city."
        assert [found.meta for found in await memory.list()] == [{"source": "agent", "conversation": "c"}] * 2
        assert await memory.get("city") == "Oslo"

    async def test_it_recalls_and_lists_on_lines(self, memory: Memories) -> None:
        assert await self.say(memory, "recall", query="x") == "Nothing found."
        assert await self.say(memory, "list_memories") == "Nothing is remembered yet."
        lines = name_of(await memory.memorize("two\nlines"))
        city = name_of(await memory.set("city", "Oslo"))
        assert await self.say(memory, "recall", query="lines") == f"- [{lines}] two lines"
        listed = (await self.say(memory, "list_memories")).splitlines()
        assert listed == [f"- [{city}] [city] Oslo", f"- [{lines}] two lines"]
        assert await self.say(memory, "recall", query=lines) == "two\nlines"
