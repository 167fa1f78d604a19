"""Ctrl+C during a slow answer stops it, keeps what came, and exits 130."""

import asyncio
import json
import os
import signal
import subprocess

import apsw
import pytest

from tests.cli.conftest import Command
from tests.openai_server import OpenAIServer, calls, hangs
from tests.processes import Children, rows, serving
from tests.waiting import wait_for
from zotui.home import Home


def start(children: Children, run: Command, *words: str, daemon: bool) -> "subprocess.Popen[str]":
    """The command, running."""
    return children.start([os.fsdecode(word) for word in run.words(*words, daemon=daemon)], env=run.environment)


async def end(child: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Its exit code and what it said."""
    told, complaint = await asyncio.to_thread(child.communicate, timeout=60)
    assert "Traceback" not in complaint
    return child.returncode, told, complaint


async def shown(home: Home, text: str) -> None:
    """Until the answer has come so far."""

    def here() -> bool:
        try:
            return text in "".join(part for (part,) in rows(home, "SELECT text FROM parts ORDER BY n"))
        except (apsw.SQLError, apsw.CantOpenError):
            return False  # the file is being made

    await wait_for(here)


@pytest.mark.parametrize("daemon", [False, True])
async def test_the_answer_stops_and_what_came_is_kept(
    daemon: bool, home: Home, run: Command, server: OpenAIServer, children: Children
) -> None:
    server.script(hangs("half of it"))
    child = start(children, run, "ask", "tell me", daemon=daemon)
    await shown(home, "half of it")
    child.send_signal(signal.SIGINT)
    code, told, complaint = await end(child)
    assert (code, told) == (130, "half of it\n")
    assert complaint == "zotui: cancelled: stopped\n"
    await asyncio.wait_for(server.exchanges[0].hung_up.wait(), 20)
    assert rows(home, "SELECT role, content, status, reason FROM messages WHERE role = 'assistant'") == [
        ("assistant", "half of it", "cancelled", "stopped")
    ]
    assert rows(home, "SELECT status, reason FROM turns") == [("cancelled", "stopped")]
    assert bool(serving(home)) == daemon  # the background process goes on


async def test_json_is_whole_all_the_same(home: Home, run: Command, server: OpenAIServer, children: Children) -> None:
    server.script(hangs("half of it"))
    child = start(children, run, "ask", "--json", "tell me", daemon=False)
    await shown(home, "half of it")
    child.send_signal(signal.SIGINT)
    code, told, _ = await end(child)
    found = json.loads(told)
    assert code == 130
    assert (found["output"], found["status"]) == ("half of it", "cancelled")


async def test_before_anything_came(home: Home, run: Command, server: OpenAIServer, children: Children) -> None:
    server.script(hangs())
    child = start(children, run, "ask", "tell me", daemon=False)
    await wait_for(lambda: server.exchanges)
    child.send_signal(signal.SIGINT)
    code, told, complaint = await end(child)
    assert (code, told) == (130, "")
    assert complaint == "zotui: cancelled: stopped\n"


async def test_twice_ends_it_at_once(home: Home, run: Command, server: OpenAIServer, children: Children) -> None:
    server.script(calls(("recall", {"query": "x"})), hangs("half"))
    child = start(children, run, "ask", "tell me", daemon=False)
    await shown(home, "half")
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGINT)
    code, _, _ = await end(child)
    assert code == 130
    assert rows(home, "SELECT status FROM turns")[0][0] in ("cancelled", "interrupted", "running")


async def test_while_stdin_is_awaited(run: Command, home: Home, children: Children) -> None:
    reading, writing = os.pipe()
    child = children.start([os.fsdecode(word) for word in run.words("ask")], env=run.environment, stdin=reading)
    os.close(reading)

    def waits() -> bool:
        with open(f"/proc/{child.pid}/wchan", encoding="ascii") as file:
            where = file.read()
        with open(f"/proc/{child.pid}/syscall", encoding="ascii") as file:
            return "pipe" in where or file.read().startswith("0 0x0 ")

    try:
        await wait_for(waits)
        child.send_signal(signal.SIGINT)
        code, told, complaint = await end(child)
    finally:
        os.close(writing)
    assert (code, told, complaint.strip()) == (130, "", "")


async def test_sigterm_in_the_middle_leaves_no_running_row(
    home: Home, run: Command, server: OpenAIServer, children: Children
) -> None:
    server.script(hangs("half of it"))
    child = start(children, run, "ask", "tell me", daemon=True)
    await shown(home, "half of it")
    child.send_signal(signal.SIGTERM)
    code, _, _ = await end(child)
    assert code == -signal.SIGTERM
    assert rows(home, "SELECT status FROM turns") == [("running",)]  # the background process goes on with it
    assert serving(home)
