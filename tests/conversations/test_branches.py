"""Branches: copies that stand by themselves, next to an original that stays as it is."""

from typing import Any

import pytest

from tests.conversations.conftest import put_messages
from tests.processes import rows
from zotui.conversations import Chats, Comparisons, Turns
from zotui.conversations.records import Given
from zotui.errors import NotFound, UsageError
from zotui.home import Home
from zotui.store import Store, Transaction, new_id, now_ms

TABLES = ("conversations", "messages", "turns", "tool_calls", "attachments", "messages_fts_docsize")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def dump(home: Home, conversation: str) -> list[Any]:
    """Every row of a conversation, of all tables."""
    wheres = {
        "conversations": "id = ?1", "messages": "conv_id = ?1", "turns": "conv_id = ?1",
        "tool_calls": "turn_id IN (SELECT id FROM turns WHERE conv_id = ?1)",
        "attachments": "turn_id IN (SELECT id FROM turns WHERE conv_id = ?1)",
    }  # fmt: skip
    return [
        rows(home, f"SELECT * FROM {table} WHERE {where} ORDER BY 1", conversation) for table, where in wheres.items()
    ]


async def talked(store: Store, requests: int, chats: Chats) -> tuple[str, list[str]]:
    """A conversation of so many turns, each a request with a file, an answer with a tool call, and an answer; the ids of
    its messages."""
    turns = Turns(store)
    conversation = await chats.create("the harbour")
    messages: list[str] = []

    def answer(db: Transaction, turn: str, number: int) -> None:
        position = db.execute("SELECT count(*) FROM messages WHERE conv_id = ?", (conversation,)).get
        for step, (role, text) in enumerate(
            (("user", f"request {number}"), ("assistant", ""), ("assistant", f"answer {number}"))
        ):
            messages.append(new_id())
            db.execute(
                "INSERT INTO messages(id, conv_id, turn_id, position, role, content, model, created_at) VALUES (?,?,?,?,?,?,?,?)",
                (messages[-1], conversation, turn, position + step + 1, role, text, "lab/tiny", now_ms()),
            )
        db.execute(
            "INSERT INTO tool_calls(id, message_id, turn_id, position, call_id, name, arguments, status, result, created_at)"
            " VALUES (?, ?, ?, 0, ?, 'read_file', ?, 'done', 'calm', ?)",
            (new_id(), messages[-2], turn, f"call{number}", f'{{"path": "log{number}.md"}}', now_ms()),
        )
        db.execute("UPDATE turns SET status = 'done', finished_at = ? WHERE id = ?", (now_ms(), turn))

    for number in range(requests):
        file = Given(
            f"note{number}.txt", f"note {number}".encode(), "text/plain", f"note {number}", f"note{number}.txt"
        )
        turn = await turns.submit(f"request {number}", conversation=conversation, files=[file], images=[("a.png", PNG)])
        await store.write(lambda db, turn=turn.id, number=number: answer(db, turn, number))  # type: ignore[misc]
    return conversation, messages


async def test_a_branch_has_all_up_to_the_message_and_the_original_stays_as_it_is(
    home: Home, store: Store, chats: Chats
) -> None:
    conversation, messages = await talked(store, 4, chats)
    before = dump(home, conversation)
    branch = await chats.fork(conversation, messages[5])
    assert dump(home, conversation) == before
    found = await chats.messages(branch)
    assert [one.content for one in found] == ["request 0", "", "answer 0", "request 1", "", "answer 1"]
    assert [call.result for one in found for call in one.tool_calls] == ["calm", "calm"]
    assert [file.name for one in found for file in one.attachments] == ["a.png", "note0.txt", "a.png", "note1.txt"]
    assert not {one.id for one in found} & set(messages)
    chat = await chats.find(branch)
    assert (chat.kind, chat.parent_id, chat.parent_message_id, chat.title) == (
        "branch", conversation, messages[5], "the harbour",
    )  # fmt: skip
    assert await chats.shared(conversation, branch) == 6


async def test_before_a_message_is_without_it(store: Store, chats: Chats) -> None:
    conversation, messages = await talked(store, 2, chats)
    branch = await chats.fork(conversation, messages[3], before=True)
    assert [one.content for one in await chats.messages(branch)] == ["request 0", "", "answer 0"]
    empty = await chats.fork(conversation, messages[0], before=True)
    assert await chats.messages(empty) == []


