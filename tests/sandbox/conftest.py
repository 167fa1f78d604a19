"""Worlds to escape from."""

import ctypes
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.sandbox.world import CANARY, USERS, AsOrdinary, LandlockAsOrdinary, Missing, World
from tests.working import computer, server
from zotui.sandbox import Sandbox

__all__ = ["computer", "server"]


@pytest.fixture
def kind() -> str:
    """Which wall stands; a file of tests for another has its own."""
    return "bubblewrap"


@pytest.fixture(scope="module", params=USERS)
def user(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(tmp_path: Path, user: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    if kind == "landlock":
        monkeypatch.setattr("zotui.sandbox.sandbox.Namespaces", Missing)
    if user != "ordinary" or os.geteuid() != 0:
        yield World(tmp_path, user)
        return
    monkeypatch.setattr("zotui.sandbox.sandbox.Landlock", LandlockAsOrdinary)
    if kind == "bubblewrap":
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
    for listening in (abstract, pathname):
        listening.listen()
    datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    datagrams.bind(f"{place}d")
    for one in (place, tmp_path / "sd"):
        one.chmod(0o777)
    libc = ctypes.CDLL(None)
    shared = libc.shmget(0, 4096, 0o666)
    assert shared >= 0
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "canary-process"])
    host_file = Path("/tmp") / f"{name}.txt"
    host_file.write_text("of the machine")
    yield {
        "SECRET": str(world.secret), "HOST_TMP": str(host_file), "PORT": str(servers[0].getsockname()[1]),
        "ABSTRACT": name, "SOCKET": str(place), "DATAGRAMS": f"{place}d", "SHARED": str(shared), "PID": str(process.pid), "CANARY": CANARY,
    }  # fmt: skip
    assert process.poll() is None, "a process of the machine was ended"
    process.kill()
    process.wait()
    host_file.unlink()
    libc.shmctl(shared, 0, None)
    for opened in (*servers, abstract, pathname, datagrams):
        opened.close()


@pytest_asyncio.fixture
async def sandbox(world: World) -> AsyncIterator[Sandbox]:
    yield world.sandbox
    await world.sandbox.close()
