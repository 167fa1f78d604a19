"""Looks that the kernel guides: whatever happened, they find what a look at everything finds."""

import mmap
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from tests.processes import ROOT, Children
from tests.sandbox.world import USERS, AsOrdinary, World
from zotui.sandbox.command import shell
from zotui.store import Store
from zotui.workspace.undo import looks as looking
from zotui.workspace.undo import watching
from zotui.workspace.undo.looks import Looks
from zotui.workspace.undo.scan import Change, Scan, Stopped

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no inotify")
ROOM = 100_000_000


class Eyes:
    """Guided looks at a workspace, each compared with one at everything."""

    def __init__(self, store: Store, root: Path) -> None:
        self.store = store
        self.root = root
        self.looks = Looks(store, root, lambda: ROOM)
        self.guided = 0

    def look(self) -> list[str]:
        """The paths that changed since the last look, after it was seen that nothing else did."""
        before = self.looks.watcher
        changes = self.looks.look(None, threading.Event(), lambda db, looked: looked.changes)
        self.guided += before is not None and self.looks.watcher is before
        assert self.missed() == []
        return sorted(path for path, _, _ in changes)

    def missed(self) -> list[Change]:
        """What a look at everything finds after that."""
        return Scan(self.store, self.root, None, lambda: ROOM, threading.Event()).look().changes


@pytest.fixture
def eyes(store: Store, workspace: Path) -> Eyes:
    return Eyes(store, workspace)


def run(root: Path, command: str) -> None:
    """A command in the workspace, whatever comes of it."""
    subprocess.run(["bash", "-c", command], cwd=root, check=False, capture_output=True)


MAPPED = """
import mmap, os
os.path.exists("{f}") or open("{f}", "w").write("x" * 99)
with open("{f}", "r+b") as file:
    pages = mmap.mmap(file.fileno(), 0)
pages[0:1] = b"{n}"[:1]
"""
COMMANDS = (
    "mkdir -p {d}/{e}; echo {n} > {d}/{e}/{f}",
    "echo {n} > {f}",
    "echo {n} >> {d}/{f}",
    "echo {n} > {d}/{e}/{f}",
    "truncate -s 1 {d}/{f}",
    "chmod 6{n}0 {d}/{f}; chmod 7{n}0 {d}/{e}",
    "mv {d} {e}",
    "mv {d}/{e} {e}; mv {e} {d}",
    "mv {d}/{f} {e}/; mv {d} {d}.n; mv {e} {d}; mv {d}.n {e}",
    "rm -rf {d}",
    "rm -rf {d}/{f} {e}/{f}",
    "rm -rf {d}; echo {n} > {d}",
    "rm -f {d}; mkdir -p {d}; echo {n} > {d}/{f}",
    "ln {d}/{f} {e}/; ln {f} {d}/{f}.also",
    "ln {f} second.{n}; echo {n} >> second.{n}",
    "for f in second.*; do echo {n} >> $f; done",
    "cp -al {d} {e}; echo {n} >> {e}/{d}/{f}",
    "rm -f second.*; rm -f {d}/*.also",
    "ln -sfn {d} {e}.link; ln -sfn nowhere {d}/link",
    "mkdir -p {d}/1/2/3/4/5; echo {n} | tee {d}/1/2/3/4/5/{f} > {d}/1/2/{f}",
    "mkdir -p .venv; mv {d} .venv/; mv .venv/{e} .",
    "mkdir -p ../away; mv {d} ../away; echo {n} >> ../away/{d}/{f}; mv ../away/{e} .",
    "touch -d '2001-01-01 01:01' {d}/{f}; mkdir {d}/{e}/new",
    "{python} -c '" + MAPPED + "'",
)


def some(chance: random.Random) -> str:
    """A random operation on random names."""
    names = {"d": f"d{chance.randrange(3)}", "e": f"d{chance.randrange(3)}", "f": f"f{chance.randrange(2)}"}
    return chance.choice(COMMANDS).format(n=chance.randrange(8), python=sys.executable + " -S", **names)


