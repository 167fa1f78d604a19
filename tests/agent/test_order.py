"""Who is answered when: one at a time in a conversation, conversations side by side, each turn once."""

import asyncio
from typing import Any

import pytest

from tests.agent.lab import Lab
from tests.openai_server import Exchange, hangs, says
from tests.processes import rows
from tests.waiting import wait_for
from zotui.agent import worker as worker_module
from zotui.errors import NotFound, UsageError
from zotui.store import now_ms


async def test_two_messages_to_one_conversation_are_answered_in_order(lab: Lab) -> None:
    lab.worker()
    gate = asyncio.Event()

    def choose(exchange: Exchange) -> Any:
        async def play(exchange: Exchange) -> None:
            if exchange.said == "one":
                await gate.wait()
            await exchange.text(f"Answer to {exchange.said}.")
            await exchange.end()

        return play

    lab.server.answer(choose)
    conversation = await lab.chats.create()
    turns = [await lab.submit(text, conversation) for text in ("one", "two", "three")]
    await wait_for(lambda: lab.server.exchanges)
    assert [(await lab.turns.view(turn)).turn.status for turn in turns] == ["running", "queued", "queued"]
    gate.set()
    views = [await lab.over(turn) for turn in turns]
    assert [view.output for view in views] == ["Answer to one.", "Answer to two.", "Answer to three."]
    assert [message.content for message in await lab.chats.messages(conversation)] == [
        "one",
        "Answer to one.",
        "two",
        "Answer to two.",
        "three",
        "Answer to three.",
    ]
    assert [len(exchange.messages) for exchange in lab.server.exchanges] == [2, 4, 6], (
        "each sees those before it, no more"
    )


async def test_conversations_are_answered_side_by_side(lab: Lab) -> None:
    lab.worker()
    together = asyncio.Barrier(5)

    async def meet(exchange: Exchange) -> None:
        await together.wait()
        await exchange.text(f"You said {exchange.said}.")
        await exchange.end()

    lab.server.answer(lambda exchange: meet)
    turns = [await lab.submit(f"number {n}") for n in range(5)]
    assert [(await lab.over(turn)).output for turn in turns] == [f"You said number {n}." for n in range(5)]


async def test_more_conversations_than_slots(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "MOST_AT_ONCE", 3)
    worker = lab.worker()
    most = 0

    async def count(exchange: Exchange) -> None:
        nonlocal most
        most = max(most, worker.running)
        await exchange.text(exchange.said)
        await exchange.end()

    lab.server.answer(lambda exchange: count)
    turns = [await lab.submit(f"number {n}") for n in range(25)]
    assert [(await lab.over(turn)).output for turn in turns] == [f"number {n}" for n in range(25)]
    assert 1 < most <= 3


async def test_two_workers_run_each_turn_once(lab: Lab) -> None:
    lab.server.answer(lambda exchange: says(f"You said {exchange.said}."))
    async with lab.another_store() as store, lab.another_store() as third:
        workers = [lab.worker(), lab.worker(store=store), lab.worker(store=third)]
        conversations = [await lab.chats.create() for _ in range(6)]
        turns = [await lab.submit(f"{n}", conversations[n % 6]) for n in range(42)]
        assert [(await lab.over(turn)).output for turn in turns] == [f"You said {n}." for n in range(42)]
        for worker in workers[1:]:
            await worker.stop()
    assert sorted(exchange.said for exchange in lab.server.exchanges) == sorted(str(n) for n in range(42))
    assert rows(lab.home, "SELECT status, attempt, fence, count(*) FROM turns GROUP BY 1, 2, 3") == [("done", 1, 1, 42)]
    assert rows(lab.home, "SELECT role, count(*) FROM messages GROUP BY 1") == [("assistant", 42), ("user", 42)]
    for conversation in conversations:
        said = [message.content for message in await lab.chats.messages(conversation) if message.role == "user"]
        assert said == sorted(said, key=int)


async def test_a_doors_own_turn_is_its_own_workers(lab: Lab) -> None:
    async with lab.another_store() as store:
        other = lab.worker(store=store)
        lab.server.answer(lambda exchange: says(exchange.said))
        mine = await lab.submit("mine", own=True)
        nobodys = await lab.submit("nobody's")
        assert (await lab.over(nobodys)).output == "nobody's"
        assert (await lab.turns.view(mine)).turn.status == "queued"
        lab.worker(own_only=True)
        assert (await lab.over(mine)).output == "mine"
        await other.stop()


async def test_a_doors_worker_leaves_the_rest_to_the_background_process(lab: Lab) -> None:
    """Else a script that ends would cut off the app's answer."""
    lab.server.answer(lambda exchange: says(exchange.said))
    worker = lab.worker(own_only=True)
    worker._alone = lambda: False
    nobodys, mine = await lab.submit("nobody's"), await lab.submit("mine", own=True)
    assert (await lab.over(mine)).output == "mine"
    assert (await lab.turns.view(nobodys)).turn.status == "queued"
    worker._alone = lambda: True
    assert (await lab.ask("also mine", own=True)).output == "also mine"
    assert (await lab.over(nobodys)).output == "nobody's"


async def test_a_turn_that_becomes_due_is_answered(lab: Lab) -> None:
    """Nothing in the file changes at that moment."""
    lab.server.answer(lambda exchange: says(exchange.said))
    soon, later = await lab.submit("soon"), await lab.submit("later")
    await lab.store.write(lambda db: db.execute("UPDATE turns SET not_before = ? WHERE id = ?", (now_ms() + 500, soon)))
    await lab.store.write(
        lambda db: db.execute("UPDATE turns SET not_before = ? WHERE id = ?", (now_ms() + 10**9, later))
    )
    lab.worker()
    assert (await lab.ask("now")).output == "now"
    assert (await lab.over(soon)).output == "soon"
    assert (await lab.turns.view(later)).turn.status == "queued"


async def test_again_puts_the_same_request_once_more(lab: Lab) -> None:
    lab.worker()
    lab.server.answer(lambda exchange: says(f"{len(lab.server.exchanges)} {exchange.request['model']}"))
    first = await lab.ask("hi", model="other", system="Be brief.")
    turn = await lab.turns.again(first.turn.id)
    second = await lab.over(turn.id)
    assert (first.output, second.output) == ("1 large", "2 large")
    assert turn.conv_id == first.turn.conv_id
    assert "Be brief." in lab.server.exchanges[1].messages[0]["content"]


async def test_a_conversation_that_is_answered_cannot_be_deleted_one_that_waits_can(lab: Lab) -> None:
    lab.worker()
    lab.server.script(hangs("a"))
    turn = await lab.submit("hi")
    conversation = (await lab.shows(turn, "a")).turn.conv_id
    with pytest.raises(UsageError, match="being answered"):
        await lab.chats.delete(conversation)
    behind = await lab.submit("behind", conversation)
    await lab.turns.stop(turn)
    await lab.turns.stop(behind)
    await lab.over(turn)
    await lab.chats.delete(conversation)
    with pytest.raises(NotFound, match="restore"):
        await lab.submit("hi", conversation)
    await lab.chats.restore(conversation)
    await lab.chats.purge(conversation)
    with pytest.raises(NotFound):
        await lab.turns.view(turn)
    with pytest.raises(NotFound):
        await lab.submit("hi", conversation)


@pytest.mark.parametrize("text", ["", "  \n ", "\x1b[2J"])
async def test_an_empty_message_is_refused(lab: Lab, text: str) -> None:
    with pytest.raises(UsageError, match="empty"):
        await lab.submit(text)
    assert rows(lab.home, "SELECT 1 FROM conversations") == []
