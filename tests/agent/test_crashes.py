"""kill -9 of the process that answers: what came is kept and marked, what had not begun is done once, nothing runs for ever."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from tests.agent.lab import Lab, Word, tool
from tests.agent.test_turns import unfinished
from tests.openai_server import Exchange, OpenAIServer, calls, hangs, says
from tests.processes import Children, one, opened, rows, serving
from tests.waiting import wait_for
from zotui.agent import ending
from zotui.agent import journal as journal_module
from zotui.agent import worker as worker_module
from zotui.computer import Computer
from zotui.errors import StoreError, StoreFull
from zotui.home import Home
from zotui.store import Store, work
from zotui.toolbox import Result, ToolContext


async def crashing(lab: Lab, children: Children) -> "subprocess.Popen[str]":
    """A worker in another process, ready."""
    child = children.start([sys.executable, "-m", "tests.agent.crashing", str(lab.home.path), lab.server.url])
    assert child.stdout
    assert await asyncio.to_thread(child.stdout.readline) == "ready\n"
    return child


async def line(child: "subprocess.Popen[str]") -> str:
    assert child.stdout
    return await asyncio.to_thread(child.stdout.readline)


def kill(child: "subprocess.Popen[str]") -> None:
    child.kill()
    child.wait(20)


async def test_killed_in_mid_answer(lab: Lab, children: Children) -> None:
    child = await crashing(lab, children)
    lab.server.script(hangs("This much came"))
    turn = await lab.submit("hi")
    await lab.shows(turn, "This much came")
    kill(child)
    assert (await lab.turns.view(turn)).turn.status == "running"
    lab.worker()
    view = await lab.over(turn)
    assert (view.turn.status, view.turn.reason) == ("interrupted", "lost")
    assert [(message.content, message.status) for message in view.replies] == [("This much came", "interrupted")]
    assert unfinished(lab) == []
    assert len(lab.server.exchanges) == 1, "never asked again in silence"


async def test_killed_before_the_first_word(lab: Lab, children: Children) -> None:
    child = await crashing(lab, children)
    lab.server.script(hangs())
    turn = await lab.submit("hi")
    await wait_for(lambda: lab.server.exchanges)
    await wait_for(lambda: one(lab.home, "SELECT 1 FROM messages WHERE status = 'running'"))
    kill(child)
    lab.server.script(says("Hello."))
    lab.worker()
    view = await lab.over(turn)
    assert (view.turn.status, view.output) == ("done", "Hello.")
    assert [message.role for message in view.messages] == ["user", "assistant"]
    assert (view.turn.attempt, view.turn.fence) == (2, 2)
    assert unfinished(lab) == []


@pytest.mark.parametrize(("name", "again"), [("look", True), ("note", False)])
async def test_killed_while_a_tool_runs(lab: Lab, children: Children, name: str, again: bool) -> None:
    """A call that only reads is done again; one that acts is not: nobody knows what it did."""
    ran: list[str] = []

    async def finish(arguments: Word, context: ToolContext) -> Result:
        ran.append(arguments.word)
        return Result("done now")

    child = await crashing(lab, children)
    lab.server.script(calls((name, {"word": "x"}), text="Let me."))
    turn = await lab.submit("hi")
    assert await line(child) == "running x\n"
    kill(child)
    if again:
        lab.server.script(says("Done."))
    lab.worker(tool("look", finish), tool("note", finish, "write"))
    view = await lab.over(turn)
    [call] = view.tool_calls
    assert ran == (["x"] if again else [])
    assert (view.turn.status, call.status) == (("done", "done") if again else ("interrupted", "interrupted"))
    assert call.reason == (None if again else "lost")
    assert unfinished(lab) == []
    lab.server.script(says("Going on."))
    assert (await lab.ask("what happened?", view.turn.conv_id)).output == "Going on."


async def test_killed_with_one_call_done_and_one_running(lab: Lab, children: Children) -> None:
    child = await crashing(lab, children)
    lab.server.script(calls(("now", {}), ("look", {"word": "x"})))
    turn = await lab.submit("hi")
    assert await line(child) == "running x\n"
    await wait_for(lambda: one(lab.home, "SELECT 1 FROM tool_calls WHERE name = 'now' AND status = 'done'"))
    before = one(lab.home, "SELECT result FROM tool_calls WHERE name = 'now'")
    kill(child)

    async def finish(arguments: Word, context: ToolContext) -> Result:
        return Result("seen")

    lab.server.script(says("Done."))
    lab.worker(tool("look", finish))
    assert (await lab.over(turn)).turn.status == "done"
    assert lab.server.exchanges[1].results == [before, "seen"], "the done one is not done again"


async def test_a_turn_that_kills_its_workers_is_not_tried_for_ever(lab: Lab, children: Children) -> None:
    lab.server.answer(lambda exchange: hangs())
    turn = await lab.submit("hi")
    for number in range(1, ending.MOST_ATTEMPTS + 1):
        child = await crashing(lab, children)
        await wait_for(lambda number=number: len(lab.server.exchanges) == number)  # type: ignore[misc]
        kill(child)
    lab.worker()
    view = await lab.over(turn)
    assert (view.turn.status, view.turn.reason, view.turn.attempt) == (
        "interrupted",
        "lost",
        ending.MOST_ATTEMPTS,
    )
    assert len(lab.server.exchanges) == ending.MOST_ATTEMPTS
    assert unfinished(lab) == []


async def test_a_stop_that_the_dead_worker_did_not_heed(lab: Lab, children: Children) -> None:
    child = await crashing(lab, children)
    lab.server.script(hangs("This much"))
    turn = await lab.submit("hi")
    await lab.shows(turn, "This much")
    os.kill(child.pid, signal.SIGSTOP)
    await lab.turns.stop(turn)
    kill(child)
    lab.worker()
    view = await lab.over(turn)
    assert (view.turn.status, view.turn.reason, view.output) == ("cancelled", "stopped", "This much")


async def test_a_hung_worker_loses_its_turn_and_can_write_nothing_more(
    lab: Lab, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken for dead after its lease, it comes back: its fence is old."""
    child = await crashing(lab, children)
    gate = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await exchange.text("First words. ", 1)
        await gate.wait()
        for _ in range(20):
            await exchange.text("Too late. ", 1)
        await exchange.end()

    lab.server.script(slow)
    turn = await lab.submit("hi")
    await lab.shows(turn, "First words.")
    os.kill(child.pid, signal.SIGSTOP)
    await lab.store.write(lambda db: db.execute("UPDATE turns SET lease_until = 1"))
    lab.worker()
    view = await lab.over(turn)
    assert (view.turn.status, view.replies[0].content) == ("interrupted", "First words. ")
    os.kill(child.pid, signal.SIGCONT)
    gate.set()
    async with asyncio.timeout(20):
        await lab.server.exchanges[0].over.wait()
    lab.server.script(says("Next."))
    assert (await lab.ask("next", view.turn.conv_id)).output == "Next."
    assert (await lab.turns.view(turn)) == view, "nothing was added"
    assert child.poll() is None, "and it works on"


