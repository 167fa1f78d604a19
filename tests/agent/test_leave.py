"""What the agent may do: scopes of tools, taint, and what a person who is asked is shown."""

import json
from typing import Any

import msgspec
import pytest

from tests.agent.lab import Lab, Word, agent, tool
from tests.openai_server import OpenAIServer, calls, says
from zotui import notices
from zotui.agent import Worker, permit
from zotui.computer import Computer
from zotui.config import Config
from zotui.conversations import Given, taint
from zotui.errors import UsageError
from zotui.home import Home
from zotui.notices import Notices
from zotui.policy.scopes import allowed, check
from zotui.store import Transaction, now_ms
from zotui.toolbox import Result, ToolContext

RAN: list[str] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    RAN.clear()


def noting(name: str) -> Any:
    """What a tool of the test does: note that it ran."""

    async def run(arguments: Word, context: ToolContext) -> Result:
        RAN.append(f"{name} {arguments.word}")
        return Result(f"{name} of {arguments.word}")

    return run


FETCH = tool("fetch", noting("fetch"), "net")
SEND = tool("send", noting("send"), "outside")
LOOK = tool("look", noting("look"))


@pytest.mark.parametrize(
    ("scope", "effects"),
    [
        ("all", "read write run net outside settings"),
        ("workspace", "read write run"),
        ("read-only", "read"),
        ("chat", ""),
        ("write", "read write"),
        ("net, run", "run net"),
        ("t_settings", "settings"),
    ],
)
def test_what_is_in_a_scope(scope: str, effects: str) -> None:
    names = ("read", "write", "run", "net", "outside", "settings")
    found = [one for one in names if allowed(scope, tool(f"t_{one}", noting("t"), one))]  # type: ignore[arg-type]
    assert found == effects.split()


@pytest.mark.parametrize("scope", ["", ",", "Bash(x)", "no way!", "a;b"])
def test_what_is_no_scope(scope: str) -> None:
    with pytest.raises(UsageError, match="is no scope of tools"):
        check(scope)


async def test_with_chat_alone_a_request_has_no_tools_and_none_is_run(lab: Lab, server: OpenAIServer) -> None:
    lab.worker(LOOK)
    server.script(calls(("look", {"word": "x"})), says("well"))
    view = await lab.ask("go", scope="chat")
    assert all("tools" not in json.loads(exchange.body) for exchange in server.exchanges)
    assert RAN == []
    assert view.tool_calls[0].status == "failed"
    assert "no tool 'look'" in (view.tool_calls[0].result or "")


async def test_a_persona_has_its_tools_and_no_others(home: Home, server: OpenAIServer) -> None:
    home.config_file.write_text(f'model = "lab/tiny"\n[providers.lab]\nbase_url = "{server.url}"\nmodels = ["tiny"]\n')
    async with Computer.open(home, workers="own") as computer:
        from zotui.policy import Wanted

        await computer.personas.add(Wanted("Reader", "You read.", "", "read-only", None))
        chat = await computer.chats.create()
        await computer.personas.use(chat, "Reader")
        server.script(calls(("write_file", {"path": "a", "content": "x"})), says("well"))
        await computer.ask("go", chat)
        offered = {one["function"]["name"] for one in json.loads(server.exchanges[-1].body)["tools"]}
        assert "read_file" in offered
        assert offered.isdisjoint({"write_file", "edit_file", "run_command"})
        assert not (home.workspace / "a").exists()


async def allow_all(lab: Lab, *tools: Any) -> None:
    """A worker whose policy allows everything."""
    lab.worker(*tools, config=msgspec.structs.replace(Config(), policy={"net": "allow", "outside": "allow"}))


