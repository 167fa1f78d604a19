"""One turn: text, tools, limits, and what goes wrong."""

import asyncio
import json
from typing import Any

import pytest

from tests.agent.lab import Lab, Word, tool
from tests.openai_server import Exchange, answers, blank, calls, cuts, hangs, holds, says, thinks
from tests.processes import one, rows
from tests.waiting import wait_for
from zotui.replies import reply_of
from zotui.toolbox import RESULT_BUDGET, Result, ToolContext, ToolError


async def echo(arguments: Word, context: ToolContext) -> Result:
    return Result(f"you said {arguments.word}", arguments.word)


def unfinished(lab: Lab) -> list[Any]:
    """Rows that should have ended."""
    return [
        *rows(lab.home, "SELECT 'message', id FROM messages WHERE status = 'running'"),
        *rows(lab.home, "SELECT 'call', id FROM tool_calls WHERE status IN ('queued', 'running', 'waiting')"),
        *rows(lab.home, "SELECT 'turn', id FROM turns WHERE status IN ('queued', 'running', 'waiting')"),
        *rows(lab.home, "SELECT 'part', n FROM parts"),
    ]


async def test_an_answer_with_a_tool_call(lab: Lab) -> None:
    lab.worker(tool("echo", echo))
    lab.server.script(calls(("echo", {"word": "héllo"}), text="Let me see."), says("It is done.", usage=(40, 7)))
    view = await lab.ask("do it")
    assert [(m.role, m.content, m.status, m.model) for m in view.messages] == [
        ("user", "do it", "done", ""),
        ("assistant", "Let me see.", "done", "lab/tiny"),
        ("assistant", "It is done.", "done", "lab/tiny"),
    ]
    [call] = view.tool_calls
    assert (call.name, json.loads(call.arguments), call.status) == ("echo", {"word": "héllo"}, "done")
    assert (call.result, call.summary, call.effect) == ("you said héllo", "héllo", "read")
    assert view.turn.status == "done"
    assert (view.spent.input_tokens, view.spent.output_tokens) == (50, 12)
    first, second = lab.server.exchanges
    assert first.path == "/v1/chat/completions"
    assert [message["role"] for message in first.messages] == ["system", "user"]
    assert {row["function"]["name"] for row in first.request["tools"]} >= {"echo", "now", "remember", "read_result"}
    assert second.messages[2]["tool_calls"][0]["function"]["name"] == "echo"
    assert second.results == ["you said héllo"]
    assert json.loads(one(lab.home, "SELECT tools FROM messages WHERE tools IS NOT NULL"))[0]["name"] == "echo"
    assert unfinished(lab) == []


async def test_the_answer_streams_into_the_file(lab: Lab) -> None:
    lab.worker()
    gate = asyncio.Event()
    lab.server.script(holds(gate, "The first part", " and the second."))
    turn = await lab.submit("hi")
    view = await lab.shows(turn, "The first part")
    assert view.replies[-1].status == "running"
    assert not view.over
    gate.set()
    assert (await lab.over(turn)).output == "The first part and the second."
    assert unfinished(lab) == []


async def test_many_small_pieces_are_written_in_few_batches(lab: Lab) -> None:
    lab.worker()
    text = "".join(f"word {number} " for number in range(400))
    lab.server.script(says(text, pieces=400))
    before = one(lab.home, "SELECT seq FROM changes WHERE \"table\" = 'parts'") or 0
    assert (await lab.ask("hi")).output == text
    commits = one(lab.home, "SELECT seq FROM changes WHERE \"table\" = 'parts'") - before
    assert 2 <= commits < 100


async def test_reasoning_is_kept_apart(lab: Lab) -> None:
    lab.worker()
    lab.server.script(thinks("Hmm.", "Yes."), says("Again."))
    view = await lab.ask("hi")
    assert (view.replies[0].reasoning, view.output) == ("Hmm.", "Yes.")
    await lab.ask("and now?", view.turn.conv_id)
    assert "Hmm." not in json.dumps(lab.server.requests[1]["messages"])