async def test_leases_of_long_answers_are_renewed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "LEASE_MS", 600)
    monkeypatch.setattr(worker_module, "LEASE_MS", 600)
    monkeypatch.setattr(worker_module, "LOOK_S", 0.05)
    lab.server.script(hangs("On and on"))
    lab.worker()
    async with lab.another_store() as store:
        other = lab.worker(store=store)
        turn = await lab.submit("hi")
        await lab.shows(turn, "On and on")
        first = one(lab.home, "SELECT lease_until FROM turns")
        await wait_for(lambda: one(lab.home, "SELECT lease_until FROM turns") > first + 1500)
        assert (await lab.turns.view(turn)).turn.status == "running"
        await lab.turns.stop(turn)
        assert (await lab.over(turn)).turn.status == "cancelled"
        await other.stop()


async def test_a_turn_whose_end_could_not_be_written_is_found_all_the_same(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file failed for a moment, just then: the row is this living worker's and nobody holds it."""
    monkeypatch.setattr(work, "LEASE_MS", 600)
    monkeypatch.setattr(worker_module, "LEASE_MS", 600)
    monkeypatch.setattr(worker_module, "LOOK_S", 0.05)
    write, broken = Store.write, True

    async def fail(store: Store, do: object, *, durable: bool = True) -> object:
        if broken and "Journal." in repr(do) and one(lab.home, "SELECT 1 FROM messages WHERE role = 'assistant'"):
            raise StoreError("the disk answered with an error")
        return await write(store, do, durable=durable)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "write", fail)
    worker = lab.worker()
    lab.server.script(says("Never written."))
    turn = await lab.submit("hi")
    await wait_for(lambda: lab.server.exchanges and worker.running == 0)
    broken = False
    lab.server.script(says("Written."))
    view = await lab.over(turn)
    assert (view.turn.status, view.output) == ("done", "Written.")
    assert unfinished(lab) == []


