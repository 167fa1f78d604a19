"""The times that have come: each is written down once, with what becomes of it, in one transaction with the one that is next."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal, NamedTuple, Protocol

import msgspec

from zotui.automations import records
from zotui.automations.automation import Automation, milliseconds, moment
from zotui.automations.recurrence import NeverFires, Recurrence
from zotui.automations.zones import rules_of
from zotui.store import Reader, Transaction, new_id, now_ms
from zotui.text import one_line

GRACE_MS = 60_000  # by which one may be late and is on time all the same
CATCH_UP_MS = 86_400_000  # within which the latest that was missed is made up for
MOST_CAUGHT_UP = 10  # of ``all``
COUNTED = 10_000  # times that are gone through, one by one
ONCE = ("schedule", "backfill")  # causes of which each instant happens once
_TICK = timedelta(milliseconds=1)


Level = Literal["info", "warning", "error"]


class Notify(Protocol):
    """Writes a notice within a transaction."""

    def __call__(self, db: Transaction, kind: str, text: str, place: str = "", level: Level = "info") -> object: ...


class Came(NamedTuple):
    """The times up to now, in order, and the one that is next. ``more``: so many that not all were gone through, but those
    of the last day."""

    times: Sequence[int]
    following: int | None
    more: bool = False


def next_due(db: Reader) -> int | None:
    """When the next automation is due, in milliseconds since 1970. By its index."""
    first = "SELECT next_run FROM automations WHERE enabled = 1 AND next_run IS NOT NULL ORDER BY next_run LIMIT 1"
    at = db.execute(first).get
    return None if at is None else int(at)


def due(db: Reader, now: int, most: int) -> list[Automation]:
    """Those that are due, the longest first."""
    return records.found(db, "enabled = 1 AND next_run <= ? ORDER BY next_run LIMIT ?", (now, most))


def fire(db: Transaction, one: Automation, now: int, notify: Notify) -> None:
    """Write down what has come of an automation that is due, and when it is due next."""
    assert one.next_run is not None
    try:
        came = _came(one.schedule.recurrence(), one.next_run, now)
    except ValueError as error:
        _break(db, one, now, str(error), notify)
        return
    wanted = _wanted(one, came.times, now)
    if missed := came.times[: len(came.times) - len(wanted)]:
        _miss(db, one, missed, came.more, now)
        _tell_missed(db, one, len(missed), len(wanted), came.more, notify)
    put(db, one, "schedule", wanted, now)
    move(db, one, came.following, now)


def put(db: Transaction, one: Automation, cause: str, instants: Sequence[int], now: int) -> list[str]:
    """Write runs for these instants, queued or skipped as its policy says of those that are open; their ids. One that there
    is already is left, and takes nobody's place."""
    if cause in ONCE:
        instants = _new(db, one, instants)
    if not instants:
        return []
    busy = records.runs(db, f"automation_id = ? AND {records.OPEN}", (one.id,))
    overlap = one.policy.overlap if busy and cause in ("schedule", "change") else ""
    if cause == "change" and overlap == "skip":
        overlap = "queue"  # what changed since has not been seen by the one that runs
    skipped = overlap == "skip" or (overlap == "queue" and any(run.status == "queued" for run in busy))
    if overlap == "replace":
        halt(db, one.id, "replaced")
    made = [new_id() for _ in instants]
    jitter = jitter_of(one) if cause == "schedule" else 0
    for id_, instant in zip(made, instants, strict=True):
        db.execute(
            "INSERT INTO runs(id, automation_id, cause, instant, until, lane, status, reason, not_before, created_at, finished_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(id_, one.id, cause, instant, instant, one.id),
                *(("skipped", "overlap") if skipped else ("queued", None)),
                *(instant + jitter if cause == "schedule" else 0, now, now if skipped else None),
            ),
        )
    return made


def _new(db: Reader, one: Automation, instants: Sequence[int]) -> Sequence[int]:
    """Those of which there is no run yet."""
    query = (
        "SELECT instant FROM runs WHERE automation_id = ? AND instant IN (SELECT value FROM json_each(?))"
        " AND cause IN ('schedule','backfill') AND reason IS NOT 'missed'"
    )
    known = {at for (at,) in db.execute(query, (one.id, msgspec.json.encode(instants).decode())).fetchall()}
    return [at for at in instants if at not in known]


