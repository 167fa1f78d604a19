"""What a model is sent: within the budget, nothing without its other half, nothing dropped in silence."""

import json
from typing import Any

import pytest

from tests.agent.lab import Lab, Word, tool
from tests.openai_server import calls, check_request, says
from tests.processes import looking, one
from zotui.agent.context import Earlier, build, estimate
from zotui.agent.knowledge import Knowledge
from zotui.conversations import Message, ToolCallRecord
from zotui.memory.knowing import name_of
from zotui.models.provider import ProviderError
from zotui.store import new_id
from zotui.toolbox import Result, ToolContext

BUDGET = 6000


def size_of(request: dict[str, Any]) -> float:
    """About how many tokens a request has, all of it."""
    texts = [message["content"] for message in request["messages"]]
    texts += [
        call["function"]["name"] + call["function"]["arguments"]
        for message in request["messages"]
        for call in message.get("tool_calls", [])
    ]
    return sum(len(text.encode()) / 4 for text in texts) + len(json.dumps(request.get("tools", []))) / 4


def long_conversation(lab: Lab, messages: int, first: str) -> str:
    """A conversation of so many messages, a tool call in every third answer; its id."""
    conversation = new_id()
    with looking(lab.home.database) as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO conversations(id, created_at, updated_at) VALUES (?, 0, 0)", (conversation,))
        for position in range(1, messages + 1):
            role = "user" if position % 2 else "assistant"
            content = f"{role} {position}: " + "some words of a long talk " * (4 + position % 5)
            message = new_id()
            db.execute(
                "INSERT INTO messages(id, conv_id, position, role, content, created_at) VALUES (?, ?, ?, ?, ?, 0)",
                (message, conversation, position, role, first if position == 1 else content),
            )
            if role == "assistant" and position % 3 == 0:
                db.execute(
                    "INSERT INTO tool_calls(id, message_id, call_id, result, turn_id, position, name, arguments, status,"
                    " created_at) VALUES (?, ?, ?, ?, 't', 0, 'now', '{}', 'done', 0)",
                    (new_id(), message, f"call_{position}", "it is late " * 20),
                )
        db.execute("COMMIT")
    return conversation


@pytest.mark.parametrize("length", [500, 1500])
async def test_a_long_conversation_fits_and_keeps_its_first_request(lab: Lab, length: int) -> None:
    conversation = long_conversation(lab, length, "My ship is called Beagle.")
    lab.worker(context_tokens=BUDGET)
    lab.server.script(calls(("now", {})), says("Beagle."))
    view = await lab.ask("What is my ship called?", conversation)
    assert view.output == "Beagle."
    for request in lab.server.requests:
        assert size_of(request) <= BUDGET
        assert size_of(request) > BUDGET / 2, "the room is used"
        system = request["messages"][0]["content"]
        title = "Earlier in this conversation, too long to repeat whole (requests, oldest first):\n"
        assert title + "- My ship is called Beagle.\n- … " in system
        users = [message["content"] for message in request["messages"] if message["role"] == "user"]
        assert users[-1] == "What is my ship called?"
        assert len(users) > 3
        missing = int(system.split("- … ")[1].split(" more")[0])
        shown = system.split(" more …\n")[1].count("\n- user ") + 1
        assert 1 + missing + shown + len(users) - 1 == length / 2, "every request is sent, named or counted"


async def test_all_is_sent_where_it_fits(lab: Lab) -> None:
    conversation = long_conversation(lab, 20, "First.")
    lab.worker()
    lab.server.script(says("ok"))
    await lab.ask("Last.", conversation)
    [request] = lab.server.requests
    assert len([message for message in request["messages"] if message["role"] != "tool"]) == 1 + 20 + 1
    assert "Earlier in this conversation" not in request["messages"][0]["content"]


async def test_old_results_of_a_long_turn_give_way_first(lab: Lab) -> None:
    async def long(arguments: Word, context: ToolContext) -> Result:
        return Result(f"{arguments.word} " * 1500)

    lab.worker(tool("long", long), context_tokens=BUDGET)
    lab.server.script(
        *(calls(("long", {"word": word}), ids=[f"call_{word}"]) for word in ("one", "two", "three")), says("ok")
    )
    assert (await lab.ask("go")).turn.status == "done"
    assert all(size_of(request) <= BUDGET for request in lab.server.requests)
    results = [message["content"] for message in lab.server.requests[-1]["messages"] if message["role"] == "tool"]
    assert results[0] == '[left out to save room; read_result(call="call_one") shows it]'
    assert results[-1].startswith("three three")