async def test_a_full_disk_in_mid_answer_holds_it_up_and_loses_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "FULL_DISK_PAUSE_S", 0.02)
    full, refused = False, 0
    write = Store.write

    async def fill(store: Store, do: object, *, durable: bool = True) -> object:
        nonlocal refused
        if full:
            refused += 1
            raise StoreFull("no room left on the disk")
        return await write(store, do, durable=durable)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "write", fill)
    lab.worker()
    gate = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await exchange.text("Before. ", 1)
        await gate.wait()
        await exchange.text("While it was full. ", 1)
        await exchange.end()

    lab.server.script(slow)
    turn = await lab.submit("hi")
    await lab.shows(turn, "Before.")
    full = True
    gate.set()
    await wait_for(lambda: refused > 3)
    full = False
    view = await lab.over(turn)
    assert (view.turn.status, view.output) == ("done", "Before. While it was full. ")


async def test_the_loops_outlive_any_fault(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = lab.worker()
    read, broken = Store.read, 3

    async def fail(store: Store, do: object) -> object:
        nonlocal broken
        if broken and "_any_ready" in repr(do):
            broken -= 1
            raise [StoreError("the disk"), ValueError("a bug"), OSError(24, "Too many open files")][broken]
        return await read(store, do)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "read", fail)
    lab.server.script(says("All the same."))
    assert (await lab.ask("hi")).output == "All the same."
    assert broken == 0
    assert worker.problem == ""


async def test_a_row_that_cannot_be_settled_keeps_no_other_from_it(lab: Lab) -> None:
    turns = [await lab.submit(f"{number}") for number in range(3)]
    for turn in turns:
        await lab.store.write(
            lambda db, turn=turn: db.execute(  # type: ignore[misc]
                "UPDATE turns SET status = 'running', attempt = 9, owner = 'another-boot/0/0/0/0' WHERE id = ?", (turn,)
            )
        )
    await lab.store.write(
        lambda db: db.execute(
            "CREATE TRIGGER spoil BEFORE UPDATE ON turns WHEN old.input = '0' BEGIN SELECT raise(ABORT, 'spoilt'); END"
        )
    )
    lab.worker()
    for turn in turns[1:]:
        assert (await lab.over(turn)).turn.status == "interrupted"
    await lab.store.write(lambda db: db.execute("DROP TRIGGER spoil"))
    assert (await lab.over(turns[0])).turn.status == "interrupted"


@pytest.mark.parametrize("status", ["failed", "interrupted"])
async def test_a_worker_lost_between_a_failed_answer_and_the_turns_end(lab: Lab, status: str) -> None:
    """The answer is sealed as failed, the turn not yet: it must not become done."""
    turn = await lab.submit("hi")
    await lab.store.write(lambda db: work.claim(db, "turns", "another-boot/0/0/0/0"))
    journal = journal_module.Journal(lab.store, turn, 1)
    await journal.begin()
    message = await journal.open_message("lab/tiny")
    await journal.seal(message, status=status, reason="truncated")
    lab.worker()
    view = await lab.over(turn)
    assert (view.turn.status, view.turn.reason) == (status, "truncated")
    assert lab.server.exchanges == []
    assert unfinished(lab) == []


