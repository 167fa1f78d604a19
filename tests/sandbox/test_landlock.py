"""Nothing gets out without namespaces either, but for the gaps that are named: Landlock, as an ordinary user and as root,
who becomes nobody."""

import asyncio
import os
import signal
import sys

import pytest

from tests.sandbox.attempts import ATTEMPTS, PLANTED
from tests.sandbox.world import World, running
from tests.tui.conftest import within
from zotui.limits import Limits
from zotui.sandbox import Command, Sandbox, shell

GAPS = dict.fromkeys(PLANTED, "put back after the command, not prevented")
"""What an attempt gets, though it must not."""


@pytest.fixture
def kind() -> str:
    return "landlock"


@pytest.mark.parametrize("name", ATTEMPTS)
async def test_it_is_contained(name: str, world: World, outside: dict[str, str], sandbox: Sandbox) -> None:
    before = world.protected()
    out = sandbox.output()
    command = Command(shell(ATTEMPTS[name]).words, timeout_s=20, environment=outside)
    outcome = await sandbox.run(command, out, out)
    assert outcome.wall == "Landlock · network off"
    if name not in GAPS:
        assert "ESCAPED" not in out.text, out.text
    assert "the secret" not in out.text
    assert "heron-4711" not in out.text
    assert world.protected() == before
    assert world.secret.read_text() == "the secret"
    marks = [path for path in world.workspace.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o6000]
    assert marks == []


async def test_it_says_what_it_put_back(world: World, sandbox: Sandbox) -> None:
    out = sandbox.output()
    script = "rm -rf .git; ln -s / .git; echo evil >> .bashrc; mkdir .husky; echo x > .husky/x; echo mine > notes"
    outcome = await sandbox.run(shell(script), out, out)
    assert outcome.exit_code == 0, out.text
    assert outcome.put_right.startswith("put back: .bashrc, .git/config, .git/hooks, .git/hooks/keep, .husky (")
    assert (world.workspace / ".git" / "hooks" / "keep").is_file()
    assert not (world.workspace / ".git").is_symlink()
    assert not (world.workspace / ".husky").exists()
    assert (world.workspace / "notes").read_text() == "mine\n"
    (aside,) = world.folder.glob("put-aside-*")
    assert {path.name for path in aside.rglob("*") if path.is_file() and not path.is_symlink()} == {".bashrc", "x"}
    assert (await sandbox.run(shell("true"), out, out)).put_right == ""


async def test_nothing_of_it_is_left(sandbox: Sandbox) -> None:
    out = sandbox.output()
    script = "for i in 1 2 3; do (setsid setsid sleep 7654341 >/dev/null 2>&1 &) ; done; sleep 0.2; kill -9 $$"
    assert (await sandbox.run(shell(script), out, out)).exit_code == 137
    assert running("7654341") == []


async def test_what_it_was_stopped_in_is_gone(sandbox: Sandbox) -> None:
    out = sandbox.output()
    child = await sandbox.start(shell("trap '' TERM HUP; setsid sleep 7654342 & sleep 7654342", timeout_s=60), out, out)
    await within(lambda: len(running("7654342")) == 2)
    assert await sandbox.stop_all() == 1
    assert running("7654342") == []
    assert (await child.wait()).reason == "stopped"


@pytest.mark.parametrize("which", ["upper", "lower"])
async def test_where_one_warden_is_killed_the_other_sweeps(which: str, sandbox: Sandbox) -> None:
    out = sandbox.output()
    child = await sandbox.start(shell("setsid sleep 7654343 & sleep 7654343", timeout_s=60), out, out)
    await within(lambda: len(running("7654343")) == 2)
    lower = (await asyncio.to_thread(open, f"/proc/{child.pid}/task/{child.pid}/children")).read()
    os.kill(child.pid if which == "upper" else int(lower), signal.SIGKILL)
    await within(lambda: not running("7654343"))
    await child.wait()


async def test_it_ends_with_who_started_it(world: World, sandbox: Sandbox) -> None:
    """A zotui that is killed leaves no command."""
    assert (await sandbox.wall()).kind == "landlock"
    script = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom zotui.sandbox import Profile, Sandbox, shell\n"
        "from tests.sandbox.world import Missing\nfrom zotui.sandbox import sandbox as module\n"
        "module.Namespaces = Missing\n"
        "async def main():\n    sandbox = Sandbox(lambda: Profile(Path(sys.argv[1])), Path(sys.argv[2]))\n"
        "    out = sandbox.output()\n    await sandbox.run(shell('setsid sleep 7654344 & sleep 7654344'), out, out)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(world.workspace), str(world.folder), env={**os.environ}
    )
    await within(lambda: len(running("7654344")) == 2)
    process.kill()
    await process.wait()
    await within(lambda: not running("7654344"))


async def test_an_old_landlock_says_that_it_lets_signals_pass(
    world: World, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zotui.sandbox.landlock.Landlock._version", lambda self: 4)
    assert "can be signalled" in (await sandbox.wall()).gaps
    out = sandbox.output()
    outcome = await sandbox.run(shell("kill -9 -1; echo still here > made; cat made"), out, out)
    assert (outcome.exit_code, out.text.splitlines()[-1]) == (0, "still here")


async def test_one_that_multiplies_is_held(world: World, sandbox: Sandbox) -> None:
    world.limits = Limits(processes=40)
    out = sandbox.output()
    await sandbox.run(shell("f() { sleep 7654345 & f | f & }; f; sleep 1; echo here", timeout_s=10), out, out)
    assert "fork" in out.text
    assert running("7654345") == []


async def test_with_the_network_it_reaches_servers(world: World, outside: dict[str, str], sandbox: Sandbox) -> None:
    world.network = True
    out = sandbox.output()
    for name in ("reach the machine's loopback", "reach a socket in the file system", "reach an abstract socket"):
        await sandbox.run(Command(shell(ATTEMPTS[name]).words, environment=outside), out, out)
    assert out.text.count("ESCAPED") == 1, out.text
    assert (await sandbox.wall()).name == "Landlock · network open"
