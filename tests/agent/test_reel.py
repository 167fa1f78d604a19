"""A conversation held up to date while it is answered, paged back, and handed from worker to worker."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.agent.lab import Lab
from tests.agent.test_context import long_conversation
from tests.openai_server import Exchange, hangs, says
from tests.processes import looking
from tests.waiting import wait_for
from zotui.conversations import Reel
from zotui.conversations.reel import PAGE
from zotui.store import Store


def texts(reel: Reel) -> list[str]:
    return [message.content for message in reel.messages]


async def whole(lab: Lab, conversation: str) -> list[str]:
    return [message.content for message in await lab.chats.messages(conversation, limit=10_000)]


async def test_it_follows_an_answer_to_the_letter(lab: Lab) -> None:
    lab.worker()
    steps = asyncio.Semaphore(0)

    async def slow(exchange: Exchange) -> None:
        for number in range(20):
            await exchange.text(f"{number} ", 1)
            await steps.acquire()
        await exchange.end()

    lab.server.script(slow)
    turn = await lab.submit("count")
    reel = Reel(lab.store, (await lab.turns.view(turn)).turn.conv_id)
    await reel.open()
    for number in range(20):
        await lab.shows(turn, f"{number} ")
        await reel.refresh()
        assert texts(reel) == ["count", "".join(f"{n} " for n in range(number + 1))]
        steps.release()
    await lab.over(turn)
    await reel.refresh()
    assert texts(reel) == await whole(lab, reel.id)
    assert (reel.turns, reel.settled) == ([], 2)


async def test_pages_and_news_at_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is prepended while a refresh reads must not shift what the refresh puts in place."""
    conversation = long_conversation(lab, 350, "First.")
    lab.worker()
    lab.server.script(hangs("The answer"))
    turn = await lab.submit("Last.", conversation)
    await lab.shows(turn, "The answer")
    reel = Reel(lab.store, conversation)
    await reel.open()
    begun, free = asyncio.Event(), asyncio.Event()
    read = Store.read

    async def slow(store: Store, do: Callable[..., Any]) -> Any:
        found = await read(store, do)
        if "refresh" in repr(do):
            begun.set()
            await free.wait()
        return found

    monkeypatch.setattr(Store, "read", slow)
    refreshing = asyncio.create_task(reel.refresh())
    async with asyncio.timeout(20):
        await begun.wait()
    paging = [asyncio.create_task(reel.older()) for _ in range(2)]
    await asyncio.wait(paging, timeout=0.1)
    free.set()
    await asyncio.gather(refreshing, *paging)
    assert texts(reel) == (await whole(lab, conversation))[-3 * PAGE :]
    while reel.has_older:
        await reel.older()
    assert texts(reel) == await whole(lab, conversation)
    assert await reel.older() == []


async def test_a_read_that_fails_loses_no_words(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.worker()
    gate = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await exchange.text("One. ", 1)
        await gate.wait()
        await exchange.text("Two. ", 1)
        await exchange.hung_up.wait()

    lab.server.script(slow)
    turn = await lab.submit("hi")
    await lab.shows(turn, "One.")
    reel = Reel(lab.store, (await lab.turns.view(turn)).turn.conv_id)
    await reel.open()
    gate.set()
    await lab.shows(turn, "Two.")
    monkeypatch.setattr(reel, "_read_ended", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        await reel.refresh()
    monkeypatch.undo()
    await reel.refresh()
    assert texts(reel) == ["hi", "One. Two. "]
    await lab.turns.stop(turn)
    await lab.over(turn)


async def test_a_turn_longer_than_a_page_does_not_read_all_before_it(lab: Lab) -> None:
    conversation = long_conversation(lab, 500, "First.")
    with looking(lab.home.database) as db:
        db.execute(
            "INSERT INTO turns(id, conv_id, lane, input, status, owner, lease_until, created_at)"
            " VALUES ('t', ?1, ?1, 'go', 'running', 'x', 0, 0)",
            (conversation,),
        )
        db.execute("UPDATE messages SET turn_id = 't' WHERE position > 300")
    reel = Reel(lab.store, conversation)
    await reel.open()
    assert reel.settled == 0
    await reel.refresh()
    assert len(reel.messages) == PAGE
    assert reel.has_older


async def test_an_answer_that_is_begun_anew_replaces_the_old_one(lab: Lab) -> None:
    worker = lab.worker()
    lab.server.script(hangs())
    turn = await lab.submit("hi")
    await wait_for(lambda: lab.server.exchanges)
    reel = Reel(lab.store, (await lab.turns.view(turn)).turn.conv_id)
    await reel.open()
    await worker.stop()
    await reel.refresh()
    assert texts(reel) == ["hi"]
    lab.server.script(says("Hello."))
    lab.worker()
    await lab.over(turn)
    await reel.refresh()
    assert texts(reel) == ["hi", "Hello."]
