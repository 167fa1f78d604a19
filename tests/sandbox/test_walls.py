"""Which wall stands where something is missing: never a lesser one unsaid, and none at all only as a refusal."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.sandbox.world import Missing, NoLandlock
from zotui.cli.doctor import _sandbox
from zotui.errors import SandboxError
from zotui.home import Home
from zotui.sandbox import Profile, Sandbox, shell
from zotui.sandbox.landlock import Landlock, _forget_dead
from zotui.sandbox.namespaces import Namespaces
from zotui.sandbox.probe import probe

APPARMOR = "bwrap: setting up uid map: Permission denied"
DOCKER = "bwrap: Creating new namespace failed: No space left on device"


@pytest_asyncio.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    (tmp_path / "workspace").mkdir()
    sandbox = Sandbox(lambda: Profile(tmp_path / "workspace"), tmp_path)
    yield sandbox
    await sandbox.close()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the programs of the wall are looked for: all but bwrap."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("prlimit", "nsenter", "python3"):
        (folder / name).symlink_to(str(shutil.which(name, path="/usr/bin:/bin")))
    monkeypatch.setattr("zotui.sandbox.namespaces.PLACES", str(folder))
    return folder


async def test_without_bubblewrap(programs: Path, sandbox: Sandbox) -> None:
    wall = await sandbox.wall()
    assert (wall.kind, wall.mend) == ("landlock", "bwrap is not installed; apt install bubblewrap")
    out = sandbox.output()
    assert (await sandbox.run(shell("echo here"), out, out)).wall == "Landlock · network off"
    assert out.text == "here\n"


@pytest.mark.parametrize(
    ("words", "mend"), [(APPARMOR, "AppArmor"), (DOCKER, "max_user_namespaces")], ids=["apparmor", "docker"]
)
async def test_where_namespaces_are_refused(
    programs: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, words: str, mend: str
) -> None:
    (programs / "bwrap").write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
    (programs / "bwrap").chmod(0o755)
    for path in (programs, *programs.parents[:-2]):  # up to, and without, the folder of all temporary ones
        monkeypatch.setattr("zotui.sandbox.bubblewrap.PATH", f"{programs}:/usr/bin:/bin")
        if path.stat().st_uid == os.geteuid():
            path.chmod(path.stat().st_mode | 0o011)  # so that nobody gets at the stub, either
    wall = await sandbox.wall()
    assert wall.kind == "landlock"
    assert words in wall.mend
    assert mend in wall.mend


async def test_with_neither_commands_are_refused(
    programs: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zotui.sandbox.sandbox.Landlock", NoLandlock)
    wall = await sandbox.wall()
    assert (wall.kind, wall.mend) == ("none", "apt install bubblewrap")
    assert wall.gaps.startswith("bwrap is not installed; this kernel has no Landlock")
    out = sandbox.output()
    with pytest.raises(SandboxError, match="no sandbox, no commands"):
        await sandbox.run(shell("true"), out, out)


async def test_an_old_landlock_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Landlock, "_version", lambda self: 3)
    with pytest.raises(SandboxError, match="too old"):
        await Landlock(tmp_path).raise_(Profile(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("builder", [Namespaces, Landlock])
async def test_a_machine_without_a_filter_has_no_wall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, builder: type[Namespaces | Landlock]
) -> None:
    monkeypatch.setattr("zotui.sandbox.seccomp.is_known", lambda: False)
    with pytest.raises(SandboxError, match="no filter of system calls"):
        await (Landlock(tmp_path) if builder is Landlock else Namespaces(tmp_path)).raise_(Profile(tmp_path))


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
async def test_root_who_cannot_become_nobody_is_refused(
    programs: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zotui.sandbox.reach.KEEPER", "/nowhere/keeper.py")
    wall = await sandbox.wall()
    assert wall.kind == "none"
    assert "cannot become nobody" in wall.gaps


async def test_the_doctor_proves_the_lesser_wall(
    home: Home, programs: Path, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.prepare()
    check = await _sandbox(home)
    assert check.status == "warn"
    assert check.found.startswith("Landlock · network off, proved; what is planted")
    assert check.mend == "bwrap is not installed; apt install bubblewrap"
    beside = tmp_path / "beside.txt"
    beside.write_text("x")
    assert await probe(sandbox, beside) == []


async def test_the_probe_finds_what_is_left_without_a_wall(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zotui.sandbox.sandbox.Namespaces", Missing)
    monkeypatch.setattr("zotui.sandbox.sandbox.Landlock", NoLandlock)
    monkeypatch.setattr("zotui.sandbox.probe.LEFT_S", "3")
    sandbox.allow_no_wall()
    beside = tmp_path / "beside.txt"
    beside.write_text("x")
    found = await probe(sandbox, beside)
    assert {
        "reads files outside of the workspace",
        "reaches servers of this machine",
        "leaves a process behind",
    } <= set(found)


def test_what_a_killed_zotui_left_goes(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    for pid in (gone.pid, os.getpid()):
        (tmp_path / f"own-{pid}-x" / "tmp").mkdir(parents=True)
    _forget_dead(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"own-{os.getpid()}-x"]
