"""Looks that the kernel guides: whatever happened, they find what a look at everything finds."""

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from zotui.store import Store
from zotui.workspace.undo import watching
from zotui.workspace.undo.looks import Looks
from zotui.workspace.undo.scan import Change, Looked, Scan
from zotui.workspace.undo.watching import Doubtful, Watcher

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
