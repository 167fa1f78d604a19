"""The runner: claims runs that are queued, has them done side by side, and finds what dead runners left."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from zotui.automations import records
from zotui.automations.automation import Automation, Run
from zotui.automations.job import Done, Job
from zotui.errors import Fenced, StoreError, ZotuiError
from zotui.store import Reader, Store, Transaction, Watch, now_ms
from zotui.store.work import LEASE_MS, adopt_orphans, check, claim, finish, leave_behind, lost, renew
from zotui.text import clean, cut, one_line

MOST_AT_ONCE = 8
LOOK_S = 2.0  # between looks at what others left
STOP_S = 10.0
KEPT = 200_000  # characters of what comes out that are kept
GONE = "its process was gone before its end: what it did is not known"

log = logging.getLogger(__name__)


Do = Callable[[Job], Awaitable[Done]]
Tell = Callable[[Automation, Run, Done], Awaitable[Callable[[Transaction], None]]]
"""What is told of a run that ended, to be written with its end."""


class Runner:
    """Has the runs of one file done, from :meth:`start` to :meth:`stop`; with a ``door`` only those that this door wants."""

    def __init__(self, store: Store, do: Do, tell: Tell, door: str | None = None) -> None:
        self._store = store
        self._door = door
        self._do = do
        self._tell = tell
        self._jobs: dict[str, tuple[Job, asyncio.Task[None]]] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._taking: asyncio.Task[bool] | None = None
        self._watch: Watch | None = None
        self.problem = ""

    def start(self) -> None:
        """Begin to claim."""
        self._loops = [asyncio.create_task(self._guard(loop)) for loop in (self._claim_runs, self._look_after)]

    async def stop(self) -> None:
        """Claim no more; what runs is handed back, or marked as interrupted."""
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if self._taking is not None:  # what it claims now is handed back too
            await asyncio.gather(self._taking, return_exceptions=True)
        tasks = [task for _, task in self._jobs.values()]
        for job, task in self._jobs.values():
            if not job.is_stopped:  # that one is ending already
                job.is_left = True
                task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_S)
        if self._door is not None:
            with contextlib.suppress(StoreError):
                await self._store.write(partial(leave_behind, table="runs", door=self._door))

    async def _guard(self, loop: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await loop()
            except StoreError as error:
                self.problem = str(error)
                log.warning("automations: %s", error)
            except Exception as error:
                self.problem = f"{type(error).__name__}: {error}"
                log.exception("automations")
            await asyncio.sleep(1)

    async def _claim_runs(self) -> None:
        async with self._store.watch("runs") as self._watch:
            while True:
                await self._heed_stops()
                taking = True
                while taking and len(self._jobs) < MOST_AT_ONCE and await self._store.read(_any_ready):
                    self._taking = asyncio.create_task(self._take())
                    taking = await asyncio.shield(self._taking)
                self.problem = ""
                await self._watch.wait(await self._store.read(_wait))

    async def _take(self) -> bool:
        """Claim a run and begin it; never cancelled half-way."""
        mine = partial(claim, table="runs", owner=self._store.owner, door=self._door, nobodys=self._door is None)
        taken = await self._store.write(mine, durable=False)
        if taken is None:
            return False
        id_, fence = taken
        for run, automation in await self._store.read(partial(_run_of, id_=id_)):
            job = Job(self._store, automation, run, fence)
            self._jobs[id_] = job, asyncio.create_task(self._run(job), name=f"run {id_}")
        return True

    async def _run(self, job: Job) -> None:
        try:
            done = await self._done(job)
            await self._end(job, done)
        except asyncio.CancelledError:
            await self._settle(job, self._cut_off(job))
        except Fenced:
            log.info("run %s was given to another runner", job.run.id)
        except StoreError as error:  # its lease runs out, and somebody finds it
            log.warning("run %s: %s", job.run.id, error)
        except Exception as error:  # in what is told of it: it is not done again for that
            log.exception("run %s", job.run.id)
            await self._settle(job, self._store.write(partial(_finish, job=job, done=_failed(error))))
        finally:
            self._jobs.pop(job.run.id, None)
            if self._watch is not None:
                self._watch.tell(frozenset({"runs"}))  # there is room for another

    async def _done(self, job: Job) -> Done:
        seconds = job.automation.policy.timeout_s
        try:
            async with asyncio.timeout(seconds) as limit:
                return await self._do(job)
        except TimeoutError as error:
            if limit.expired():
                return Done("failed", "timeout", error=f"it took more than {seconds:,} seconds and was ended")
            return Done("failed", "error", error=str(error) or "what it waited for did not answer")
        except Fenced:
            raise
        except ZotuiError as error:
            return Done("failed", "error", error=str(error))
        except Exception as error:
            log.exception("run %s", job.run.id)
            return _failed(error)

    async def _end(self, job: Job, done: Done) -> None:
        """End a run, or have it tried again; what is told of it goes with its end."""
        policy = job.automation.policy
        done = msgspec.structs.replace(done, output=cut(clean(done.output), KEPT)[0])
        if done.status in ("failed", "interrupted") and job.run.attempt <= policy.retries:
            wait = min(policy.backoff_s * 2 ** (job.run.attempt - 1), 86_400) * 1_000
            await self._store.write(lambda db: _again(db, job, done, now_ms() + wait))
            return
        told = await self._tell(job.automation, job.run, done)

        def put(db: Transaction) -> None:
            _finish(db, job, done)
            told(db)

        await asyncio.shield(self._store.write(put))

    async def _cut_off(self, job: Job) -> None:
        """One that was stopped ends; one whose process goes is handed back where that does no harm."""
        if job.is_stopped:
            await self._store.write(lambda db: _stopped(db, job.run.id, job.fence))
        else:
            await self._hand_back(job.run.id, job.fence, "shutdown")

    async def _settle(self, job: Job, ending: Awaitable[None]) -> None:
        try:
            await asyncio.shield(ending)
        except StoreError as error:
            log.info("run %s: %s", job.run.id, error)

    async def _heed_stops(self) -> None:
        if not self._jobs:
            return
        stopped = await self._store.read(
            lambda db: db.execute("SELECT id FROM runs WHERE status = 'running' AND stop = 1").fetchall()
        )
        for (id_,) in stopped:
            if id_ in self._jobs and not self._jobs[id_][0].is_stopped:
                job, task = self._jobs[id_]
                job.is_stopped = True
                task.cancel()

    async def _look_after(self) -> None:
        renewed = 0.0
        while True:
            now = asyncio.get_running_loop().time()
            if self._jobs and now - renewed > LEASE_MS / 3000:
                await self._store.write(
                    lambda db: renew(db, "runs", self._store.owner, list(self._jobs)), durable=False
                )
                renewed = now
            for id_, fence in await self._store.read(self._lost):
                with contextlib.suppress(Fenced):
                    await self._hand_back(id_, fence, "lost")
            if self._door is None and await self._store.read(_any_of_doors):
                await self._store.write(partial(adopt_orphans, table="runs"), durable=False)
            await asyncio.sleep(LOOK_S)

    def _lost(self, db: Reader) -> list[tuple[str, int]]:
        return list(lost(db, "runs", self._store.owner, self._jobs))

    async def _hand_back(self, id_: str, fence: int, reason: str) -> None:
        """Raises Fenced."""
        for run, one in await self._store.read(partial(_run_of, id_=id_)):
            told = await self._tell(one, run, Done("interrupted", reason, error=GONE))
            await self._store.write(partial(hand_back, id_=id_, fence=fence, reason=reason, told=told))


def _run_of(db: Reader, id_: str) -> list[tuple[Run, Automation]]:
    """A run with its automation; nothing of one that was deleted this moment."""
    found = records.runs(db, "id = ?", (id_,))
    return [(run, one) for run in found for one in records.found(db, "id = ?", (run.automation_id,))]


def hand_back(db: Transaction, id_: str, fence: int, reason: str, told: Callable[[Transaction], None]) -> None:
    """A run that nobody does any more: where nothing was done, or a turn goes on that is its own, it is queued again; else it is
    marked, which is ``told``, or tried once more where its policy says so. One that was to stop has. Raises Fenced."""
    check(db, "runs", id_, fence)
    if _is_to_stop(db, id_):
        _stopped(db, id_, fence)
        return
    [(run, one)] = _run_of(db, id_)
    if run.turn_id is not None or not run.begun:
        finish(db, "runs", id_, fence, "queued", reason, attempt=run.attempt - 1)
    elif run.attempt <= one.policy.retries:
        finish(db, "runs", id_, fence, "queued", reason, begun=0)
    else:
        finish(db, "runs", id_, fence, "interrupted", reason, error=GONE)
        told(db)


def _is_to_stop(db: Reader, id_: str) -> bool:
    return bool(db.execute("SELECT stop FROM runs WHERE id = ?", (id_,)).get)


def _stopped(db: Transaction, id_: str, fence: int) -> None:
    reason = db.execute("SELECT coalesce(reason, 'stopped') FROM runs WHERE id = ?", (id_,)).get
    finish(db, "runs", id_, fence, "cancelled", reason)


def _finish(db: Transaction, job: Job, done: Done) -> None:
    finish(db, "runs", job.run.id, job.fence, done.status, done.reason, **_columns(done))


def _failed(error: Exception) -> Done:
    return Done("failed", "error", error=f"zotui itself failed: {type(error).__name__}: {error}")


def _again(db: Transaction, job: Job, done: Done, at: int) -> None:
    if _is_to_stop(db, job.run.id):
        _stopped(db, job.run.id, job.fence)
        return
    finish(db, "runs", job.run.id, job.fence, "queued", "retry", not_before=at, begun=0, turn_id=None, **_columns(done))


def _columns(done: Done) -> dict[str, object]:
    return {"output": done.output, "error": one_line(done.error, 1_000), "exit_code": done.exit_code}


def _any_ready(db: Reader) -> bool:
    query = "SELECT 1 FROM runs WHERE status = 'queued' AND not_before <= ? LIMIT 1"
    return db.execute(query, (now_ms(),)).get is not None


def _any_of_doors(db: Reader) -> bool:
    return db.execute("SELECT 1 FROM runs WHERE status = 'queued' AND door IS NOT NULL LIMIT 1").get is not None


def _wait(db: Reader) -> float | None:
    """Seconds until the next one that is put off."""
    at = db.execute("SELECT min(not_before) FROM runs WHERE status = 'queued' AND not_before > ?", (now_ms(),)).get
    return None if at is None else max(0.0, min((at - now_ms()) / 1_000, 15.0))