# --- The whole thing: doors and background processes ------------------------------------------------------


@pytest.fixture
def served(home: Home, server: OpenAIServer) -> Home:
    """A home whose config names the scripted server."""
    opened(home).close()
    home.config_file.write_text(f'model = "lab/tiny"\n[providers.lab]\nbase_url = "{server.url}"\nmodels = ["tiny"]\n')
    return home


async def test_the_background_process_is_killed_and_the_door_sees_the_end(served: Home, server: OpenAIServer) -> None:
    async with Computer.open(served, workers="background") as computer:
        server.script(hangs("This much came"))
        turn = await computer.submit("hi")
        await wait_for(lambda: one(served, "SELECT group_concat(text, '') FROM parts") == "This much came")
        os.kill(serving(served), signal.SIGKILL)
        async with asyncio.timeout(20):
            async for view in computer.turns.follow(turn):
                last = view
        assert (last.turn.status, last.turn.reason, last.output) == ("interrupted", "lost", "This much came")
        server.script(says("Hello again."))
        assert (await computer.ask("hi", last.turn.conv_id)).output == "Hello again."


async def test_the_background_process_is_killed_before_a_word_and_the_door_gets_its_answer(
    served: Home, server: OpenAIServer
) -> None:
    async with Computer.open(served, workers="background") as computer:
        server.script(hangs(), says("Hello."))
        asking = asyncio.create_task(computer.ask("hi"))
        await wait_for(lambda: server.exchanges)
        os.kill(serving(served), signal.SIGKILL)
        async with asyncio.timeout(20):
            assert (await asking).output == "Hello."
    assert rows(served, "SELECT status, attempt FROM turns") == [("done", 2)]


async def test_an_answer_goes_on_when_the_door_is_killed(
    served: Home, server: OpenAIServer, children: Children
) -> None:
    gate = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await exchange.text("First. ", 1)
        await gate.wait()
        await exchange.text("Second.", 1)
        await exchange.end()

    server.script(slow)
    door = children.zotui(served, "ask", "hi")
    await wait_for(lambda: one(served, "SELECT group_concat(text, '') FROM parts") == "First. ")
    kill(door)
    gate.set()
    await wait_for(lambda: one(served, "SELECT status FROM turns") == "done")
    assert one(served, "SELECT content FROM messages WHERE role = 'assistant'") == "First. Second."


async def test_a_door_with_its_own_work_is_killed_and_the_next_one_finds_it(
    served: Home, server: OpenAIServer, children: Children
) -> None:
    server.script(hangs("This much"))
    door = children.zotui(served, "--no-daemon", "ask", "hi")
    await wait_for(lambda: one(served, "SELECT group_concat(text, '') FROM parts") == "This much")
    assert serving(served) == 0
    kill(door)
    async with Computer.open(served, workers="own") as computer:
        await wait_for(lambda: one(served, "SELECT status FROM turns") == "interrupted")
        server.script(says("Hello."))
        assert (await computer.ask("hi")).output == "Hello."
    assert serving(served) == 0


async def test_stop_hands_back_what_had_not_begun(served: Home, server: OpenAIServer, children: Children) -> None:
    async with Computer.open(served, workers="background") as computer:
        server.script(hangs())
        turn = await computer.submit("hi")
        await wait_for(lambda: server.exchanges)
        assert (await computer.background.stop()) is not None
        view = await computer.turns.view(turn)
        assert (view.turn.status, [message.role for message in view.messages]) == ("queued", ["user"])
        server.script(says("Hello."))
        computer.background.want()
        async with asyncio.timeout(20):
            async for view in computer.turns.follow(turn):
                last = view
        assert last.output == "Hello."