async def test_a_request_that_cannot_fit_says_so_and_sends_nothing(lab: Lab) -> None:
    lab.worker(context_tokens=BUDGET)
    view = await lab.ask("word " * 10_000)
    assert (view.turn.status, view.turn.reason) == ("failed", "context_overflow")
    assert view.turn.error
    assert "raise context_tokens under [agent] in config.toml" in view.turn.error
    assert lab.server.exchanges == []
    lab.server.script(says("ok"))
    after = await lab.ask("shorter", view.turn.conv_id)
    assert after.turn.status == "done", "the long one is in the digest now, cut"
    assert size_of(lab.server.requests[0]) <= BUDGET


async def test_the_system_message_is_the_parts_and_nothing_else(lab: Lab) -> None:
    cat = await lab.memory.memorize("The cat is called Ada.")
    lab.worker()
    lab.server.script(says("ok"))
    await lab.ask("what is the cat called?", system="Answer in Latin.")
    system = lab.server.requests[0]["messages"][0]["content"]
    assert system.startswith("You are zotui")
    assert str(lab.home.workspace) in system
    assert "\n\nAnswer in Latin.\n\n" in system
    assert f"- [{name_of(cat)}] The cat is called Ada. (" in system.splitlines()[-1]


async def test_a_call_without_an_outcome_is_told_as_such(lab: Lab) -> None:
    conversation = long_conversation(lab, 6, "First.")
    with looking(lab.home.database) as db:
        db.execute("UPDATE tool_calls SET status = 'interrupted', reason = 'lost', result = NULL")
    lab.worker()
    lab.server.script(says("ok"))
    await lab.ask("Last.", conversation)
    assert "[interrupted: lost]" in [message["content"] for message in lab.server.requests[0]["messages"]]
    assert one(lab.home, "SELECT count(*) FROM tool_calls") == 1


# --- The same, without a server: any conversation, any budget --------------------------------------------


def message(role: Any, text: str, calls_: int = 0, position: int = 1) -> Message:
    identity = new_id()
    records = tuple(
        ToolCallRecord(
            new_id(),
            identity,
            "t",
            f"{identity}-{n}",
            "tool",
            '{"a": 1}',
            "read",
            "done",
            None,
            "res " * 200,
            "",
            0,
            0,
            0,
        )
        for n in range(calls_)
    )
    return Message(identity, "c", "t", position, role, text, "", "", "done", None, 0, 0, tool_calls=records)


@pytest.mark.parametrize("budget", [600, 1000, 2500, 8000, 50_000])
@pytest.mark.parametrize("calls_", [0, 1, 3])
def test_any_budget_is_kept(budget: int, calls_: int) -> None:
    talk = [
        each
        for n in range(60)
        for each in (
            message("user", f"request {n} " * 9),
            message("assistant", "", calls_),
            message("assistant", f"done {n}"),
        )
    ]
    talk.append(message("user", "the last"))
    context = build(
        talk,
        system="Be kind.",
        knowledge=Knowledge(lines=["tea"]),
        workspace="/w",
        budget=budget,
        earlier=Earlier("the very first ✓", 7),
    )
    sent = {"messages": [{"role": "system", "content": context.system}, *context.messages[1:]]}
    assert context.tokens <= budget
    assert size_of(sent) <= budget
    assert context.history[-1] == {"role": "user", "content": "the last"}
    assert "- the very first ✓\n" in context.system
    check_request(sent)


def test_the_current_turn_alone_may_be_too_long() -> None:
    with pytest.raises(ProviderError) as caught:
        build([message("user", "x" * 9000)], system="", workspace="/w", budget=2000)
    assert caught.value.kind == "context_overflow"


def test_an_estimate_is_never_nothing() -> None:
    assert [estimate(text) for text in ("", "abc", "abcd", "☃" * 4)] == [1, 1, 2, 4]