async def test_a_call_that_was_allowed_is_asked_about_once_tainted(lab: Lab, server: OpenAIServer) -> None:
    await allow_all(lab, FETCH, SEND, LOOK)
    server.script(calls(("send", {"word": "first"})), calls(("fetch", {"word": "page"})), says("read"))
    view = await lab.ask("go")
    assert RAN == ["send first", "fetch page"]
    assert await lab.store.read(lambda db: taint.cause(db, view.turn.conv_id)) == "fetch"
    server.script(calls(("look", {"word": "on"}), ("send", {"word": "second"})), says("sent"))
    turn = await lab.submit("again", view.turn.conv_id)
    question = await lab.question()
    assert "words that are not yours, from fetch" in question.text
    assert "cannot be undone" in question.text
    assert RAN[2:] == ["look on"]
    await lab.turns.answer(question.id, "allow")
    await lab.over(turn)
    assert RAN[2:] == ["look on", "send second"]
    server.script(calls(("send", {"word": "third"})), says("sent"))
    await lab.submit("and again", view.turn.conv_id)
    assert "third" in (await lab.question()).text


async def test_unattended_it_is_denied_and_the_inbox_says_so(lab: Lab, server: OpenAIServer) -> None:
    def notice(db: Transaction, kind: str, text: str, place: str) -> str:
        return notices.add(db, kind, text, place, "info")

    told = msgspec.structs.replace(agent(lab.store, server.url, (SEND,), lab.home), notify=notice)
    worker = Worker(told, own_only=False)
    worker.start()
    server.script(calls(("send", {"word": "secretly"})), says("I could not"))
    view = await lab.ask("go", attended=False)
    await worker.stop()
    assert RAN == []
    assert view.turn.status == "done"
    heard = await Notices(lab.store).list()
    assert any(
        one.kind == "denied" and "send needed your leave" in one.text and "secretly" in one.text for one in heard
    )


async def test_taint_goes_along_into_branches_and_memories(lab: Lab, server: OpenAIServer) -> None:
    await allow_all(lab, FETCH)
    server.script(
        calls(("remember", {"content": "the heron is grey"})),
        calls(("fetch", {"word": "page"})),
        calls(("remember", {"content": "the stork is white"})),
        says("kept"),
    )
    view = await lab.ask("go")
    branch = await lab.chats.fork(view.turn.conv_id, view.messages[-1].id)
    assert await lab.store.read(lambda db: taint.cause(db, branch)) == "fetch"
    kept = {one.content: one for one in await lab.memory.list()}
    assert not kept["the heron is grey"].tainted
    assert kept["the stork is white"].tainted
    assert (await lab.chats.find(branch)).tainted_by == "fetch"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("recall", {"query": "stork"}), ("list_memories", {}), ("search_chats", {"query": "stork"})],
    ids=["recall", "list", "chats"],
)
async def test_tools_that_bring_tainted_words_taint(
    lab: Lab, server: OpenAIServer, name: str, arguments: dict[str, Any]
) -> None:
    await allow_all(lab, FETCH)
    server.script(
        calls(("fetch", {"word": "stork"})),
        calls(("remember", {"content": "the stork is white"})),
        says("a stork, kept"),
    )
    await lab.ask("a page of birds")
    server.script(says("hello"), calls((name, arguments)), says("found"))
    clean = await lab.ask("hello")
    assert await lab.store.read(lambda db: taint.cause(db, clean.turn.conv_id)) == ""
    view = await lab.ask("look it up")
    assert await lab.store.read(lambda db: taint.cause(db, view.turn.conv_id)) == name


@pytest.mark.parametrize("named", ["chat", "key", "id"])
async def test_what_is_mentioned_brings_its_taint(home: Home, named: str) -> None:
    async with Computer.open(home, workers="none") as computer:
        source = await computer.chats.create()
        await computer.store.write(lambda db: taint.mark(db, source, "fetch"))
        memory = await computer.memory.set("bird", "the stork is white", {"conversation": source})
        await computer.memory.set("other", "the heron is grey")
        name = {"chat": f"chat:{source}", "key": "memory:bird", "id": f"memory:{memory[-8:]}"}[named]
        tainted = await computer.turns.submit("x", files=[Given(name, b"x", "text/plain", "x", name)])
        fine = await computer.turns.submit("x", files=[Given("memory:other", b"x", "text/plain", "x", "memory:other")])
        assert (await computer.chats.find(tainted.conv_id)).tainted_by == name
        assert (await computer.chats.find(fine.conv_id)).tainted_by == ""


