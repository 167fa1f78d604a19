"""Pinned, archived, in the trash, and gone for ever."""

import pytest

from tests.conversations.conftest import put_messages
from tests.conversations.test_branches import talked
from tests.processes import rows
from tests.waiting import wait_for
from zotui import notices
from zotui.computer import Computer
from zotui.conversations import Chats, Turns
from zotui.conversations.summaries import Summaries
from zotui.crew import TRASH_MS
from zotui.errors import NotFound, UsageError
from zotui.home import Home
from zotui.store import Store, now_ms


async def test_pinned_ones_come_first(store: Store, chats: Chats) -> None:
    ids = [await chats.create(f"chat {number}") for number in range(3)]
    await chats.pin(ids[0])
    assert [chat.id for chat in await chats.list()] == [ids[0], ids[2], ids[1]]
    await chats.pin(ids[0], False)
    assert [chat.id for chat in await chats.list()] == ids[::-1]


async def test_what_is_archived_or_deleted_is_on_its_own_shelf(store: Store, chats: Chats) -> None:
    ids = [await chats.create(f"chat {number}") for number in range(3)]
    for id_ in ids:
        await store.write(lambda db, id_=id_: put_messages(db, id_, ["the word heron"]))  # type: ignore[misc]
    await chats.archive(ids[0])
    await chats.delete(ids[1])
    shelves = {shelf: [chat.id for chat in await chats.list(shelf=shelf)] for shelf in ("shown", "archived", "deleted")}  # type: ignore[arg-type]
    assert shelves == {"shown": [ids[2]], "archived": [ids[0]], "deleted": [ids[1]]}
    assert {hit[0].id for hit in await chats.search("heron")} == {ids[0], ids[2]}
    assert await chats.count("heron") == 1
    assert await chats.count("heron", "deleted") == 1
    with pytest.raises(NotFound, match="in the trash: zotui chats restore"):
        await chats.find(ids[1][-8:])
    assert (await chats.find(ids[1], deleted=True)).id == ids[1]
    await chats.restore(ids[1])
    await chats.archive(ids[0], False)
    assert await chats.count() == 3


async def test_the_trash_is_emptied_of_what_is_old(home: Home, store: Store, chats: Chats) -> None:
    old, new = await chats.create("old"), await chats.create("new")
    await chats.delete(old)
    await chats.delete(new)
    await store.write(lambda db: db.execute("UPDATE conversations SET deleted_at = 5 WHERE id = ?", (old,)))
    assert await chats.empty_trash(before=10) == 1
    assert [chat.id for chat in await chats.list(shelf="deleted")] == [new]
    assert await chats.empty_trash() == 1
    assert rows(home, "SELECT 1 FROM conversations") == []


async def test_deleting_takes_back_what_waits_in_it(store: Store, chats: Chats) -> None:
    turn = await Turns(store).submit("later")
    await chats.delete(turn.conv_id)
    assert [(one.status, one.reason) for one in await chats.turns(turn.conv_id)] == [("cancelled", "deleted")]
    with pytest.raises(NotFound, match="restore"):
        await Turns(store).submit("again", conversation=turn.conv_id)


async def test_what_waits_for_an_answer_or_a_summary_ends_with_it(home: Home, store: Store, chats: Chats) -> None:
    conversation, _ = await talked(store, 6, chats)
    await Summaries(store).propose(conversation)
    turn = await Turns(store).submit("shall we?", conversation=conversation)
    await store.write(lambda db: db.execute("UPDATE turns SET status = 'waiting' WHERE id = ?", (turn.id,)))
    await store.write(
        lambda db: db.execute(
            "INSERT INTO approvals(id, kind, turn_id, text, created_at) VALUES ('a', 'question', ?, 'sure?', 0)",
            (turn.id,),
        )
    )
    await chats.delete(conversation)
    assert await Turns(store).questions() == []
    assert rows(home, "SELECT status, reason FROM summaries") == [("cancelled", "deleted")]
    await chats.restore(conversation)
    assert [one.status for one in await chats.turns(conversation)] == ["done"] * 6 + ["cancelled"]


