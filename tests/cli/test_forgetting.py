"""What is forgotten is in no byte of the file afterwards."""

import asyncio
from pathlib import Path

import pytest

from tests.cli.inside import Inside
from tests.openai_server import OpenAIServer, calls, says
from zotui import Computer
from zotui.automations.telling import order
from zotui.conversations import Given
from zotui.conversations.redacting import TOMBSTONE
from zotui.errors import NotFound, UsageError
from zotui.home import Home
from zotui.memory import writing
from zotui.skills.runs import Asked
from zotui.skills.skill import Skill
from zotui.store import audit, new_id

WORD = "Zanzibarquok"


def holding(home: Home) -> list[str]:
    """The files of the home in whose bytes the word stands, in any case."""
    found = []
    for path in home.path.rglob("*"):
        if path.is_file() and WORD.lower() in path.read_bytes().decode("latin-1").lower():
            found.append(path.name)
    return sorted(found)


async def test_a_memory_goes_with_its_history_and_from_the_index(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        await computer.memory.set("pet", f"a {WORD} called Tim")
        await computer.memory.set("pet", f"the {WORD} is called Tom")
        await computer.memory.set("pet", "a cat")
        await computer.memory.memorize("something else")
        traces = await computer.forgetting.traces("pet")
        assert [text for text in traces.texts if WORD in text] == [f"a {WORD} called Tim", f"the {WORD} is called Tom"][
            ::1
        ]
        assert (traces.turns, traces.backups, traces.audited) == ([], [], 0)
        assert await computer.forgetting.forget(traces) == ""
        assert holding(home) == []
        assert [one.content for one in await computer.memory.list()] == ["something else"]
        with pytest.raises(NotFound):
            await computer.forgetting.traces("pet")


async def test_what_was_proposed_goes_with_it(home: Home) -> None:
    async with Computer.open(home, workers="own") as computer:
        reply = await computer.ask(f"My favourite town is {WORD}. I prefer {WORD} to all", attended=True)
        await computer.ask(f"no, my favourite town is Little {WORD}", reply.conversation_id, attended=True)
        waiting = {one.key: one for one in await computer.proposals.list()}
        memory = await computer.proposals.accept(waiting["favourite town"].id)
        traces = await computer.forgetting.traces(memory)
        assert len(traces.turns) >= 1
        assert await computer.forgetting.forget(traces, redact=True) == ""
        assert [one.content for one in await computer.proposals.list(None)] == [f"I prefer {WORD} to all."]
        await computer.chats.delete(reply.conversation_id)
        await computer.chats.purge(reply.conversation_id)
        assert await computer.proposals.list(None) == []
        assert await computer.store.scrub() == ""
    assert holding(home) == []


async def test_signs_go_from_their_index_too(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        await computer.memory.set("tower", "東京塔猫")
        await computer.memory.set("tower", "a tower")
        assert await computer.forgetting.forget(await computer.forgetting.traces("tower")) == ""
    assert not any(sign.encode() in home.database.read_bytes() for sign in ("東京塔", "京塔猫"))


async def test_what_could_be_undone_goes_with_it(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        memory = computer.memory
        one, other = await memory.memorize(f"a {WORD}"), await memory.memorize("a dog")
        await memory.edit(one, "a cat")
        await memory.edit(one, f"“a {WORD}”\nand a cat")
        merged = await memory.merge([one, other])
        copy = await memory.memorize(merged.content)  # deleted for itself: what it was holds the same text
        await memory.delete([copy])
        await memory.pin_all([merged.id], True)
        assert await computer.forgetting.forget(await computer.forgetting.traces(merged.id)) == ""
        assert holding(home) == []
        assert await memory.undo() is None
        assert await memory.count() == 0


async def test_the_word_of_a_part_is_gone_when_it_is_forgotten(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        memory = computer.memory
        one = await memory.memorize(f"a {WORD}")
        await memory.edit(one, f"two of {WORD}")
        await memory.tag_all([one], ["pet"])
        await memory.delete([one])
        assert await memory.undo()
        assert await computer.forgetting.forget(await computer.forgetting.traces(one)) == ""
        assert holding(home) == []
        assert await memory.undo() is None


async def test_a_reader_keeps_the_log_and_that_is_said(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        await computer.memory.set("pet", WORD)
        going, let_go = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def read(db: object) -> None:
            db.execute("SELECT count(*) FROM memory").fetchall()  # type: ignore[attr-defined]
            loop.call_soon_threadsafe(going.set)
            asyncio.run_coroutine_threadsafe(let_go.wait(), loop).result()

        reading = asyncio.create_task(computer.store.read(read))
        await going.wait()
        said = await computer.forgetting.forget(await computer.forgetting.traces("pet"))
        assert "somebody reads the file" in said
        let_go.set()
        await reading
        assert await computer.store.scrub() == ""
        assert holding(home) == []


async def test_conversations_that_hold_it_are_redacted_with_all_that_was_made_of_them(
    home: Home, server: OpenAIServer
) -> None:
    server.script(
        calls(("remember", {"content": f"the pet is a {WORD}", "key": "pet"})),
        says(f"I shall know the pet is a {WORD}."),
    )
    async with Computer.open(home, workers="own") as computer:
        told = f"the pet is a {WORD}"
        reply = await computer.ask(f"{told}, keep that", files=[Given("a.txt", told.encode(), "text/plain", told)])
        branch = await computer.chats.fork(reply.conversation_id, reply.message_id)
        server.script(says(f"It is that {told}."))
        other = await computer.ask("what is it?")  # recalled into another conversation
        server.script(says("Fine."))
        untouched = await computer.ask("hello", memory=False)
        (home.backups / "old.db").write_bytes(b"...the pet is a " + WORD.encode() + b"...")
        traces = await computer.forgetting.traces("pet")
        assert {one.title for one in traces.turns} >= {"what is it?"}
        assert [path.name for path in traces.backups] == ["old.db"]
        assert await computer.forgetting.forget(traces, redact=True, backups=True) == ""
        for chat in (reply.conversation_id, branch, other.conversation_id):
            said = [message.content for message in await computer.chats.messages(chat)]
            assert any(text.startswith(TOMBSTONE) for text in said), said
        assert [one.content for one in await computer.chats.messages(untouched.conversation_id)] == ["hello", "Fine."]
        assert (await computer.store.read(audit.verify)).broken_at is None
    assert holding(home) == []


async def test_what_skills_were_given_and_said_is_redacted_too(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        await computer.memory.set("pet", f'a "{WORD}"')
        turn = await computer.submit(f'a "{WORD}"')
        skill = Skill("echo", "Says it again.", [], "", "home", True, True, [], "")
        for asked, given, printed in (
            (Asked(), f'a "{WORD}"', ""),
            (Asked(), "", f'a "{WORD}"\n'),
            (Asked("agent", None, turn), f"{WORD} in other words", ""),
            (Asked(), "a dog", "a dog"),
        ):
            run = new_id()
            await computer.skill_runs.begin(run, skill, "echo", {"text": given}, asked)
            await computer.skill_runs.end(run, "done", error=printed, output=printed)
        await computer.store.write(lambda db: db.execute("UPDATE turns SET status = 'done' WHERE id = ?", (turn,)))
        traces = await computer.forgetting.traces("pet")
        assert len(traces.skill_runs) == 2
        assert await computer.forgetting.forget(traces, redact=True) == ""
        assert [one.arguments for one in await computer.skill_runs.list()] == ['{"text":"a dog"}', *["{}"] * 3]
    assert holding(home) == []


async def test_what_was_cut_in_the_history_of_skills_is_redacted_too(home: Home) -> None:
    long = f"{WORD} " * 10 + 'and so on, "quoted"\n' * 200 + f" {WORD}" * 10
    other = "b" * 3_000
    async with Computer.open(home, workers="none") as computer:
        await computer.memory.set("pet", long)
        skill = Skill("echo", "Says it again.", [], "", "home", True, True, [], "")
        for given, printed in (
            (long, ""),
            ("x" * 1_960 + long, ""),
            ("", long + "y" * 1_900),
            ("", long),
            (other, other),
        ):
            run = new_id()
            await computer.skill_runs.begin(run, skill, "echo", {"text": given}, Asked())
            await computer.skill_runs.end(run, "done", error=printed, output=printed)
        traces = await computer.forgetting.traces("pet")
        assert len(traces.skill_runs) == 4
        assert await computer.forgetting.forget(traces, redact=True) == ""
        last, *redacted = await computer.skill_runs.list()
        assert {(one.arguments, one.output, one.error) for one in redacted} == {("{}", "", None)}
        assert last.output == other[:2_000]
    assert holding(home) == []


def test_forgetting_counts_the_runs_of_skills_that_hold_it(home: Home) -> None:
    async def run() -> None:
        async with Computer.open(home, workers="none") as computer:
            await computer.memory.set("pet", WORD)
            skill = Skill("echo", "Says it again.", [], "", "home", True, True, [], "")
            await computer.skill_runs.begin(new_id(), skill, "echo", {"text": WORD}, Asked())

    asyncio.run(run())
    inside = Inside(home)
    done = inside("memory", "forget", "pet")
    assert "  in a run of a skill\n  these stay; --redact takes them out, too\n" in done.err
    assert len(inside("memory", "forget", "pet", "--yes", "--json").json["skill_runs"]) == 1


async def test_runs_of_skills_go_with_their_conversation(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        skill = Skill("echo", "Says it again.", [], "", "home", True, True, [], "")
        chat = await computer.chats.create()
        for conversation in (chat, None):
            await computer.skill_runs.begin(new_id(), skill, "echo", {}, Asked("agent", conversation))
        await computer.chats.delete(chat)
        assert len(await computer.skill_runs.list()) == 2
        await computer.chats.purge(chat)
        assert [one.conv_id for one in await computer.skill_runs.list()] == [None]


async def test_what_a_memory_without_a_key_was_before_goes_too(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        memory = await computer.memory.memorize(f"a {WORD}")
        turn = await computer.submit(f"I have a {WORD}")
        await computer.store.write(lambda db: db.execute("UPDATE turns SET status = 'done' WHERE id = ?", (turn,)))
        await computer.store.write(lambda db: writing.supersede(db, memory, "a dog", "{}", f"a {WORD}", 1))
        traces = await computer.forgetting.traces(memory)
        assert traces.texts == ["a dog", f"a {WORD}"]
        assert await computer.forgetting.forget(traces, redact=True) == ""
    assert holding(home) == []


async def test_what_is_being_answered_is_not_redacted(home: Home, server: OpenAIServer) -> None:
    async with Computer.open(home, workers="none") as computer:
        await computer.memory.set("pet", f"a {WORD}")
        turn = await computer.submit(f"a {WORD}")
        await computer.store.write(lambda db: db.execute("UPDATE turns SET status = 'running' WHERE id = ?", (turn,)))
        with pytest.raises(UsageError, match="being answered"):
            await computer.forgetting.forget(await computer.forgetting.traces("pet"), redact=True)
        assert await computer.memory.get("pet") == f"a {WORD}"


def test_the_verb_asks_shows_and_forgets(inside: Inside, home: Home, lab: OpenAIServer, tmp_path: Path) -> None:
    lab.script(says(f"a {WORD}, then"))
    assert inside("ask", f"I have a {WORD}").code == 0
    assert inside("memory", "set", "pet", f"a {WORD}").code == 0
    refused = inside("memory", "forget", "pet")
    assert (refused.code, "say --yes" in refused.err) == (2, True)
    assert "these stay; --redact takes them out, too" in refused.err
    assert inside("memory", "get", "pet").out == f"a {WORD}\n"
    asked = inside("memory", "forget", "pet", "--json")
    assert (asked.code, asked.json["forgotten"], len(asked.json["turns"])) == (2, False, 1)
    done = inside("memory", "forget", "pet", "--redact", "--yes")
    assert (done.code, "these are redacted" in done.err) == (0, True)
    assert TOMBSTONE in inside("chats", "show", "last").out
    assert "no memory" in inside("memory", "forget", "pet", "--yes").complaint
    assert holding(home) == []


async def test_what_came_out_of_automations_is_counted_and_redacted(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        await computer.memory.set("pet", WORD)
        made = await computer.automations.add(rrule="FREQ=DAILY", tz="UTC", run="true")
        for output in (f"a {WORD}", "a dog"):
            run = await computer.automations.run(made.id)
            put = "UPDATE runs SET status = 'done', output = ? WHERE id = ?"
            await computer.store.write(lambda db, put=put, of=(output, run): db.execute(put, of))  # type: ignore[misc]
        await computer.store.write(lambda db: order(db, run, "file:a.txt", f"told {WORD}", 0))
        traces = await computer.forgetting.traces("pet")
        assert len(traces.automation_runs) == 2
        assert await computer.forgetting.forget(traces, redact=True) == ""
        assert {one.output for one in await computer.automations.history()} == {""}
    assert holding(home) == []
