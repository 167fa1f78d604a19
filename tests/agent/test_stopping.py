"""Stopping: the connection closes at once, what came is kept and marked, nothing is left open."""

import asyncio
from collections.abc import Callable

import pytest

from tests.agent.lab import Lab, Word, tool
from tests.agent.test_turns import unfinished
from tests.openai_server import calls, hangs, says
from tests.processes import one
from tests.waiting import wait_for
from zotui.agent import worker as worker_module
from zotui.store import Store
from zotui.toolbox import Result, ToolContext


async def forever(arguments: Word, context: ToolContext) -> Result:
    await asyncio.Event().wait()
    raise AssertionError


async def test_stop_closes_the_connection_and_keeps_what_came(lab: Lab) -> None:
    lab.worker()
    lab.server.script(hangs("This much came"))
    turn = await lab.submit("hi")
    await lab.shows(turn, "This much came")
    assert await lab.turns.stop(turn)
    view = await lab.over(turn)
    assert (view.turn.status, view.turn.reason) == ("cancelled", "stopped")
    assert [(message.content, message.status, message.reason) for message in view.replies] == [
        ("This much came", "cancelled", "stopped")
    ]
    async with asyncio.timeout(20):
        await lab.server.exchanges[0].hung_up.wait()
    assert unfinished(lab) == []
    assert not await lab.turns.stop(turn), "it is over"
    lab.server.script(says("Again."))
    after = await lab.ask("go on", view.turn.conv_id)
    assert after.output == "Again."
    assert lab.server.exchanges[1].messages[2]["content"] == "This much came\n[this answer was cut off]"


async def test_stop_before_the_first_word(lab: Lab) -> None:
    lab.worker()
    lab.server.script(hangs())
    turn = await lab.submit("hi")
    await wait_for(lambda: lab.server.exchanges)
    await lab.turns.stop(turn)
    assert (await lab.over(turn)).turn.status == "cancelled"
    async with asyncio.timeout(20):
        await lab.server.exchanges[0].hung_up.wait()
    assert unfinished(lab) == []


async def test_stop_ends_a_running_tool(lab: Lab) -> None:
    ended = asyncio.Event()

    async def wait(arguments: Word, context: ToolContext) -> Result:
        try:
            return await forever(arguments, context)
        finally:
            ended.set()

    lab.worker(tool("wait", wait, "write"))
    lab.server.script(calls(("wait", {"word": "a"}), ("wait", {"word": "b"})))
    turn = await lab.submit("hi")
    await wait_for(lambda: one(lab.home, "SELECT count(*) FROM tool_calls WHERE status = 'running'") == 2)
    await lab.turns.stop(turn)
    view = await lab.over(turn)
    assert ended.is_set()
    assert [(call.status, call.reason) for call in view.tool_calls] == [("cancelled", "stopped")] * 2
    assert unfinished(lab) == []


async def test_stop_of_what_has_not_begun(lab: Lab) -> None:
    turn = await lab.submit("hi")
    assert await lab.turns.stop(turn)
    view = await lab.turns.view(turn)
    assert (view.turn.status, view.turn.reason, view.messages) == ("cancelled", "stopped", [])
    lab.worker()
    lab.server.script(says("ok"))
    assert (await lab.ask("another")).output == "ok"
    assert len(lab.server.exchanges) == 1


async def test_stop_a_conversation_with_all_that_is_queued(lab: Lab) -> None:
    lab.worker()
    lab.server.script(hangs("a"))
    first = await lab.submit("one")
    conversation = (await lab.shows(first, "a")).turn.conv_id
    queued = [await lab.submit(text, conversation) for text in ("two", "three")]
    assert await lab.turns.stop_conversation(conversation) == 3
    assert {(await lab.over(turn)).turn.status for turn in [first, *queued]} == {"cancelled"}
    assert len(lab.server.exchanges) == 1
    assert unfinished(lab) == []


