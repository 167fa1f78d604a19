"""The home: made for its owner alone, wherever that is possible, and one line where it is not."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import ROOT, Children, output, zotui
from zotui.computer import Computer
from zotui.errors import HomeError, StoreError
from zotui.home import FOLDERS, Home

WORLD = 0o077


@pytest.fixture
def umask() -> Iterator[None]:
    """No umask at all."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The modes of a folder and all below it."""
    return {str(path): stat.S_IMODE(path.lstat().st_mode) for path in [folder, *folder.rglob("*")]}


@pytest.mark.usefixtures("umask")
async def test_everything_is_the_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    home = Home(tmp_path / "a" / "b" / "home")
    async with Computer.open(home, workers="own") as computer:
        await computer.ask("remember that umask was 0")
        found = modes(tmp_path / "a")
    assert {path: oct(mode) for path, mode in found.items() if mode & WORLD} == {}
    assert found[str(home.path)] == 0o700
    assert found[str(home.database)] == found[str(home.config_file)] == 0o600
    assert {folder.name for folder in home.path.iterdir() if folder.is_dir()} >= set(FOLDERS)


@pytest.mark.usefixtures("umask")
def test_an_open_home_of_ours_is_closed_and_its_config_kept(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    home.config_file.write_text('model = "groq"\n')
    home.path.chmod(0o755)
    home.skills.chmod(0o777)
    home.prepare()
    assert stat.S_IMODE(home.path.stat().st_mode) == stat.S_IMODE(home.skills.stat().st_mode) == 0o700
    assert home.config_file.read_text() == 'model = "groq"\n'


def test_an_empty_folder_that_others_may_read_becomes_a_home(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o755)
    assert stat.S_IMODE(Home(tmp_path / "home").prepare().path.stat().st_mode) == 0o700


def test_a_folder_with_other_things_is_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "thesis.tex").touch()
    with pytest.raises(HomeError, match=r"holds other things.*chmod 700"):
        Home(shared).prepare()
    assert [path.name for path in shared.iterdir()] == ["thesis.tex"]
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
    shared.chmod(0o700)  # as it says
    assert Home(shared).prepare().config_file.exists()


def test_a_config_written_before_the_first_start_makes_it_ours(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o755)
    (tmp_path / "home" / "config.toml").write_text('model = "groq"\n')
    assert Home(tmp_path / "home").prepare().config().model == "groq"


@pytest.mark.parametrize("below", ["", "x", "x/y"])
def test_a_file_in_the_way(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(HomeError, match="is a file, not a folder") as caught:
        Home(tmp_path / "file" / below).prepare()
    assert str(tmp_path / "file") in str(caught.value)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", FOLDERS)
def test_a_file_in_place_of_one_of_its_folders(name: str, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / name).touch()
    with pytest.raises(HomeError, match=f"{name} is a file"):
        Home(tmp_path / "home").prepare()


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to(tmp_path / "gone")
    with pytest.raises(HomeError):
        Home(tmp_path / "home").prepare()


def test_a_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir(mode=0o700)
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    Home(tmp_path / "home").prepare()
    assert (tmp_path / "disk" / "config.toml").exists()


def test_a_path_that_is_no_utf8(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="UTF-8"):
        Home(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).prepare()


@pytest.mark.parametrize("name", ["two words", "ä ö 🎉", "new\nline", "-dash", "per%cent?#", "x" * 200])
async def test_odd_names_are_homes_like_others(name: str, tmp_path: Path) -> None:
    async with Computer.open(str(tmp_path / name), workers="own") as computer:
        assert (await computer.ask("help")).status == "done"
    assert (tmp_path / name / "zotui.db").exists()


def test_where_the_home_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Home().path == tmp_path / ".zotui"
    monkeypatch.setenv("ZOTUI_HOME", str(tmp_path / "named"))
    assert Home().path == tmp_path / "named"
    assert Home("~/other").path == tmp_path / "other"
    monkeypatch.chdir(tmp_path)
    assert Home("here").path == tmp_path / "here"
    assert list(tmp_path.iterdir()) == []  # to name it makes nothing


async def test_two_homes_in_one_process_do_not_touch(tmp_path: Path) -> None:
    async with (
        Computer.open(str(tmp_path / "a"), workers="own") as a,
        Computer.open(str(tmp_path / "b"), workers="own") as b,
    ):
        await a.memory.memorize("only in a")
        await a.ask("remember that too")
        (a.home.workspace / "a.txt").write_text("a")
        assert (await a.memory.count(), await b.memory.count()) == (2, 0)
        assert (await a.chats.count(), await b.chats.count()) == (1, 0)
        assert ([entry.path for entry in a.workspace.list()], b.workspace.list()) == (["a.txt"], [])
        reply = await b.ask("what do you remember?")
        assert "only in a" not in reply.output


LOOK = """
import sys
from zotui.errors import ZotuiError
from zotui.home import Home
from zotui.store import Store
try:
    home = Home(sys.argv[1]).prepare()
    Store.open(home.database, run=home.run, backups=home.backups)
except ZotuiError as error:
    print(type(error).__name__, error)
"""


class TestReadOnly:
    """A home on a disk that cannot be written, by a real read-only mount in a namespace of its own."""

    @pytest.fixture
    def locked(self, tmp_path: Path, children: Children) -> Any:
        """Runs code in a namespace where the test's folder is read-only."""
        probe = subprocess.run(["unshare", "-m", "true"], capture_output=True) if shutil.which("unshare") else None
        if probe is None or probe.returncode:
            pytest.skip("no mount namespaces here")
        script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'

        def run(*words: str, **options: Any) -> "subprocess.Popen[str]":
            wrapped = ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", str(tmp_path), *words]
            return children.start(wrapped, **options)

        return run

    def test_a_new_home_there(self, locked: Any, tmp_path: Path) -> None:
        said = output(locked(sys.executable, "-c", LOOK, str(tmp_path / "home")))
        assert said.startswith("HomeError cannot use the home")
        assert "Read-only file system" in said
        assert "choose --home" in said

    def test_a_home_that_was_made_before(self, locked: Any, tmp_path: Path, home: Home) -> None:
        assert zotui(home, "memory", "add", "x").returncode == 0
        said = output(locked(sys.executable, "-c", LOOK, str(home.path)))
        assert said.startswith(("HomeError", "StoreError"))
        assert str(home.path) in said

    def test_the_command_says_it_in_one_line(self, locked: Any, tmp_path: Path) -> None:
        child = locked(sys.executable, "-m", "zotui", "--home", str(tmp_path / "home"), "memory", "list")
        told, complaint = child.communicate(timeout=60)
        assert (child.returncode, told) == (1, "")
        assert complaint.count("\n") == 1
        assert "Read-only" in complaint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_home_of_somebody_else(home: Home, children: Children) -> None:
    assert zotui(home, "memory", "add", "x").returncode == 0
    become = "import os, zotui.store, zotui.config; os.setgroups([]); os.setgid(65534); os.setuid(65534)"
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{become}\n{LOOK}"
    said = output(children.python(code, str(home.path)))
    assert said.startswith("HomeError cannot use the home")
    assert "Permission denied" in said


def test_a_missing_folder_of_an_open_file_is_a_store_error(home: Home) -> None:
    from zotui.store import Store

    home.run.rmdir()
    with pytest.raises(StoreError):
        Store.open(home.database, run=home.run, backups=home.backups)
