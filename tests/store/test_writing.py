"""Reads, writes, and many writes that share a commit."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import apsw
import pytest

from tests.processes import ROOT, Children, one, opened, output, rows
from tests.waiting import wait_for, wait_until
from zotui.errors import Fenced, NotFound, StoreError
from zotui.home import Home
from zotui.store import Store, Transaction, file, new_id


def put(key: str, value: str = "") -> Callable[[Transaction], str]:
    """A write of one row."""

    def do(db: Transaction) -> str:
        db.execute("INSERT INTO desk(key, value) VALUES (?, ?)", (key, value))
        return key

    return do


class Held:
    """A store whose writer is busy with one write until it is let go: what is submitted meanwhile shares a commit."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._begun, self._free = threading.Event(), threading.Event()
        self.first = store._writer.submit(self._wait, durable=False)
        assert self._begun.wait(20)

    def _wait(self, db: Transaction) -> None:
        self._begun.set()
        assert self._free.wait(20)

    def submit(self, do: Callable[[Transaction], Any], durable: bool = False) -> "Future[Any]":
        return self.store._writer.submit(do, durable=durable)

    def go(self) -> None:
        self._free.set()


def keys(home: Home) -> list[str]:
    return [key for (key,) in rows(home, "SELECT key FROM desk ORDER BY key")]


def level(db: Transaction) -> int:
    return int(db.execute("PRAGMA synchronous").get)


def test_pragmas_of_every_connection(store: Store) -> None:
    def pragmas(db: Transaction) -> dict[str, Any]:
        names = (
            "journal_mode",
            "foreign_keys",
            "trusted_schema",
            "query_only",
            "temp_store",
            "busy_timeout",
            "fullfsync",
        )
        return {name: db.execute(f"PRAGMA {name}").get for name in names}

    both = {"journal_mode": "wal", "foreign_keys": 1, "trusted_schema": 0, "temp_store": 2, "busy_timeout": 5000}
    assert store.write_now(pragmas) == both | {"query_only": 0, "fullfsync": 1}
    assert store.read_now(pragmas) == both | {"query_only": 1, "fullfsync": 0}


def test_tables_are_strict_and_foreign_keys_hold(store: Store) -> None:
    loose = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite%'"
    assert store.read_now(lambda db: db.execute(loose).fetchall()) == []
    orphan = "INSERT INTO turns(id, conv_id, lane, input, created_at) VALUES ('t', 'nobody', 'l', 'hi', 0)"
    with pytest.raises(apsw.ConstraintError, match="FOREIGN KEY"):
        store.write_now(lambda db: db.execute(orphan))
    with pytest.raises(apsw.ConstraintError, match="cannot store TEXT"):
        store.write_now(lambda db: db.execute("INSERT INTO changes VALUES ('x', 'no number')"))


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError):
        store.read_now(put("a"))
    assert store.read_now(lambda db: db.execute("SELECT count(*) FROM desk").get) == 0


async def test_a_read_sees_one_moment(store: Store) -> None:
    await store.write(put("a"))
    reading, written = threading.Event(), threading.Event()

    def twice(db: Transaction) -> tuple[int, int]:
        first = db.execute("SELECT count(*) FROM desk").get
        reading.set()
        assert written.wait(20)
        return first, db.execute("SELECT count(*) FROM desk").get

    seen = asyncio.create_task(store.read(twice))
    await asyncio.to_thread(reading.wait, 20)
    await store.write(put("b"))
    written.set()
    assert await seen == (1, 1)
    assert await store.read(lambda db: db.execute("SELECT count(*) FROM desk").get) == 2


async def test_a_failed_write_leaves_nothing(store: Store, home: Home) -> None:
    def half(db: Transaction) -> None:
        put("half")(db)
        raise NotFound("the other half")

    with pytest.raises(NotFound, match="the other half"):
        await store.write(half)
    assert await store.write(put("whole")) == "whole"
    assert keys(home) == ["whole"]


