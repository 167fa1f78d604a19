"""Questions: rows that wait for the person, through restarts, and never where nobody is there."""

import asyncio

import pytest

from tests.agent.lab import Lab, Word, tool
from tests.agent.test_turns import unfinished
from tests.openai_server import calls, says
from tests.processes import one, rows
from tests.waiting import wait_for
from zotui.agent.journal import Journal
from zotui.errors import NotFound, UsageError
from zotui.store import work
from zotui.toolbox import Ask, Result, ToolContext

ASK = calls(("ask_person", {"question": "Red or blue?", "choices": ["red", "blue"]}), ids=["call_ask"])


async def test_a_question_parks_the_turn_and_the_answer_resumes_it(lab: Lab) -> None:
    worker = lab.worker()
    lab.server.script(ASK, says("Blue it is."))
    turn = await lab.submit("paint it")
    question = await lab.question()
    assert (question.text, question.choices, question.turn_id, question.status) == (
        "Red or blue?",
        ["red", "blue"],
        turn,
        "waiting",
    )
    assert rows(lab.home, "SELECT owner, lease_until, reason FROM turns") == [(None, None, "question")]
    await wait_for(lambda: worker.running == 0)
    await lab.turns.answer(question.id, "blue")
    view = await lab.over(turn)
    assert (view.output, view.turn.status) == ("Blue it is.", "done")
    assert (view.tool_calls[0].status, view.tool_calls[0].result) == ("done", "blue")
    assert lab.server.exchanges[1].results == ["blue"]
    assert await lab.turns.questions() == []
    with pytest.raises(NotFound):
        await lab.turns.answer(question.id, "red")


async def test_a_question_survives_the_worker_and_the_answer_may_come_first(lab: Lab) -> None:
    worker = lab.worker()
    lab.server.script(ASK)
    turn = await lab.submit("paint it")
    question = await lab.question()
    await worker.stop()
    async with lab.another_store() as store:
        lab.server.script(says("Red it is."))
        await lab.turns.answer(question.id[-8:], "red")
        assert (await lab.turns.view(turn)).turn.status == "queued"
        second = lab.worker(store=store)
        assert (await lab.over(turn)).output == "Red it is."
        await second.stop()
    assert len(lab.server.exchanges) == 2, "the model was not asked the same again"


async def test_declining_is_an_answer(lab: Lab) -> None:
    lab.worker()
    lab.server.script(ASK, says("As you like."))
    turn = await lab.submit("paint it")
    await lab.turns.answer((await lab.question()).id, None)
    view = await lab.over(turn)
    assert (view.tool_calls[0].status, view.tool_calls[0].reason) == ("cancelled", "denied")
    assert lab.server.exchanges[1].results == ["The person declined to answer."]
    assert one(lab.home, "SELECT status FROM approvals") == "cancelled"


async def test_nobody_is_asked_where_nobody_is_there(lab: Lab) -> None:
    lab.worker()
    lab.server.script(ASK, says("I chose red."))
    view = await lab.ask("paint it", attended=False)
    assert view.turn.status == "done"
    assert view.tool_calls[0].status == "failed"
    assert lab.server.exchanges[1].results[0].startswith("error: nobody is there to answer")
    assert rows(lab.home, "SELECT 1 FROM approvals") == []


async def test_several_questions_of_one_answer_all_wait(lab: Lab) -> None:
    lab.worker()
    lab.server.script(
        calls(("ask_person", {"question": "One?"}), ("now", {}), ("ask_person", {"question": "Two?"})), says("Thanks.")
    )
    turn = await lab.submit("go")
    await lab.question()
    first, second = await lab.turns.questions()
    await lab.turns.answer(second.id, "2")
    assert (await lab.turns.view(turn)).turn.status == "waiting"
    await lab.turns.answer(first.id, "1")
    view = await lab.over(turn)
    assert [call.status for call in view.tool_calls] == ["done"] * 3
    assert sorted((lab.server.exchanges[1].results[0], lab.server.exchanges[1].results[2])) == ["1", "2"]


