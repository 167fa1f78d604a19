"""Nothing gets out: over seventy attempts, behind bubblewrap as root (who becomes nobody) and as an ordinary user."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.sandbox.attempts import ATTEMPTS, SAFE_WITHOUT
from tests.tui.conftest import within
from zotui.errors import SandboxError
from zotui.sandbox import Command, Profile, Sandbox, Wall, shell
from zotui.sandbox.namespaces import Namespaces

ORDINARY = 54_321  # the number of a user who is nobody here
CANARY = "ZOTUI_TEST_CANARY"
USERS = ("root", "ordinary") if os.geteuid() == 0 else ("ordinary",)
pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")


class AsOrdinary(Namespaces):
    """The wall as it is raised by somebody who is not root, where root runs the tests."""

    async def raise_(self, profile: Profile) -> Wall:
        wall = await super().raise_(profile)
        await self.tear_down()
        return wall

    def _through_keeper(self) -> list[str]:
        return ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups", "--"]


class Missing(Namespaces):
    """No wall can stand."""

    async def raise_(self, profile: Profile) -> Wall:
        raise SandboxError("bwrap is not installed", "apt install bubblewrap")


class World:
    """What is outside, and a sandbox within."""

    def __init__(self, folder: Path, user: str) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.workspace = self.home / "workspace"
        self.secret = self.home / "secret.txt"
        self.workspace.mkdir(parents=True)
        self.secret.write_text("the secret")
        for path, text in {
            ".git/config": "[core]\n", ".git/hooks/keep": "", ".git/HEAD": "ref: refs/heads/main\n", ".git/objects/x": "",
            ".git/refs/x": "", "inner/.git/config": "", "inner/.git/hooks/keep": "", ".bashrc": "fine\n", ".envrc": "fine\n",
            ".vscode/tasks.json": "{}", "skills/good/SKILL.md": "good",
        }.items():  # fmt: skip
            (self.workspace / path).parent.mkdir(parents=True, exist_ok=True)
            (self.workspace / path).write_text(text)
        if user == "ordinary" and os.geteuid() == 0:
            for path in [self.home, *self.home.rglob("*")]:
                os.chown(path, ORDINARY, ORDINARY)
        else:
            self.home.chmod(0o700)
        self.sandbox = Sandbox(lambda: Profile(self.workspace), folder)

    def protected(self) -> dict[str, bytes]:
        """All that must stay as it is."""
        names = (".git/config", ".git/hooks", "inner/.git", ".bashrc", ".envrc", ".vscode", "skills")
        found = {}
        for name in names:
            path = self.workspace / name
            files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
            found |= {str(file): file.read_bytes() for file in files}
        return found


@pytest.fixture(scope="module", params=USERS)
def user(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(tmp_path: Path, user: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    if user != "ordinary" or os.geteuid() != 0:
        yield World(tmp_path, user)
        return
    monkeypatch.setattr("zotui.sandbox.sandbox.Namespaces", AsOrdinary)
    with tempfile.TemporaryDirectory() as name:  # which others may go through, as pytest's own they may not
        Path(name).chmod(0o711)
        yield World(Path(name), user)


@pytest.fixture
def outside(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Servers, a process, files and a variable of the machine; what a script is told of them."""
    monkeypatch.setenv(CANARY, "heron-4711")
    servers = [socket.create_server(("127.0.0.1", 0))]
    abstract, pathname = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    name = f"zotui-test-{os.getpid()}"
    abstract.bind("\0" + name)
    place = tmp_path / "s"
    pathname.bind(str(place))
    for server in (abstract, pathname):
        server.listen()
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "canary-process"])
    host_file = Path("/tmp") / f"{name}.txt"
    host_file.write_text("of the machine")
    yield {
        "SECRET": str(world.secret), "HOST_TMP": str(host_file), "PORT": str(servers[0].getsockname()[1]),
        "ABSTRACT": name, "SOCKET": str(place), "PID": str(process.pid), "CANARY": CANARY,
    }  # fmt: skip
    assert process.poll() is None, "a process of the machine was ended"
    process.kill()
    process.wait()
    host_file.unlink()
    for server in (*servers, abstract, pathname):
        server.close()


@pytest_asyncio.fixture
async def sandbox(world: World) -> AsyncIterator[Sandbox]:
    yield world.sandbox
    await world.sandbox.close()


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


def running(word: str) -> list[int]:
    """The processes of this machine with a word on their command line, but for shells."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"sleep") and word.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found
