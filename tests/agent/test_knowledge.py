"""What turns are told of the memory, seen on the wire, and which of it their answers name."""

import pytest

from tests.agent.lab import Lab
from tests.openai_server import OpenAIServer, calls, says
from zotui.agent.inspection import last_request, told
from zotui.agent.knowledge import HEAD, MOST, Knowledge, room
from zotui.conversations.summaries import Summaries
from zotui.memory.knowing import name_of


def system(server: OpenAIServer, number: int = -1) -> str:
    return str(server.exchanges[number].messages[0]["content"])


async def test_the_profile_goes_with_every_request_and_memories_where_they_fit(lab: Lab, server: OpenAIServer) -> None:
    await lab.memory.set("profile", "Ada, a nurse in Oslo.\nShort answers, please.")
    box = await lab.memory.memorize("The staging box is lab-3")
    lab.worker()
    server.script(says("Hello."), says(f"It is lab-3 [{name_of(box)}], not [m:zzzzzz]."), says("Hm."))
    small = await lab.ask("hi")
    assert "What the person says of themselves:\nAda, a nurse in Oslo.\nShort answers, please." in system(server)
    assert HEAD not in system(server)
    assert small.remembered == ()
    view = await lab.ask("which box is staging?")
    assert f"{HEAD}\n- [{name_of(box)}] The staging box is lab-3 (20" in system(server)
    assert system(server).count("Ada, a nurse") == 1
    assert [(one.id, one.content, one.cited) for one in view.remembered] == [(box, "The staging box is lab-3", True)]
    kept = await lab.store.read(lambda db: last_request(db, view.turn.conv_id))
    assert kept is not None
    assert f"memories\n{name_of(box)} recalled" in told(kept)
    assert "── profile ──" in told(kept)
    assert "".join(piece.text for piece in kept.pieces) == server.exchanges[-1].body.decode()
    without = await lab.ask("which box is staging?", memory=False)
    assert "Ada" not in system(server)
    assert "lab-3" not in system(server)
    assert without.remembered == ()


async def test_what_is_told_and_not_named_is_known_too_and_counts_once_a_turn(lab: Lab, server: OpenAIServer) -> None:
    box = await lab.memory.memorize("The staging box is lab-3")
    lab.worker()
    server.script(calls(("recall", {"query": "staging"})), calls(("recall", {"query": name_of(box)})), says("lab-3."))
    view = await lab.ask("which box is staging?")
    assert [(one.id, one.cited) for one in view.remembered] == [(box, False)]
    assert [call.result for call in view.tool_calls] == [
        f"- [{name_of(box)}] The staging box is lab-3",
        "The staging box is lab-3",
    ]
    assert (await lab.memory.find(box)).uses == 1
    assert [turn for turn, _ in await lab.memory.used_in(box)] == [view.turn.id]


async def test_long_ones_are_cut_and_read_whole_by_name(lab: Lab, server: OpenAIServer) -> None:
    text = "The staging box " + "is described at length " * 100 + "and is lab-3"
    box = await lab.memory.memorize(text)
    lab.worker()
    server.script(calls(("recall", {"query": f"[{name_of(box)}]"}), ("recall", {"query": "m:zzzzzz"})), says("lab-3."))
    view = await lab.ask("which box is staging?")
    assert "and is lab-3" not in system(server, 0)
    assert "…" in system(server, 0)
    assert view.tool_calls[0].result == text
    assert "no memory has the id" in str(view.tool_calls[1].result)


@pytest.mark.parametrize(("budget", "bytes_"), [(0, 0), (-5, 0), (4_000, 960), (32_000, MOST), (1_000_000, MOST)])
def test_a_small_window_leaves_little_room(budget: int, bytes_: int) -> None:
    assert room(budget) == bytes_


def test_why_is_told() -> None:
    assert Knowledge(reasons=["m:aaaaaa pinned"], left_out=3).told == "m:aaaaaa pinned\n3 more had no room"
    assert Knowledge().told == Knowledge().text == ""


async def test_what_memory_told_before_it_was_switched_off_is_not_sent_again(lab: Lab, server: OpenAIServer) -> None:
    await lab.memory.memorize("The staging box is lab-3 " + "indeed " * 3_000)
    lab.worker()
    server.script(
        calls(("recall", {"query": "staging"}), ("list_memories", {}), ids=["a", "b"]),
        calls(("read_result", {"call": "a", "offset": 0}), ids=["c"]),
        calls(("read_result", {"call": "c"}), ids=["d"]),
        says("Done."),
    )
    chat = (await lab.ask("which box is staging?")).turn.conv_id
    assert server.exchanges[-1].body.count(b"lab-3") >= 4
    for name in ("a", "d"):
        server.script(calls(("read_result", {"call": name})), says("Fine."))
        view = await lab.ask("say it again", chat, memory=False)
        assert b"lab-3" not in server.exchanges[-2].body + server.exchanges[-1].body
        assert "memory is off here" in str(view.tool_calls[0].result)
    await lab.chats.remember(chat, False)
    server.script(says("Fine."))
    await lab.ask("and again", chat)
    assert b"lab-3" not in server.exchanges[-1].body
    for number in range(3):
        server.script(says(f"Yes {number}."))
        await lab.ask(f"more {number}", chat)
    summaries = Summaries(lab.store)
    server.script(says("no summary"), says("no summary"), says("no summary"))
    await summaries.written(await summaries.propose(chat))
    assert b"You shorten a conversation" in server.exchanges[-1].body
    assert b"lab-3" not in server.exchanges[-1].body
    await lab.chats.remember(chat, True)
    server.script(says("lab-3."))
    await lab.ask("and now?", chat)
    assert b"lab-3" in server.exchanges[-1].body