def halt(db: Transaction, automation: str, reason: str) -> int:
    """Stop what an automation has open: at once what is queued, the rest by its worker; how many those are."""
    db.execute(
        "UPDATE runs SET status = 'cancelled', reason = ?, finished_at = ?"
        " WHERE automation_id = ? AND status IN ('queued', 'waiting')",
        (reason, now_ms(), automation),
    )
    stopped = db.changes()
    db.execute(
        "UPDATE runs SET stop = 1, reason = ? WHERE automation_id = ? AND status = 'running'", (reason, automation)
    )
    return stopped + db.changes()


def move(db: Transaction, one: Automation, following: int | None, now: int) -> None:
    """Note when an automation is due next."""
    db.execute(
        "UPDATE automations SET next_run = ?, looked_at = ?, zones = ? WHERE id = ?",
        (following, now, rules_of(one.schedule.tz), one.id),
    )


def look_again(db: Transaction, one: Automation, now: int, notify: Notify) -> None:
    """Work out anew when an automation is due: the rules of its zone are others, or the clock was set back."""
    looked_at = int(db.execute("SELECT looked_at FROM automations WHERE id = ?", (one.id,)).get)
    after = min(looked_at, now)
    try:
        following = first_after(one.schedule.recurrence(), after)
    except ValueError as error:
        _break(db, one, now, str(error), notify)
        return
    move(db, one, following, after)


def first_after(recurrence: Recurrence, after: int) -> int | None:
    """The first moment later than an instant; None where there is none left."""
    try:
        found = next(recurrence.following(moment(after)), None)
    except NeverFires:
        return None
    return None if found is None else milliseconds(found)


def jitter_of(one: Automation) -> int:
    """By how many milliseconds an automation is put off: always the same, as even among all as a hash is."""
    if one.policy.jitter_s <= 0:
        return 0
    number = int.from_bytes(hashlib.blake2b(one.id.encode(), digest_size=8).digest())
    return number % (one.policy.jitter_s * 1_000)


def _came(recurrence: Recurrence, since: int, now: int) -> Came:
    times, following = _until(recurrence.following(moment(since) - _TICK), now)
    if following is None or following > now:
        return Came(times, following)
    recent, following = _until(recurrence.following(moment(now - CATCH_UP_MS)), now)
    return Came([*(at for at in times if at <= now - CATCH_UP_MS), *recent], following, more=True)


def _until(moments: Iterator[datetime], now: int) -> tuple[list[int], int | None]:
    """The first of these moments up to now, and the one behind them."""
    times: list[int] = []
    try:
        for at in islice(moments, COUNTED + 1):
            if milliseconds(at) > now or len(times) == COUNTED:
                return times, milliseconds(at)
            times.append(milliseconds(at))
    except NeverFires:
        pass
    return times, None


def _wanted(one: Automation, times: Sequence[int], now: int) -> Sequence[int]:
    """Those that happen: always the last ones."""
    if one.policy.misfire == "all":
        return times[-MOST_CAUGHT_UP:]
    if one.policy.misfire == "latest":
        return [at for at in times[-1:] if now - at <= CATCH_UP_MS]
    return [at for at in times if now - at <= GRACE_MS]


def _miss(db: Transaction, one: Automation, times: Sequence[int], more: bool, now: int) -> None:
    """One row for all that were missed together."""
    said = "more were missed than are counted" if more else ""
    db.execute(
        "INSERT INTO runs(id, automation_id, cause, instant, until, times, lane, status, reason, error, created_at,"
        " finished_at) VALUES (?, ?, 'schedule', ?, ?, ?, ?, 'skipped', 'missed', ?, ?, ?) ON CONFLICT DO NOTHING",
        (new_id(), one.id, times[0], times[-1], len(times), one.id, said, now, now),
    )


def _tell_missed(db: Transaction, one: Automation, missed: int, wanted: int, more: bool, notify: Notify) -> None:
    times = "once" if missed == 1 else f"{'more than ' if more else ''}{missed:,} times"
    now_then = {0: "", 1: "; the latest is made up for now"}.get(wanted, f"; the last {wanted} are made up for now")
    notify(db, "missed", f"{one_line(one.title, 80)}: missed {times}{now_then}", f"automation:{one.id}", "warning")


def _break(db: Transaction, one: Automation, now: int, problem: str, notify: Notify) -> None:
    """Turn an automation off whose rules cannot be read."""
    broken = msgspec.structs.replace(one, enabled=False, next_run=None, problem=one_line(problem, 300))
    records.keep(db, broken, now, "")
    notify(db, "failure", f"{one_line(one.title, 80)}: {problem}", f"automation:{one.id}", "warning")