async def test_what_a_terminal_would_obey_is_taken_out(lab: Lab) -> None:
    async def nasty(arguments: Word, context: ToolContext) -> Result:
        return Result("a\x1b]52;c;ZXZpbA==\x07b\x1b[2J", "x\x1b[31my")

    lab.worker(tool("nasty", nasty))
    lab.server.script(calls(("nasty", {"word": ""})), says("An\x1b[2Jswer \x9b31m\u202ered", pieces=9))
    view = await lab.ask("hi")
    assert view.output == "Answer red"
    assert (view.tool_calls[0].result, view.tool_calls[0].summary) == ("ab", "xy")


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        ("{not json", "not a JSON object"),
        ('["a", "list"]', "not a JSON object"),
        ('{"wrod": "x"}', "unknown field `wrod`"),
        ('{"word": 7}', "Expected `str`, got `int`"),
        ("", "missing required field `word`"),
    ],
)
async def test_bad_arguments_are_told_to_the_model_which_mends_them(lab: Lab, raw: str, complaint: str) -> None:
    lab.worker(tool("echo", echo))
    lab.server.script(calls(("echo", raw)), calls(("echo", {"word": "right"})), says("Done."))
    view = await lab.ask("do it")
    assert [(call.status, call.reason) for call in view.tool_calls] == [("failed", "error"), ("done", None)]
    told = lab.server.exchanges[1].results[0]
    assert told.startswith("error: ")
    assert complaint in told
    assert "call it again with arguments that fit" in told or "send one JSON object" in told
    assert (view.turn.status, view.output) == ("done", "Done.")


async def test_an_unknown_tool_is_named_with_those_there_are(lab: Lab) -> None:
    lab.worker()
    lab.server.script(calls(("format_disk", {})), says("Sorry."))
    view = await lab.ask("do it")
    assert view.tool_calls[0].status == "failed"
    assert "there is no tool 'format_disk': there are: remember, recall" in lab.server.exchanges[1].results[0]


async def test_a_tool_that_fails_is_the_models_to_deal_with(lab: Lab) -> None:
    async def fail(arguments: Word, context: ToolContext) -> Result:
        if arguments.word == "tool error":
            raise ToolError("the lamp is broken", "try the other one")
        raise ZeroDivisionError("by nought")

    lab.worker(tool("fail", fail))
    lab.server.script(calls(("fail", {"word": "tool error"}), ("fail", {"word": "else"})), says("I see."))
    view = await lab.ask("do it")
    assert view.turn.status == "done"
    assert lab.server.exchanges[1].results == [
        "error: the lamp is broken: try the other one",
        "error: fail failed: ZeroDivisionError: by nought",
    ]


async def test_a_tool_loop_ends_at_max_steps_with_a_reason(lab: Lab) -> None:
    lab.worker(tool("echo", echo), max_steps=5)
    lab.server.answer(lambda exchange: calls(("echo", {"word": "again"})))
    view = await lab.ask("loop")
    assert (view.turn.status, view.turn.reason) == ("failed", "max_steps")
    assert view.turn.error == "stopped after 5 requests to the model (max_steps under [agent] in config.toml)"
    assert len(lab.server.exchanges) == 5
    assert {call.status for call in view.tool_calls} == {"done"}
    assert unfinished(lab) == []
    lab.server.script(says("What was that?"))
    assert (await lab.ask("and now?", view.turn.conv_id)).output == "What was that?"


async def test_parallel_calls_run_side_by_side(lab: Lab) -> None:
    meeting = asyncio.Barrier(3)

    async def meet(arguments: Word, context: ToolContext) -> Result:
        await meeting.wait()  # nobody passes unless all are here
        return Result(arguments.word)

    lab.worker(tool("meet", meet))
    lab.server.script(calls(*(("meet", {"word": word}) for word in "abc")), says("All met."))
    view = await lab.ask("do it")
    assert [call.result for call in view.tool_calls] == ["a", "b", "c"]
    assert lab.server.exchanges[1].results == ["a", "b", "c"]


async def test_ids_that_come_again_are_told_apart(lab: Lab) -> None:
    """Some servers number the calls of each answer from nought."""
    lab.worker(tool("echo", echo))
    lab.server.script(
        calls(("echo", {"word": "a"}), ("echo", {"word": "b"}), ids=["call_0", "call_1"]),
        calls(("echo", {"word": "c"}), ids=["call_0"]),
        says("Done."),
    )
    view = await lab.ask("do it")
    assert [call.result for call in view.tool_calls] == ["you said a", "you said b", "you said c"]
    assert lab.server.exchanges[1].results == ["you said a", "you said b"]
    assert lab.server.exchanges[2].results == ["you said c"]


async def test_a_tool_that_takes_too_long_is_stopped(lab: Lab) -> None:
    ended = asyncio.Event()

    async def dawdle(arguments: Word, context: ToolContext) -> Result:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    lab.worker(tool("dawdle", dawdle), tool_timeout_s=0.2)
    lab.server.script(calls(("dawdle", {"word": ""})), says("Too slow."))
    view = await lab.ask("do it")
    assert ended.is_set()
    assert view.tool_calls[0].status == "failed"
    assert lab.server.exchanges[1].results == ["error: dawdle took longer than 0.2 s and was stopped"]
    assert view.turn.status == "done"


