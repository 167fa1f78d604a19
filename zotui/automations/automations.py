"""Automations as doors and the model see them: put, changed, paused, looked at, by way of rows."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from zotui.automations import records, single
from zotui.automations.automation import Automation, Plan, Run, moment
from zotui.automations.firing import halt
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
from zotui.automations.queue import Queue
from zotui.automations.zones import local_zone, rules_of
from zotui.errors import NotFound
from zotui.store import Reader, Store, Transaction, audit, new_id, now_ms
from zotui.text import one_line

SHOWN = 5  # times that a plan tells
ORDER = "enabled = 0, next_run IS NULL, changed = '', next_run, id"  # those that are next first, then those that are over, then paused ones


class Automations:
    """The automations of one file. ``check`` looks whether there is what an action names."""

    def __init__(self, store: Store, check: Check) -> None:
        self._store = store
        self._check = check
        self.queue = Queue(store)

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
            None if paused else old.next_run if old and goes_on else single.following(schedule, now),
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
            return msgspec.structs.replace(
                one, enabled=True, problem="", next_run=single.following(one.schedule, now_ms())
            )

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

    async def run(self, name: str, *, own: bool = False) -> str:
        """Have it happen now, beside its schedule; the run's id. ``own``: by this process. Raises NotFound."""
        door = self._store.owner if own else None
        return await self._store.write(partial(single.run, name=name, door=door))

    async def skip(self, name: str) -> int:
        """Leave the next time out; which one that was. Raises NotFound, UsageError."""
        return await self._store.write(partial(single.skip, name=name))

    async def backfill(self, name: str, first: str, last: str) -> int:
        """Have all happen that should have between two moments, both included, and did not; how many those are. Raises
        UsageError, NotFound."""
        return await self._store.write(partial(single.backfill, name=name, first=first, last=last))

    async def stop(self, run: str) -> bool:
        """Stop a run; False where it was over. Raises NotFound."""
        return await self._store.write(partial(single.stop, run=run))

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

    async def delivered(self, run: str, patience_s: float = 60.0) -> None:
        """Wait until nothing of a run is to be delivered now, for so many seconds at most."""
        count = (
            "SELECT count(*) FROM deliveries WHERE run_id = ? AND (status = 'running' OR (status = 'queued' AND attempt = 0"
            " AND not_before <= ?))"
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s), self._store.watch("deliveries") as watch:
                while await self._store.read(lambda db: db.execute(count, (run, now_ms())).get):
                    await watch.wait()

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