def test_waiting_writes_share_a_commit_and_fail_alone(store: Store, home: Home) -> None:
    put_row = put("seen")
    store.write_now(put_row)
    before = one(home, "SELECT seq FROM changes WHERE \"table\" = 'desk'")
    held = Held(store)

    def broken(db: Transaction) -> None:
        put("broken")(db)
        raise Fenced("too late")

    futures = {number: held.submit(put(f"row {number:03}")) for number in range(100)}
    failing = [held.submit(broken), held.submit(put_row), held.submit(lambda db: db.execute("SELECT nonsense"))]
    last = held.submit(lambda db: db.execute("SELECT count(*) FROM desk").get)
    held.go()
    assert {number: future.result(20) for number, future in futures.items()} == {n: f"row {n:03}" for n in range(100)}
    assert [type(future.exception(20)) for future in failing] == [Fenced, apsw.ConstraintError, apsw.SQLError]
    assert last.result(20) == 101, "a later write of the same commit sees the earlier ones"
    assert keys(home) == sorted(["seen", *(f"row {number:03}" for number in range(100))])
    assert one(home, "SELECT seq FROM changes WHERE \"table\" = 'desk'") == before + 1, "one commit for all of them"


def test_a_write_that_ends_the_transaction_itself_spoils_no_other(store: Store, home: Home) -> None:
    """Whatever a write does to its savepoint, nothing is acknowledged that is not in the file."""
    held = Held(store)
    good = [held.submit(put("a")), held.submit(lambda db: db.execute("ROLLBACK")), held.submit(put("b"))]
    held.go()
    acknowledged = [future.result(20) for future in good if future.exception(20) is None]
    assert [key for key in ("a", "b") if key in keys(home)] == [key for key in acknowledged if isinstance(key, str)]
    assert store.write_now(put("after")) == "after"


def test_what_is_acknowledged_is_synced_and_the_rest_is_not(store: Store) -> None:
    full, normal = 2, 1
    assert [store.write_now(level, durable=durable) for durable in (False, True, True, False)] == [
        normal,
        full,
        full,
        normal,
    ]


def test_one_durable_write_makes_its_commit_durable(store: Store) -> None:
    held = Held(store)
    seen = [held.submit(level), held.submit(level, durable=True), held.submit(level)]
    held.go()
    assert [future.result(20) for future in seen] == [2, 2, 2]
    assert store.write_now(level, durable=False) == 1


