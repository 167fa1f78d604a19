"""Branches: copies that stand by themselves, next to an original that stays as it is."""

from typing import Any

import msgspec
import pytest

from tests.conversations.conftest import put_messages
from tests.processes import rows
from zotui.conversations import Chats, TurnOptions, Turns
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
    (hit,) = await chats.search("request 1")  # the original is gone: the first branch stands for all
    assert hit[0].id == branch
    assert len(await chats.list(search="request")) == 2  # both have it


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


async def test_a_change_leads_to_the_turn_that_made_it(store: Store, chats: Chats) -> None:
    conversation, messages = await talked(store, 3, chats)
    ids = [turn.id for turn in await chats.turns(conversation)]

    def change(db: Transaction) -> None:
        for turn, tool, status in zip(
            ids, ("run_command", "write_file", "edit_file"), ("done", "done", "failed"), strict=True
        ):
            effect = "run" if tool == "run_command" else "write"
            arguments = '{"command": "make"}' if tool == "run_command" else '{"path": "made.txt"}'
            db.execute(
                "UPDATE tool_calls SET name = ?, effect = ?, status = ?, arguments = ? WHERE turn_id = ?",
                (tool, effect, status, arguments, turn),
            )
            if status == "done":
                db.execute(
                    "INSERT INTO checkpoints(id, conv_id, turn_id, status, created_at) VALUES (?1, ?2, ?1, 'done', ?3)",
                    (turn, conversation, now_ms()),
                )
                db.execute(
                    "INSERT INTO file_changes(checkpoint_id, path, before, after) VALUES (?, 'made.txt', 'null', 'null')",
                    (turn,),
                )

    await store.write(change)
    found = await chats.touching("made.txt", "\udcff")
    assert {(one.turn_id, one.message_id, one.how, one.access) for one in found} == {
        (ids[0], messages[1], "changed", "written"),
        (ids[1], messages[4], "write_file", "written"),
        (ids[2], messages[7], "edit_file", "tried"),
    }


async def test_touching_uses_its_indexes(home: Home, store: Store, chats: Chats) -> None:
    await talked(store, 1, chats)
    path = "CASE WHEN json_valid(t.arguments) THEN json_extract(t.arguments, '$.path') END"
    plan = rows(home, f"EXPLAIN QUERY PLAN SELECT 1 FROM tool_calls t WHERE {path} = 'x'")
    assert "tool_calls_path" in str(plan)


async def test_what_a_purged_parent_touched_its_branch_did(store: Store, chats: Chats) -> None:
    conversation, messages = await talked(store, 2, chats)
    one = await chats.fork(conversation, messages[-1])
    await chats.fork(one, (await chats.messages(one))[-1].id)
    for gone in (chats.delete, chats.purge):
        await gone(conversation)
        assert [touch.conversation.id for touch in await chats.touching("log1.md")] == [one]
        assert [touch.how for touch in await chats.touching("note0.txt")] == ["attached"]


async def test_the_grandparent_takes_over_where_the_parent_is_purged(home: Home, store: Store, chats: Chats) -> None:
    root, messages = await talked(store, 3, chats)
    one = await chats.fork(root, messages[5])
    two = await chats.fork(one, (await chats.messages(one))[2].id)
    await chats.purge(one)
    assert [(branch.conversation.id, branch.depth) for branch in await chats.family(two)] == [(root, 0), (two, 1)]
    assert (await chats.family(root))[1].leaves_at == 3
    await chats.purge(root)
    assert [branch.conversation.id for branch in await chats.family(two)] == [two]
    assert len(await chats.messages(two)) == 3


async def test_what_runs_or_waits_is_never_copied(store: Store, chats: Chats) -> None:
    conversation, messages = await talked(store, 2, chats)
    await store.write(lambda db: db.execute("UPDATE turns SET status = 'waiting' WHERE input = 'request 1'"))
    await store.write(
        lambda db: db.execute("UPDATE tool_calls SET status = 'waiting' WHERE message_id = ?", (messages[4],))
    )
    for message in messages[3:]:
        with pytest.raises(UsageError, match="not over"):
            await chats.fork(conversation, message)
    for message in messages[4:]:  # before it is still within the turn
        with pytest.raises(UsageError, match="not over"):
            await chats.fork(conversation, message, before=True)
    branch = await chats.fork(conversation, messages[3], before=True)
    assert [call.status for one in await chats.messages(branch) for call in one.tool_calls] == ["done"]


