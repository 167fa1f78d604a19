"""Single times of automations: now, left out, made up for, stopped."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice, takewhile

import msgspec

from zotui.automations import records
from zotui.automations.automation import Schedule, milliseconds, moment
from zotui.automations.firing import first_after, move, put
from zotui.automations.made import instant
from zotui.errors import UsageError
from zotui.store import Transaction, new_id, now_ms

MOST_BACKFILLED = 100


def run(db: Transaction, name: str, door: str | None) -> str:
    """Have one happen now, beside its schedule, by a door's own process where there is a ``door``; the run's id. Raises NotFound."""
    [made] = put(db, records.named(db, name), "manual", [now_ms()], now_ms())
    db.execute("UPDATE runs SET door = ? WHERE id = ?", (door, made))
    return made


def skip(db: Transaction, name: str) -> int:
    """Leave the next time of one out; which one that was. Raises NotFound, UsageError."""
    one = records.named(db, name)
    if not one.enabled or one.next_run is None:
        raise UsageError(f"nothing of {one.title} is to come", "zotui schedule resume starts it again")
    db.execute(
        "INSERT INTO runs(id, automation_id, cause, instant, until, lane, status, reason, created_at, finished_at)"
        " VALUES (?, ?, 'schedule', ?, ?, ?, 'skipped', 'asked', ?, ?) ON CONFLICT DO NOTHING",
        (new_id(), one.id, one.next_run, one.next_run, one.id, now_ms(), now_ms()),
    )
    move(db, one, _first_after(one.schedule, one.next_run), now_ms())
    return one.next_run


def backfill(db: Transaction, name: str, first: str, last: str) -> int:
    """Have all happen that should have between two moments, both included, and did not; how many those are. Raises UsageError,
    NotFound."""
    one = records.named(db, name)
    if not one.schedule.recurs:
        raise UsageError(f"{one.title} has no times")
    begin, end = (milliseconds(instant(value, one.schedule.tz, "from")) for value in (first, last))
    if not begin <= end <= now_ms():
        raise UsageError("what is made up for lies in the past, from a moment to a later one")
    came = _up_to(one.schedule.recurrence().following(moment(begin - 1)), end)
    instants = list(islice(came, MOST_BACKFILLED + 1))
    if len(instants) > MOST_BACKFILLED:
        raise UsageError(f"that is more than {MOST_BACKFILLED} times", "name a shorter time")
    query = "SELECT instant FROM runs WHERE automation_id = ? AND instant BETWEEN ? AND ? AND status = 'done'"
    done = {at for (at,) in db.execute(query, (one.id, begin, end)).fetchall()}
    wanted = [at for at in instants if at not in done]
    db.execute(
        "DELETE FROM runs WHERE automation_id = ?1 AND cause IN ('schedule','backfill') AND reason IS NOT 'missed' AND"
        " status IN ('skipped','cancelled','failed','interrupted')"
        " AND instant IN (SELECT value FROM json_each(?2))",
        (one.id, msgspec.json.encode(wanted).decode()),
    )
    return len(put(db, one, "backfill", wanted, now_ms()))


def stop(db: Transaction, run: str) -> bool:
    """Stop a run; False where it was over."""
    db.execute(
        "UPDATE runs SET status = 'cancelled', reason = 'stopped', finished_at = ? WHERE id = ? AND status = 'queued'",
        (now_ms(), run),
    )
    if db.changes():
        return True
    db.execute("UPDATE runs SET stop = 1 WHERE id = ? AND status = 'running'", (run,))
    return db.changes() > 0


def following(schedule: Schedule, now: int) -> int | None:
    """The next time; None of one that has none, but changes. Raises UsageError where there is none any more."""
    if not schedule.recurs:
        return None
    found = _first_after(schedule, now)
    if found is None:
        raise UsageError("that never happens from now on", "look at it with zotui schedule preview")
    return found


def _first_after(schedule: Schedule, after: int) -> int | None:
    """Raises UsageError."""
    try:
        return first_after(schedule.recurrence(), after)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _up_to(moments: Iterator[datetime], end: int) -> Iterator[int]:
    return takewhile(lambda at: at <= end, map(milliseconds, moments))
