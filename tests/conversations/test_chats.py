"""Conversations: listed, searched, found, renamed, read in pages, and deleted without a trace."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conversations.conftest import put_messages
from tests.openai_server import calls, openai_server, says
from tests.processes import opened, rows
from zotui.computer import Computer
from zotui.conversations import Chats
from zotui.conversations.chats import match
from zotui.conversations.finding import RANKED
from zotui.errors import NotFound, UsageError
from zotui.home import Home
from zotui.store import Store

CHECK = "INSERT INTO messages_fts(messages_fts, rank) VALUES ('integrity-check', 1)"


async def chat(chats: Chats, store: Store, title: str, *texts: str, model: str = "lab/tiny") -> str:
    """A conversation with these messages; its id."""
    conversation = await chats.create(title)
    await store.write(lambda db: put_messages(db, conversation, list(texts), model))
    return conversation


class TestListing:
    """The latest first."""

    async def test_pages_hold_all_in_order_of_their_last_change(self, chats: Chats, store: Store) -> None:
        ids = [await chat(chats, store, f"chat {number}", "hello", "hi") for number in range(7)]
        await store.write(lambda db: put_messages(db, ids[2], ["again"]))
        expected = [ids[2], *[identity for identity in reversed(ids) if identity != ids[2]]]
        pages = [await chats.list(limit=3, offset=offset) for offset in (0, 3, 6, 9)]
        assert [found.id for page in pages for found in page] == expected
        assert [found.messages for found in pages[0]] == [3, 2, 2]
        assert await chats.count() == 7

    async def test_a_search_looks_into_titles_and_messages(self, chats: Chats, store: Store) -> None:
        by_title = await chat(chats, store, "Plans for Oslo", "x")
        by_text = await chat(chats, store, "Other", "the ferry to Oslo leaves at nine")
        await chat(chats, store, "Neither", "x")
        assert {found.id for found in await chats.list(search="oslo")} == {by_title, by_text}
        assert {found.id for found in await chats.list(search="ferry osl")} == {by_text}
        assert await chats.count("oslo") == 2
        assert (await chats.list(search="bergen"), await chats.count("bergen")) == ([], 0)

    @pytest.mark.parametrize("title", ["100% sure", "snake_case", r"back\slash", "a'quote", "🎉 party"])
    async def test_signs_in_a_search_stand_for_themselves(self, title: str, chats: Chats, store: Store) -> None:
        wanted = await chat(chats, store, title, "x")
        await chat(chats, store, "1000 sureties of snakeXcase and backslash aquote party", "x")
        sign = next(sign for sign in "%_\\'🎉" if sign in title)
        assert [found.id for found in await chats.list(search=sign)] == [wanted]
        assert [found.id for found in await chats.list(search=title)] == [wanted]

    async def test_a_search_of_any_length(self, chats: Chats, store: Store) -> None:
        await chat(chats, store, "one", "word " * 100)
        assert await chats.list(search="x" * 100_000) == []
        assert await chats.search("word " * 5000) != []
        assert await chats.list(search="word " * 50_000) != []


class TestSearch:
    """Messages that hold the words."""

    async def test_each_hit_has_its_conversation_and_an_excerpt(self, chats: Chats, store: Store) -> None:
        conversation = await chat(
            chats, store, "Trip", "where is the ferry", "x " * 200 + "the ferry sails from pier 4 " + "y " * 200
        )
        (first, second) = sorted(await chats.search("ferry"), key=lambda hit: hit[1].position)
        assert first[0].id == second[0].id == conversation
        assert (first[1].role, second[1].role) == ("user", "assistant")
        assert "ferry sails" in second[2]
        assert len(second[2]) < 200

    async def test_the_last_word_is_completed_and_all_are_wanted(self, chats: Chats, store: Store) -> None:
        await chat(chats, store, "t", "green parrots sing", "green tea")
        found = {
            query: len(await chats.search(query))
            for query in ("green", "green parr", "parrot green", "tea parrot", "gr")
        }
        assert found == {"green": 2, "green parr": 1, "parrot green": 1, "tea parrot": 0, "gr": 2}

    async def test_accents_and_other_scripts(self, chats: Chats, store: Store) -> None:
        await chat(chats, store, "t", "Das Café in der Straße", "हिन्दी और 東京")
        for query in ("cafe", "cafe\u0301", "STRAßE", "हिन्दी", "東京"):
            assert len(await chats.search(query)) == 1, query

    @pytest.mark.parametrize(
        "query",
        [
            "",
            " ",
            '"',
            '"ferry',
            "ferry AND",
            "NEAR(ferry)",
            "content:ferry",
            "ferry*",
            "^ferry",
            "(",
            "-",
            "🎉",
            "\x00",
            "\ud800",
            "'; --",
        ],
    )
    async def test_the_operators_of_the_index_are_harmless(self, query: str, chats: Chats, store: Store) -> None:
        await chat(chats, store, "t", "the ferry and its near content")
        found = await chats.search(query)
        assert [hit[1].content for hit in found] == (["the ferry and its near content"] if "ferry" in query else [])
        await chats.list(search=query)
        await chats.count(query)

    async def test_what_the_offline_provider_repeated_comes_after_what_was_said(
        self, chats: Chats, store: Store
    ) -> None:
        await chat(chats, store, "echo", "first", "ferry ferry ferry", model="offline")
        await chat(chats, store, "real", "first", "a long text in which somewhere the ferry is named", model="lab/tiny")
        assert [hit[1].model for hit in await chats.search("ferry")] == ["lab/tiny", "offline"]
        assert len(await chats.search("ferry", limit=1)) == 1

    async def test_ten_thousand_messages(self, chats: Chats, store: Store) -> None:
        for number in range(10):
            texts = [f"message {number}-{place} about topic {place % 97}" for place in range(1000)]
            texts[500] = f"the needle of conversation {number}"
            await chat(chats, store, f"chat {number}", *texts)
        assert len(await chats.search("needle", limit=50)) == 10
        (hit,) = await chats.search("needle conversation 7")
        assert hit[0].title == "chat 7"
        assert len(await chats.search("topic", limit=20)) == 20
        assert await chats.count("needle") == 10
        assert [found.title for found in await chats.list(search="needle conversation 3")] == ["chat 3"]
        last = await chats.messages(hit[0].id)
        assert [message.position for message in last] == list(range(901, 1001))
        await store.write(lambda db: db.execute(CHECK))

    async def test_of_what_very_many_say_the_newest_are_found(self, chats: Chats, store: Store) -> None:
        old = await chat(chats, store, "old", *["the heron"] * 6)
        new = await chat(chats, store, "new", *[f"a heron, {number}" for number in range(RANKED)])
        assert [hit[1].content for hit in await chats.search("heron", limit=2)] == [
            f"a heron, {RANKED - 1}",
            f"a heron, {RANKED - 2}",
        ]
        await chats.delete(new)  # all of the newest are left out: then the others
        assert {hit[0].id for hit in await chats.search("heron")} == {old}
        assert len(await chats.search("heron")) == 6

    @settings(max_examples=200, deadline=None)
    @given(st.text())
    def test_queries_are_nothing_but_quoted_words(self, text: str) -> None:
        query = match(text)
        assert query.count('"') % 2 == 0
        assert set("".join(query.split('"')[::2])) <= set(" *")


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=60), min_size=20, max_size=60))
def test_no_search_is_an_error(home: Home, texts: list[str]) -> None:
    store = opened(home)
    chats = Chats(store)

    async def seek() -> None:
        for text in texts:
            await chats.search(text)
            await chats.list(search=text)
            await chats.count(text)

    try:
        asyncio.run(seek())
    finally:
        store.close()


class TestFinding:
    """By id, or by an end of it that fits only one."""

    async def test_whole_beginning_and_end(self, chats: Chats) -> None:
        first, second = await chats.create("one"), await chats.create("two")
        assert (await chats.find(first)).title == "one"
        assert (await chats.find(second[-8:])).title == "two"
        await chats.ensure("my-own-name")
        assert (await chats.find("my-own")).id == "my-own-name"
        assert (await chats.find(" my-own-name\n")).id == "my-own-name"

    async def test_what_fits_several(self, chats: Chats) -> None:
        await chats.ensure("conv-1")
        await chats.ensure("conv-12")
        assert (await chats.find("conv-1")).id == "conv-1"  # the whole id goes first
        with pytest.raises(UsageError, match="'conv' fits several"):
            await chats.find("conv")

    @pytest.mark.parametrize("name", ["", " ", "%", "_", "%%%%", "nowhere", "\ud800", "x" * 10_000, "'", "last\x00"])
    async def test_what_names_none_even_where_there_is_only_one(self, name: str, chats: Chats) -> None:
        await chats.create("the only one")
        with pytest.raises(NotFound, match="no conversation"):
            await chats.find(name)

    @pytest.mark.parametrize("name", ["", "a\nb", "x" * 201, "\x1b[31m", " x"])
    async def test_what_cannot_be_an_id(self, name: str, chats: Chats) -> None:
        with pytest.raises(UsageError, match="one line"):
            await chats.ensure(name)

    async def test_an_id_is_made_once(self, chats: Chats) -> None:
        await chats.ensure("mine")
        await chats.rename("mine", "kept")
        await chats.ensure("mine")
        assert (await chats.find("mine")).title == "kept"


class TestRenaming:
    """Titles are one clean line."""

    async def test_a_title(self, chats: Chats) -> None:
        conversation = await chats.create("old")
        await chats.rename(conversation, "  new\n\x1b[31mtitle 🎉 ")
        assert (await chats.find(conversation)).title == "new title 🎉"
        await chats.rename(conversation, "x" * 1000)
        assert len((await chats.find(conversation)).title) == 200

    @pytest.mark.parametrize("title", ["", "  ", "\n", "\x1b[0m"])
    async def test_no_title(self, title: str, chats: Chats) -> None:
        conversation = await chats.create("old")
        with pytest.raises(UsageError, match="empty"):
            await chats.rename(conversation, title)

    async def test_of_nobody(self, chats: Chats) -> None:
        for change in (chats.rename("nowhere", "x"), chats.set_model("nowhere", "x"), chats.delete("nowhere")):
            with pytest.raises(NotFound, match="'nowhere'"):
                await change


class TestPages:
    """Messages by position."""

    async def test_pages_backwards_from_the_end(self, chats: Chats, store: Store) -> None:
        conversation = await chat(chats, store, "t", *[f"m{number}" for number in range(1, 256)])
        seen: list[str] = []
        before: int | None = None
        sizes = []
        while page := await chats.messages(conversation, before=before):
            assert [message.position for message in page] == sorted(message.position for message in page)
            seen = [message.content for message in page] + seen
            before = page[0].position
            sizes.append(len(page))
        assert seen == [f"m{number}" for number in range(1, 256)]
        assert sizes == [100, 100, 55]

    async def test_a_page_of_another_size_and_of_nobody(self, chats: Chats, store: Store) -> None:
        conversation = await chat(chats, store, "t", *"abcdefgh")
        assert [message.content for message in await chats.messages(conversation, limit=3)] == ["f", "g", "h"]
        assert [message.content for message in await chats.messages(conversation, before=3)] == ["a", "b"]
        assert await chats.messages(conversation, before=1) == []
        assert await chats.messages("nowhere") == []


class TestDeleting:
    """Nothing is left."""

    async def everything(self, home: Home) -> str:
        """A conversation with a turn, tool calls, a question and an answer; its id."""
        async with openai_server() as server:
            home.config_file.write_text(f'model = "lab/tiny"\n[providers.lab]\nbase_url = "{server.url}"\n')
            server.script(
                calls(("recall", {"query": "heron"}), text="let me see"),
                says("the heron is grey"),
                calls(("ask_person", {"question": "which heron?"})),
            )
            async with Computer.open(home, workers="own") as zo:
                reply = await zo.ask("tell me of the heron")
                turn = await zo.submit("another heron", reply.conversation_id)
                async for view in zo.turns.follow(turn):
                    if view.turn.status == "waiting":
                        break
        return reply.conversation_id

    def left(self, home: Home) -> dict[str, int]:
        """How many rows each table that belongs to conversations has."""
        tables = ("conversations", "messages", "parts", "turns", "tool_calls", "approvals", "messages_fts_docsize")
        return {table: rows(home, f"SELECT count(*) FROM {table}")[0][0] for table in tables}

    async def test_no_row_is_left_in_any_table(self, home: Home) -> None:
        conversation = await self.everything(home)
        before = self.left(home)
        assert all(before[table] for table in before if table != "parts"), before
        async with Computer.open(home, workers="none") as zo:
            other = await zo.chats.create("another")
            await zo.chats.purge(conversation)
            assert await zo.chats.search("heron") == []
            assert [found.id for found in await zo.chats.list()] == [other]
            with pytest.raises(NotFound):
                await zo.chats.purge(conversation)
        assert self.left(home) == dict.fromkeys(before, 0) | {"conversations": 1}
        rows(home, CHECK)
        assert rows(home, "PRAGMA foreign_key_check") == []
        names = [
            name
            for (name,) in rows(home, "SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main'")
        ]
        holders: list[Any] = []
        for name in names:
            for column in [row[1] for row in rows(home, f'PRAGMA table_info("{name}")')]:
                if name not in ("usage",):  # what was spent stays spent
                    holders += [(name, column)] * len(
                        rows(home, f'SELECT 1 FROM "{name}" WHERE "{column}" = ?', conversation)
                    )
        assert holders == []

    async def test_one_that_is_being_answered_is_refused(self, chats: Chats, store: Store) -> None:
        conversation = await chat(chats, store, "t", "hello")
        await store.write(
            lambda db: db.execute(
                "INSERT INTO turns(id, conv_id, lane, input, status, created_at) VALUES ('t', ?1, ?1, 'x', 'running', 0)",
                (conversation,),
            )
        )
        with pytest.raises(UsageError, match="stop the answer first"):
            await chats.delete(conversation)
        assert await chats.count() == 1

    async def test_the_index_stays_whole_through_many(self, chats: Chats, store: Store) -> None:
        ids = [
            await chat(chats, store, f"t{number}", *[f"word{number} common {place}" for place in range(50)])
            for number in range(10)
        ]
        for conversation in ids[::2]:
            await chats.delete(conversation)
        await store.write(lambda db: db.execute(CHECK))
        assert len(await chats.search("common", limit=1000)) == 250
        assert await chats.search("word2") == []
