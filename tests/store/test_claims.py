"""Claims: the best ready row whose lane is free, by one worker, for as long as its fence holds."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import apsw
import pytest

from tests.processes import Children, opened, output, rows
from zotui.errors import Fenced
from zotui.home import Home
from zotui.store import Store, Transaction, new_id, owner, work

ME, OTHER = "me", "another"


@pytest.fixture
def put(store: Store) -> Callable[..., str]:
    """Writes a turn with some of its columns given; its id."""

    def put(lane: str = "", **columns: Any) -> str:
        turn = new_id()
        lane = lane or turn
        columns = {"id": turn, "conv_id": lane, "lane": lane, "input": "hi", "created_at": 0, **columns}
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))

        def write(db: Transaction) -> None:
            db.execute("INSERT OR IGNORE INTO conversations(id, created_at, updated_at) VALUES (?, 0, 0)", (lane,))
            db.execute(f"INSERT INTO turns({names}) VALUES ({marks})", tuple(columns.values()))

        store.write_now(write)
        return turn

    return put


def claim(store: Store, who: str = ME, **rules: Any) -> str | None:
    taken = store.write_now(lambda db: work.claim(db, "turns", who, **rules))
    return taken[0] if taken else None


def finish(store: Store, turn: str, status: str = "done", fence: int = 1) -> None:
    store.write_now(lambda db: work.finish(db, "turns", turn, fence, status))


def test_the_oldest_of_the_highest_priority_first(store: Store, put: Callable[..., str]) -> None:
    first, second = put(), put()
    urgent = put(priority=5)
    idle = put(priority=-1)
    third = put()
    assert [claim(store) for _ in range(6)] == [urgent, first, second, third, idle, None]


def test_a_claim_says_who_and_since_when(store: Store, home: Home, put: Callable[..., str]) -> None:
    turn = put()
    before = owner.lease_clock_ms()
    assert store.write_now(lambda db: work.claim(db, "turns", ME)) == (turn, 1)
    [(status, who, lease, attempt, fence, started)] = rows(
        home, "SELECT status, owner, lease_until, attempt, fence, started_at FROM turns"
    )
    assert (status, who, attempt, fence) == ("running", ME, 1, 1)
    assert before + work.LEASE_MS <= lease <= owner.lease_clock_ms() + work.LEASE_MS
    assert started > 1_600_000_000_000


@pytest.mark.parametrize("busy", ["running", "waiting"])
def test_a_busy_lane_is_skipped(store: Store, put: Callable[..., str], busy: str) -> None:
    first, behind, elsewhere = put("lane"), put("lane", priority=9), put("other lane")
    assert claim(store) == behind
    if busy == "waiting":
        finish(store, behind, "waiting")
    assert claim(store) == elsewhere
    assert claim(store) is None
    if busy == "running":
        finish(store, behind)
        assert claim(store) == first


def test_a_lane_cannot_be_run_twice_whatever_is_written(store: Store, put: Callable[..., str]) -> None:
    put("lane", status="running")
    with pytest.raises(apsw.ConstraintError, match=r"turns\.lane"):
        put("lane", status="waiting")


def test_what_is_not_due_waits(store: Store, put: Callable[..., str]) -> None:
    put(not_before=1 << 50)
    due = put(not_before=1_000)
    assert [claim(store), claim(store)] == [due, None]


def test_rows_of_a_door_are_for_its_own_workers(store: Store, put: Callable[..., str]) -> None:
    mine, others, nobodys = put(door=ME), put(door=OTHER), put()
    assert claim(store, ME, door=ME, nobodys=False) == mine
    assert claim(store, ME, door=ME, nobodys=False) is None
    assert claim(store, ME, door=ME) == nobodys
    assert claim(store, ME, door=ME) is None
    assert claim(store, "background") is None, "the background process takes nothing from a door that lives"
    assert claim(store, OTHER, door=OTHER) == others


def test_doors_that_are_gone_leave_their_rows_to_all(
    store: Store, home: Home, children: Children, put: Callable[..., str]
) -> None:
    child = children.python("from zotui.store.owner import this_owner; print(this_owner())")
    dead, elsewhere = output(child).strip(), namespaced(store.owner)
    left, kept, far = put(door=dead), put(door=store.owner), put(door=elsewhere)
    store.write_now(lambda db: work.adopt_orphans(db, "turns"))
    assert dict(rows(home, "SELECT id, door FROM turns")) == {left: None, kept: store.owner, far: elsewhere}
    store.write_now(lambda db: work.leave_behind(db, "turns", store.owner))
    assert dict(rows(home, "SELECT id, door FROM turns")) == {left: None, kept: None, far: elsewhere}


def test_a_late_result_is_refused(store: Store, home: Home, put: Callable[..., str]) -> None:
    turn = put()
    assert claim(store, OTHER) == turn
    finish(store, turn, "queued")  # it was taken for dead
    with pytest.raises(Fenced):
        store.write_now(lambda db: work.check(db, "turns", turn, 1))
    assert claim(store, ME) == turn
    for late in (1, 0, 3):
        with pytest.raises(Fenced, match="no longer this worker's"):
            finish(store, turn, "done", fence=late)
    finish(store, turn, "failed", fence=2)
    with pytest.raises(Fenced):
        finish(store, turn, "done", fence=2)
    assert rows(home, "SELECT status, attempt, fence, owner, lease_until FROM turns") == [("failed", 2, 2, None, None)]


def test_each_row_is_claimed_once_by_many_at_once(store: Store, home: Home, put: Callable[..., str]) -> None:
    turns = {put() for _ in range(60)}
    stores = [opened(home) for _ in range(3)]
    try:

        def take_all(mine: Store) -> list[str]:
            taken = []
            while (turn := claim(mine, mine.owner)) is not None:
                taken.append(turn)
            return taken

        with ThreadPoolExecutor(3) as pool:
            taken = [turn for found in pool.map(take_all, stores) for turn in found]
    finally:
        for each in stores:
            each.close()
    assert len(taken) == 60
    assert set(taken) == turns


# --- Owners ------------------------------------------------------------------------------------------


def namespaced(name: str, namespace: str = "4026530000") -> str:
    boot, _, rest = name.split("/", 2)
    return f"{boot}/{namespace}/{rest}"


def with_part(name: str, place: int, value: str) -> str:
    parts = name.split("/")
    parts[place] = value
    return "/".join(parts)


def test_owners_here_and_gone(children: Children) -> None:
    me = owner.this_owner()
    assert owner.is_alive(me)
    assert owner.pid_here(me) == os.getpid()
    assert me != owner.this_owner(), "each opening has a name of its own"
    child = children.python(
        "from zotui.store.owner import this_owner; print(this_owner(), flush=True); input()", stdin=-1
    )
    assert child.stdout
    theirs = child.stdout.readline().strip()
    assert owner.is_alive(theirs)
    assert owner.pid_here(theirs) == child.pid
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not owner.is_alive(theirs), "a zombie is dead"
    assert owner.pid_here(theirs) == 0
    child.wait()
    assert not owner.is_alive(theirs)


@pytest.mark.parametrize(
    ("place", "value", "alive"),
    [
        (0, "another-boot", False),
        (1, "4026530000", True),  # another container: its lease decides
        (2, "4194305", False),  # no process has that id
        (3, "1", False),  # the id has been given to another process
        (3, "", False),
    ],
)
def test_what_makes_an_owner_dead(place: int, value: str, alive: bool) -> None:
    name = with_part(owner.this_owner(), place, value)
    assert owner.is_alive(name) is alive
    assert owner.pid_here(name) == 0, "and nobody signals it"


@pytest.mark.parametrize("name", ["", "x", "a/b/c", "12345"])
def test_names_of_another_form_stop_nothing(name: str) -> None:
    assert not owner.is_alive(name), "of another boot, as far as one can tell"
    assert owner.pid_here(name) == 0
    boot = owner.this_owner().split("/")[0]
    assert owner.is_alive(f"{boot}/{name}"), "its lease decides"
    assert owner.pid_here(f"{boot}/{name}") == 0


def test_lost_rows(store: Store, put: Callable[..., str]) -> None:
    soon, past = owner.lease_clock_ms() + 10_000, owner.lease_clock_ms() - 1
    me = store.owner
    here = owner.this_owner()  # another opening in this living process
    put(status="running", owner=here, lease_until=soon)
    put(status="running", owner=namespaced(here), lease_until=soon)
    held = put(status="running", owner=me, lease_until=past)
    put(status="running", owner=me, lease_until=soon)
    put(status="waiting", owner=None)
    put(status="queued")
    put(status="done", owner=with_part(here, 0, "another-boot"))
    lost = {
        put(status="running", owner=here, lease_until=past),
        put(status="running", owner=namespaced(here), lease_until=past),
        put(status="running", owner=with_part(here, 0, "another-boot"), lease_until=soon),
        put(status="running", owner=with_part(here, 3, "1"), lease_until=soon),
        put(status="running", owner=me, lease_until=past),  # not held: a write failed when it was to end
        put(status="running", owner=None, lease_until=soon),
        put(status="running", owner=here, lease_until=None),
        put(status="running", owner="nonsense", lease_until=soon),
    }
    found = store.read_now(lambda db: work.lost(db, "turns", me, {held}))
    assert {turn for turn, _ in found} == lost


def test_renewing_is_for_what_is_held(store: Store, home: Home, put: Callable[..., str]) -> None:
    mine, let_go, others = put(), put(), put()
    for who in (ME, ME, OTHER):
        claim(store, who)
    store.write_now(lambda db: db.execute("UPDATE turns SET lease_until = 1"))
    store.write_now(lambda db: work.renew(db, "turns", ME, [mine, others]))
    leases = dict(rows(home, "SELECT id, lease_until FROM turns"))
    assert leases[mine] > owner.lease_clock_ms()
    assert (leases[let_go], leases[others]) == (1, 1)


def test_the_lease_clock_is_one_for_all_processes(children: Children) -> None:
    child = children.python("from zotui.store.owner import lease_clock_ms; print(lease_clock_ms())")
    before = owner.lease_clock_ms()
    theirs = int(output(child))
    assert before - 60_000 <= theirs <= owner.lease_clock_ms()