async def test_an_answer_given_before_the_turn_parks_is_not_lost(lab: Lab) -> None:
    """A fast person, or a slow other call of the same answer."""
    free = asyncio.Event()

    async def wait(arguments: Word, context: ToolContext) -> Result:
        await free.wait()
        return Result("waited")

    lab.worker(tool("wait", wait))
    lab.server.script(calls(("ask_person", {"question": "Quick?"}), ("wait", {"word": ""})), says("Done."))
    turn = await lab.submit("go")
    await wait_for(lambda: one(lab.home, "SELECT 1 FROM approvals"))
    [question] = await lab.turns.questions()
    await lab.turns.answer(question.id, "yes")
    free.set()
    view = await lab.over(turn)
    assert lab.server.exchanges[1].results == ["yes", "waited"]
    assert view.turn.status == "done"


async def test_a_worker_lost_between_question_and_parking_does_not_go_on_without_the_answer(lab: Lab) -> None:
    """The row is as a kill leaves it: the question is there, the turn still running."""
    worker = lab.worker()
    lab.server.script(ASK)
    turn = await lab.submit("paint it")
    await lab.question()
    await worker.stop()
    await lab.store.write(
        lambda db: db.execute(
            "UPDATE turns SET status = 'running', owner = 'another-boot/0/0/0/0', lease_until = 0 WHERE id = ?", (turn,)
        )
    )
    lab.server.script(says("Blue it is."))
    lab.worker()
    await lab.is_in(turn, "waiting")
    assert len(lab.server.exchanges) == 1
    [question] = await lab.turns.questions()
    await lab.turns.answer(question.id, "blue")
    assert (await lab.over(turn)).output == "Blue it is."
    assert lab.server.exchanges[1].results == ["blue"]


async def test_stop_ends_a_turn_that_waits(lab: Lab) -> None:
    lab.worker()
    lab.server.script(ASK)
    turn = await lab.submit("paint it")
    question = await lab.question()
    assert await lab.turns.stop(turn)
    assert (await lab.turns.view(turn)).turn.status == "cancelled"
    assert unfinished(lab) == []
    with pytest.raises(NotFound):
        await lab.turns.answer(question.id, "blue")


async def test_the_next_message_waits_for_the_question(lab: Lab) -> None:
    lab.worker()
    lab.server.script(ASK)
    turn = await lab.submit("paint it")
    question = await lab.question()
    behind = await lab.submit("and the door", (await lab.turns.view(turn)).turn.conv_id)
    lab.server.script(says("first"), says("second"))
    assert (await lab.ask("elsewhere")).output == "first"
    assert (await lab.turns.view(behind)).turn.status == "queued"
    lab.server.script(says("third"))
    await lab.turns.answer(question.id, "red")
    assert {(await lab.over(turn)).output, (await lab.over(behind)).output} == {"second", "third"}
    assert (await lab.over(turn)).output == "second"


@pytest.mark.parametrize("answer", ["", "   ", "\x1b[2J"])
async def test_an_empty_answer_is_none(lab: Lab, answer: str) -> None:
    with pytest.raises(UsageError, match="cannot be empty"):
        await lab.turns.answer("x", answer)


@pytest.mark.parametrize("name", ["", "nothing", "%", "_"])
async def test_a_question_must_be_named(lab: Lab, name: str) -> None:
    lab.worker()
    lab.server.script(ASK)
    await lab.submit("paint it")
    await lab.question()
    with pytest.raises(NotFound, match="no open question"):
        await lab.turns.answer(name, "red")


async def test_parking_is_only_for_open_questions(lab: Lab) -> None:
    turn = await lab.submit("hi")
    taken = await lab.store.write(lambda db: work.claim(db, "turns", "me"))
    assert taken == (turn, 1)
    journal = Journal(lab.store, turn, 1)
    assert not await journal.park()
    assert (await lab.turns.view(turn)).turn.status == "running"
    assert Ask("Red?").choices == []
