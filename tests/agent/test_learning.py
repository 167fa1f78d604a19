"""What turns teach: facts by their words, readings by the model, and nothing where memory is off."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from tests.agent import lab as laboratory
from tests.agent.lab import Lab
from tests.openai_server import OpenAIServer, answers, says
from tests.waiting import wait_for
from zotui import notices
from zotui.agent import Worker, learning
from zotui.agent.learning import Learning, Propose
from zotui.conversations import taint
from zotui.memory.learning import Learner
from zotui.memory.proposals import Proposals


class School:
    """A lab whose agent learns."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.proposals = Proposals(lab.store)
        self.wanted: Propose = "model"
        agent = laboratory.agent(lab.store, lab.server.url, (), lab.home)
        self.agent = msgspec.structs.replace(agent, learn=Learning(Learner(), notices.tell, lambda: self.wanted))
        self.worker = Worker(self.agent, own_only=False)

    async def facts(self) -> list[str]:
        return [one.content for one in await self.proposals.list()]

    async def unread(self) -> list[str]:
        """The kinds of the notices that are not read."""
        return [one.kind for one in await notices.Notices(self.lab.store).list(unread=True)]

    async def readings(self) -> list[tuple[Any, ...]]:
        return await self.lab.store.read(
            lambda db: db.execute("SELECT status, reason, error, found FROM readings ORDER BY id").fetchall()
        )

    async def read(self, count: int = 1) -> list[tuple[Any, ...]]:
        """The readings, once so many have ended."""

        async def over() -> list[tuple[Any, ...]]:
            found = await self.readings()
            return found if len(found) >= count and all(one[0] not in ("queued", "running") for one in found) else []

        found: list[tuple[Any, ...]] = await wait_for(over)
        return found


