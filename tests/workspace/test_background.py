"""Commands in the background: watched, fed and stopped by the model and by the person; what becomes of them."""

import os
import shutil
import signal
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.openai_server import Exchange, OpenAIServer, calls, says
from tests.processes import Children, serving
from tests.sandbox.world import running
from tests.waiting import wait_for
from tests.workspace.beginning import begin, call, named
from zotui.computer import Computer
from zotui.conversations import taint
from zotui.errors import NotFound, UsageError
from zotui.home import Home
from zotui.toolbox import ToolError
from zotui.workspace.background import BackgroundCommand

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")


def looks(**arguments: object) -> Callable[[Exchange], Awaitable[None]]:
    """The model looks at the command that it has begun."""

    async def script(exchange: Exchange) -> None:
        first = next(one["content"] for one in exchange.messages if one["role"] == "tool")
        await calls(("background", {"id": named(first), **arguments}))(exchange)

    return script


def told(server: OpenAIServer) -> list[str]:
    """What the model was told of its calls, in order."""
    return [one["content"] for one in server.exchanges[-1].messages if one["role"] == "tool"]


def offered(exchange: Exchange) -> list[str]:
    return [tool["function"]["name"] for tool in exchange.request["tools"]]


async def over(computer: Computer, name: str) -> BackgroundCommand:
    return await computer.commands.wait((await computer.commands.find(name)).id, 30)


async def test_the_model_begins_feeds_reads_and_ends_one(computer: Computer, server: OpenAIServer) -> None:
    server.script(
        calls(
            (
                "run_command",
                {"command": "echo begun; while read line; do echo got $line; done; exit 3", "background": True},
            )
        ),
        looks(input="heron"),
        looks(),
        looks(input="two\nlines", end_input=True, wait_s=30),
        looks(wait_s=30),
        says("ended"),
    )
    reply = await computer.ask("go")
    assert reply.output == "ended"
    begun, fed, nothing, *rest = told(server)
    assert "it goes on in the background" in begun
    assert begun.endswith("\nbegun")
    assert (fed, nothing) == ("[running]\ngot heron", "[running]")
    assert "".join(text.partition("\n")[2] for text in rest) in ("got two\ngot lines", "got twogot lines")
    assert rest[-1].startswith("[failed: exit code 3]")
    assert ["background" in offered(exchange) for exchange in server.exchanges] == [False, *[True] * 5]
    [one] = await computer.commands.list()
    assert (one.status, one.reason, one.exit_code, one.heard) == ("failed", "exit_code", 3, True)
    assert one.size == Path(one.path).stat().st_size == len("begun\ngot heron\ngot two\ngot lines\n")
    assert stat.S_IMODE(Path(one.path).stat().st_mode) == 0o600


async def test_one_with_a_way_out_is_not_fed_where_others_words_are(
    home: Home, computer: Computer, server: OpenAIServer
) -> None:
    with home.config_file.open("a") as file:
        file.write('[sandbox]\nnetwork = "allow"\n')
    await computer.models.refresh()
    chat = await computer.chats.create()
    name = await begin(computer, "cat", chat)
    await computer.store.write(lambda db: taint.mark(db, chat, "a page"))
    with pytest.raises(ToolError, match="may reach hosts"):
        await call(computer, chat, "background", tainted=True, id=name, input="heron")
    assert "running" in await call(computer, chat, "background", tainted=True, id=name)
    assert (await computer.commands.find(name)).tainted


async def test_what_takes_too_long_goes_on_and_its_end_is_told_once(
    computer: Computer, server: OpenAIServer, home: Home
) -> None:
    server.script(
        calls(
            (
                "run_command",
                {"command": "echo begun; until [ -e go ]; do sleep 0.02; done; echo ended", "timeout_s": 0.3},
            )
        ),
        looks(input="x"),
        says("I wait"),
    )
    first = await computer.ask("go")
    assert told(server)[0].startswith("[not done after 0.3 s: it goes on in the background")
    assert "begun" in told(server)[0]
    assert "the command has no input" in told(server)[1]
    assert (await computer.work())["commands"] == 1, "the background process has something to do"
    (home.workspace / "go").touch()
    [one] = await computer.commands.list()
    assert (await over(computer, one.id)).status == "done"
    [notice] = [one for one in await computer.notices.list() if one.kind == "command"]
    assert notice.text.startswith("in the background: echo begun")
    assert notice.text.endswith("; echo ended: done")
    for text in ("and?", "and now?"):
        server.script(says("well"))
        await computer.ask(text, first.conversation_id)
    heard = [f"- {one.name} done: echo begun" in str(exchange.messages[0]) for exchange in server.exchanges[-2:]]
    assert heard == [True, False]
    server.script(says("no"))
    await computer.ask("elsewhere")
    assert "background" not in offered(server.exchanges[-1])


async def test_the_next_turn_reads_what_it_missed_and_stops_it(computer: Computer, server: OpenAIServer) -> None:
    server.script(calls(("run_command", {"command": "cat; sleep 7654340", "background": True})), says("it runs"))
    first = await computer.ask("go")
    [one] = await computer.commands.list()
    for line in ("é" * 75_000, "é" * 75_000, "last"):
        await computer.commands.feed(one.id, line)
    await wait_for(lambda: Path(one.path).exists() and Path(one.path).stat().st_size == 300_007)
    server.script(looks(), looks(stop=True), looks(), says("done"))
    await computer.ask("stop it", first.conversation_id)
    assert f"- {one.name} running: cat; sleep 7654340" in str(server.exchanges[-4].messages[0])
    missed, stopped, again = told(server)[1:]
    assert missed.startswith("[running]\né")
    assert "100,007 bytes left out" in await computer.store.read(
        lambda db: db.execute("SELECT result FROM tool_calls WHERE name = 'background' ORDER BY id LIMIT 1").get
    )
    assert missed.split("\n[")[-2].endswith("last")
    assert stopped == "[cancelled: exit code 137, it was stopped]"
    assert again == stopped
    assert running("7654340") == []
    assert [one.kind for one in await computer.notices.list()] == [], "the model knows, and nothing went wrong"