@pytest.mark.parametrize("seed", [1, 2])
def test_after_random_operations_nothing_is_missed(eyes: Eyes, seed: int) -> None:
    chance = random.Random(seed)
    eyes.look()
    changed = 0
    for _ in range(50):
        run(eyes.root, "; ".join(some(chance) for _ in range(chance.randrange(1, 4))))
        changed += bool(eyes.look())
    assert changed > 30
    assert eyes.guided > 20


def test_only_what_may_have_changed_is_looked_at(eyes: Eyes, monkeypatch: pytest.MonkeyPatch) -> None:
    run(eyes.root, "for i in 1 2 3; do mkdir -p a$i/b; echo 1 > a$i/b/f; done; ln a1/b/f a1/b/g")
    eyes.look()
    asked: list[str] = []
    kept = Scan._kept
    monkeypatch.setattr(Scan, "_kept", lambda scan, path: [asked.append(path), kept(scan, path)][1])
    run(eyes.root, "cat a1/b/f a2/b/f; ls -R; echo 2 > a3/b/f")
    eyes.looks.look(None, threading.Event(), lambda db, looked: None)
    assert asked == ["a1/b", "a3/b"], "the one with two names of a file always"


def test_folders_that_change_places(eyes: Eyes) -> None:
    run(eyes.root, "mkdir -p a/in b/in; echo 1 > a/in/f; echo 2 > b/in/f")
    eyes.look()
    run(eyes.root, "mv a c; mv b a; mv c b")
    assert eyes.look() == ["a/in/f", "b/in/f"]
    run(eyes.root, "echo 3 > a/in/f")
    assert eyes.look() == ["a/in/f"]
    assert eyes.guided == 2


def test_a_second_name_that_was_made_in_another_folder(eyes: Eyes) -> None:
    run(eyes.root, "mkdir a b; echo 1 > a/f")
    eyes.look()
    run(eyes.root, "ln a/f b/g")
    eyes.look()
    run(eyes.root, "echo 2 >> b/g")
    assert eyes.look() == ["a/f", "b/g"]
    assert eyes.guided == 1
    run(eyes.root, "rm a/f")
    run(eyes.root, "echo 3 >> b/g")
    assert eyes.look() == ["a/f", "b/g"]
    assert eyes.guided == 2


def test_a_file_that_is_mapped_into_memory(eyes: Eyes) -> None:
    (eyes.root / "f").write_bytes(bytes(9_000))
    eyes.look()
    with (eyes.root / "f").open("r+b") as file:
        pages = mmap.mmap(file.fileno(), 0)
    eyes.look()
    pages[0:1] = b"x"
    pages.close()
    assert eyes.look() == ["f"]
    assert eyes.guided == 2