async def test_in_the_middle_of_a_turn_the_branch_did_not_fail(store: Store, chats: Chats) -> None:
    conversation, messages = await talked(store, 1, chats)
    await store.write(lambda db: db.execute("UPDATE turns SET status = 'failed', error = 'no model'"))
    branch = await chats.fork(conversation, messages[1])
    turns = await chats.turns(branch)
    assert [(turn.status, turn.error) for turn in turns] == [("done", None)]
    whole = await chats.fork(conversation, messages[2])
    assert [turn.status for turn in await chats.turns(whole)] == ["failed"]


async def test_a_branch_stands_by_itself(home: Home, store: Store, chats: Chats) -> None:
    conversation, messages = await talked(store, 2, chats)
    branch = await chats.fork(conversation, messages[-1])
    before = [
        (one.content, one.attachments and [file.content for file in one.attachments])
        for one in await chats.messages(branch)
    ]
    await chats.purge(conversation)
    after = [
        (one.content, one.attachments and [file.content for file in one.attachments])
        for one in await chats.messages(branch)
    ]
    assert after == before
    assert rows(home, "SELECT count(*) FROM blobs")[0][0] == 3  # two notes and one picture
    assert [hit[1].content for hit in await chats.search("request 1")] == ["request 1"]
    assert rows(home, "PRAGMA foreign_key_check") == []


async def test_a_search_finds_what_a_branch_repeats_once(store: Store, chats: Chats) -> None:
    conversation, messages = await talked(store, 3, chats)
    branch = await chats.fork(conversation, messages[-1])
    await chats.fork(branch, (await chats.messages(branch))[-1].id)
    assert len(await chats.search("request 1")) == 1
    await chats.delete(conversation)
    assert len(await chats.search("request 1")) == 2  # the original is gone: each branch says it


async def test_the_family_is_a_tree(store: Store, chats: Chats) -> None:
    root, messages = await talked(store, 3, chats)
    one = await chats.fork(root, messages[2])
    await store.write(lambda db: put_messages(db, one, ["and in winter?"]))
    two = await chats.fork(one, (await chats.messages(one))[2].id)
    three = await chats.fork(root, messages[5])
    for name in (root, one, two, three):
        found = await chats.family(name)
        assert [(branch.conversation.id, branch.depth) for branch in found] == [
            (root, 0),
            (one, 1),
            (two, 2),
            (three, 1),
        ]
    assert found[1].own == 1
    assert found[1].leaves_at == 3
    await chats.delete(two)
    assert two not in [branch.conversation.id for branch in await chats.family(root)]


async def test_a_turn_that_is_not_over_is_no_place_to_fork(store: Store, chats: Chats) -> None:
    conversation, messages = await talked(store, 2, chats)
    await store.write(lambda db: db.execute("UPDATE turns SET status = 'running' WHERE input = 'request 1'"))
    with pytest.raises(UsageError, match="not over"):
        await chats.fork(conversation, messages[-1])
    assert await chats.fork(conversation, messages[3], before=True)
    with pytest.raises(NotFound):
        await chats.fork(conversation, "nothing")
    with pytest.raises(NotFound):
        await chats.fork("nowhere", messages[0])


async def test_an_edited_request_runs_in_a_branch_with_its_files(store: Store, chats: Chats) -> None:
    conversation, messages = await talked(store, 2, chats)
    more = Given("more.txt", b"more", "text/plain", "more", "more.txt")
    turn = await Turns(store).edit(conversation, messages[3], "another request", files=[more])
    assert turn.conv_id != conversation
    assert turn.input == "another request"
    assert [one.content for one in await chats.messages(turn.conv_id)] == ["request 0", "", "answer 0"]
    assert [one.content for one in await chats.messages(conversation)][3] == "request 1"
    kept = await store.read(
        lambda db: db.execute("SELECT name FROM attachments WHERE turn_id = ? ORDER BY position", (turn.id,)).fetchall()
    )
    assert kept == [("a.png",), ("note1.txt",), ("more.txt",)]
    with pytest.raises(UsageError, match="only a request"):
        await Turns(store).edit(conversation, messages[4], "x")
    with pytest.raises(UsageError, match="empty"):
        await Turns(store).edit(conversation, messages[3], " ")