async def test_stop_while_the_question_is_being_put_is_heeded(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the question and the parking, the turn still runs: the stop must not be lost on the way."""
    begun, free = asyncio.Event(), asyncio.Event()
    write = Store.write

    async def slow(store: Store, do: Callable[..., object], *, durable: bool = True) -> object:
        if any("Journal.park" in repr(cell.cell_contents) for cell in do.__closure__ or ()):
            begun.set()
            await free.wait()
        return await write(store, do, durable=durable)

    monkeypatch.setattr(Store, "write", slow)
    worker = lab.worker()
    monkeypatch.setattr(worker, "_heed_stops", nothing)
    lab.server.script(calls(("ask_person", {"question": "Red or blue?"})))
    turn = await lab.submit("hi")
    async with asyncio.timeout(20):
        await begun.wait()
    assert await lab.turns.stop(turn)
    free.set()
    view = await lab.over(turn)
    assert (view.turn.status, view.turn.reason) == ("cancelled", "stopped")
    assert await lab.turns.questions() == []
    assert unfinished(lab) == []


async def nothing() -> None:
    """Heed nothing."""


async def test_stop_and_shutdown_at_once_end_it_once(lab: Lab) -> None:
    worker = lab.worker()
    lab.server.script(hangs("This much came"))
    turn = await lab.submit("hi")
    await lab.shows(turn, "This much came")
    await lab.turns.stop(turn)
    await wait_for(lambda: worker._stopped or not worker.running)
    await worker.stop()
    view = await lab.turns.view(turn)
    assert (view.turn.status, view.replies[0].content) == ("cancelled", "This much came")
    assert unfinished(lab) == []


async def test_shutdown_in_mid_answer_marks_it(lab: Lab) -> None:
    worker = lab.worker()
    lab.server.script(hangs("This much came"))
    turn = await lab.submit("hi")
    await lab.shows(turn, "This much came")
    await worker.stop()
    view = await lab.turns.view(turn)
    assert (view.turn.status, view.turn.reason) == ("interrupted", "shutdown")
    assert (view.replies[0].content, view.replies[0].status) == ("This much came", "interrupted")
    assert unfinished(lab) == []
    async with asyncio.timeout(20):
        await lab.server.exchanges[0].hung_up.wait()


async def test_shutdown_before_anything_happened_hands_it_back_however_often(lab: Lab) -> None:
    lab.server.answer(lambda exchange: hangs())
    turn = await lab.submit("hi")
    for number in range(1, 6):
        worker = lab.worker()
        await wait_for(lambda number=number: len(lab.server.exchanges) == number)  # type: ignore[misc]
        await worker.stop()
        assert (await lab.turns.view(turn)).turn.status == "queued"
    lab.server.answer(lambda exchange: says("At last."))
    lab.worker()
    view = await lab.over(turn)
    assert (view.output, len(view.messages)) == ("At last.", 2)


@pytest.mark.parametrize(("effect", "ends"), [("read", "queued"), ("write", "interrupted"), ("run", "interrupted")])
async def test_shutdown_while_a_tool_runs(lab: Lab, effect: str, ends: str) -> None:
    """What only reads is done again; of all else, it cannot be known what it did."""
    worker = lab.worker(tool("forever", forever, effect))  # type: ignore[arg-type]
    lab.server.script(calls(("forever", {"word": ""})))
    turn = await lab.submit("hi")
    await wait_for(lambda: one(lab.home, "SELECT 1 FROM tool_calls WHERE status = 'running'"))
    await worker.stop()
    view = await lab.turns.view(turn)
    assert view.turn.status == ends
    assert [call.status for call in view.tool_calls] == [ends]


async def test_a_claim_that_shutdown_meets_is_handed_back(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the claim's commit and the turn's beginning, a cancelled worker must not leave the row running."""
    committed, free = asyncio.Event(), asyncio.Event()
    write = Store.write

    async def slow(store: Store, do: Callable[..., object], *, durable: bool = True) -> object:
        result = await write(store, do, durable=durable)
        if "_take" in repr(do):
            committed.set()
            await free.wait()
        return result

    monkeypatch.setattr(Store, "write", slow)
    worker = lab.worker()
    turn = await lab.submit("hi")
    async with asyncio.timeout(20):
        await committed.wait()
    assert (await lab.turns.view(turn)).turn.status == "running"
    stopping = asyncio.create_task(worker.stop())
    done, _ = await asyncio.wait({stopping}, timeout=0.1)
    assert not done
    free.set()
    await stopping
    assert (await lab.turns.view(turn)).turn.status == "queued"
    assert lab.server.exchanges == []


async def test_the_end_of_a_stopped_turn_frees_its_slot(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "MOST_AT_ONCE", 2)
    lab.worker()
    lab.server.answer(lambda exchange: hangs("on and on") if "hang" in exchange.said else says("ok"))
    hanging = [await lab.submit("hang") for _ in range(2)]
    for turn in hanging:
        await lab.shows(turn, "on and on")
    waiting = await lab.submit("quick")
    assert (await lab.turns.view(waiting)).turn.status == "queued"
    await asyncio.gather(*map(lab.turns.stop, hanging))
    assert (await lab.over(waiting)).output == "ok"


async def test_a_door_that_closes_leaves_nothing_to_itself(lab: Lab) -> None:
    """What it had asked for and not got is anybody's, though its process lives on."""
    worker = lab.worker(own_only=True)
    lab.server.answer(lambda exchange: hangs())
    first = await lab.submit("one", own=True)
    await wait_for(lambda: lab.server.exchanges)
    second = await lab.submit("two", (await lab.turns.view(first)).turn.conv_id, own=True)
    await worker.stop()
    assert one(lab.home, "SELECT count(*) FROM turns WHERE status = 'queued' AND door IS NULL") == 2
    lab.server.answer(lambda exchange: says(exchange.said))
    async with lab.another_store() as store:
        other = lab.worker(store=store)
        assert [(await lab.over(turn)).output for turn in (first, second)] == ["one", "two"]
        await other.stop()
