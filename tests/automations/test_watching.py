"""Automations that start when something has changed: once a change, not at their own."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec import structs

from tests.automations.putting import at, ended, put, runs
from tests.waiting import wait_for
from zotui.automations import records, watching
from zotui.automations.automation import Automation, Schedule
from zotui.automations.watching import Watching, state_of
from zotui.home import Home
from zotui.store import Store

SINCE = at("2026-03-01T10:00")


def watched(store: Store, path: str) -> Automation:
    one = structs.replace(
        put(store, "FREQ=DAILY", SINCE), schedule=Schedule("", "", "UTC", changed=path), next_run=None
    )
    store.write_now(lambda db: records.keep(db, one, SINCE, ""))
    return one


def seen(store: Store) -> str:
    return str(store.read_now(lambda db: db.execute("SELECT seen FROM automations").get))


@asynccontextmanager
async def going(store: Store, home: Home) -> AsyncIterator[None]:
    task = asyncio.create_task(Watching(store, home.workspace).run())
    try:
        await wait_for(lambda: seen(store))
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "REST_S", 0.03)


@pytest.mark.parametrize("path", ["in", "in/a.txt", "in/deep/b.txt", "."])
async def test_a_change_starts_it_once(store: Store, home: Home, path: str) -> None:
    (home.workspace / "in").mkdir()
    watched(store, path)
    async with going(store, home):
        assert not runs(store)
        target = home.workspace / "in" / ("deep/b.txt" if "deep" in path else "a.txt")
        target.parent.mkdir(exist_ok=True)
        for piece in range(5):  # written in pieces
            target.write_text("x" * piece)
        await wait_for(lambda: len(runs(store)) == 1)
    [run] = runs(store)
    assert (run.cause, run.status) == ("change", "queued")


async def test_one_that_never_rests_holds_up_no_other(
    store: Store, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched(store, "busy")
    quiet = watched(store, "quiet")
    (home.workspace / "busy").write_text("")
    asked = 0

    def state(root: Path, path: str, *rest: object) -> str:
        nonlocal asked
        asked += 1
        return f"{asked}" if path == "busy" else state_of(root, path)

    unseen = "SELECT count(*) FROM automations WHERE seen = ''"
    async with going(store, home):
        await wait_for(lambda: store.read_now(lambda db: db.execute(unseen).get) == 0)
        monkeypatch.setattr(watching, "state_of", state)
        (home.workspace / "quiet").write_text("new")
        await wait_for(lambda: [run.automation_id for run in runs(store)] == [quiet.id])


async def test_what_changed_while_nobody_was_there(store: Store, home: Home) -> None:
    watched(store, "a.txt")
    async with going(store, home):
        pass
    (home.workspace / "a.txt").write_text("new")
    async with going(store, home):
        await wait_for(lambda: len(runs(store)) == 1)


async def test_what_it_changes_itself_is_no_change(store: Store, home: Home) -> None:
    watched(store, "a.txt")
    async with going(store, home):
        (home.workspace / "a.txt").write_text("new")
        await wait_for(lambda: len(runs(store)) == 1)
        before = seen(store)
        (home.workspace / "a.txt").write_text("by the run")
        store.write_now(lambda db: db.execute("UPDATE runs SET begun = 1"))
        store.write_now(
            lambda db: db.execute("UPDATE runs SET status = 'done', finished_at = unixepoch('subsec') * 1000 + 5")
        )
        await wait_for(lambda: seen(store) != before)
        assert len(runs(store)) == 1
        store.write_now(lambda db: db.execute("UPDATE runs SET finished_at = 1"))
        (home.workspace / "a.txt").unlink()
        await wait_for(lambda: len(runs(store)) == 2)
    ended(store)


async def test_paused_ones_and_another_path_begin_anew(store: Store, home: Home) -> None:
    one = watched(store, "a.txt")
    async with going(store, home):
        assert seen(store)
    store.write_now(lambda db: records.keep(db, structs.replace(one, enabled=False), SINCE, ""))
    assert not seen(store)
    (home.workspace / "a.txt").write_text("while it was paused")
    store.write_now(lambda db: records.keep(db, one, SINCE, ""))
    async with going(store, home):
        assert not runs(store)
    other = structs.replace(one, schedule=structs.replace(one.schedule, changed="b.txt"))
    store.write_now(lambda db: records.keep(db, other, SINCE, ""))
    assert not seen(store)


def test_what_counts_as_a_change(tmp_path: Path) -> None:
    known = {state_of(tmp_path, "in")}

    def is_new() -> bool:
        state = state_of(tmp_path, "in")
        fresh = state not in known
        known.add(state)
        return fresh

    (tmp_path / "in").mkdir()
    assert is_new()
    assert not is_new()
    (tmp_path / "in" / "a").write_text("1")
    assert is_new()
    (tmp_path / "in" / ".git").mkdir()
    (tmp_path / "in" / ".git" / "index").write_text("1")
    assert not is_new()
    os.symlink("/etc/passwd", tmp_path / "in" / "link")
    assert is_new()
    (tmp_path / "in" / "sub").mkdir()
    assert is_new()
    os.utime(tmp_path / "in" / "a", ns=(1, 1))
    assert is_new()
    (tmp_path / "in" / "a").rename(tmp_path / "in" / "b")
    assert is_new()


def test_a_link_out_of_the_workspace_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "root").mkdir()
    os.symlink(tmp_path / "out", tmp_path / "root" / "in")
    before = state_of(tmp_path / "root", "in")
    (tmp_path / "out" / "a").write_text("1")
    assert state_of(tmp_path / "root", "in") == before