async def test_one_in_the_trash_is_not_answered_again(store: Store, chats: Chats) -> None:
    conversation, _ = await talked(store, 1, chats)
    (turn,) = await chats.turns(conversation)
    await chats.delete(conversation)
    with pytest.raises(NotFound, match=f"zotui chats restore {conversation[-8:]}"):
        await Turns(store).again(turn.id)


async def test_a_purge_leaves_no_notice_of_it(home: Home, store: Store, chats: Chats) -> None:
    for name in ("*", "one", "one-more"):
        await chats.ensure(name)
        for place in (f"chat:{name}", f"chat:{name}/message"):
            await store.write(lambda db, place=place: notices.add(db, "answer", "it said", place))  # type: ignore[misc]
    await chats.purge("*")
    await chats.purge("one")
    assert rows(home, "SELECT place FROM notices ORDER BY id") == [("chat:one-more",), ("chat:one-more/message",)]


async def test_what_is_old_in_the_trash_goes_when_the_worker_starts(home: Home, store: Store, chats: Chats) -> None:
    old, (new, _) = await chats.create("old"), await talked(store, 1, chats)
    for one, age in ((old, TRASH_MS + 1000), (new, TRASH_MS - 60_000)):
        await chats.delete(one)
        at = now_ms() - age
        await store.write(
            lambda db, at=at, one=one: db.execute("UPDATE conversations SET deleted_at = ? WHERE id = ?", (at, one))
        )  # type: ignore[misc]
    async with Computer.open(home, workers="none") as computer:
        assert await computer.chats.count(shelf="deleted") == 2
    async with Computer.open(home, workers="own") as computer:

        async def one_is_left() -> bool:
            return await computer.chats.count(shelf="deleted") == 1

        await wait_for(one_is_left)
        assert [chat.id for chat in await computer.chats.list(shelf="deleted")] == [new]


async def test_a_shelf_is_searched_by_itself_and_counts_what_it_lists(store: Store, chats: Chats) -> None:
    for number in range(30):
        chat = await chats.create(f"chat {number}")
        await store.write(lambda db, chat=chat: put_messages(db, chat, ["the heron", "is grey"]))  # type: ignore[misc]
        if number % 3 == 1:
            await chats.archive(chat)
        elif number % 3 == 2:
            await chats.delete(chat)
        elif number % 2:
            await chats.pin(chat)
    for shelf in ("shown", "archived", "deleted"):
        for search in ("", "heron", "chat 1", "eagle"):
            found = await chats.list(shelf=shelf, search=search)  # type: ignore[arg-type]
            assert len(found) == await chats.count(search, shelf)  # type: ignore[arg-type]
            pages = [await chats.list(shelf=shelf, search=search, limit=4, offset=at) for at in range(0, 12, 4)]  # type: ignore[arg-type]
            assert [one.id for page in pages for one in page] == [one.id for one in found]
    pinned = [bool(one.pinned_at) for one in await chats.list()]
    assert pinned == sorted(pinned, reverse=True)
    assert sum(pinned) == 5


async def test_what_cannot_be_restored_or_pinned(chats: Chats) -> None:
    for change in (chats.pin("nowhere"), chats.archive("nowhere"), chats.restore("nowhere"), chats.purge("nowhere")):
        with pytest.raises(NotFound, match="'nowhere'"):
            await change


async def test_one_that_is_being_answered_is_not_purged(store: Store, chats: Chats) -> None:
    turn = await Turns(store).submit("hello")
    await store.write(lambda db: db.execute("UPDATE turns SET status = 'running'"))
    with pytest.raises(UsageError, match="stop the answer first"):
        await chats.purge(turn.conv_id)
    assert await chats.count() == 1