@pytest.fixture
async def school(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[School]:
    monkeypatch.setattr(learning, "QUIET_MS", 0)
    school = School(lab)
    school.worker.start()
    yield school
    await school.worker.stop()


def told(*facts: dict[str, Any]) -> str:
    usual = {"kind": "other", "about": "", "message": 1, "replaces": 0}
    return json.dumps({"facts": [usual | fact for fact in facts]})


async def test_words_are_enough_and_one_notice_is(school: School, server: OpenAIServer) -> None:
    school.wanted = "patterns"
    server.script(says("Nice!"), says("Noted."))
    first = await school.lab.ask("I live in Oslo and my sister is called Maja")
    await school.lab.ask("The staging box is lab-3", first.turn.conv_id)
    assert await school.facts() == ["The staging box is lab-3.", "My sister is called Maja.", "I live in Oslo."]
    (one, *_) = await school.proposals.list()
    assert (one.conv_id, one.proposer, one.tainted_by) == (first.turn.conv_id, "pattern machine", "")
    said = await school.lab.chats.messages(first.turn.conv_id)
    assert one.message_id == said[2].id
    facts = [one for one in await notices.Notices(school.lab.store).list(unread=True) if one.kind == "facts"]
    assert [(notice.text, notice.place) for notice in facts] == [
        ("3 facts wait for your word before they are remembered: /facts", "facts:")
    ]
    for fact in await school.proposals.list():
        assert "facts" in await school.unread()
        await school.proposals.accept(fact.id)
    assert "facts" not in await school.unread()
    assert await school.readings() == []
    assert len(server.exchanges) == 2


async def test_the_model_reads_what_was_said(school: School, server: OpenAIServer) -> None:
    old = await school.lab.memory.memorize("Deploys go out on Fridays")
    server.script(
        says("Good."),
        says(told({"text": "Deploys go out on Mondays.", "kind": "project", "about": "deploy day", "replaces": 1})),
    )
    turn = await school.lab.ask("we ship on Mondays from now on, no deploys on Fridays any more")
    assert await school.read() == [("done", None, None, 1)]
    reading = server.exchanges[1]
    assert "Deploys go out on Fridays" in reading.said
    assert "[1] person: we ship on Mondays" in reading.said
    (one,) = await school.proposals.list()
    assert (one.content, one.kind, one.key, one.replaces) == (
        "Deploys go out on Mondays.",
        "project",
        "deploy day",
        old,
    )
    assert one.proposer == "lab/tiny"
    assert one.message_id == turn.messages[0].id
    await school.proposals.accept(one.id)
    assert [version.value for version in await school.lab.memory.history("deploy day")] == [
        "Deploys go out on Fridays",
        "Deploys go out on Mondays.",
    ]
    spent = await school.lab.store.read(lambda db: db.execute("SELECT origin FROM usage ORDER BY id").fetchall())
    assert [origin for (origin,) in spent] == ["chat", "memory"]


async def test_what_is_no_answer_teaches_nothing(school: School, server: OpenAIServer) -> None:
    server.script(
        says("Hm."), says("There are none!"),
        says("Hm."), *[answers(400, "{}") for _ in range(4)],
    )  # fmt: skip
    await school.lab.ask("I like rain a lot")
    ((status, reason, error, _),) = await school.read()
    assert (status, reason) == ("failed", "unreadable")
    assert error
    await school.lab.ask("and snow")
    assert [one[1] for one in await school.read(2)] == ["unreadable", "error"]
    assert "I like rain" not in server.exchanges[3].said  # it was read, whatever came of it
    assert await school.facts() == []


async def test_nobodys_words_are_no_facts(school: School, server: OpenAIServer) -> None:
    server.script(
        says("You live in Rome."),
        says(
            told(
                {"text": "The person lives in Rome.", "message": 2},  # the computer said so
                {"text": "The person lives in Bern.", "message": 9},  # nobody did
                {"text": "Likes\x1b[31m tea.", "kind": "preference", "replaces": 7},
            )
        ),
    )
    await school.lab.ask("guess where I live; I like tea")
    await school.read()
    (one,) = await school.proposals.list()
    assert "\x1b" not in one.content
    assert one.replaces is None


async def test_taint_is_told_and_kept(school: School, server: OpenAIServer) -> None:
    server.script(says("Hello."), says(told()), says("Noted."), says(told({"text": "Send mail to Eve.", "message": 1})))
    clean = await school.lab.ask("I live in Oslo")
    await school.read()
    await school.lab.store.write(lambda db: taint.mark(db, clean.turn.conv_id, "fetch"))
    await school.lab.ask("my boss is called Eve", clean.turn.conv_id)
    await school.read(2)
    assert {one.content: one.tainted_by for one in await school.proposals.list()} == {
        "I live in Oslo.": "",
        "My boss is called Eve.": "fetch",
        "Send mail to Eve.": "fetch",
    }


async def test_off_for_a_turn_and_for_a_conversation(school: School, server: OpenAIServer) -> None:
    lab = school.lab
    await lab.memory.memorize("I live in the green house in Oslo")
    server.script(*[says("Yes.") for _ in range(4)], says(told()))
    first = await lab.ask("I live in Oslo, in the green house", memory=False)
    conversation = first.turn.conv_id
    await lab.chats.remember(conversation, False)
    await lab.ask("my name is Ada of the green house", conversation)
    branch = await lab.chats.fork(conversation, first.messages[0].id)
    assert not await lab.chats.remembers(branch)
    await lab.ask("my sister is called Maja in the green house", branch)
    for exchange in server.exchanges[:3]:
        body = exchange.body.decode()
        assert "What you remember" not in body
        assert '"remember"' not in body
        assert '"recall"' not in body
    assert await school.facts() == []
    assert await school.readings() == []
    await lab.chats.remember(conversation, True)
    await lab.ask("and the green house?", conversation)
    assert "I live in the green house in Oslo" in server.exchanges[3].body.decode()
    await school.read()
    read = server.exchanges[4].said
    assert "and the green house?" in read
    assert "in the green house\n" not in read  # what was said while memory was off for the turn


async def test_a_conversation_is_read_once_it_rests(
    school: School, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "QUIET_MS", 3_600_000)
    server.script(*[says("Yes.") for _ in range(learning.MANY)], says(told()))
    turn = await school.lab.ask("one of many")
    for _ in range(learning.MANY - 2):
        await school.lab.ask("one more", turn.turn.conv_id)
    assert [one[0] for one in await school.readings()] == ["queued"]
    await school.lab.ask("the last for now", turn.turn.conv_id)  # that is many: it waits no longer
    assert await school.read() == [("done", None, None, 0)]
    assert server.exchanges[-1].said.count("person:") == learning.MANY


async def test_a_reading_whose_worker_dies_is_done_anew_and_once(lab: Lab, server: OpenAIServer) -> None:
    school = School(lab)
    server.script(says("Yes."))
    school.worker.start()
    try:
        await lab.ask("I like tea")
        await lab.store.write(
            lambda db: db.execute(
                "UPDATE readings SET not_before = 0, status = 'running', owner = 'b:1:1', attempt = 1"
            )
        )
        server.script(says(told({"text": "Likes tea.", "kind": "preference"})))
        assert await school.read() == [("done", None, None, 1)]
    finally:
        await school.worker.stop()
    assert await school.facts() == ["Likes tea."]
    assert len(server.exchanges) == 2


async def test_nobody_there_and_trials_teach_nothing(school: School, server: OpenAIServer) -> None:
    server.script(says("Yes."), says("Yes."))
    await school.lab.ask("I live in Oslo", attended=False)
    await school.lab.ask("I live in Oslo", origin="automation:1")
    assert (await school.facts(), await school.readings()) == ([], [])


async def test_tainted_memories_are_not_shown_to_the_reader(school: School, server: OpenAIServer) -> None:
    spoilt = await school.lab.chats.create()
    await school.lab.store.write(lambda db: taint.mark(db, spoilt, "fetch"))
    await school.lab.memory.memorize("Deploys are done by Eve", {"conversation": spoilt})
    server.script(says("Fine."), says(told()))
    await school.lab.ask("we do deploys on Mondays", memory=True)
    await school.read()
    assert "Eve" not in server.exchanges[1].said


async def test_off_in_the_configuration(school: School, server: OpenAIServer) -> None:
    school.wanted = "off"
    server.script(says("Yes."))
    await school.lab.ask("I live in Oslo")
    assert (await school.facts(), await school.readings()) == ([], [])


async def test_a_memory_that_fails_costs_no_answer(lab: Lab, server: OpenAIServer) -> None:
    def broken(db: Any, turn: str) -> None:
        raise RuntimeError("no")

    server.script(says("Yes."))
    agent = msgspec.structs.replace(laboratory.agent(lab.store, server.url, (), lab.home), learn=broken)
    worker = Worker(agent, own_only=False)
    worker.start()
    try:
        view = await lab.ask("I live in Oslo")
    finally:
        await asyncio.shield(worker.stop())
    assert (view.turn.status, view.output) == ("done", "Yes.")
