"""The change feed: who waits is woken, at once, by whoever wrote. Without the slow poll wherever a test can do without."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.processes import ROOT, Children, one, opened, output
from tests.waiting import wait_for, wait_until
from zotui import sockets
from zotui.home import Home
from zotui.store import Store, Transaction, changes

PATIENCE_S = 30


@pytest.fixture
def no_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only bells wake."""
    monkeypatch.setattr(changes, "POLL_S", 3600.0)


@pytest.fixture
async def store(home: Home, no_poll: None) -> AsyncIterator[Store]:
    """The home's file, open, listening for bells alone."""
    store = opened(home)
    yield store
    await asyncio.to_thread(store.close)


def put(key: str, table: str = "desk") -> "PutRow":
    return PutRow(key, table)


class PutRow:
    def __init__(self, key: str, table: str) -> None:
        self.sql = f"INSERT OR REPLACE INTO {table} VALUES (?, ?)"
        self.values = (key, "1" if table == "desk" else 1)

    def __call__(self, db: Transaction) -> None:
        db.execute(self.sql, self.values)


async def test_a_process_sees_its_own_writes(store: Store) -> None:
    async with store.watch("desk") as watch, store.watch("memory", "blobs") as other:
        await store.write(put("a"))
        assert await watch.wait(PATIENCE_S) == {"desk"}
        await store.write(lambda db: db.execute("INSERT INTO blobs VALUES ('h', x'00')"))
        assert await other.wait(PATIENCE_S) == {"blobs"}
        assert await watch.wait(0) == frozenset(), "nothing more of what it watches"


async def test_a_watch_tells_all_tables_once(store: Store) -> None:
    async with store.watch("desk", "blobs", "memory") as watch:
        await store.write(put("a"))
        await store.write(put("b"))
        await store.write(lambda db: db.execute("INSERT INTO blobs VALUES ('h', x'00')"))
        seen: set[str] = set()
        while seen != {"desk", "blobs"}:
            seen |= await watch.wait(PATIENCE_S) or {"nothing"}
        assert await watch.wait(0) == frozenset()


async def test_another_process_is_seen(store: Store, home: Home, children: Children) -> None:
    async with store.watch("desk") as watch:
        await watch.wait(0.01)  # what is told of the time before
        children.python(WRITE_ONE, str(home.path), "from a child")
        await wait_for(lambda: one(home, "SELECT 1 FROM desk WHERE key = 'from a child'"))
        assert await watch.wait(PATIENCE_S) == {"desk"}


async def test_deletes_are_seen_with_all_they_take_along(store: Store, home: Home, children: Children) -> None:
    await store.write(
        lambda db: (
            db.execute("INSERT INTO conversations(id, created_at, updated_at) VALUES ('c', 0, 0)"),
            db.execute("INSERT INTO messages(id, conv_id, position, role, created_at) VALUES ('m', 'c', 1, 'user', 0)"),
        )
    )
    async with store.watch("messages") as watch:
        await watch.wait(0.01)
        await store.write(lambda db: db.execute("DELETE FROM conversations WHERE id = 'c'"))
        assert await watch.wait(PATIENCE_S) == {"messages"}
        assert one(home, "SELECT count(*) FROM messages") == 0


async def test_no_wake_up_is_lost(store: Store, home: Home, children: Children) -> None:
    """Two processes pass a number to and fro, each woken by nothing but the other's bell."""
    rounds = 300
    await store.write(lambda db: db.execute("INSERT INTO desk VALUES ('ball', '0')"))
    child = children.python(PLAY, str(home.path), "1", str(rounds))
    async with asyncio.timeout(60):
        await play(store, 0, rounds)
    await asyncio.to_thread(output, child)
    assert one(home, "SELECT value FROM desk") == str(rounds)


async def play(store: Store, side: int, rounds: int) -> None:
    """Raise the number whenever it is this side's turn."""
    async with store.watch("desk") as watch:
        while True:
            ball = int(await store.read(lambda db: db.execute("SELECT value FROM desk").get))
            if ball >= rounds:
                return
            if ball % 2 == side:
                await store.write(lambda db: db.execute("UPDATE desk SET value = value + 1"), durable=False)
            else:
                await watch.wait()


async def test_many_writers_wake_one_watcher_to_the_last_row(store: Store, home: Home, children: Children) -> None:
    for number in range(3):
        children.python(WRITE_MANY, str(home.path), str(number), "100")
    async with asyncio.timeout(60), store.watch("desk") as watch:
        while await store.read(lambda db: db.execute("SELECT count(*) FROM desk").get) < 300:
            await watch.wait()