async def test_a_tainted_memory_taints_where_it_is_recalled(home: Home, server: OpenAIServer) -> None:
    home.config_file.write_text(f'model = "lab/tiny"\n[providers.lab]\nbase_url = "{server.url}"\nmodels = ["tiny"]\n')
    async with Computer.open(home, workers="own") as computer:
        source = await computer.chats.create()
        await computer.store.write(lambda db: taint.mark(db, source, "fetch"))
        await computer.memory.memorize("the stork is white", {"conversation": source})
        server.script(says("white"), says("hello"))
        asked = await computer.ask("what colour is the stork?")
        other = await computer.ask("hello")
        assert await computer.store.read(lambda db: taint.cause(db, asked.conversation_id)) == "a memory"
        assert await computer.store.read(lambda db: taint.cause(db, other.conversation_id)) == ""


async def test_an_approval_lapses(lab: Lab, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    first = lab.worker(SEND)
    server.script(calls(("send", {"word": "late"})), says("sent"))
    turn = await lab.submit("go")
    question = await lab.question()
    await first.stop()
    await lab.turns.answer(question.id, "allow")

    def age(db: Transaction) -> None:
        db.execute("UPDATE approvals SET finished_at = ?", (now_ms() - permit.APPROVED_MS - 1,))

    await lab.store.write(age)
    lab.worker(SEND)
    again = await lab.question()
    assert again.id != question.id
    assert RAN == []
    await lab.turns.answer(again.id, "allow")
    await lab.over(turn)
    assert RAN == ["send late"]


async def test_a_write_is_shown_before_it_is_allowed(home: Home, server: OpenAIServer) -> None:
    home.config_file.write_text(
        f'model = "lab/tiny"\n[providers.lab]\nbase_url = "{server.url}"\nmodels = ["tiny"]\n[policy]\nwrite = "ask"\n'
    )
    async with Computer.open(home, workers="own") as computer:
        (home.workspace / "a.txt").write_text("one\ntwo\n")
        server.script(
            calls(("edit_file", {"path": "a.txt", "old_string": "two", "new_string": "three"})),
            calls(("write_file", {"path": "new/b.txt", "content": "b"})),
            says("done"),
        )
        turn = await computer.submit("go", attended=True)
        from tests.waiting import wait_for

        question = (await wait_for(computer.turns.questions))[0]
        assert "-two\n+three" in question.text
        assert (home.workspace / "a.txt").read_text() == "one\ntwo\n"
        await computer.turns.answer(question.id, "allow")

        async def next_question() -> Any:
            return [one for one in await computer.turns.questions() if one.id != question.id]

        second = (await wait_for(next_question))[0]
        assert "+b" in second.text
        assert not (home.workspace / "new").exists()
        await computer.turns.answer(second.id, None)
        async for view in computer.turns.follow(turn):
            last = view
        assert last.turn.status == "done"
        assert (home.workspace / "a.txt").read_text() == "one\nthree\n"
        assert not (home.workspace / "new").exists()


async def test_a_whole_path_is_judged_as_one_from_the_root(home: Home, server: OpenAIServer) -> None:
    home.config_file.write_text(
        f'model = "lab/tiny"\n[providers.lab]\nbase_url = "{server.url}"\nmodels = ["tiny"]\n'
        '[policy]\n"!Write(secret/**)" = "deny"\n'
    )
    async with Computer.open(home, workers="own") as computer:
        whole = str(home.workspace / "secret" / "a.txt")
        server.script(calls(("write_file", {"path": whole, "content": "a"})), says("done"))
        await computer.ask("go")
        told = json.loads(server.exchanges[-1].body)["messages"][-1]["content"]
        assert "the policy forbids this call" in told
        assert not (home.workspace / "secret").exists()
