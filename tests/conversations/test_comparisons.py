"""Comparisons: several models, one prompt; one answer becomes the turn, or none."""

import pytest

from tests.conversations.test_branches import PNG, talked
from tests.processes import rows
from zotui.conversations import Chats, Comparisons, TurnOptions, Turns
from zotui.conversations.records import Given
from zotui.errors import NotFound, UsageError
from zotui.home import Home
from zotui.store import Store, Transaction, new_id, now_ms


async def answered(store: Store, conversation: str, text: str) -> None:
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


async def test_the_answer_that_is_kept_becomes_the_turn(home: Home, store: Store, chats: Chats) -> None:
    conversation, _ = await talked(store, 1, chats)
    comparisons = Comparisons(store)
    asked = await comparisons.start("which is best?", ["a/x", "b/y", "c/z"], conversation)
    found = await comparisons.view(asked)
    assert [member.model for member in found.members] == ["a/x", "b/y", "c/z"]
    assert not found.over
    for member, text in zip(found.members[:2], ("the first", "the second"), strict=True):
        await answered(store, member.conversation, text)
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
    await chats.purge(conversation)
    assert rows(home, "SELECT 1 FROM conversations") == []
    assert rows(home, "SELECT 1 FROM blobs") == []


async def test_a_new_conversation_begins_with_one(store: Store, chats: Chats) -> None:
    comparisons = Comparisons(store)
    asked = await comparisons.start("which is best?", ["a/x", "b/y"])
    found = await comparisons.view(asked)
    await answered(store, found.members[0].conversation, "this one")
    made = await comparisons.keep(asked, found.members[0].conversation)
    assert [one.content for one in await chats.messages(made)] == ["which is best?", "this one"]
    assert (await chats.find(made)).title == "which is best?"


async def test_none_is_kept(home: Home, store: Store, chats: Chats) -> None:
    comparisons = Comparisons(store)
    asked = await comparisons.start("which is best?", ["a/x", "b/y"])
    trials = [member.conversation for member in (await comparisons.view(asked)).members]
    await answered(store, trials[0], "the first")
    await comparisons.drop(asked)
    found = await comparisons.view(asked)
    assert found.over
    assert found.finished_at is not None
    assert await chats.messages(found.conv_id) == []
    assert (await chats.spent(found.conv_id)).cost == 0.5
    assert await chats.list() == []  # what was begun with them has nothing else
    assert {chat.id for chat in await chats.list(shelf="deleted")} == {found.conv_id, *trials}
    assert [branch.conversation.id for branch in await chats.family(found.conv_id)] == [found.conv_id]
    await chats.restore(trials[0])
    assert [chat.id for chat in await chats.list()] == [trials[0]]  # a branch from now on
    assert await chats.empty_trash() == 1  # the other trial goes with it
    assert rows(home, "SELECT id FROM conversations") == [(trials[0],)]
    assert [one.content for one in await chats.messages(trials[0])] == ["which is best?", "the first"]
    assert rows(home, "PRAGMA foreign_key_check") == []


@pytest.mark.parametrize(
    "models", [["a/x"], ["a/x", "a/x"], [f"a/{n}" for n in range(7)]], ids=["one", "twice", "seven"]
)
async def test_too_few_or_too_many_are_refused(home: Home, store: Store, models: list[str]) -> None:
    with pytest.raises(UsageError, match="cannot be compared"):
        await Comparisons(store).start("x", models)
    assert rows(home, "SELECT 1 FROM conversations") == []


async def test_each_runs_in_a_lane_of_its_own_with_the_files_and_all_that_was_said(
    home: Home, store: Store, chats: Chats
) -> None:
    conversation, _ = await talked(store, 1, chats)
    file = Given("a.png", PNG + b"another", "")
    options = TurnOptions(private=True)
    comparisons = Comparisons(store)
    asked = await comparisons.start("and this?", ["a/x", "b/y"], conversation, options=options, files=[file])
    members = (await comparisons.view(asked)).members
    assert len({member.conversation for member in members}) == 2
    for member in members:
        said = [one.content for one in await chats.messages(member.conversation)]
        assert said == ["request 0", "", "answer 0"]
        assert await chats.shared(conversation, member.conversation) == 3
        assert '"private":true' in member.turn.options
        assert (await chats.find(member.conversation)).model == member.model
        files = await store.read(
            lambda db, turn=member.turn.id: db.execute(  # type: ignore[misc]
                "SELECT name FROM attachments WHERE turn_id = ?", (turn,)
            ).fetchall()
        )
        assert files == [("a.png",)]
    assert [found.id for found in await comparisons.of(conversation)] == [asked]
    assert rows(home, "SELECT count(*) FROM blobs") == [(3,)]
    await chats.purge(conversation)
    assert rows(home, "SELECT 1 FROM blobs") == []


async def test_what_is_kept_is_found_once_and_what_was_tried_not_at_all(store: Store, chats: Chats) -> None:
    comparisons = Comparisons(store)
    asked = await comparisons.start("which heron?", ["a/x", "b/y"])
    found = await comparisons.view(asked)
    for member, text in zip(found.members, ("the grey one", "the white one"), strict=True):
        await answered(store, member.conversation, text)
    assert await chats.search("white") == []
    await comparisons.keep(asked, found.members[1].conversation)
    ((chat, message, _),) = await chats.search("white")
    assert (chat.id, message.content) == (found.conv_id, "the white one")
    await chats.fork(found.conv_id, message.id)
    assert [hit[0].id for hit in await chats.search("white")] == [found.conv_id]
    assert await chats.search("grey") == []


