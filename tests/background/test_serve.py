"""The background process as a person meets it: real processes, started, shared, replaced, killed."""

import asyncio
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from tests.processes import Children, alive, end_background, one, output, rows, serving, zotui
from tests.waiting import wait_for, wait_until
from zotui import __version__
from zotui.background import lock_is_held
from zotui.background.link import SOCKET
from zotui.computer import Computer
from zotui.home import Home

QUICK = "import zotui.cli.serve; zotui.cli.serve.LINGER_S = 0.5"
NEVER_S = 1.5  # how long a thing is watched that must not happen


def status(home: Home) -> dict[str, Any]:
    document = zotui(home, "status", "--json")
    assert document.returncode == 0, document.stderr
    found: dict[str, Any] = json.loads(document.stdout)
    return found


def processes_of(home: Home) -> list[int]:
    """All background processes of this home, those on their way in or out included."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"serve" in words and os.fsencode(home.path) in words:
                found.append(int(entry.name))
    return found


def in_foreground(home: Home, children: Children) -> "subprocess.Popen[str]":
    """A ``serve`` in the foreground that is ready."""
    child = children.zotui(home, "serve")
    assert child.stdout
    assert "serving" in child.stdout.readline()
    wait_until(lambda: serving(home) == child.pid and (home.run / SOCKET).exists())
    return child


def changed(children: Children, home: Home, before: str, *words: str) -> "subprocess.Popen[str]":
    """The command with something of the program changed before it runs."""
    code = f"import sys, zotui\n{before}\nfrom zotui.cli import main\nmain(sys.argv[1:])"
    return children.python(code, "--home", str(home.path), *words)


def test_the_first_door_starts_it_detached(home: Home) -> None:
    done = zotui(home, "ask", "what time is it")
    assert done.returncode == 0, done.stderr
    assert "ran `now`" in done.stdout
    pid = serving(home)
    assert pid
    assert os.getsid(pid) == pid, "a session of its own"
    assert os.getsid(pid) != os.getsid(0)
    assert {os.readlink(f"/proc/{pid}/fd/{number}") for number in (1, 2)} == {str(home.logs / "serve.log")}
    assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"


def test_a_home_with_a_long_path(tmp_path: Path) -> None:
    """Longer than the address of a socket can be."""
    deep = tmp_path.joinpath(*["a folder with a long name"] * 6)
    deep.mkdir(parents=True)
    home = Home(deep / "home")
    try:
        assert "ran `now`" in zotui(home, "ask", "what time is it").stdout
        assert len(os.fsencode(home.run / SOCKET)) > 108
        assert status(home)["pid"] == serving(home) != 0
        assert zotui(home, "stop").returncode == 0
    finally:
        end_background(home)


def test_it_ends_by_itself_when_nobody_needs_it(home: Home) -> None:
    zotui(home, "ask", "what time is it")
    pid = serving(home)
    assert pid
    wait_until(lambda: not alive(pid))
    assert not lock_is_held(home)
    assert not list(home.run.glob("*.sock"))
    assert not list(home.run.glob("*.bell"))


async def test_doors_share_it(home: Home) -> None:
    async with Computer.open(home, workers="background") as first, Computer.open(home, workers="background") as second:
        await wait_for(lambda: first.background.identity and second.background.identity)
        assert first.background.identity
        assert second.background.identity
        assert first.background.identity.pid == second.background.identity.pid == serving(home)
        replies = await asyncio.gather(first.ask("what time is it"), second.ask("what time is it"))
        assert [reply.status for reply in replies] == ["done", "done"]
        found = await asyncio.to_thread(status, home)
        assert (found["pid"], found["doors"]) == (serving(home), 2)


def test_five_doors_at_once_give_one(home: Home, children: Children) -> None:
    doors = [children.zotui(home, "ask", "what time is it") for _ in range(5)]
    assert all("ran `now`" in output(door) for door in doors)
    wait_until(lambda: len(processes_of(home)) <= 1)
    assert rows(home, "SELECT status, attempt, count(*) FROM turns GROUP BY 1, 2") == [("done", 1, 5)]
    assert one(home, "SELECT count(*) FROM messages") == 15


def test_status_and_stop(home: Home) -> None:
    empty = {
        "pid": None,
        "since": None,
        "doors": 0,
        "queued": 0,
        "running": 0,
        "commands": 0,
        "scheduled": 0,
        "sandbox": ANY,
        "version": None,
    }
    assert status(home) == empty
    assert "no background process" in zotui(home, "status").stdout
    zotui(home, "ask", "what time is it")
    found = status(home)
    assert found == empty | {"pid": serving(home), "since": found["since"], "version": __version__}
    assert found["since"].endswith("Z")
    done = zotui(home, "stop")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"stopped process {found['pid']}\n")
    assert not lock_is_held(home)
    wait_until(lambda: not alive(found["pid"]))
    assert zotui(home, "stop").stderr == "no background process was running\n"
    assert status(home) == empty


def test_stop_makes_no_home(tmp_path: Path) -> None:
    done = zotui(Home(tmp_path / "nothing here"), "stop")
    assert (done.returncode, done.stderr) == (0, "no background process was running\n")
    assert not (tmp_path / "nothing here").exists()


async def test_a_door_notices_a_kill_and_another_serves(home: Home) -> None:
    told: list[str] = []
    async with Computer.open(home, workers="background") as computer:
        computer.listener = told.append
        await wait_for(lambda: computer.background.identity)
        pid = serving(home)
        os.kill(pid, signal.SIGKILL)
        await wait_for(lambda: serving(home) not in (0, pid) and computer.background.identity)
        assert told == ["the background process was gone; another takes over"]
        assert (await computer.ask("what time is it")).status == "done"


async def test_what_was_put_while_nobody_served_is_done(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        turn = await computer.submit("what time is it")
        assert (await computer.turns.view(turn)).turn.status == "queued"
    async with Computer.open(home, workers="background") as computer:
        await wait_for(lambda: over(computer, turn))
        assert (await computer.turns.view(turn)).turn.status == "done"


async def over(computer: Computer, turn: str) -> bool:
    return (await computer.turns.view(turn)).over


async def test_serve_in_the_foreground_takes_over_and_the_doors_follow(home: Home, children: Children) -> None:
    async with Computer.open(home, workers="background") as computer:
        await wait_for(lambda: computer.background.identity)
        before = serving(home)
        child = await asyncio.to_thread(in_foreground, home, children)
        await wait_for(lambda: computer.background.identity and computer.background.identity.pid == child.pid)
        assert computer.background.identity
        assert not computer.background.identity.detached
        await wait_for(lambda: not alive(before))
        assert (await computer.ask("what time is it")).status == "done"


def test_a_second_serve_is_refused_in_one_line(home: Home, children: Children) -> None:
    first = in_foreground(home, children)
    second = zotui(home, "serve")
    assert second.returncode == 2
    assert second.stderr == f"zotui: process {first.pid} already serves this home → zotui stop ends it\n"
    assert first.poll() is None
    assert zotui(home, "stop").returncode == 0
    assert first.wait(20) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(home: Home, children: Children, number: signal.Signals) -> None:
    child = in_foreground(home, children)
    child.send_signal(number)
    assert child.wait(20) == 0
    assert not lock_is_held(home)
    assert not [path for path in home.run.iterdir() if path.suffix != ".lock"]
    assert child.stderr
    assert "Traceback" not in child.stderr.read()


def test_a_hang_up_of_the_terminal_does_not_end_it(home: Home) -> None:
    zotui(home, "ask", "what time is it")
    pid = serving(home)
    os.kill(pid, signal.SIGHUP)
    assert status(home)["pid"] == pid


def test_stop_ends_one_that_is_itself_stopped(home: Home, children: Children) -> None:
    child = in_foreground(home, children)
    os.kill(child.pid, signal.SIGSTOP)
    done = zotui(home, "stop")
    assert (done.returncode, done.stderr) == (0, f"stopped process {child.pid}\n")
    assert child.wait(20) == -signal.SIGKILL


@pytest.mark.parametrize(("version", "stays"), [("0.0.9", False), (__version__, True), ("99.1", True)])
async def test_an_older_one_is_replaced_and_a_newer_one_is_not(
    home: Home, children: Children, version: str, stays: bool
) -> None:
    """Two doors of different versions would else replace each other's process for ever."""
    child = changed(children, home, f"zotui.__version__ = {version!r}", "serve", "--detached")
    await wait_for(lambda: serving(home) == child.pid and (home.run / SOCKET).exists())
    told: list[str] = []
    async with Computer.open(home, workers="background") as computer:
        computer.listener = told.append
        await wait_for(lambda: computer.background.identity)
        assert computer.background.identity
        assert computer.background.identity.version == (version if stays else __version__)
        assert (computer.background.identity.pid == child.pid) is stays
        assert told == ([] if stays else [f"replacing the background process of zotui {version} by {__version__}"])
        if not stays:
            assert await asyncio.to_thread(child.wait, 20) == 0
        assert (await computer.ask("what time is it")).status == "done"


async def test_it_stays_for_what_is_queued(home: Home, children: Children) -> None:
    """Here for a turn that only a living door's own worker may take."""
    async with Computer.open(home, workers="none") as computer:
        turn = await computer.turns.submit("what time is it", own=True)
        child = changed(children, home, QUICK, "serve", "--detached")
        await wait_for(lambda: serving(home) == child.pid)
        with pytest.raises(TimeoutError):
            await wait_for(lambda: child.poll() is not None, timeout=NEVER_S)
        await computer.turns.stop(turn.id)
        assert await asyncio.to_thread(child.wait, 20) == 0


async def test_it_leaves_when_its_home_is_gone(home: Home, children: Children) -> None:
    child = changed(children, home, QUICK, "serve", "--detached")
    await wait_for(lambda: serving(home) == child.pid and (home.run / SOCKET).exists())
    async with Computer.open(home, workers="background") as computer:
        await wait_for(lambda: computer.background.identity)
        assert serving(home) == child.pid
    home.path.rename(home.path.with_name("moved"))
    assert await asyncio.to_thread(child.wait, 20) == 0