async def test_ten_thousand_messages_are_forked_whole(store: Store, chats: Chats) -> None:
    conversation = await chats.create("long")
    ids = await store.write(lambda db: put_messages(db, conversation, [f"word {number}" for number in range(10_000)]))
    branch = await chats.fork(conversation, ids[-1])
    assert (await chats.find(branch)).messages == 10_000
    assert await chats.shared(conversation, branch) == 10_000


async def test_conversations_that_touched_a_file(store: Store, chats: Chats) -> None:
    conversation, messages = await talked(store, 2, chats)
    await chats.fork(conversation, messages[-1])
    read = await chats.touching("log1.md")
    assert [(one.conversation.id, one.how, one.message_id) for one in read] == [
        (conversation, "read_file", messages[4])
    ]
    attached = await chats.touching("note0.txt", "/elsewhere/note0.txt")
    assert [(one.conversation.id, one.how, one.message_id) for one in attached] == [
        (conversation, "attached", messages[0])
    ]
    assert await chats.touching("nothing.md") == []


async def test_touching_uses_its_indexes(home: Home, store: Store, chats: Chats) -> None:
    await talked(store, 1, chats)
    path = "CASE WHEN json_valid(t.arguments) THEN json_extract(t.arguments, '$.path') END"
    plan = rows(home, f"EXPLAIN QUERY PLAN SELECT 1 FROM tool_calls t WHERE {path} = 'x'")
    assert "tool_calls_path" in str(plan)


class TestComparisons:
    """Several models, one prompt."""

    async def answered(self, store: Store, conversation: str, text: str) -> None:
        """The only turn of a trial that is open, answered."""
        turn = (await Chats(store).turns(conversation, only_open=True))[0]

        def answer(db: Transaction) -> None:
            position = db.execute("SELECT count(*) FROM messages WHERE conv_id = ?", (conversation,)).get
            for step, (role, said) in enumerate((("user", turn.input), ("assistant", text))):
                message = new_id()
                db.execute(
                    "INSERT INTO messages(id, conv_id, turn_id, position, role, content, model, created_at) VALUES (?,?,?,?,?,?,?,?)",
                    (message, conversation, turn.id, position + step + 1, role, said, turn.model, now_ms()),
                )
            db.execute(
                "INSERT INTO usage(id, conv_id, turn_id, message_id, model, status, cost, created_at) VALUES (?,?,?,?,?,'done',0.5,?)",
                (new_id(), conversation, turn.id, message, turn.model, now_ms()),
            )
            db.execute("UPDATE turns SET status = 'done', started_at = 1, finished_at = 3001 WHERE id = ?", (turn.id,))

        await store.write(answer)

    async def test_the_answer_that_is_kept_becomes_the_turn(self, home: Home, store: Store, chats: Chats) -> None:
        conversation, messages = await talked(store, 1, chats)
        comparisons = Comparisons(store)
        asked = await comparisons.start("which is best?", ["a/x", "b/y", "c/z"], conversation)
        found = await comparisons.view(asked)
        assert [member.model for member in found.members] == ["a/x", "b/y", "c/z"]
        assert not found.over
        for member, text in zip(found.members[:2], ("the first", "the second"), strict=True):
            await self.answered(store, member.conversation, text)
        found = await comparisons.view(asked)
        assert [member.output for member in found.members] == ["the first", "the second", ""]
        assert found.members[0].seconds(0) == 3.0
        assert [chat.id for chat in await chats.list()] == [conversation]  # trials are in no list
        with pytest.raises(UsageError, match="not answered"):
            await comparisons.keep(asked, found.members[2].conversation)
        assert await comparisons.keep(asked, found.members[1].conversation) == conversation
        said = [one.content for one in await chats.messages(conversation)]
        assert said == ["request 0", "", "answer 0", "which is best?", "the second"]
        assert [turn.status for turn in await chats.turns(found.members[2].conversation)][-1] == "cancelled"
        assert (await chats.spent(conversation)).cost == 1.0
        assert rows(home, "SELECT sum(cost) FROM usage")[0][0] == 1.0
        with pytest.raises(UsageError, match="kept already"):
            await comparisons.keep(asked, found.members[0].conversation)
        kinds = [branch.conversation.kind for branch in await chats.family(conversation)]
        assert kinds == ["chat", "trial", "trial", "trial"]
        assert messages

    async def test_a_new_conversation_begins_with_one(self, store: Store, chats: Chats) -> None:
        comparisons = Comparisons(store)
        asked = await comparisons.start("which is best?", ["a/x", "b/y"])
        found = await comparisons.view(asked)
        await self.answered(store, found.members[0].conversation, "this one")
        made = await comparisons.keep(asked, found.members[0].conversation)
        assert [one.content for one in await chats.messages(made)] == ["which is best?", "this one"]
        assert (await chats.find(made)).title == "which is best?"

    async def test_none_is_kept(self, store: Store, chats: Chats) -> None:
        comparisons = Comparisons(store)
        asked = await comparisons.start("which is best?", ["a/x", "b/y"])
        await comparisons.drop(asked)
        found = await comparisons.view(asked)
        assert found.over
        assert found.finished_at is not None
        assert await chats.messages(found.conv_id) == []
        assert await chats.list() == []
        assert [chat.id for chat in await chats.list(shelf="deleted")] == [found.conv_id]

    @pytest.mark.parametrize(
        "models", [["a/x"], ["a/x", "a/x"], [f"a/{n}" for n in range(7)]], ids=["one", "twice", "seven"]
    )
    async def test_too_few_or_too_many_are_refused(self, home: Home, store: Store, models: list[str]) -> None:
        with pytest.raises(UsageError, match="cannot be compared"):
            await Comparisons(store).start("x", models)
        assert rows(home, "SELECT 1 FROM conversations") == []


