"""What is told of the wall from process to process, and the leave to do without one: it ends with who gave it."""

import asyncio
import os
import sys

import pytest
import pytest_asyncio

from tests.openai_server import OpenAIServer
from tests.sandbox.world import Missing, NoLandlock
from tests.waiting import wait_for
from tests.working import questions, runs
from zotui.computer import Computer
from zotui.errors import SandboxError
from zotui.home import Home
from zotui.sandbox import shell

LEAVES = """
import asyncio, sys
from zotui.computer import Computer
async def main():
    async with Computer.open(sys.argv[1], workers="none") as computer:
        await computer.standing.allow_no_wall()
        print("given", flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest_asyncio.fixture
async def working(computer: Computer) -> Computer:
    """The process that runs commands, which tells what stands."""
    computer.crew.tell_what_stands()
    return computer


@pytest.fixture
def no_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.sandbox.sandbox.Namespaces", Missing)
    monkeypatch.setattr("zotui.sandbox.sandbox.Landlock", NoLandlock)


async def told(computer: Computer) -> str:
    """The name of the wall, once one is told."""
    return str((await wait_for(computer.standing.wall)).name)


async def until_open(computer: Computer, is_open: bool) -> None:
    await wait_for(lambda: computer.sandbox.is_open is is_open)


async def test_another_process_reads_what_stands_until_that_one_ends(home: Home, server: OpenAIServer) -> None:
    async with Computer.open(home, workers="none") as app:
        assert await app.standing.wall() is None
        script = LEAVES.replace('"none"', '"own"').replace(
            "await computer.standing.allow_no_wall()", "computer.crew.tell_what_stands()"
        )
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(home.path), env={**os.environ})
        assert await told(app) in ("bubblewrap · network off", "Landlock · network off")
        process.kill()
        await process.wait()
        assert await app.standing.wall() is None


async def test_without_a_wall_each_command_asks_once_the_person_wants_that(
    no_wall: None, working: Computer, server: OpenAIServer
) -> None:
    assert await told(working) == "no sandbox: commands are refused"
    runs(server, command="touch refused")
    assert "no sandbox, no commands" in (await working.ask("go", attended=True)).output
    await working.standing.allow_no_wall()
    await until_open(working, True)
    runs(server, command="touch made")
    turn = await working.submit("go", attended=True)
    [question] = await questions(working)
    assert "touch made" in question.text
    assert not (working.home.workspace / "made").exists()
    await working.turns.answer(question.id, question.choices[0])
    async for view in working.turns.follow(turn):
        last = view
    assert last.turn.status == "done"
    assert (working.home.workspace / "made").exists()
    assert not (working.home.workspace / "refused").exists()


async def test_unattended_it_stays_refused(no_wall: None, working: Computer, server: OpenAIServer) -> None:
    await told(working)
    await working.standing.allow_no_wall()
    await until_open(working, True)
    runs(server, command="touch made")
    assert "needs the person's leave" in (await working.ask("go")).output
    assert not (working.home.workspace / "made").exists()


async def test_the_leave_ends_with_who_gave_it(no_wall: None, working: Computer) -> None:
    await told(working)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LEAVES, str(working.home.path), env={**os.environ}, stdout=asyncio.subprocess.PIPE
    )
    await until_open(working, True)
    out = working.sandbox.output()
    assert (await working.sandbox.run(shell("true"), out, out)).wall.startswith("NO SANDBOX")
    process.kill()
    await process.wait()
    with pytest.raises(SandboxError, match="no sandbox, no commands"):
        await working.sandbox.run(shell("true"), out, out)
    await until_open(working, False)


async def test_the_leave_opens_nothing_where_a_wall_stands(working: Computer) -> None:
    await told(working)
    await working.standing.allow_no_wall()
    await wait_for(lambda: working.sandbox.is_unwanted)
    out = working.sandbox.output()
    assert not (await working.sandbox.run(shell("true"), out, out)).wall.startswith("NO SANDBOX")
    assert not working.sandbox.is_open