def test_bells_of_the_dead_are_taken_away(store: Store, home: Home, children: Children) -> None:
    child = children.python(LISTEN, str(home.path))
    assert child.stdout
    assert child.stdout.readline() == "listening\n"
    assert len(list(home.run.glob("*.bell"))) == 2
    child.kill()
    child.wait()
    store.write_now(put("a"))
    wait_until(lambda: len(list(home.run.glob("*.bell"))) == 1)


def test_a_listener_that_hangs_holds_nobody_up(store: Store, home: Home, children: Children) -> None:
    child = children.python(LISTEN, str(home.path))
    assert child.stdout
    assert child.stdout.readline() == "listening\n"
    os.kill(child.pid, signal.SIGSTOP)
    for number in range(400):  # more than its bell holds
        store.write_now(put(str(number)), durable=False)
    os.kill(child.pid, signal.SIGCONT)


@pytest.mark.usefixtures("no_poll")
async def test_a_home_with_a_long_path(tmp_path: Path, children: Children) -> None:
    deep = tmp_path.joinpath(*["a folder with a long name"] * 6)
    deep.mkdir(parents=True)
    home = Home(deep / "home").prepare()
    assert len(os.fsencode(home.run / "x.bell")) > 108
    store = opened(home)
    try:
        async with store.watch("desk") as watch:
            await watch.wait(0.01)
            children.python(WRITE_ONE, str(home.path), "a")
            await wait_for(lambda: one(home, "SELECT 1 FROM desk"))
            assert await watch.wait(PATIENCE_S) == {"desk"}
    finally:
        await asyncio.to_thread(store.close)


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that knows no sockets."""

    def refuse(*_: object) -> socket.socket:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(sockets, "bind", refuse)
    monkeypatch.setattr(changes, "POLL_S", 0.05)


@pytest.mark.usefixtures("no_sockets")
async def test_without_sockets_the_poll_serves(home: Home, children: Children) -> None:
    store = opened(home)
    try:
        assert not list(home.run.glob("*.bell"))
        async with store.watch("desk") as watch:
            children.python(WRITE_ONE, str(home.path), "a")
            assert await watch.wait(PATIENCE_S) == {"desk"}
            await store.write(put("b"))
            assert await watch.wait(PATIENCE_S) == {"desk"}
    finally:
        await asyncio.to_thread(store.close)


async def test_many_open_handles_do_not_deafen(home: Home, no_poll: None, children: Children) -> None:
    """``select`` knows no handle above 1023."""
    with ManyHandles():
        store = opened(home)
        try:
            async with store.watch("desk") as watch:
                await watch.wait(0.01)
                children.python(WRITE_ONE, str(home.path), "a")
                assert await watch.wait(PATIENCE_S) == {"desk"}
        finally:
            await asyncio.to_thread(store.close)


class ManyHandles:
    """More handles than ``select`` can name, for a while."""

    def __enter__(self) -> None:
        self.handles: list[int] = []
        try:
            while not self.handles or self.handles[-1] < 1100:
                self.handles.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            self.__exit__()
            pytest.skip("this process may not open 1,100 files")

    def __exit__(self, *_: object) -> None:
        for handle in self.handles:
            os.close(handle)


async def test_a_watch_of_a_loop_that_is_gone_is_forgotten(store: Store) -> None:
    async def leave_one() -> None:
        watch = store.watch("desk")
        await watch.__aenter__()

    thread = threading.Thread(target=lambda: asyncio.run(leave_one()))
    thread.start()
    await asyncio.to_thread(thread.join)
    assert len(store._feed._watches) == 1
    await store.write(put("a"))
    await wait_for(lambda: not store._feed._watches)


PRELUDE = f"""
import asyncio, sys
sys.path.insert(0, {str(ROOT)!r})
from tests.processes import opened
from zotui.home import Home
from zotui.store import changes
changes.POLL_S = 3600.0
store = opened(Home(sys.argv[1]))
"""
WRITE_ONE = f"""{PRELUDE}
store.write_now(lambda db: db.execute("INSERT INTO desk VALUES (?, '')", (sys.argv[2],)))
store.close()
"""
WRITE_MANY = f"""{PRELUDE}
for number in range(int(sys.argv[3])):
    store.write_now(lambda db: db.execute("INSERT INTO desk VALUES (?, '')", (sys.argv[2] + str(number),)), durable=False)
store.close()
"""
LISTEN = f"""{PRELUDE}
print("listening", flush=True)
sys.stdin.read() or __import__("signal").pause()
"""
PLAY = f"""{PRELUDE}
from tests.store.test_changes import play
asyncio.run(play(store, int(sys.argv[2]), int(sys.argv[3])))
store.close()
"""
