"""The queue as a person looks at it: its order, what is known of each, what became of their times; at any size."""

from collections.abc import AsyncIterator

import pytest

from zotui.automations.automation import Automation
from zotui.automations.automations import Automations
from zotui.automations.queue import Listed, Queue
from zotui.computer import Computer
from zotui.home import Home
from zotui.store import Transaction

HOUR_MS = 3_600_000


@pytest.fixture
async def computer(home: Home) -> AsyncIterator[Computer]:
    async with Computer.open(home, workers="none") as computer:
        yield computer


@pytest.fixture
def automations(computer: Computer) -> Automations:
    return computer.automations


async def daily(automations: Automations, hour: int, title: str, run: str = "true") -> Automation:
    return await automations.add(
        rrule=f"FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;BYHOUR={hour}", tz="UTC", run=run, title=title
    )


def put(
    db: Transaction, automation: Automation, number: int, status: str, reason: str | None = None, times: int = 1
) -> None:
    db.execute(
        "INSERT INTO runs(id, automation_id, cause, instant, until, times, lane, status, reason, created_at, started_at)"
        " VALUES (?1 || ?2, ?1, 'schedule', ?2, ?2, ?5, ?1, ?3, ?4, ?2, ?2)",
        (automation.id, number, status, reason, times),
    )


async def test_first_what_runs_then_what_is_next_then_broken_paused_and_over(
    computer: Computer, automations: Automations
) -> None:
    titles = ["over", "paused", "broken", "later", "soon", "runs"]
    of = {title: await daily(automations, 23 - place, title) for place, title in enumerate(titles)}
    await automations.pause("paused")

    def write(db: Transaction) -> None:
        db.execute("UPDATE automations SET next_run = NULL WHERE title = 'over'")
        db.execute("UPDATE automations SET enabled = 0, next_run = NULL, problem = 'no zone' WHERE title = 'broken'")
        put(db, of["runs"], 1, "running")

    await computer.store.write(write)
    order = await automations.queue.order("", 100)
    assert [(one.id, one.state) for one in order] == [
        (of["runs"].id, "running"), (of["soon"].id, "active"), (of["later"].id, "active"), (of["broken"].id, "broken"),
        (of["paused"].id, "paused"), (of["over"].id, "over"),
    ]  # fmt: skip
    assert [one.id for one in await automations.queue.order("", 2)] == [of["runs"].id, of["soon"].id]
    assert await automations.queue.total() == 6


async def test_words_are_looked_for_in_titles_and_in_what_happens(automations: Automations) -> None:
    brief = await daily(automations, 1, "Morning brief", "fetch NEWS")
    await daily(automations, 2, "100% disk", "df -h")
    for words, found in (("morning", [brief.id]), ("news", [brief.id]), ("%", 1), ("_", 0), ("'", 0), ("nothing", 0)):
        order = await automations.queue.order(words, 100)
        assert [one.id for one in order] == found if isinstance(found, list) else len(order) == found


async def test_each_is_listed_with_what_runs_what_waits_and_what_became_of_the_last_time(
    computer: Computer, automations: Automations
) -> None:
    one, other = await daily(automations, 1, "one"), await daily(automations, 2, "other")

    def write(db: Transaction) -> None:
        put(db, one, 1, "done")
        put(db, one, 2, "skipped", "missed", 3)
        put(db, one, 3, "running")
        put(db, one, 4, "queued")

    await computer.store.write(write)
    first, second = await automations.queue.listed([other.id, one.id, "gone"])
    assert first == Listed(first.automation, None, 0, None)
    assert [(listed.automation.title, listed.waiting) for listed in (first, second)] == [("other", 0), ("one", 1)]
    assert second.running is not None
    assert second.running.instant == 3
    assert second.last is not None
    assert (second.last.instant, second.last.times) == (2, 3)
    assert [run.instant for run in await automations.queue.going_on(one.id)] == [3, 4]
    assert await automations.queue.going_on(other.id) == []


async def test_runs_are_listed_the_newest_first_and_missed_ones_of_all(
    computer: Computer, automations: Automations
) -> None:
    one, other = await daily(automations, 1, "one"), await daily(automations, 2, "other")

    def write(db: Transaction) -> None:
        for number in range(1, 6):
            put(db, one, number, "skipped" if number % 2 else "done", "missed" if number % 2 else None)
        put(db, other, 9, "skipped", "missed")

    await computer.store.write(write)
    queue = automations.queue
    assert [run.instant for run in await queue.runs(await queue.run_ids(one.id, 3))] == [5, 4, 3]
    missed = await queue.runs(await queue.missed_ids(10))
    assert sorted((run.automation_id == one.id, run.instant) for run in missed) == [
        (False, 9), (True, 1), (True, 3), (True, 5),
    ]  # fmt: skip
    assert {found.title for found in await queue.automations({run.automation_id for run in missed})} == {"one", "other"}


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("SELECT * FROM runs WHERE lane = 'x' AND status IN ('running','waiting')", "runs_lane"),
        (
            "SELECT * FROM runs WHERE automation_id = 'x' AND NOT status IN ('queued','running','waiting')"
            " ORDER BY instant DESC LIMIT 1",
            "runs_of",
        ),
        ("SELECT automation_id FROM runs WHERE status = 'queued' LIMIT 1000", "runs_ready"),
        ("SELECT id FROM runs WHERE automation_id = 'x' ORDER BY instant DESC LIMIT 10", "runs_of"),
    ],
    ids=["running", "last", "waiting", "history"],
)
async def test_what_is_read_of_runs_goes_by_an_index(computer: Computer, query: str, index: str) -> None:
    plan = await computer.store.read(lambda db: db.execute(f"EXPLAIN QUERY PLAN {query}").fetchall())
    assert index in str(plan)
    assert "TEMP B-TREE" not in str(plan)


async def test_of_ten_thousand_a_page_is_read_by_its_ids(computer: Computer, automations: Automations) -> None:
    one = await daily(automations, 1, "one")

    def many(db: Transaction) -> None:
        db.execute(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 10000)"
            " INSERT INTO automations(id, title, rrule, start, tz, action, policy, next_run, looked_at, created_at, updated_at)"
            " SELECT printf('n%05d', x), 'number ' || x, rrule, start, tz, action, policy, next_run + x * 60000, 1, 1, 1"
            " FROM automations, n WHERE id = ?",
            (one.id,),
        )

    await computer.store.write(many)
    queue: Queue = automations.queue
    order = await queue.order("", 10_000)
    assert (len(order), order[0].id, order[-1].id) == (10_000, one.id, "n09999")
    page = await queue.listed([placed.id for placed in order[5_000:5_100]])
    assert [listed.automation.title for listed in page] == [f"number {x}" for x in range(5_000, 5_100)]