async def test_an_earlier_turn_that_is_put_off_is_over_in_the_branch(store: Store, chats: Chats) -> None:
    """Its worker ended, and another turn was steered before it."""
    conversation, messages = await talked(store, 2, chats)
    await store.write(lambda db: db.execute("UPDATE turns SET status = 'queued' WHERE input = 'request 0'"))
    await store.write(
        lambda db: db.execute("UPDATE tool_calls SET status = 'queued' WHERE message_id = ?", (messages[1],))
    )
    branch = await chats.fork(conversation, messages[-1])
    assert [turn.status for turn in await chats.turns(branch)] == ["interrupted", "done"]
    calls = [call.status for one in await chats.messages(branch) for call in one.tool_calls]
    assert calls == ["interrupted", "done"]
    assert await chats.turns(branch, only_open=True) == []


async def test_a_fork_in_the_trash_says_how_to_get_it_back(store: Store, chats: Chats) -> None:
    conversation, messages = await talked(store, 1, chats)
    await chats.delete(conversation)
    with pytest.raises(NotFound, match=f"zotui chats restore {conversation[-8:]}"):
        await chats.fork(conversation, messages[0])


async def test_an_edited_request_runs_as_before_but_for_what_is_wished(store: Store, chats: Chats) -> None:
    turns = Turns(store)
    first = await turns.submit("one", options=TurnOptions(system="Be brief.", private=True))
    (message,) = await store.write(lambda db: put_messages(db, first.conv_id, ["one"]))
    await store.write(lambda db: db.execute("UPDATE messages SET turn_id = ?", (first.id,)))
    await store.write(lambda db: db.execute("UPDATE turns SET status = 'done', model = 'lab/large'"))
    again = await turns.edit(first.conv_id, message, "two", options=TurnOptions(memory=False))
    assert again.model == "lab/large"
    kept = msgspec.json.decode(again.options, type=TurnOptions)
    assert kept == TurnOptions(system="Be brief.", private=True, memory=False)


async def test_a_request_that_came_from_elsewhere_can_be_edited(store: Store, chats: Chats) -> None:
    conversation = await chats.create("from another program")
    ids = await store.write(lambda db: put_messages(db, conversation, ["hello", "hi", "how are you?"]))
    turn = await Turns(store).edit(conversation, ids[2], "who are you?")
    assert [one.content for one in await chats.messages(turn.conv_id)] == ["hello", "hi"]
    assert turn.input == "who are you?"


async def test_an_edit_that_cannot_be_put_leaves_no_branch(home: Home, store: Store, chats: Chats) -> None:
    conversation, messages = await talked(store, 1, chats)
    many = [Given(f"{number}.txt", b"x", "text/plain", "x", f"{number}.txt") for number in range(20)]
    before = rows(home, "SELECT id FROM conversations")
    with pytest.raises(UsageError, match="21 files are too many"):
        await Turns(store).edit(conversation, messages[0], "with more", files=many)
    assert rows(home, "SELECT id FROM conversations") == before
    assert rows(home, "SELECT count(*) FROM turns") == [(1,)]


async def test_files_of_a_request_are_kept_and_go_along_again(home: Home, store: Store, chats: Chats) -> None:
    text = Given("a\x1b[31m.csv", b"a,b", "text/csv", "a,b\x00", "data/a.csv")
    turns = Turns(store)
    turn = await turns.submit("read", files=[text, Given("b.png", PNG, "text/html")])
    assert rows(home, "SELECT position, name, media_type, size, text, path FROM attachments ORDER BY position") == [
        (0, "b.png", "image/png", len(PNG), None, ""), (1, "a.csv", "text/csv", 3, "a,b", "data/a.csv"),
    ]  # fmt: skip
    await store.write(lambda db: db.execute("UPDATE turns SET status = 'done'"))
    once_more = await turns.again(turn.id)
    names = rows(home, "SELECT name FROM attachments WHERE turn_id = ? ORDER BY position", once_more.id)
    assert names == [("b.png",), ("a.csv",)]
    assert rows(home, "SELECT count(*) FROM blobs") == [(2,)]
    with pytest.raises(UsageError, match="no PNG"):
        await turns.submit("look", files=[Given("c.png", b"no image", "image/png")])
    with pytest.raises(UsageError, match="too many"):
        await turns.submit("read", files=[text] * 21)
    assert rows(home, "SELECT count(*) FROM turns") == [(2,)]
