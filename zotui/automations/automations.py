"""Automations as doors and the model see them: put, changed, paused, looked at, by way of rows."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

import msgspec

from zotui.automations import records
from zotui.automations.automation import Automation, Plan, Run, Schedule, milliseconds, moment
from zotui.automations.firing import first_after, halt, move, put
from zotui.automations.made import (
    Check,
    action_of,
    instant,
    policy_of,
    redone,
    refuse_unknown,
    rescheduled,
    schedule_of,
    title_of,
    upcoming,
)
from zotui.automations.zones import local_zone, rules_of
from zotui.errors import NotFound, UsageError
from zotui.store import Reader, Store, Transaction, audit, new_id, now_ms
from zotui.text import one_line

MOST_BACKFILLED = 100
SHOWN = 5  # times that a plan tells
ORDER = "enabled = 0, next_run IS NULL, changed = '', next_run, id"  # those that are next first, then those that are over, then paused ones


class Automations:
    """The automations of one file. ``check`` looks whether there is what an action names."""

    def __init__(self, store: Store, check: Check) -> None:
        self._store = store
        self._check = check

    async def add(self, *, tainted: bool = False, **asked: Any) -> Automation:
        """Have something happen. ``ask``, ``run`` or ``skill`` says what; ``text`` in words, or ``rrule`` with ``start``,
        ``tz``, ``exdate`` and ``rdate``, when; ``title`` how it is called; others are fields of Action and of Policy. Raises
        UsageError, NotFound."""
        return await self.keep((await self.plan(asked)).automation, tainted=tainted)

    async def edit(self, name: str, *, tainted: bool = False, **asked: Any) -> Automation:
        """Change what is said, as :meth:`add` has it; when it is next is worked out from now on, where that is said. Raises
        UsageError, NotFound."""
        return await self.keep((await self.plan(asked, name)).automation, tainted=tainted)

    async def plan(self, asked: Mapping[str, Any], name: str = "") -> Plan:
        """What :meth:`add` would keep, or :meth:`edit` of the one that is named. Raises UsageError, NotFound."""
        refuse_unknown(asked)
        now = now_ms()
        old = await self.find(name) if name else None
        schedule, notes = rescheduled(asked, old.schedule, moment(now)) if old else schedule_of(asked, moment(now))
        given = {**redone(asked, old.action), **asked} if old else asked
        action = await asyncio.to_thread(action_of, given, self._check)
        paused = old is not None and not old.enabled and not old.problem
        goes_on = old is not None and old.enabled and old.schedule == schedule
        made = Automation(
            old.id if old else new_id(),
            title_of(asked, action, old),
            schedule,
            action,
            policy_of(asked, old.policy if old else None),
            not paused,
            None if paused else old.next_run if old and goes_on else _next(schedule, now),
            "",
            old is not None and old.tainted,
            old.created_at if old else now,
            now,
        )
        return Plan(made, await asyncio.to_thread(upcoming, schedule, moment(now), SHOWN), notes)

    async def keep(self, made: Automation, *, tainted: bool = False) -> Automation:
        """Have what is planned happen. One that goes on as it did is next when it was: what is due is not lost."""
        made = msgspec.structs.replace(made, tainted=made.tainted or tainted)

        def write(db: Transaction) -> Automation:
            known = records.found(db, "id = ?", (made.id,))
            going = [one for one in known if one.enabled and made.enabled and one.schedule == made.schedule]
            kept = msgspec.structs.replace(made, next_run=going[0].next_run) if going else made
            worked_out = db.execute("SELECT looked_at, zones FROM automations WHERE id = ?", (made.id,)).get
            self._keep(db, one=kept, kind="automation changed" if known else "automation added")
            if going:
                db.execute("UPDATE automations SET looked_at = ?, zones = ? WHERE id = ?", (*worked_out, made.id))
            return kept

        return await self._store.write(write)

    async def find(self, name: str) -> Automation:
        """The automation of an id, of an end of it, or of a title. Raises NotFound."""
        return await self._store.read(partial(records.named, name=name))

    async def list(self, limit: int = 1_000, after: int = 0) -> "list[Automation]":
        """All, the next first, then those that are over, then those that are paused; from the one of a number on."""
        query = f"1 ORDER BY {ORDER} LIMIT ? OFFSET ?"
        return await self._store.read(lambda db: records.found(db, query, (limit, after)))

    async def count(self) -> int:
        """How many are going to happen."""
        query = "SELECT count(*) FROM automations WHERE enabled = 1 AND (next_run IS NOT NULL OR changed <> '')"
        return await self._store.read(lambda db: db.execute(query).get)

    async def pause(self, name: str) -> Automation:
        """Have it happen no more until it is resumed; what runs goes on. Raises NotFound."""
        return await self._change(
            name, "automation paused", lambda one: msgspec.structs.replace(one, enabled=False, next_run=None)
        )

    async def resume(self, name: str) -> Automation:
        """Have it happen again from now on; what would have happened meanwhile does not. Raises NotFound, UsageError."""

        def resumed(one: Automation) -> Automation:
            if one.enabled:
                return one
            return msgspec.structs.replace(one, enabled=True, problem="", next_run=_next(one.schedule, now_ms()))

        return await self._change(name, "automation resumed", resumed)

    async def remove(self, name: str) -> Automation:
        """Delete it with its history, and stop what runs; conversations stay. Raises NotFound."""

        def delete(db: Transaction) -> Automation:
            one = records.named(db, name)
            halt(db, one.id, "stopped")
            audit.add(db, "automation removed", one.title, details={"id": one.id})
            db.execute("DELETE FROM automations WHERE id = ?", (one.id,))
            return one

        return await self._store.write(delete)

    async def run(self, name: str) -> str:
        """Have it happen now, beside its schedule; the run's id. Raises NotFound."""

        def now(db: Transaction) -> str:
            return put(db, records.named(db, name), "manual", [now_ms()], now_ms())[0]

        return await self._store.write(now)

    async def skip(self, name: str) -> int:
        """Leave the next time out; which one that was. Raises NotFound, UsageError."""

        def skip(db: Transaction) -> int:
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

        return await self._store.write(skip)

    async def backfill(self, name: str, first: str, last: str) -> int:
        """Have all happen that should have between two moments, both included, and did not; how many those are. Raises
        UsageError, NotFound."""

        def fill(db: Transaction) -> int:
            one = records.named(db, name)
            if not one.schedule.recurs:
                raise UsageError(f"{one.title} has no times")
            begin, end = (milliseconds(instant(value, one.schedule.tz, "from")) for value in (first, last))
            if not begin <= end <= now_ms():
                raise UsageError("what is made up for lies in the past, from a moment to a later one")
            moments = one.schedule.recurrence().following(moment(begin - 1))
            instants = list(islice((milliseconds(at) for at in _up_to(moments, end)), MOST_BACKFILLED + 1))
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

        return await self._store.write(fill)

    async def stop(self, run: str) -> bool:
        """Stop a run; False where it was over. Raises NotFound."""

        def stop(db: Transaction) -> bool:
            db.execute(
                "UPDATE runs SET status = 'cancelled', reason = 'stopped', finished_at = ? WHERE id = ? AND status = 'queued'",
                (now_ms(), run),
            )
            if db.changes():
                return True
            db.execute("UPDATE runs SET stop = 1 WHERE id = ? AND status = 'running'", (run,))
            return db.changes() > 0

        return await self._store.write(stop)

    async def stop_everything(self) -> int:
        """Stop all that is queued and that runs; how many those are."""

        busy = f"SELECT DISTINCT automation_id FROM runs WHERE {records.OPEN}"
        return await self._store.write(
            lambda db: sum(halt(db, one, "stopped") for (one,) in db.execute(busy).fetchall())
        )

    async def preview(self, asked: str | Mapping[str, Any], n: int = 5, after: str = "") -> Sequence[datetime]:
        """The next times of an automation, or of what :meth:`add` would be asked, in its zone. Raises UsageError, NotFound."""
        if isinstance(asked, str):
            one = await self.find(asked)
            if one.enabled and one.next_run is None and not after:
                return []
            schedule = one.schedule
            begin = (one.next_run or now_ms()) - 1  # it may be due, or a time may be left out
            since = instant(after, schedule.tz, "after") if after else moment(begin)
        else:
            since = instant(after, str(asked.get("tz") or local_zone()), "after") if after else moment(now_ms())
            schedule, _ = schedule_of(asked, since)
        return await asyncio.to_thread(upcoming, schedule, since, n)

    async def history(self, name: str = "", limit: int = 50, before: int | None = None) -> Sequence[Run]:
        """What became of an automation's times, or of those of all, the newest first; those before an instant. Raises
        NotFound."""

        def look(db: Reader) -> Sequence[Run]:
            of = records.named(db, name).id if name else ""
            where = "automation_id = ?1" if of else "?1 = ''"
            order = "(?2 IS NULL OR instant < ?2) ORDER BY instant DESC, id DESC LIMIT ?3"
            return records.runs(db, f"{where} AND {order}", (of, before, limit))

        return await self._store.read(look)

    async def find_run(self, name: str) -> Run:
        """The run of an id, or of an end of it. Raises NotFound."""

        def look(db: Reader) -> Run:
            match = records.runs(db, "substr(id, -length(?1)) = ?1 LIMIT 2", (name,)) if name else []
            if len(match) != 1:
                raise NotFound(f"no run {one_line(name, 40)!r}", "zotui schedule history shows them")
            return match[0]

        return await self._store.read(look)

    async def ended(self, run: str) -> Run:
        """A run once it is over. Raises NotFound."""
        async with self._store.watch("runs") as watch:
            while not (found := await self.find_run(run)).is_over:
                await watch.wait()
            return found

    async def open(self) -> Sequence[Run]:
        """What is queued and what runs."""
        return await self._store.read(
            lambda db: records.runs(db, f"{records.OPEN} ORDER BY status DESC, instant LIMIT 200")
        )

    async def _change(self, name: str, kind: str, change: Callable[[Automation], Automation]) -> Automation:
        def write(db: Transaction) -> Automation:
            new = change(records.named(db, name))
            self._keep(db, one=new, kind=kind)
            return new

        return await self._store.write(write)

    def _keep(self, db: Transaction, *, one: Automation, kind: str) -> None:
        records.keep(db, one, now_ms(), rules_of(one.schedule.tz))
        audit.add(db, kind, one.title, details={"id": one.id, "what": msgspec.to_builtins(one.action)})


def _next(schedule: Schedule, now: int) -> int | None:
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


def _up_to(moments: Any, end: int) -> Any:
    for at in moments:
        if milliseconds(at) > end:
            return
        yield at
