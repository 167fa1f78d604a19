"""``zotui approvals allow|allowed|grant|forget``: what is allowed for more than once."""

import asyncio

import pytest

from tests.cli.inside import Inside
from tests.openai_server import OpenAIServer, calls, says
from zotui.computer import Computer
from zotui.home import Home


def asked(home: Home) -> str:
    """A turn that waits for leave; its question's id."""

    async def run() -> str:
        async with Computer.open(home, workers="own") as computer:
            turn = await computer.submit("go")
            async for view in computer.turns.follow(turn):
                if view.question is not None and view.turn.status == "waiting":
                    return view.question.id
        raise AssertionError("it asked nothing")

    return asyncio.run(run())


def ask_each_time(home: Home) -> None:
    """Have the policy ask about every command."""
    with home.config_file.open("a") as file:
        file.write('[policy]\nrun = "ask"\n')


@pytest.mark.parametrize(
    ("words", "where", "command"),
    [([], [], "ls"), (["--here"], ["chat"], "ls"), (["--always"], [None], "ls"), (["--command", "id"], [], "id")],
    ids=["once", "here", "always", "another"],
)
def test_a_call_is_allowed(
    inside: Inside, home: Home, lab: OpenAIServer, words: list[str], where: list[str | None], command: str
) -> None:
    ask_each_time(home)
    lab.script(calls(("run_command", {"command": "ls"})), says("done"))
    question = asked(home)
    assert inside("approvals", "allow", question, *words).code == 0
    found = inside("approvals", "allowed", "--json").json
    assert ["chat" if one["conv_id"] else None for one in found] == where
    assert all((one["pattern"], one["created_at"][-1]) == ("Bash(ls)", "Z") for one in found)

    async def call() -> str:
        async with Computer.open(home, workers="none") as computer:
            [chat] = await computer.chats.list()
            turns = await computer.chats.turns(chat.id)
            return str((await computer.turns.view(turns[0].id)).tool_calls[0].given)

    assert asyncio.run(call()) == str({"command": command})


def test_allowed_beforehand_and_forgotten(inside: Inside) -> None:
    assert inside("approvals", "allowed").out == "you have allowed nothing for more than once\n"
    assert inside("approvals", "grant", " Net(pypi.org) ").code == 0
    shown = inside("approvals", "allowed").out
    assert shown.split()[-2:] == ["always", "Net(pypi.org)"]
    assert inside("approvals", "forget", "Net(pypi.org)").out == "Net(pypi.org)\n"
    assert inside("approvals", "allowed", "--json").json == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["grant", "!Net(a.org)"], "nothing that can be allowed"),
        (["grant", "run_comand"], "there is no tool 'run_comand'"),
        (["grant", "Net(a.org)", "-c", "nowhere"], "no conversation"),
        (["forget", "x"], "nothing is allowed as 'x'"),
        (["forget", ""], "nothing is allowed as ''"),
        (["allow", "x", "--always", "--command", "y"], "once only"),
        (["allow", "x", "--always"], "no open question"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_wrong_is_said(inside: Inside, words: list[str], complaint: str) -> None:
    done = inside("approvals", *words)
    assert done.code in (1, 2)
    assert complaint in done.complaint
