"""What is delivered: once, again where it failed, never twice without a word."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.automations.putting import at, put, told
from tests.waiting import wait_for
from zotui.automations import delivering
from zotui.automations.delivering import Deliverer, Send
from zotui.automations.firing import put as put_runs
from zotui.automations.telling import order
from zotui.errors import ZotuiError
from zotui.notices import add
from zotui.store import Store, Transaction
from zotui.store.work import claim

SINCE = at("2026-03-01T10:00")
Rows = list[tuple[str, str | None, str]]


def ordered(store: Store, target: str = "file:a.txt", when: int = 0) -> None:
    one = put(store, "FREQ=DAILY", SINCE)
    [run] = store.write_now(lambda db: put_runs(db, one, "manual", [SINCE], SINCE))
    store.write_now(lambda db: (db.execute("UPDATE runs SET status = 'done'"), order(db, run, target, "news", when)))


def states(store: Store) -> Rows:
    query = "SELECT status, reason, error FROM deliveries ORDER BY id"
    return store.read_now(lambda db: db.execute(query).fetchall())


@asynccontextmanager
async def delivered(store: Store, send: Send) -> AsyncIterator[None]:
    task = asyncio.create_task(Deliverer(store, {"file": send}, add).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_once(store: Store) -> None:
    sent: list[tuple[str, str, str]] = []

    async def send(place: str, text: str, title: str) -> None:
        sent.append((place, text, title))

    ordered(store)
    async with delivered(store, send):
        await wait_for(lambda: states(store) == [("done", None, "")])
    assert sent == [("a.txt", "news", "tick")]


async def test_again_where_it_failed_and_then_it_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "AGAIN_S", 0)
    tried: list[str] = []

    async def send(place: str, text: str, title: str) -> None:
        tried.append(place)
        raise ZotuiError("no room")

    ordered(store)
    async with delivered(store, send):
        await wait_for(lambda: states(store) == [("failed", "error", "no room")])
    assert len(tried) == 3
    assert told(store) == ["not delivered to file a.txt: no room"]


async def test_not_before_its_time(store: Store) -> None:
    ordered(store, when=at("2999-01-01T00:00"))
    ordered(store, "inbox")
    async with delivered(store, _nothing):
        await wait_for(lambda: [status for status, *_ in states(store)] == ["queued", "done"])
    assert told(store) == ["news"]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("file:a.txt", ("interrupted", "lost", "its process was gone meanwhile: whether it arrived is not known")),
        ("inbox", ("done", None, "")),
    ],
)
async def test_one_whose_process_died(store: Store, target: str, expected: tuple[str, str | None, str]) -> None:
    ordered(store, target)
    store.write_now(lambda db: claim(db, "deliveries", "gone/1/1/1/x"))
    async with delivered(store, _nothing):
        await wait_for(lambda: states(store) == [expected])
    assert len(told(store)) == 1


async def test_who_does_not_answer_keeps_no_process_from_its_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "STOP_S", 0.01)
    begun = asyncio.Event()

    async def send(place: str, text: str, title: str) -> None:
        begun.set()
        await asyncio.Event().wait()

    ordered(store)
    task = asyncio.create_task(Deliverer(store, {"file": send}, add).run())
    await asyncio.wait_for(begun.wait(), 10)
    task.cancel()
    ended, _ = await asyncio.wait({task}, timeout=10)
    assert ended
    assert states(store) == [("running", None, "")]  # whoever comes next says that it is not known


async def test_one_that_is_deleted_as_it_is_taken(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(db: Transaction, table: str, owner: str) -> tuple[str, int] | None:
        found = claim(db, table, owner)
        db.execute("DELETE FROM automations WHERE title = 'gone'")
        return found

    monkeypatch.setattr(delivering, "claim", taken)
    ordered(store)
    store.write_now(lambda db: db.execute("UPDATE automations SET title = 'gone'"))
    ordered(store)
    async with delivered(store, _nothing):
        await wait_for(lambda: states(store) == [("done", None, "")])


@pytest.mark.parametrize("target", ["webhook:https://example.org/key", "command:curl -H 'Token: key'"])
async def test_what_may_hold_a_key_is_not_told(store: Store, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    monkeypatch.setattr(delivering, "TRIES", 1)
    ordered(store, target)
    async with delivered(store, _nothing):
        await wait_for(lambda: [status for status, *_ in states(store)] == ["failed"])
    kind = target.partition(":")[0]
    assert told(store) == [f"not delivered to {kind}: KeyError: '{kind}'"]


async def _nothing(place: str, text: str, title: str) -> None:
    pass
