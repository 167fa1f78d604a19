"""Automations as a person looks at them: what runs, what is next, what became of the last time. All reads are bounded."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Literal, NamedTuple

import msgspec

from zotui.automations import records
from zotui.automations.automation import Automation, Run
from zotui.store import Reader, Store

State = Literal["running", "active", "broken", "paused", "over"]
STATES: Sequence[State] = ("running", "active", "broken", "paused", "over")  # in their order in the queue
QUEUED = 1_000  # waiting runs that are counted
RECENT = 10_000  # of all runs, those among which missed ones are looked for
_THESE = "id IN (SELECT value FROM json_each(?))"
_BUSY = "status IN ('running','waiting')"


class Placed(NamedTuple):
    """An automation in the queue, by its id."""

    id: str
    state: State


class Listed(msgspec.Struct, frozen=True):
    """An automation, the run that goes on, how many wait for it, and the last one that is over."""

    automation: Automation
    running: Run | None
    waiting: int
    last: Run | None


class Queue:
    """The automations of one file and their runs, in the order in which a person looks at them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def order(self, words: str, most: int) -> list[Placed]:
        """Those in whose title or text the words are, all where there are none: first what runs, then by when it is next,
        then what is broken, paused, over. At most so many."""
        return await self._store.read(partial(_order, words=words, most=most))

    async def total(self) -> int:
        """How many automations there are."""
        return await self._store.read(lambda db: db.execute("SELECT count(*) FROM automations").get)

    async def listed(self, ids: Sequence[str]) -> list[Listed]:
        """The automations of these ids, in their order; those that are gone are left out."""
        return await self._store.read(partial(_listed, ids=ids))

    async def automations(self, ids: Collection[str]) -> list[Automation]:
        """The automations of these ids."""
        return await self._store.read(lambda db: records.found(db, _THESE, (_json(ids),)))

    async def going_on(self, automation: str) -> list[Run]:
        """What runs of an automation, and what waits to."""
        query = f"automation_id = ? AND {records.OPEN} ORDER BY status DESC, instant LIMIT {QUEUED}"
        return await self._store.read(lambda db: records.runs(db, query, (automation,)))

    async def run_ids(self, automation: str, most: int) -> list[str]:
        """The runs of an automation, the newest first, by their ids."""
        query = "SELECT id FROM runs WHERE automation_id = ? ORDER BY instant DESC LIMIT ?"
        return await self._store.read(lambda db: _column(db, query, (automation, most)))

    async def late_ids(self, most: int) -> list[str]:
        """The last runs of all automations, the newest first, by their ids."""
        return await self._store.read(lambda db: _column(db, "SELECT id FROM runs ORDER BY id DESC LIMIT ?", (most,)))

    async def missed_ids(self, most: int) -> list[str]:
        """Of the last runs of all automations those that stand for missed times, the newest first, by their ids."""
        query = (
            f"SELECT id FROM (SELECT id, reason FROM runs ORDER BY id DESC LIMIT {RECENT})"
            " WHERE reason = 'missed' LIMIT ?"
        )
        return await self._store.read(lambda db: _column(db, query, (most,)))

    async def runs(self, ids: Sequence[str]) -> list[Run]:
        """The runs of these ids, in their order; those that are gone are left out."""

        def look(db: Reader) -> list[Run]:
            found = {run.id: run for run in records.runs(db, _THESE, (_json(ids),))}
            return [found[id_] for id_ in ids if id_ in found]

        return await self._store.read(look)


def _json(ids: Collection[str]) -> str:
    return msgspec.json.encode(list(ids)).decode()


def _column(db: Reader, query: str, values: Sequence[object]) -> list[str]:
    return [id_ for (id_,) in db.execute(query, values).fetchall()]


def _order(db: Reader, words: str, most: int) -> list[Placed]:
    query = (
        "SELECT a.id, CASE WHEN r.id IS NOT NULL THEN 0 WHEN a.problem <> '' THEN 2 WHEN a.enabled = 0 THEN 3"
        " WHEN a.next_run IS NULL AND a.changed = '' THEN 4 ELSE 1 END AS place"
        f" FROM automations a LEFT JOIN runs r ON r.lane = a.id AND r.{_BUSY}"
        " WHERE ?1 = '' OR instr(lower(a.title), lower(?1)) OR instr(lower(a.action ->> 'text'), lower(?1))"
        " ORDER BY place, a.next_run IS NULL, a.next_run, a.id LIMIT ?2"
    )
    return [Placed(id_, STATES[place]) for id_, place in db.execute(query, (words, most)).fetchall()]


def _listed(db: Reader, ids: Sequence[str]) -> list[Listed]:
    found = {one.id: one for one in records.found(db, _THESE, (_json(ids),))}
    waiting: dict[str, int] = {}
    for (id_,) in db.execute(f"SELECT automation_id FROM runs WHERE status = 'queued' LIMIT {QUEUED}").fetchall():
        waiting[id_] = waiting.get(id_, 0) + 1
    over = f"automation_id = ? AND NOT {records.OPEN} ORDER BY instant DESC LIMIT 1"
    return [
        Listed(found[id_], _first(db, f"lane = ? AND {_BUSY}", id_), waiting.get(id_, 0), _first(db, over, id_))
        for id_ in ids
        if id_ in found
    ]


def _first(db: Reader, where: str, id: str) -> Run | None:
    return next(iter(records.runs(db, where, (id,))), None)