class TestShelves:
    """Pinned, archived, in the trash."""

    async def test_pinned_ones_come_first(self, store: Store, chats: Chats) -> None:
        ids = [await chats.create(f"chat {number}") for number in range(3)]
        await chats.pin(ids[0])
        assert [chat.id for chat in await chats.list()] == [ids[0], ids[2], ids[1]]
        await chats.pin(ids[0], False)
        assert [chat.id for chat in await chats.list()] == ids[::-1]

    async def test_what_is_archived_or_deleted_is_on_its_own_shelf(self, store: Store, chats: Chats) -> None:
        ids = [await chats.create(f"chat {number}") for number in range(3)]
        for id_ in ids:
            await store.write(lambda db, id_=id_: put_messages(db, id_, ["the word heron"]))  # type: ignore[misc]
        await chats.archive(ids[0])
        await chats.delete(ids[1])
        shelves = {
            shelf: [chat.id for chat in await chats.list(shelf=shelf)] for shelf in ("shown", "archived", "deleted")
        }  # type: ignore[arg-type]
        assert shelves == {"shown": [ids[2]], "archived": [ids[0]], "deleted": [ids[1]]}
        assert {hit[0].id for hit in await chats.search("heron")} == {ids[0], ids[2]}
        assert await chats.count("heron") == 1
        assert await chats.count("heron", "deleted") == 1
        with pytest.raises(NotFound):
            await chats.find(ids[1])
        assert (await chats.find(ids[1], deleted=True)).id == ids[1]
        await chats.restore(ids[1])
        await chats.archive(ids[0], False)
        assert await chats.count() == 3

    async def test_the_trash_is_emptied_of_what_is_old(self, home: Home, store: Store, chats: Chats) -> None:
        old, new = await chats.create("old"), await chats.create("new")
        await chats.delete(old)
        await chats.delete(new)
        await store.write(lambda db: db.execute("UPDATE conversations SET deleted_at = 5 WHERE id = ?", (old,)))
        assert await chats.empty_trash(before=10) == 1
        assert [chat.id for chat in await chats.list(shelf="deleted")] == [new]
        assert await chats.empty_trash() == 1
        assert rows(home, "SELECT 1 FROM conversations") == []

    async def test_deleting_takes_back_what_waits_in_it(self, store: Store, chats: Chats) -> None:
        turn = await Turns(store).submit("later")
        await chats.delete(turn.conv_id)
        assert [(one.status, one.reason) for one in await chats.turns(turn.conv_id)] == [("cancelled", "deleted")]
        with pytest.raises(NotFound, match="restore"):
            await Turns(store).submit("again", conversation=turn.conv_id)