def test_more_events_than_the_queue_takes(eyes: Eyes) -> None:
    files = [eyes.root / name for name in ("a", "b")]
    for file in files:
        file.touch()
    eyes.look()
    queue = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    for number in range(queue // 2 + 1):
        for file in files:  # in turn, as the kernel makes one of two alike
            os.utime(file, (number, number))
    (eyes.root / "c").touch()
    assert eyes.look() == ["c"]
    assert eyes.guided == 0
    (eyes.root / "d").touch()
    assert eyes.look() == ["d"]
    assert eyes.guided == 1


def test_no_more_folders_may_be_watched(eyes: Eyes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "limit"
    limit.write_text("8\n")
    monkeypatch.setattr(watching, "LIMIT", limit)
    run(eyes.root, "mkdir a b c")
    eyes.look()
    assert eyes.looks.watcher is not None
    run(eyes.root, "mkdir d; echo 1 > d/f; echo 1 > a/f")
    assert eyes.look() == ["a/f", "d", "d/f"]
    assert eyes.looks.watcher is None
    run(eyes.root, "echo 2 > d/f")
    assert eyes.look() == ["d/f"]


def test_a_disk_that_is_mounted_within(eyes: Eyes) -> None:
    (eyes.root / "its place").mkdir()
    eyes.look()
    mount = ["mount", "-t", "tmpfs", "-o", "mode=755", "none", str(eyes.root / "its place")]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        (eyes.root / "its place" / "f").touch()
        assert eyes.look() == ["its place/f"]
        assert eyes.looks.watcher is None
    finally:
        subprocess.run(["umount", "-l", eyes.root / "its place"], check=True)
    assert eyes.look() == ["its place/f"]


def test_a_disk_that_other_machines_may_write_to(eyes: Eyes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOCAL", frozenset())
    eyes.look()
    (eyes.root / "f").touch()
    assert eyes.look() == ["f"]
    assert eyes.looks.watcher is None


def test_another_folder_is_at_the_place_of_the_workspace(eyes: Eyes, tmp_path: Path) -> None:
    (eyes.root / "f").touch()
    eyes.look()
    eyes.root.rename(tmp_path / "aside")
    eyes.root.mkdir()
    (eyes.root / "g").touch()
    assert eyes.look() == ["f", "g"]
    (eyes.root / "h").touch()
    assert eyes.look() == ["h"]


def test_everything_is_looked_at_after_some_time(eyes: Eyes, monkeypatch: pytest.MonkeyPatch) -> None:
    eyes.look()
    watcher = eyes.looks.watcher
    monkeypatch.setattr(looking, "WHOLE_S", 0.0)
    eyes.look()
    assert eyes.looks.watcher is not watcher


def test_a_look_that_failed_is_made_up_for(eyes: Eyes) -> None:
    eyes.look()
    run(eyes.root, "mkdir a; echo 1 > a/f")
    off = threading.Event()
    off.set()
    with pytest.raises(Stopped):
        eyes.looks.look(None, off, lambda db, looked: None)
    assert eyes.look() == ["a", "a/f"]


OTHER = f"""
import sys, threading
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from zotui.store import Store
from zotui.workspace.undo.looks import Looks
home = Path(sys.argv[1])
store = Store.open(home / "zotui.db", run=home / "run", backups=home / "backups")
looks = Looks(store, home / "workspace", lambda: 100_000_000)
for line in sys.stdin:
    (home / "workspace" / "d" / "f").write_text(line)
    changes = looks.look(None, threading.Event(), lambda db, looked: looked.changes)
    print(*sorted(path for path, _, _ in changes), flush=True)
store.close()
"""


def test_two_processes_look_in_turn(eyes: Eyes, children: Children, tmp_path: Path) -> None:
    run(eyes.root, "mkdir d; echo 1 > d/f; echo 1 > d/g")
    assert eyes.look() == ["d", "d/f", "d/g"]
    other = children.python(OTHER, str(tmp_path), stdin=subprocess.PIPE)
    assert other.stdin is not None
    assert other.stdout is not None
    for number in range(3):
        (eyes.root / "d" / "g").write_text(f"mine {number}")
        other.stdin.write(f"theirs {number}\n")
        other.stdin.flush()
        assert other.stdout.readline().split() == ["d/f", "d/g"]
        (eyes.root / "d" / "g").write_text(f"mine again {number}")
        assert eyes.look() == ["d/g"]
    assert eyes.guided == 0


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")
@pytest.mark.parametrize("user", USERS)
async def test_what_a_command_in_the_sandbox_does_is_seen(user: str, store: Store, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        Path(name).chmod(0o711)
        if os.geteuid() == 0 and user == "ordinary":
            patch.setattr("zotui.sandbox.sandbox.Namespaces", AsOrdinary)
        world = World(Path(name), user)
        eyes = Eyes(store, world.workspace)
        run(eyes.root, "mkdir -m 777 -p deep/er; echo 1 > deep/er/f; chmod 666 deep/er/f")
        eyes.look()
        script = (
            "echo 2 >> deep/er/f; mkdir new; echo 3 > new/g; mv new deep/er/; rm .bashrc; chmod 600 .vscode/tasks.json"
        )
        out, err = world.sandbox.output(), world.sandbox.output()
        await world.sandbox.run(shell(script), out, err)
        assert {"deep/er/f", "deep/er/new", "deep/er/new/g"} <= set(eyes.look())
        assert eyes.guided == 1
        await world.sandbox.close()
