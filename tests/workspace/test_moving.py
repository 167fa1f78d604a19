"""Moving, deleting into the bin, and bringing back."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Children, opened, output
from zotui.errors import NotFound, UsageError
from zotui.home import Home
from zotui.store import now_ms
from zotui.workspace import Folder
from zotui.workspace.moving import Bin


@pytest.fixture
def bin_(home: Home) -> Iterator[Bin]:
    """The bin of a home."""
    store = opened(home)
    yield Bin(store, Folder(home.workspace), home.bin)
    store.close()


@pytest.fixture
def root(home: Home) -> Path:
    """A workspace with a folder in it."""
    (home.workspace / "d").mkdir()
    (home.workspace / "d" / "a.txt").write_text("one")
    return home.workspace


def test_files_and_folders_are_moved_into_folders_made_for_them(bin_: Bin, root: Path) -> None:
    bin_.move("d/a.txt", "new/deep/b.txt")
    bin_.move("new", "d/new")
    assert (root / "d" / "new" / "deep" / "b.txt").read_text() == "one"


@pytest.mark.parametrize(
    ("path", "to", "said"),
    [
        ("none", "b", "no 'none'"),
        ("d/a.txt", "d", "is there already"),
        ("d", "d/inside", "cannot be moved there"),
        ("d/a.txt", "../out", "outside the workspace"),
        ("../zotui.db", "db", "outside the workspace"),
        ("d/a.txt", ".bashrc", "for you alone"),
        ("d/a.txt", "link/x", "link in a path is not followed"),
        (".", "b", "is a folder"),
    ],
    ids=[f"{n}" for n in range(8)],
)
def test_what_is_not_moved(bin_: Bin, root: Path, tmp_path: Path, path: str, to: str, said: str) -> None:
    (root / "link").symlink_to(tmp_path)
    with pytest.raises((NotFound, UsageError)) as caught:
        bin_.move(path, to)
    assert said in f"{caught.value.message} {caught.value.hint}"
    assert (root / "d" / "a.txt").read_text() == "one"


def test_what_was_deleted_comes_back(bin_: Bin, root: Path, home: Home) -> None:
    (root / "big").write_bytes(b"x" * 3_000_000)
    (root / "link").symlink_to("d")
    ids = [bin_.delete(name) for name in ("big", "d", "link")]
    assert os.listdir(root) == []
    assert [(one.path, one.folder) for one in bin_.list()] == [("link", False), ("d", True), ("big", False)]
    (root / "d").mkdir()
    with pytest.raises(UsageError, match="is there already"):
        bin_.restore(ids[1])
    (root / "d").rmdir()
    for one in ids:
        bin_.restore(one[-8:])
    assert (root / "d" / "a.txt").read_text() == "one"
    assert (root / "big").stat().st_size == 3_000_000
    assert (root / "link").is_symlink()
    assert bin_.list() == []
    assert os.listdir(home.bin) == []


def test_a_name_that_is_no_text_cannot_be_kept_in_the_bin(bin_: Bin, root: Path) -> None:
    name = os.fsdecode(b"\xff.txt")
    (root / name).write_text("x")
    with pytest.raises(UsageError, match="no UTF-8"):
        bin_.delete(name)
    assert (root / name).exists()


def test_the_bin_is_emptied_of_what_is_old(bin_: Bin, root: Path, home: Home) -> None:
    bin_.delete("d")
    assert bin_.empty(now_ms() - 60_000) == 0
    assert bin_.empty(now_ms() + 1) == 1
    assert os.listdir(home.bin) == []
    with pytest.raises(NotFound):
        bin_.restore("d")


def test_a_row_without_its_file_is_nothing(bin_: Bin, root: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            bin_.delete("d")
    assert bin_.list() == []
    assert (root / "d" / "a.txt").exists()
    assert bin_.empty() == 0
    assert os.listdir(home.bin) == []


# Where the bin is on another file system


@pytest.fixture
def disk(home: Home) -> Iterator[Path]:
    """A folder of the workspace that is a disk of its own, in memory."""
    disk = home.workspace / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], capture_output=True, text=True, timeout=20
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True, timeout=20)


def fill(folder: Path) -> None:
    """A folder with all that one may hold."""
    (folder / "sub" / "empty").mkdir(parents=True)
    (folder / "sub" / "big").write_bytes(bytes(range(256)) * 8_000)
    (folder / "run.sh").write_text("echo")
    (folder / "run.sh").chmod(0o750)
    (folder / "link").symlink_to("nowhere")
    os.utime(folder / "sub", (1_000_000_000, 1_000_000_000))
    (folder / "sub").chmod(0o555)


def told(folder: Path) -> dict[str, object]:
    """What is in a folder, to the byte."""

    def of(path: Path) -> object:
        if path.is_symlink():
            return os.readlink(path)
        mode, changed = path.stat().st_mode, path.stat().st_mtime_ns
        return mode, changed, path.read_bytes() if path.is_file() else None

    return {str(path.relative_to(folder)): of(path) for path in folder.rglob("*")}


def test_another_disk_is_no_hindrance(bin_: Bin, root: Path, disk: Path, home: Home) -> None:
    fill(disk / "d")
    before = told(disk / "d")
    for name in ("run.sh", "link"):
        one = bin_.delete(f"disk/d/{name}")
        bin_.restore(one)
    one = bin_.delete("disk/d")
    assert os.listdir(disk) == []
    assert told(home.bin / one / "it") == before
    bin_.restore(one)
    assert told(disk / "d") == before
    bin_.move("disk/d", "here")
    assert told(root / "here") == before
    assert (os.listdir(disk), os.listdir(home.bin), bin_.list()) == ([], [], [])


def test_what_cannot_be_taken_along_stays(bin_: Bin, root: Path, disk: Path, home: Home) -> None:
    (disk / "d").mkdir()
    (disk / "d" / "a").write_text("a")
    os.mkfifo(disk / "d" / "pipe")
    with pytest.raises(UsageError, match="pipe is neither a file nor a folder"):
        bin_.delete("disk/d")
    with pytest.raises(UsageError, match="cannot be put into the bin"):
        bin_.delete("disk")
    (root / "large").write_bytes(bytes(9_000_000))
    with pytest.raises(UsageError, match="No space left"):
        bin_.move("large", "disk/large")
    assert (disk / "d" / "a").read_text() == "a"
    assert (root / "large").stat().st_size == 9_000_000
    assert (os.listdir(disk), os.listdir(home.bin), bin_.list()) == (["d"], [], [])


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from tests.workspace.test_moving import fill, told
from zotui.workspace.across import move

here, there = Path(sys.argv[1]), Path(sys.argv[2])
for step in range(1, 1000):
    a, b = here / str(step), there / str(step)
    b.mkdir()
    fill(a / "d")
    before = told(a / "d")
    descriptors = [os.open(folder, os.O_RDONLY) for folder in (a, b)]
    if (child := os.fork()) == 0:
        seen = 0
        def count(event, arguments):
            global seen
            seen += event.startswith(("os.", "open", "shutil."))
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(count)
        move(descriptors[0], "d", descriptors[1], "it")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    for descriptor in descriptors:
        os.close(descriptor)
    found = [told(folder) for folder in (a / "d", b / "it") if folder.exists()]
    assert found in ([before], [before, before]), (step, len(found))
    if status == 0:
        break
    shutil.rmtree(a)
    shutil.rmtree(b)
print(step, flush=True)
"""


def test_whoever_is_killed_leaves_it_whole(disk: Path, tmp_path: Path, children: Children) -> None:
    assert int(output(children.python(KILLED, str(disk), str(tmp_path)))) > 20
