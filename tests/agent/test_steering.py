"""Steering: what is queued goes first, and what is being answered stops; nothing of one gets into another."""

import asyncio
from typing import Any

import pytest

from tests.agent.lab import Lab
from tests.openai_server import Exchange, calls, says
from tests.processes import rows
from zotui.errors import NotFound


def gated(gate: asyncio.Event, held: str) -> Any:
    """A model that answers each request with its words, and halts in the middle of this one."""

    def choose(exchange: Exchange) -> Any:
        async def play(exchange: Exchange) -> None:
            await exchange.text(f"Answer to {exchange.said}")
            if exchange.said == held:
                await gate.wait()
            await exchange.text(", all of it.")
            await exchange.end()

        return play

    return choose


async def test_the_second_that_is_queued_runs_next_and_the_first_after_it(lab: Lab) -> None:
    lab.worker()
    lab.server.answer(gated(asyncio.Event(), "one"))
    conversation = await lab.chats.create()
    one, two, three = [await lab.submit(text, conversation) for text in ("one", "two", "three")]
    await lab.shows(one, "Answer to one")
    await lab.turns.steer(three)
    views = [await lab.over(turn) for turn in (one, two, three)]
    assert [view.turn.status for view in views] == ["cancelled", "done", "done"]
    assert [view.output for view in views] == [
        "Answer to one", "Answer to two, all of it.", "Answer to three, all of it.",
    ]  # fmt: skip
    assert [message.content for message in await lab.chats.messages(conversation)] == [
        "one", "Answer to one", "three", "Answer to three, all of it.", "two", "Answer to two, all of it.",
    ]  # fmt: skip
    assert [exchange.said for exchange in lab.server.exchanges] == ["one", "three", "two"]
    told = [message["content"] for message in lab.server.exchanges[1].messages if message["role"] == "user"]
    assert told == ["one", "three"], "what is still queued is not said yet"


async def test_other_conversations_go_on(lab: Lab) -> None:
    lab.worker()
    gate = asyncio.Event()
    lab.server.answer(gated(gate, "slow"))
    other = await lab.submit("slow")
    await lab.shows(other, "Answer to slow")
    first = await lab.submit("hello")
    await lab.over(first)
    await lab.turns.steer(await lab.submit("more", (await lab.turns.view(first)).turn.conv_id))
    assert (await lab.turns.view(other)).turn.status == "running"
    gate.set()
    assert (await lab.over(other)).output == "Answer to slow, all of it."


async def test_a_question_that_waits_gives_way(lab: Lab) -> None:
    lab.worker()
    lab.server.script(calls(("ask_person", {"question": "shall we?"})), says("as you wish"))
    waiting = await lab.submit("ask me")
    question = await lab.question()
    behind = await lab.submit("never mind", question.conv_id)
    await lab.turns.steer(behind)
    assert (await lab.over(behind)).output == "as you wish"
    turn = (await lab.turns.view(waiting)).turn
    assert (turn.status, turn.reason) == ("cancelled", "steered")
    assert await lab.turns.questions() == []


async def test_each_that_is_steered_goes_before_the_last(lab: Lab) -> None:
    conversation = await lab.chats.create()
    turns = [await lab.submit(text, conversation) for text in ("one", "two", "three", "four")]
    for turn in (turns[2], turns[3]):
        await lab.turns.steer(turn)
    lab.server.answer(lambda exchange: says("ok"))
    lab.worker()
    for turn in turns:
        await lab.over(turn)
    assert [exchange.said for exchange in lab.server.exchanges] == ["four", "three", "one", "two"]


async def test_what_is_not_queued_any_more_stays_as_it_is(lab: Lab) -> None:
    lab.worker()
    lab.server.answer(lambda exchange: says("ok"))
    view = await lab.ask("hello")
    before = rows(lab.home, "SELECT * FROM turns")
    await lab.turns.steer(view.turn.id)
    assert rows(lab.home, "SELECT * FROM turns") == before
    with pytest.raises(NotFound):
        await lab.turns.steer("nobody")


async def test_deleting_a_conversation_keeps_what_was_queued_from_ever_running(lab: Lab) -> None:
    turn = await lab.submit("later")
    conversation = (await lab.turns.view(turn)).turn.conv_id
    await lab.chats.delete(conversation)
    lab.worker()
    lab.server.answer(lambda exchange: says("ok"))
    await lab.ask("something else")
    await lab.chats.restore(conversation)
    await lab.ask("once more")
    assert [exchange.said for exchange in lab.server.exchanges] == ["something else", "once more"]
    assert (await lab.turns.view(turn)).turn.status == "cancelled"
