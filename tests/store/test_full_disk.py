"""A disk with no room: what was acknowledged stays, what was not is said so, and work goes on when there is room."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import ROOT, Children, looking, one, opened, rows
from zotui.errors import StoreFull
from zotui.home import Home
from zotui.memory import Memories
from zotui.store import Store

DISK = 12 * 1024 * 1024
PIECE = "x" * 20_000


class Disk:
    """A small disk of its own, in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self, leave: int = 0) -> None:
        """Take all room but ``leave`` bytes."""
        with self._ballast.open("ab", buffering=0) as file:
            free = os.statvfs(self.path)
            rest = free.f_bavail * free.f_frsize - leave
            while rest > 0:
                try:
                    rest -= file.write(bytes(min(rest, 65_536)))
                except OSError:
                    return

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of 12 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", place], capture_output=True, text=True, timeout=20
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    yield Disk(place)
    subprocess.run(["umount", "-l", place], check=True, timeout=20)


@pytest.fixture
def home(disk: Disk) -> Home:
    """A home on that disk."""
    return Home(disk.path / "home").prepare()


async def write_until_full(memory: Memories, prefix: str) -> list[str]:
    """What was acknowledged before the disk was full."""
    acknowledged: list[str] = []
    for number in range(2000):
        try:
            acknowledged.append(await memory.memorize(f"{prefix} {number} {PIECE}"))
        except StoreFull:
            return acknowledged
    raise AssertionError("the disk never became full")


async def test_nothing_acknowledged_is_lost_and_it_goes_on(store: Store, home: Home, disk: Disk) -> None:
    memory = Memories(store)
    disk.fill(leave=2 * 1024 * 1024)
    acknowledged = await write_until_full(memory, "first")
    assert acknowledged
    with pytest.raises(StoreFull, match=r"no room left on the disk of .*; nothing that was confirmed is lost"):
        await memory.memorize(PIECE)
    assert await memory.count() == len(acknowledged), "reading goes on"
    disk.free()
    acknowledged.append(await memory.memorize("there is room again"))
    disk.fill(leave=1024 * 1024)
    acknowledged += await write_until_full(memory, "second")
    disk.free()
    await asyncio.to_thread(store.close)
    with looking(home.database) as db:
        assert [row[0] for row in db.execute("SELECT id FROM memory ORDER BY seq")] == acknowledged
        assert db.execute("PRAGMA integrity_check").get == "ok"


async def test_writes_that_shared_the_failed_commit_all_say_so(store: Store, disk: Disk) -> None:
    memory = Memories(store)
    disk.fill(leave=1024 * 1024)
    outcomes = await asyncio.gather(
        *(memory.memorize(f"{number} {PIECE}") for number in range(300)), return_exceptions=True
    )
    acknowledged = {outcome for outcome in outcomes if isinstance(outcome, str)}
    assert {type(outcome) for outcome in outcomes} <= {str, StoreFull}
    assert len(acknowledged) < 300
    disk.free()
    kept = await store.read(lambda db: [row[0] for row in db.execute("SELECT id FROM memory").fetchall()])
    assert set(kept) == acknowledged


def test_a_kill_on_a_full_disk_loses_nothing(home: Home, disk: Disk, children: Children) -> None:
    opened(home).close()
    disk.fill(leave=1024 * 1024)
    child = children.python(WRITE_AND_DIE, str(home.path))
    acknowledged = child.communicate(timeout=60)[0].split()
    assert child.returncode == -signal.SIGKILL
    assert acknowledged
    with contextlib.suppress(StoreFull):  # it may need room to open, but it spoils nothing
        opened(home).close()
    disk.free()
    opened(home).close()
    assert [id_ for (id_,) in rows(home, "SELECT id FROM memory ORDER BY seq")] == acknowledged
    assert one(home, "PRAGMA integrity_check") == "ok"


WRITE_AND_DIE = f"""
import asyncio, os, signal, sys
sys.path.insert(0, {str(ROOT)!r})
from tests.processes import opened
from tests.store.test_full_disk import write_until_full
from zotui.home import Home
from zotui.memory import Memories
acknowledged = asyncio.run(write_until_full(Memories(opened(Home(sys.argv[1]))), "child"))
print(*acknowledged, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_new_home_on_a_full_disk(disk: Disk) -> None:
    home = Home(disk.path / "new").prepare()
    disk.fill()
    with pytest.raises(StoreFull, match="no room left on the disk"):
        opened(home)
    disk.free()
    store = opened(home)
    store.write_now(lambda db: db.execute("INSERT INTO desk VALUES ('a', 'b')"))
    store.close()
    assert one(home, "SELECT value FROM desk") == "b"


def test_no_room_for_the_copy_before_an_upgrade(disk: Disk) -> None:
    home = Home(disk.path / "old").prepare()
    home.database.touch(0o600)
    with looking(home.database) as db:
        db.execute("CREATE TABLE memory(id TEXT PRIMARY KEY, key TEXT UNIQUE, value TEXT, updated_at TEXT)")
        for number in range(100):
            db.execute("INSERT INTO memory VALUES (?, ?, ?, '2025-11-01')", (str(number), str(number), PIECE))
    disk.fill(leave=1024 * 1024)
    with pytest.raises(StoreFull):
        opened(home)
    assert list(home.backups.iterdir()) == [], "no half a copy"
    assert one(home, "PRAGMA user_version") == 0
    disk.free()
    opened(home).close()
    assert one(home, "SELECT count(*) FROM memory") == 100