async def test_a_long_result_is_cut_and_read_result_gives_the_rest(lab: Lab) -> None:
    text = "".join(f"line {number:05}\n" for number in range(4000))
    assert len(text) > 3 * RESULT_BUDGET

    async def long(arguments: Word, context: ToolContext) -> Result:
        return Result(text)

    def choose(exchange: Exchange) -> Any:
        if not exchange.results:
            return calls(("long", {"word": ""}), ids=["call_long"])
        read = sum(message["role"] == "tool" for message in exchange.messages) - 1
        if read * (RESULT_BUDGET - 200) < len(text):
            return calls(("read_result", {"call": "call_long", "offset": read * (RESULT_BUDGET - 200)}))
        return says("I have read it all.")

    lab.worker(tool("long", long))
    lab.server.answer(choose)
    view = await lab.ask("read")
    assert view.output == "I have read it all."
    cut = lab.server.exchanges[1].results[0]
    assert len(cut) < RESULT_BUDGET + 200
    assert cut.startswith("line 00000\n")
    assert 'characters left out; read_result(call="call_long", offset=…) shows them]' in cut
    assert "line 03999" in cut, "the end is shown too"
    assert view.tool_calls[0].result == text, "the whole is kept"
    pieces = [exchange.results[0] for exchange in lab.server.exchanges[2:]]
    assert len(pieces) > 3
    assert "".join(piece.partition("\n[")[0] if "\n[" in piece else piece for piece in pieces) == text
    assert all(len(piece) <= RESULT_BUDGET for piece in pieces), "a piece is not cut again"


async def test_a_blank_answer_is_no_answer(lab: Lab) -> None:
    lab.worker()
    lab.server.script(blank())
    view = await lab.ask("hi")
    assert (view.turn.status, view.output, view.replies[0].reason) == ("done", "", "stop")
    assert view.replies[0].raw
    assert '"finish_reason": "stop"' in view.replies[0].raw
    lab.server.script(blank("length"))
    view = await lab.ask("hi")
    assert (view.turn.status, reply_of(view).stop_reason) == ("done", "length")
    assert view.replies[0].raw


async def test_an_answer_with_text_keeps_no_raw(lab: Lab) -> None:
    lab.worker()
    lab.server.script(says("Text.", reason="length"))
    view = await lab.ask("hi")
    assert (view.replies[0].raw, view.replies[0].reason) == (None, "length")


@pytest.mark.parametrize(
    ("script", "reason", "words"),
    [
        (answers(401, '{"error": {"message": "Incorrect API key provided"}}'), "auth", "Incorrect API key"),
        (answers(429, '{"error": {"message": "Rate limit"}}', retry_after="0"), "rate_limit", "Rate limit"),
        (answers(200, "<html><h1>Welcome to nginx</h1></html>", "text/html"), "protocol", "Welcome to nginx"),
        (answers(404, '{"error": {"message": "model not found"}}'), "model_not_found", "model not found"),
        (cuts(), "connection", "127.0.0.1"),
    ],
)
async def test_a_refusal_is_a_failure_in_words(lab: Lab, script: Any, reason: str, words: str) -> None:
    lab.worker()
    lab.server.answer(lambda exchange: script)
    view = await lab.ask("hi")
    assert (view.turn.status, view.turn.reason) == ("failed", reason)
    assert view.turn.error
    assert words in view.turn.error
    assert "\n" not in view.turn.error
    assert [message.status for message in view.replies] == ["failed"]
    assert unfinished(lab) == []
    lab.server.answer(lambda exchange: says("Better."))
    after = await lab.ask("again", view.turn.conv_id)
    assert after.output == "Better."
    assert [message["role"] for message in lab.server.exchanges[-1].messages] == ["system", "user", "user"]


async def test_a_rate_limit_that_passes_is_waited_for(lab: Lab) -> None:
    lab.worker()
    lab.server.script(answers(429, '{"error": {"message": "Rate limit"}}', retry_after="0"), says("Now."))
    view = await lab.ask("hi")
    assert (view.turn.status, view.output, len(lab.server.exchanges)) == ("done", "Now.", 2)


async def test_an_answer_that_breaks_off_keeps_what_came(lab: Lab) -> None:
    lab.worker()
    lab.server.script(cuts("This much came"))
    view = await lab.ask("hi")
    assert (view.turn.status, view.turn.reason) == ("interrupted", "truncated")
    assert [(message.content, message.status) for message in view.replies] == [("This much came", "interrupted")]
    assert len(lab.server.exchanges) == 1, "it is not asked again: something was shown"
    assert unfinished(lab) == []
    lab.server.script(says("Going on."))
    await lab.ask("go on", view.turn.conv_id)
    assert lab.server.exchanges[1].messages[2]["content"] == "This much came\n[this answer was cut off]"