async def test_a_cancelled_write_that_waits_is_not_made(store: Store, home: Home) -> None:
    held = Held(store)
    waiting = asyncio.create_task(store.write(put("cancelled")))
    kept = asyncio.create_task(store.write(put("kept")))
    await wait_for(lambda: store._writer._waiting.qsize() == 2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    held.go()
    await kept
    assert keys(home) == ["kept"]


async def test_a_write_that_waits_too_long_says_so_and_is_not_made(
    store: Store, home: Home, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "WAIT_S", 0.3)
    keeper = children.python(KEEP_THE_LOCK, str(home.run / "write.lock"))
    assert keeper.stdout
    assert keeper.stdout.readline() == "locked\n"
    with pytest.raises(StoreError, match=r"another process has kept .* the write was not made"):
        await store.write(put("too late"))
    keeper.kill()
    await store.write(put("in time"))
    assert keys(home) == ["in time"]


async def test_a_write_that_has_begun_is_never_called_not_made(
    store: Store, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the patience ends while it is being made, what is said of it is what became of it."""
    monkeypatch.setattr(file, "WAIT_S", 0.05)
    begun, free = threading.Event(), threading.Event()

    def slow(db: Transaction) -> str:
        begun.set()
        assert free.wait(20)
        return put("slow")(db)

    writing = asyncio.create_task(store.write(slow))
    await asyncio.to_thread(begun.wait, 20)
    done, _ = await asyncio.wait({writing}, timeout=0.3)
    assert not done, "its outcome is not known yet"
    free.set()
    assert await writing == "slow"
    assert keys(home) == ["slow"]


async def test_the_writer_survives_a_bell_that_cannot_be_rung(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault behind the commit (no handles left, say) is no reason to write nothing any more."""

    def broken(*_: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("os.listdir", broken)
    assert await store.write(put("a")) == "a"
    assert await store.write(put("b")) == "b"


async def test_a_closed_file_says_so(home: Home) -> None:
    store = opened(home)
    await store.write(put("a"))
    await asyncio.to_thread(store.close)
    await asyncio.to_thread(store.close)
    with pytest.raises(StoreError, match="closed"):
        await store.write(put("b"))
    with pytest.raises(StoreError, match="closed"):
        await store.read(lambda db: db.execute("SELECT 1").get)
    assert not list(home.run.glob("*.bell"))


async def test_close_finishes_what_waits(home: Home) -> None:
    store = opened(home)
    held = Held(store)
    futures = [held.submit(put(f"{number:02}")) for number in range(50)]
    closing = asyncio.create_task(asyncio.to_thread(store.close))
    held.go()
    await closing
    assert [future.result(0) for future in futures] == keys(home)


async def test_close_does_not_wait_for_ever_for_another_process(
    home: Home, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zotui.store.writer.CLOSE_S", 0.3)
    store = opened(home)
    keeper = children.python(KEEP_THE_LOCK, str(home.run / "write.lock"))
    assert keeper.stdout
    assert keeper.stdout.readline() == "locked\n"
    future = store._writer.submit(put("never"), durable=True)
    async with asyncio.timeout(20):
        await asyncio.to_thread(store.close)
    assert not future.done() or future.exception(0) is not None
    keeper.kill()


def test_two_stores_of_two_homes_in_one_process_do_not_touch(home: Home, tmp_path: Any) -> None:
    other = Home(tmp_path / "other").prepare()
    first, second = opened(home), opened(other)
    try:
        first.write_now(put("here"))
        second.write_now(put("there"))
    finally:
        first.close()
        second.close()
    assert (keys(home), keys(other)) == (["here"], ["there"])


def test_two_stores_of_one_home_in_one_process(home: Home) -> None:
    first, second = opened(home), opened(home)
    first.write_now(put("a"))
    second.write_now(put("b"))
    first.close()
    second.write_now(put("c"))
    second.close()
    assert keys(home) == ["a", "b", "c"]


def test_processes_that_write_at_once_lose_nothing(home: Home, children: Children) -> None:
    started = [
        children.start([sys.executable, "-m", "tests.store.hammer", str(home.path), str(number), "150"])
        for number in range(4)
    ]
    figures = [json.loads(output(child)) for child in started]
    assert [figure["errors"] for figure in figures] == [[], [], [], []]
    assert one(home, "SELECT count(*) FROM memory") == 600
    assert {tuple(row) for row in rows(home, "SELECT substr(value, 1, 1), count(*) FROM memory GROUP BY 1")} == {
        (str(number), 150) for number in range(4)
    }
    assert rows(home, "PRAGMA foreign_key_check") == []
    assert one(home, "PRAGMA integrity_check") == "ok"


def test_processes_that_open_a_new_home_at_once(home: Home, children: Children) -> None:
    for round_ in range(5):
        fresh = Home(home.path.parent / f"fresh {round_}").prepare()
        go = fresh.path / "go"
        words = [str(fresh.path), str(go)]
        started = [children.python(OPEN_AT_ONCE, *words, new_id(), stdin=subprocess.PIPE) for _ in range(6)]
        for child in started:
            assert child.stdout
            assert child.stdout.readline() == "ready\n"
        go.touch()
        wait_until(fresh.database.exists)
        wait_until(lambda fresh=fresh: one(fresh, "SELECT count(*) FROM sqlite_schema WHERE name = 'desk'"))  # type: ignore[misc]
        wait_until(lambda fresh=fresh: len(keys(fresh)) == 6)  # type: ignore[misc]
        for child in started:
            output(child)


KEEP_THE_LOCK = """
import fcntl, os, signal, sys
handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(handle, fcntl.LOCK_EX)
print("locked", flush=True)
signal.pause()
"""

OPEN_AT_ONCE = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from tests.processes import opened
from zotui.home import Home
home = Home(sys.argv[1])
print("ready", flush=True)
while not os.path.exists(sys.argv[2]):
    pass
store = opened(home)
store.write_now(lambda db: db.execute("INSERT INTO desk(key, value) VALUES (?, '')", (sys.argv[3],)))
sys.stdin.read()
store.close()
"""
