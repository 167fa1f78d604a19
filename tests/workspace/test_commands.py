"""Commands of the agent: what the model and the person are told, and who may say no."""

import shutil

import pytest

from tests.openai_server import OpenAIServer, calls, says
from tests.sandbox.world import Missing, running
from tests.waiting import wait_for
from tests.working import questions, runs
from zotui.computer import Computer
from zotui.conversations import ToolCallRecord
from zotui.home import Home
from zotui.sandbox import shell

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")


async def call_of(computer: Computer, turn: str) -> ToolCallRecord:
    [call] = (await computer.turns.view(turn)).tool_calls
    return call


async def test_a_command_runs_in_the_sandbox_and_its_output_is_told(computer: Computer, server: OpenAIServer) -> None:
    runs(server, command="echo made > made.txt; cat made.txt; printf '\\033[31mred'; cat /etc/shadow")
    reply = await computer.ask("make it")
    assert reply.output.startswith("told: [exit code 1]\nmade\nred")
    assert "No such file" in reply.output
    assert (computer.home.workspace / "made.txt").read_text() == "made\n"
    calls_made = [call for one in await computer.chats.messages(reply.conversation_id) for call in one.tool_calls]
    assert [(call.status, call.effect, call.summary) for call in calls_made] == [("done", "run", "exit code 1")]


async def test_what_it_puts_out_is_seen_while_it_runs(computer: Computer, server: OpenAIServer) -> None:
    runs(server, command="for i in 1 2 3; do echo line $i; done; sleep 7654326")
    turn = await computer.submit("go")

    async def is_seen() -> bool:
        return any("line 3" in (call.result or "") for call in (await computer.turns.view(turn)).tool_calls)

    await wait_for(is_seen)
    assert (await call_of(computer, turn)).status == "running"
    await computer.turns.stop(turn)
    await wait_for(lambda: not running("7654326"))
    async for view in computer.turns.follow(turn):
        last = view
    assert [call.status for call in last.tool_calls] == ["cancelled"]


async def test_a_policy_that_forbids(home: Home, server: OpenAIServer) -> None:
    home.config_file.write_text(home.config_file.read_text() + '[policy]\nrun_command = "deny"\n')
    runs(server, command="touch made")
    async with Computer.open(home, workers="own") as computer:
        reply = await computer.ask("go")
        assert "the policy forbids this call of run_command" in reply.output
        assert not (home.workspace / "made").exists()


@pytest.mark.parametrize(
    ("answer", "ran", "words"),
    [
        ("allow once", True, "[exit code 0]"),
        ("deny", False, "the person denied this call; it did not run."),
        ("not on a Friday", False, "They say: not on a Friday"),
        (None, False, "the person denied this call; it did not run."),
    ],
)
async def test_the_person_is_asked_about_this_very_call(
    home: Home, server: OpenAIServer, answer: str | None, ran: bool, words: str
) -> None:
    home.config_file.write_text(home.config_file.read_text() + '[policy]\nrun = "ask"\n')
    runs(server, command="touch made; echo one >> count")
    async with Computer.open(home, workers="own") as computer:
        turn = await computer.submit("go", attended=True)
        asked = await questions(computer)
        assert asked[0].kind == "approval"
        assert "touch made; echo one >> count" in asked[0].text
        assert asked[0].choices == ["allow once", "deny", "edit the command first"]
        assert not (home.workspace / "made").exists()
        await computer.turns.answer(asked[0].id, answer)
        async for view in computer.turns.follow(turn):
            last = view
        assert words in computer.reply(last).output
        assert (home.workspace / "made").exists() is ran
        if ran:
            assert (home.workspace / "count").read_text() == "one\n"


async def test_leave_is_for_one_call_and_each_is_asked_again(home: Home, server: OpenAIServer) -> None:
    home.config_file.write_text(home.config_file.read_text() + '[policy]\nrun = "ask"\n')
    server.script(calls(("run_command", {"command": "echo 1 >> count"})))
    server.script(calls(("run_command", {"command": "echo 1 >> count"})))
    server.answer(lambda exchange: says("done"))
    async with Computer.open(home, workers="own") as computer:
        turn = await computer.submit("go", attended=True)
        for count in range(2):
            asked = await questions(computer)
            assert len(asked) == 1, count
            await computer.turns.answer(asked[0].id, "allow once")
        async for _ in computer.turns.follow(turn):
            pass
        assert (home.workspace / "count").read_text() == "1\n1\n"


async def test_where_nobody_is_there_to_ask_it_is_no(home: Home, server: OpenAIServer) -> None:
    home.config_file.write_text(home.config_file.read_text() + '[policy]\nrun_command = "ask"\n')
    runs(server, command="touch made")
    async with Computer.open(home, workers="own") as computer:
        reply = await computer.ask("go")
        assert "nobody is there" in reply.output
        assert not (home.workspace / "made").exists()
        assert await computer.turns.questions() == []


async def test_everything_stops_at_once_and_nothing_is_left(computer: Computer, server: OpenAIServer) -> None:
    server.answer(
        lambda exchange: calls(("run_command", {"command": "trap '' TERM; setsid sleep 7654329 & sleep 7654329"}))
    )
    turns = [await computer.submit(f"go {number}") for number in range(3)]
    out = computer.sandbox.output()
    mine = await computer.sandbox.start(shell("sleep 7654329"), out, out)
    await wait_for(lambda: len(running("7654329")) == 7)
    assert await computer.stop_everything()
    await wait_for(lambda: not running("7654329"), 10)
    for turn in turns:
        async for view in computer.turns.follow(turn):
            last = view
        assert (last.turn.status, [call.status for call in last.tool_calls]) == ("cancelled", ["cancelled"])
    assert (await mine.wait()).reason == "stopped"
    assert not await computer.stop_everything()


async def test_what_the_person_is_asked_hides_no_character(home: Home, server: OpenAIServer) -> None:
    home.config_file.write_text(home.config_file.read_text() + '[policy]\nrun = "ask"\n')
    runs(server, command="ls é\n\u202ergpj.exe \x1b[2J \u200b; rm x")
    async with Computer.open(home, workers="own") as computer:
        await computer.submit("go", attended=True)
        [asked] = await questions(computer)
        # what is not seen was taken out before anything could run it; what would act is shown escaped
        assert asked.text.endswith(r"command: ls é\nrgpj.exe \x1b[2J ; rm x")


async def test_what_was_put_back_after_a_command_is_told(
    computer: Computer, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zotui.sandbox.sandbox.Namespaces", Missing)
    runs(server, command="echo evil > .envrc; echo done")
    reply = await computer.ask("go")
    assert "told: [exit code 0; put back: .envrc (the command’s own is in " in reply.output
    assert not (computer.home.workspace / ".envrc").exists()
