"""Nothing gets out: over seventy attempts, behind bubblewrap as root (who becomes nobody) and as an ordinary user."""

import asyncio
import shutil

import pytest

from tests.sandbox.attempts import ATTEMPTS, SAFE_WITHOUT
from tests.sandbox.world import Missing, NoLandlock, World, running
from tests.tui.conftest import within
from zotui.sandbox import Command, Sandbox, shell

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")


@pytest.mark.parametrize("name", ATTEMPTS)
async def test_it_is_contained(name: str, world: World, outside: dict[str, str], sandbox: Sandbox) -> None:
    before = world.protected()
    out = sandbox.output()
    command = shell(ATTEMPTS[name], timeout_s=20)
    outcome = await sandbox.run(Command(command.words, timeout_s=20, environment=outside), out, out)
    assert outcome.wall.startswith("bubblewrap"), outcome
    assert "ESCAPED" not in out.text, out.text
    assert "the secret" not in out.text
    assert "heron-4711" not in out.text
    assert world.protected() == before
    assert world.secret.read_text() == "the secret"
    marks = [path for path in world.workspace.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o6000]
    assert marks == []


@pytest.mark.parametrize("name", SAFE_WITHOUT)
async def test_without_a_wall_it_would_not_be(
    name: str, world: World, outside: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zotui.sandbox.sandbox.Namespaces", Missing)
    monkeypatch.setattr("zotui.sandbox.sandbox.Landlock", NoLandlock)
    world.sandbox.allow_no_wall()
    out = world.sandbox.output()
    outcome = await world.sandbox.run(Command(shell(ATTEMPTS[name]).words, timeout_s=20, environment=outside), out, out)
    assert outcome.wall.startswith("NO SANDBOX")
    assert "ESCAPED" in out.text, out.text


async def test_no_link_is_slipped_in_while_another_command_starts(
    world: World, outside: dict[str, str], sandbox: Sandbox
) -> None:
    target = world.secret.parent
    swap = (
        "import os, itertools\nfor _ in itertools.count():\n    for name in ('.idea', 'inner'):\n        try:\n"
        f"            os.rename(name, name + '2'); os.symlink({str(target)!r}, name)\n        except OSError: pass\n        try:\n"
        "            os.unlink(name); os.rename(name + '2', name)\n        except OSError: pass\n"
        "        try: os.mkdir('.idea')\n        except OSError: pass\n"
    )
    (target / ".git").mkdir()
    (target / ".git" / "config").write_text("the secret")
    out = sandbox.output()
    attacker = await sandbox.start(Command(("python3", "-c", swap), timeout_s=60), out, out)
    for _ in range(25):
        said = sandbox.output()
        await sandbox.run(shell("cat .idea/secret.txt inner/.git/config .idea/.git/config"), said, said)
        assert "the secret" not in said.text
    attacker.stop()
    await attacker.wait()


async def test_nothing_of_it_is_left(world: World, sandbox: Sandbox) -> None:
    out = sandbox.output()
    script = "for i in 1 2 3; do setsid sleep 7654321 >/dev/null 2>&1 & done; sleep 0.2; disown -a"
    await sandbox.run(shell(script), out, out)
    await within(lambda: not running("7654321"))


async def test_what_it_was_stopped_in_is_gone_at_once(world: World, sandbox: Sandbox) -> None:
    out = sandbox.output()
    child = await sandbox.start(shell("trap '' TERM HUP; setsid sleep 7654322 & sleep 7654322", timeout_s=60), out, out)
    await within(lambda: len(running("7654322")) == 2)
    began = asyncio.get_running_loop().time()
    assert await sandbox.stop_all() == 1
    assert asyncio.get_running_loop().time() - began < 1
    assert running("7654322") == []
    assert (await child.wait()).reason == "stopped"