async def test_a_file_that_an_answer_touched_is_told_once(store: Store, chats: Chats) -> None:
    comparisons = Comparisons(store)
    file = Given("n.txt", b"x", "text/plain", "x", "n.txt")
    asked = await comparisons.start("read it", ["a/x", "b/y"], files=[file])
    found = await comparisons.view(asked)
    for member in found.members:
        await answered(store, member.conversation, "read")
    assert {touch.conversation.id for touch in await chats.touching("n.txt")} == {
        member.conversation for member in found.members
    }
    await comparisons.keep(asked, found.members[0].conversation)
    assert {touch.conversation.id for touch in await chats.touching("n.txt")} == {
        found.conv_id, found.members[1].conversation,
    }  # fmt: skip


async def test_who_goes_on_with_an_answer_makes_it_a_branch(home: Home, store: Store, chats: Chats) -> None:
    comparisons = Comparisons(store)
    asked = await comparisons.start("which?", ["a/x", "b/y"])
    found = await comparisons.view(asked)
    first = found.members[0].conversation
    await answered(store, first, "this one")
    await Turns(store).submit("why?", conversation=first)
    assert (await chats.find(first)).kind == "branch"
    assert {chat.id for chat in await chats.list()} == {first, found.conv_id}
    compared = (await comparisons.view(asked)).members[0]
    assert (compared.turn.input, compared.output) == ("which?", "this one")
    await comparisons.keep(asked, first)
    assert [one.content for one in await chats.messages(found.conv_id)] == ["which?", "this one"]
    assert (await comparisons.view(asked)).members[0].output == "this one"
    await chats.purge(found.conv_id)
    assert rows(home, "SELECT id, comparison_id FROM conversations") == [(first, None)]


@pytest.mark.parametrize("status", ["running", "waiting"])
async def test_a_conversation_that_is_being_answered_takes_no_answer(store: Store, chats: Chats, status: str) -> None:
    conversation, _ = await talked(store, 1, chats)
    comparisons = Comparisons(store)
    asked = await comparisons.start("which?", ["a/x", "b/y"], conversation)
    winner = (await comparisons.view(asked)).members[0].conversation
    await answered(store, winner, "this")
    turn = await Turns(store).submit("meanwhile", conversation=conversation)
    await store.write(lambda db: db.execute("UPDATE turns SET status = ? WHERE id = ?", (status, turn.id)))
    with pytest.raises(UsageError, match="being answered"):
        await comparisons.keep(asked, winner)
    assert len(await chats.messages(conversation)) == 3
    await store.write(lambda db: db.execute("UPDATE turns SET status = 'queued' WHERE id = ?", (turn.id,)))
    await comparisons.keep(asked, winner)
    assert [one.position for one in await chats.messages(conversation)] == [1, 2, 3, 4, 5]


async def test_what_was_said_meanwhile_stays_before_the_answer_that_is_kept(store: Store, chats: Chats) -> None:
    conversation, _ = await talked(store, 1, chats)
    comparisons = Comparisons(store)
    asked = await comparisons.start("which?", ["a/x", "b/y"], conversation)
    winner = (await comparisons.view(asked)).members[0].conversation
    await answered(store, winner, "this")
    await Turns(store).submit("meanwhile", conversation=conversation)
    await answered(store, conversation, "yes")
    await comparisons.keep(asked, winner)
    said = [one.content for one in await chats.messages(conversation)]
    assert said == ["request 0", "", "answer 0", "meanwhile", "yes", "which?", "this"]
    assert await chats.shared(conversation, winner) == 3


async def test_of_what_is_not_there(home: Home, store: Store, chats: Chats) -> None:
    comparisons = Comparisons(store)
    with pytest.raises(NotFound, match="no conversation 'nowhere'"):
        await comparisons.start("x", ["a/x", "b/y"], "nowhere")
    gone, _ = await talked(store, 1, chats)
    await chats.delete(gone)
    with pytest.raises(NotFound, match="restore"):
        await comparisons.start("x", ["a/x", "b/y"], gone)
    assert rows(home, "SELECT 1 FROM comparisons") == []
    asked = await comparisons.start("x", ["a/x", "b/y"])
    for name in ("nowhere", ""):
        with pytest.raises(NotFound, match="no comparison"):
            await comparisons.view(name)
    with pytest.raises(NotFound, match="no answer 'nowhere'"):
        await comparisons.keep(asked, "nowhere")


async def test_a_deleted_conversation_stops_its_trials(store: Store, chats: Chats) -> None:
    comparisons = Comparisons(store)
    asked = await comparisons.start("which?", ["a/x", "b/y"])
    found = await comparisons.view(asked)
    turn = found.members[0].turn.id
    await store.write(lambda db: db.execute("UPDATE turns SET status = 'running' WHERE id = ?", (turn,)))
    await chats.delete(found.conv_id)
    first, second = (await comparisons.view(asked)).members
    assert (first.turn.status, first.turn.stop, second.turn.status) == ("running", 1, "cancelled")
    with pytest.raises(UsageError, match="being answered"):
        await chats.purge(found.conv_id)
    assert await chats.empty_trash() == 0  # it goes when that has stopped
    await store.write(lambda db: db.execute("UPDATE turns SET status = 'cancelled' WHERE id = ?", (turn,)))
    assert await chats.empty_trash() == 1
