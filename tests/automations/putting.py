"""Automations of tests, put and fired at times of the test's own."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import msgspec

from zotui.automations import records
from zotui.automations.automation import Action, Automation, Policy, Run, Schedule, milliseconds
from zotui.automations.firing import due, fire, first_after, next_due
from zotui.automations.zones import rules_of
from zotui.notices import add
from zotui.store import Store, Transaction, new_id

HOUR, DAY = 3_600_000, 86_400_000


def at(text: str) -> int:
    """A time in UTC as milliseconds since 1970."""
    return milliseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


def put(
    store: Store, rrule: str, since: int, *, start: str = "2026-01-01T00:00", tz: str = "UTC", **policy: object
) -> Automation:
    """Write one that is put at a time."""
    schedule = Schedule(rrule, start, tz)
    one = Automation(
        new_id(),
        "tick",
        schedule,
        Action("run", "true"),
        msgspec.convert(policy, Policy),
        True,
        None,
        "",
        False,
        since,
        since,
    )
    one = msgspec.structs.replace(one, next_run=first_after(schedule.recurrence(), since))
    store.write_now(lambda db: records.keep(db, one, since, rules_of(tz)))
    return one


def tick(store: Store, now: int) -> None:
    """Fire what is due at a time."""
    store.write_now(partial(_tick, now=now))


def _tick(db: Transaction, now: int) -> None:
    for one in due(db, now, 100):
        fire(db, one, now, add)


def upcoming(store: Store) -> int | None:
    """When the next one is due."""
    return store.read_now(next_due)


def runs(store: Store) -> Sequence[Run]:
    """All runs, in order of their times."""
    return store.read_now(lambda db: records.runs(db, "1 ORDER BY instant, id"))


def ended(store: Store, status: str = "done") -> None:
    """End what is open, as its runner would."""
    store.write_now(
        lambda db: db.execute(
            "UPDATE runs SET status = ?, finished_at = 1 WHERE status IN ('queued','running')", (status,)
        )
    )


def told(store: Store) -> list[str]:
    """The notices, in order."""
    return [
        text for (text,) in store.read_now(lambda db: db.execute("SELECT text FROM notices ORDER BY id").fetchall())
    ]


Change = Callable[[Transaction], object]