async def test_an_answer_that_never_ends_is_ended(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.agent.answer.LONGEST", 50_000)
    lab.worker()

    async def forever(exchange: Exchange) -> None:
        while not exchange.hung_up.is_set():
            await exchange.delta({"content": "on and on "})

    lab.server.script(forever)
    view = await lab.ask("talk")
    assert (view.turn.status, view.turn.reason) == ("interrupted", "protocol")
    assert "lab/tiny does not stop" in str(view.turn.error)
    assert view.output.startswith("on and on")
    assert one(lab.home, "SELECT status FROM usage") == "interrupted"
    await wait_for(lab.server.exchanges[0].over.is_set)  # it could say no more


async def test_tools_can_be_off(lab: Lab) -> None:
    lab.worker(tool("echo", echo))
    lab.server.script(calls(("echo", {"word": "x"})), says("Without, then."))
    view = await lab.ask("hi", tools=False)
    assert "tools" not in lab.server.requests[0]
    assert lab.server.exchanges[1].results == ["error: tools are off for this turn: answer without them"]
    assert view.output == "Without, then."


async def test_models_per_turn_and_per_conversation(lab: Lab) -> None:
    lab.worker()
    lab.server.answer(lambda exchange: says(f"I am {exchange.request['model']}."))
    first = await lab.ask("who?")
    conversation = first.turn.conv_id
    second = await lab.ask("who?", conversation, model="other")
    third = await lab.ask("who?", conversation, model="lab/some/model:7b")
    await lab.chats.set_model(conversation, "other/huge")
    fourth = await lab.ask("who?", conversation)
    fifth = await lab.ask("who?", conversation, model="lab")
    elsewhere = await lab.ask("who?")
    views = [first, second, third, fourth, fifth, elsewhere]
    assert [view.output for view in views] == [
        "I am tiny.",
        "I am large.",
        "I am some/model:7b.",
        "I am huge.",
        "I am tiny.",
        "I am tiny.",
    ]
    assert [view.replies[0].model for view in views] == [
        "lab/tiny",
        "other/large",
        "lab/some/model:7b",
        "other/huge",
        "lab/tiny",
        "lab/tiny",
    ]


async def test_an_unknown_provider_fails_in_words(lab: Lab) -> None:
    lab.worker()
    view = await lab.ask("hi", model="nobody/x")
    assert (view.turn.status, view.turn.reason) == ("failed", "error")
    assert view.turn.error
    assert view.turn.error.startswith("no provider 'nobody' in model 'nobody/x': there are: offline, ")
    assert lab.server.exchanges == []


async def test_memory_is_recalled_and_can_be_left_out(lab: Lab) -> None:
    await lab.memory.memorize("The staging box is lab-3.")
    lab.worker()
    lab.server.answer(lambda exchange: says("ok"))
    await lab.ask("which box is staging?")
    await lab.ask("which box is staging?", memory=False)
    first, second = (exchange.messages[0]["content"] for exchange in lab.server.exchanges)
    assert "] The staging box is lab-3. (" in first
    assert "lab-3" not in second


async def test_a_memory_written_by_the_model_is_there(lab: Lab) -> None:
    lab.worker()
    lab.server.script(calls(("remember", {"content": "Likes tea.", "key": "drink"})), says("Noted."))
    view = await lab.ask("I like tea")
    assert await lab.memory.get("drink") == "Likes tea."
    assert view.tool_calls[0].effect == "write"


async def test_text_goes_on_while_a_call_of_another_turn_runs(lab: Lab) -> None:
    free = asyncio.Event()

    async def wait(arguments: Word, context: ToolContext) -> Result:
        await free.wait()
        return Result("free")

    lab.worker(tool("wait", wait))
    lab.server.script(calls(("wait", {"word": ""})))
    slow = await lab.submit("slow")
    await wait_for(lambda: one(lab.home, "SELECT 1 FROM tool_calls WHERE status = 'running'"))
    lab.server.script(says("Quick."))
    assert (await lab.ask("quick")).output == "Quick."
    lab.server.script(says("Slow."))
    free.set()
    assert (await lab.over(slow)).output == "Slow."


async def test_a_hanging_server_can_be_outlived(lab: Lab) -> None:
    """The worker ends; the answer that had not begun is handed back, and another worker gives it."""
    worker = lab.worker()
    lab.server.script(hangs())
    turn = await lab.submit("hi")
    await wait_for(lambda: lab.server.exchanges)
    await worker.stop()
    async with asyncio.timeout(20):
        await lab.server.exchanges[0].hung_up.wait()
    assert (await lab.turns.view(turn)).turn.status == "queued"
    lab.server.script(says("Hello."))
    lab.worker()
    view = await lab.over(turn)
    assert (view.turn.status, view.output, len(view.replies)) == ("done", "Hello.", 1)
