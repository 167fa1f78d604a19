"""Skills made of conversations: drafts that wait for a look, by a model or without one."""

import asyncio

import pytest

from tests.cli.inside import Inside
from tests.openai_server import OpenAIServer, calls, says
from tests.skills.shelves import trust
from tests.working import computer, server, told
from zotui.computer import Computer
from zotui.conversations import taint
from zotui.errors import UsageError
from zotui.home import Home
from zotui.skills.drafting import REQUEST, Talk, composed
from zotui.skills.front import read_front
from zotui.skills.looking import look

__all__ = ["computer", "server"]

GOOD = "---\nname: tell-it\ndescription: Tells it. Use when asked to tell.\n---\n\n1. Tell it.\n"


async def test_the_model_writes_it_and_it_waits(home: Home, computer: Computer, server: OpenAIServer) -> None:
    server.script(says("it is told"))
    first = await computer.ask("tell me the time in Oslo")
    await computer.store.write(lambda db: taint.mark(db, first.conversation_id, "a page of x.test"))
    server.script(
        calls(("draft_skill", {"name": "tell-it", "content": GOOD.replace("tell-it", "other")})),
        calls(("draft_skill", {"name": "tell-it", "content": f"```markdown\n{GOOD}```"})),
        says("done"),
    )
    await computer.ask(REQUEST.format(name="tell-it"), first.conversation_id)
    offered, again, last = server.exchanges[-3:]
    assert b'"draft_skill"' not in server.exchanges[0].body
    assert b'"name":"draft_skill"' in offered.body.replace(b": ", b":")  # it is offered, as the request names it
    assert "the name 'other' is not the folder's" in told(again)
    assert "is a draft. The person looks at it first: zotui skills trust tell-it" in told(last)
    assert (home.skills / "tell-it" / "SKILL.md").read_text() == GOOD
    skill = await asyncio.to_thread(computer.skills.find, "tell-it")
    assert (skill.state, skill.problems) == ("untrusted", [])
    assert "tell-it" not in await asyncio.to_thread(computer.skills.index, "tell it")
    origin, _ = await asyncio.to_thread(computer.skills.origin, skill)
    assert origin == f"conversation {first.conversation_id}, in which are words of a page of x.test"
    read = await asyncio.to_thread(computer.skills.read, skill)
    assert f"from {origin}" in look(skill, read, {}, origin)
    with pytest.raises(UsageError, match="came from nowhere that is known"):
        await computer.skill_source.update("tell-it")
    await asyncio.to_thread(trust, computer.skills, "tell-it")
    with pytest.raises(UsageError, match="there is a skill tell-it already"):
        await computer.drafting.write("tell-it", first.conversation_id)
    with pytest.raises(UsageError, match="there is a skill convert already"):
        await computer.drafting.write("convert", first.conversation_id)
    assert (home.skills / "tell-it" / "SKILL.md").read_text() == GOOD
    assert [path.name for path in home.skills.iterdir()] == ["tell-it"]


def test_without_a_model_it_is_what_was_asked_and_done(home: Home) -> None:
    inside = Inside(home)
    inside("ask", 'read "notes: x".md --- #')
    inside("ask", "-c", "last", "time in Oslo")
    made = inside("skills", "new", "oslo-time", "--from", "last")
    place = home.skills / "oslo-time"
    assert (made.code, made.out) == (0, f"{place}\n")
    assert made.err == "zotui: a draft: zotui skills trust oslo-time shows it, and lets it be used\n"
    assert inside("skills", "validate", str(place)).code == 0
    text = (place / "SKILL.md").read_text()
    assert '1. read "notes: x".md --- #\n2. time in Oslo\n' in text
    assert '`now` with `{"zone":"Oslo"}`' in text
    assert "draft_skill" not in text
    assert inside("skills", "new", "oslo-time", "--from", "last").code == 0  # nobody has looked at it yet
    inside("skills", "trust", "oslo-time", "--yes")
    assert "there is a skill oslo-time already" in inside("skills", "new", "oslo-time", "--from", "last").complaint
    assert "'Bad one' is no name of a skill" in inside("skills", "new", "Bad one", "--from", "last").complaint
    assert "--script goes with no --from" in inside("skills", "new", "x", "--from", "last", "--script").complaint


async def test_where_the_model_wrote_none_it_is_made_all_the_same(computer: Computer, server: OpenAIServer) -> None:
    server.script(says("one two three"))
    first = await computer.ask("count to three")
    with pytest.raises(UsageError, match="nothing has been asked"):
        await computer.drafting.write("counting", await computer.chats.create())
    skill = await computer.drafting.write("counting", first.conversation_id)
    assert skill.body.endswith("1. count to three")


@pytest.mark.parametrize("said", ['"', "a\\b: c # d", "---\n---", "`x`\x1b[2J", "é" * 2_000, "‮x", "- [", "'"])
def test_whatever_was_said_it_is_a_skill(said: str) -> None:
    problems: list[str] = []
    fields, body = read_front(composed("some-name", Talk([said], [("tool", said)])), problems)
    assert (fields["name"], problems) == ("some-name", [])
    assert fields["description"].endswith("Use when the person asks for that again.")
    assert len(fields["description"]) < 1024
    assert "## What was asked" in body
