"""What summaries say is remembered for as long as they apply, with the turns that it stands for."""

import asyncio

import pytest

from tests.agent.lab import Lab
from tests.agent.test_summaries import is_summary, summarising, talked, written
from tests.cli.inside import Inside
from tests.openai_server import OpenAIServer, calls, says
from zotui.conversations import taint
from zotui.conversations.redacting import holding, redact
from zotui.conversations.summaries import Summaries, Summary
from zotui.memory.knowing import name_of

LINE = "The boxes are lab-0, lab-2 and lab-3."


async def summarised(lab: Lab, conversation: str) -> Summary:
    """A summary of the first four turns of six, which is only proposed."""
    answer = summarising([{"text": LINE, "turns": [1, 3, 4]}, {"text": "Photos stay.", "turns": [2]}])
    lab.server.answer(lambda exchange: says(answer) if is_summary(exchange) else says("fine"))
    return await written(lab, await Summaries(lab.store).propose(conversation))


async def remembered(lab: Lab) -> set[str]:
    return {one.content for one in await lab.memory.list(search="is:summary")}


async def test_each_line_is_a_memory_while_the_summary_applies(lab: Lab, server: OpenAIServer) -> None:
    lab.worker()
    summaries = Summaries(lab.store)
    chat = await talked(lab, 6)
    proposed = await summarised(lab, chat)
    assert await lab.memory.count() == 0
    await summaries.apply(proposed.id)
    assert await remembered(lab) == {"Never delete anything under /srv/photos.", LINE, "Photos stay."}
    [one] = await lab.memory.recall("which boxes", 1)
    first = (await lab.chats.messages(chat))[0]
    assert {name: one.meta[name] for name in ("source", "summary", "conversation", "message", "first", "last")} == {
        "source": "summary",
        "summary": proposed.id,
        "conversation": chat,
        "message": first.id,
        "first": 1,
        "last": 8,
    }
    assert not one.tainted
    said = await lab.memory.originals(one)
    assert [text for _, _, text in said][:2] == ["request 0: the box is lab-0", "answer to request 0: the box is lab-0"]
    assert len(said) == 8
    await lab.ask("which boxes are there?")  # another conversation is told it
    assert f"[{name_of(one.id)}] {LINE}" in str(server.exchanges[-1].messages[0]["content"])
    await lab.ask("which boxes are there?", chat)  # this one reads the summary
    assert str(server.exchanges[-1].messages[0]["content"]).count(LINE) == 1
    server.answer(lambda exchange: says("fine"))
    server.script(calls(("recall", {"query": name_of(one.id)})), says("I see."))
    view = await lab.ask("what was said there?")
    assert "It stands for these messages:\nuser: request 0: the box is lab-0\n" in str(view.tool_calls[0].result)
    inside = Inside(lab.home)
    shown = (await asyncio.to_thread(inside, "memory", "show", one.id, "--json")).json
    assert [part["content"] for part in shown["stands_for"]] == [text for _, _, text in said]
    assert (
        "for      user: request 0: the box is lab-0\n"
        in (await asyncio.to_thread(inside, "memory", "show", one.id)).out
    )
    await summaries.undo(proposed.id)
    assert await lab.memory.count() == 0


async def test_it_goes_with_its_conversation_and_comes_back_with_it(lab: Lab) -> None:
    lab.worker()
    summaries = Summaries(lab.store)
    chat = await talked(lab, 6)
    proposed = await summarised(lab, chat)
    await summaries.apply(proposed.id)
    [one] = await lab.memory.recall("which boxes", 1)
    await lab.memory.edit(one.id, "The boxes are gone.")
    await lab.chats.delete(chat)
    assert await lab.memory.count() == 0
    assert await lab.memory.undo() is None
    await lab.chats.restore(chat)
    assert await remembered(lab) == {"Never delete anything under /srv/photos.", LINE, "Photos stay."}
    await lab.store.write(lambda db: redact(db, holding(db, ["request 0"])[0]))
    assert await lab.memory.count() == 0  # nothing is left of a turn that is redacted
    await summaries.apply((await summarised(lab, chat)).id)
    assert await lab.memory.count() > 0
    await lab.chats.delete(chat)
    await lab.chats.purge(chat)
    assert await lab.memory.count() == 0


@pytest.mark.parametrize("how", ["memory off", "a turn without memory", "a private turn"])
async def test_what_must_not_be_learned_is_not(lab: Lab, how: str) -> None:
    lab.worker()
    chat = await talked(lab, 6)
    if how == "memory off":
        await lab.chats.remember(chat, False)
    else:
        options = '{"memory":false}' if "without" in how else '{"private":true}'
        first = (await lab.chats.turns(chat))[0].id
        await lab.store.write(lambda db: db.execute("UPDATE turns SET options = ? WHERE id = ?", (options, first)))
    proposed = await summarised(lab, chat)
    await Summaries(lab.store).apply(proposed.id)
    kept = set() if how == "memory off" else {"Never delete anything under /srv/photos.", "Photos stay."}
    assert await remembered(lab) == kept


async def test_others_words_keep_their_mark(lab: Lab) -> None:
    lab.worker()
    chat = await talked(lab, 6)
    await lab.store.write(lambda db: taint.mark(db, chat, "a page"))
    await Summaries(lab.store).apply((await summarised(lab, chat)).id)
    [one] = await lab.memory.recall("which boxes", 1)
    assert one.tainted