async def test_stopping_the_answer_keeps_it_and_stopping_everything_ends_it(
    computer: Computer, server: OpenAIServer
) -> None:
    server.script(
        calls(("run_command", {"command": "sleep 7654341", "background": True})),
        calls(("run_command", {"command": "sleep 60"})),
    )
    turn = await computer.submit("go")
    await wait_for(lambda: len(server.exchanges) == 2)
    await wait_for(lambda: running("7654341") and running("60"))
    await computer.turns.stop(turn)
    async for _ in computer.turns.follow(turn):
        pass
    await wait_for(lambda: not running("60"))
    assert running("7654341")
    async with Computer.open(computer.home, workers="none") as door:
        assert await door.stop_everything()
    await wait_for(lambda: not running("7654341"), 1.0)
    [one] = await computer.commands.list()
    one = await over(computer, one.id)
    assert (one.status, one.reason) == ("cancelled", "stopped")


async def test_one_whose_process_was_killed_is_gone_and_marked(
    home: Home, server: OpenAIServer, children: Children
) -> None:
    server.script(
        calls(("run_command", {"command": "echo on; setsid sleep 7654342 & sleep 7654342", "background": True})),
        says("it runs"),
    )
    serve = children.zotui(home, "serve")
    await wait_for(lambda: serving(home) == serve.pid)
    async with Computer.open(home, workers="background") as door:
        await door.ask("go")
        [one] = await door.commands.list()
        assert len(running("7654342")) == 2
        os.kill(serve.pid, signal.SIGKILL)
        await wait_for(lambda: not running("7654342"), 5)

        async def lost() -> bool:
            nonlocal one
            one = await door.commands.find(one.name)
            return one.over

        await wait_for(lost, 5)
        assert (one.status, one.reason, one.size) == ("interrupted", "lost", 3)
        assert [notice.level for notice in await door.notices.list() if "7654342" in notice.text] == ["warning"]
        with pytest.raises(UsageError, match="has ended"):
            await door.commands.feed(one.id, "x")


async def test_what_ends_with_its_process_is_marked(home: Home) -> None:
    async with Computer.open(home, workers="own") as computer:
        name = await begin(computer, "sleep 7654343")
    assert running("7654343") == []
    async with Computer.open(home, workers="none") as computer:
        one = await computer.commands.find(name)
        assert (one.status, one.reason) == ("interrupted", "shutdown")


async def test_one_lasts_no_longer_than_it_may_and_goes_with_its_conversation(home: Home) -> None:
    home.config_file.write_text("[sandbox]\nbackground_s = 0.2\n")
    async with Computer.open(home, workers="own") as computer:
        one = await over(computer, await begin(computer, "sleep 7654344"))
        assert (one.status, one.reason) == ("failed", "timeout")
        home.config_file.write_text("")
        await computer.models.refresh()
        chat = await computer.chats.create()
        await begin(computer, "sleep 7654345", chat)
        await computer.store.write(lambda db: db.execute("DELETE FROM conversations WHERE id = ?", (chat,)))
        await wait_for(lambda: not running("7654345"), 5)


async def test_what_cannot_be_asked_of_one(home: Home) -> None:
    async with Computer.open(home, workers="own") as computer:
        chat = await computer.chats.create()
        quick = await call(computer, chat, "run_command", command="echo quick; exit 4", background=True)
        assert quick == "[exit code 4]\nquick", "one that ends at once is in no background"
        name = await begin(computer, "bash", chat)
        with pytest.raises(ToolError, match="must not end with a backslash"):
            await call(computer, chat, "background", id=name, input="r\\\n")
        with pytest.raises(ToolError, match="no command"):
            await call(computer, await computer.chats.create(), "background", id=name)
        with pytest.raises(NotFound, match="no command"):
            await computer.commands.find("")
        one = await computer.commands.find(name)
        with pytest.raises(UsageError, match="at once"):
            await computer.commands.feed(one.id, "x" * 100_001)
        assert await call(computer, chat, "background", id=name, input="echo $((6 * 7))") == "[running]\n42"


@pytest.mark.parametrize(
    ("policy", "fed", "words"),
    [
        ('"!Bash(rm *)" = "deny"', "cd /; rm -rf x", "the policy forbids"),
        ('"Bash(rm *)" = "ask"', "rm x", "needs the person's leave"),
        ('run_command = "ask"', "ls", "needs the person's leave"),
        ('"!Bash(rm *)" = "deny"', "ls", "has no input"),
    ],
)
async def test_what_it_is_fed_is_judged_as_a_command(
    home: Home, server: OpenAIServer, policy: str, fed: str, words: str
) -> None:
    async with Computer.open(home, workers="own") as computer:
        await computer.models.refresh()
        chat = await computer.chats.create()
        name = named(await call(computer, chat, "run_command", command="sleep 60", timeout_s=0.05))
        home.config_file.write_text(f"{home.config_file.read_text()}[policy]\n{policy}\n")
        server.script(calls(("background", {"id": name, "input": fed})), says("so"))
        await computer.ask("go", chat)
        assert words in told(server)[0]
