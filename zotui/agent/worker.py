"""The agent's worker: claims turns, summaries and readings, runs them side by side, stops them when asked, finds what dead
workers left."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from zotui.agent.agent import Agent
from zotui.agent.compactor import Compactor
from zotui.agent.ending import wind_up
from zotui.agent.fact_reader import FactReader
from zotui.agent.journal import Journal
from zotui.agent.run import TurnRun
from zotui.errors import Fenced, StoreError
from zotui.models import gate
from zotui.store import Store, Transaction, Watch
from zotui.store.work import LEASE_MS, adopt_orphans, claim, finish, leave_behind, lost, renew


class Aside(Protocol):
    """Work beside turns, under its fence. Raises Fenced, StoreError."""

    async def run(self) -> None:
        """From the claim to its end."""
        ...


MOST_AT_ONCE = 10
STOP_S = 10.0  # what runs may take to wind up
LOOK_S = 2.0  # how often other workers' rows are looked at
TABLES = ("turns", "summaries", "readings")  # of what is run
ASIDES: Mapping[str, Callable[[Agent, str, int], Aside]] = {
    "summaries": Compactor,
    "readings": FactReader,
}  # nothing of them is in force before they end
MOST_ATTEMPTS = 3  # of an aside whose workers die

log = logging.getLogger(__name__)


class Worker:
    """Runs the turns, summaries and readings of the file from :meth:`start` to :meth:`stop`.

    ``own_only``: a worker in a door's own process takes what that door asked for, and what nobody waits for any
    more as long as it is ``alone``: where a background process works, a door that closes cuts no other answer off.
    """

    def __init__(self, agent: Agent, *, own_only: bool, alone: Callable[[], bool] = lambda: True) -> None:
        self._agent = agent
        self._store: Store = agent.store
        self._door = agent.store.owner if own_only else None
        self._alone = alone
        self._work: dict[str, dict[str, asyncio.Task[None]]] = {table: {} for table in TABLES}
        self._running = self._work["turns"]
        self._stopped: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._taking: asyncio.Task[bool] | None = None
        self._watch: Watch | None = None
        self.problem = ""

    @property
    def running(self) -> int:
        """How many turns, summaries and readings run here now."""
        return sum(map(len, self._work.values()))

    def start(self) -> None:
        """Begin to claim."""
        self._tasks = [
            asyncio.create_task(self._guard(self._claim_turns), name="claim turns"),
            asyncio.create_task(self._guard(self._look_after), name="look after turns"),
        ]

    async def stop(self) -> None:
        """Claim no more, and hand back or mark what runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._taking is not None:  # what it claims now must be handed back too
            await asyncio.wait({self._taking}, timeout=STOP_S)
            self._taking.cancel()
        running = [item for work in self._work.values() for item in work.items()]
        for row, task in running:
            if row not in self._stopped:  # those are ending already, a second cancel would cut that short
                task.cancel()
        if tasks := [task for _, task in running]:
            await asyncio.wait(tasks, timeout=STOP_S)
        if self._door is not None:
            door = self._door
            with contextlib.suppress(StoreError, TimeoutError):
                async with asyncio.timeout(STOP_S):
                    for table in TABLES:
                        await self._store.write(partial(leave_behind, table=table, door=door), durable=False)
        await self._agent.router.models.close()

    async def _guard(self, work: Callable[[], Awaitable[None]]) -> None:
        """Keep one of the loops alive through all faults; what is wrong is said in ``problem``."""
        while True:
            try:
                await work()
            except StoreError as error:
                self.problem = str(error)
                log.warning("the agent's worker: %s", error)
            except Exception as error:
                self.problem = f"{type(error).__name__}: {error}"
                log.exception("the agent's worker")
            await asyncio.sleep(1)

    async def _claim_turns(self) -> None:
        async with self._store.watch(*TABLES) as self._watch:
            while True:
                await self._heed_stops()
                for table in TABLES:
                    while self.running < MOST_AT_ONCE and await self._store.read(partial(_any_ready, table=table)):
                        self._taking = asyncio.create_task(self._take(table))
                        if not await asyncio.shield(self._taking):
                            break
                self.problem = ""
                await self._watch.wait()

    async def _take(self, table: str) -> bool:
        """Claim a row and begin it. Never cancelled half-way: a claimed row that nobody runs would be stuck."""
        nobodys = self._door is None or await asyncio.to_thread(self._alone)
        taken = await self._store.write(
            lambda db: claim(db, table, self._store.owner, door=self._door, nobodys=nobodys), durable=False
        )
        if taken is None:
            return False
        row, fence = taken
        if table == "turns":
            run = self._run(Journal(self._store, row, fence, self._agent.notify, self._agent.learn))
        else:
            run = self._aside(table, row, fence)
        self._work[table][row] = asyncio.create_task(run, name=f"{table} {row}")
        return True

    async def _aside(self, table: str, row: str, fence: int) -> None:
        try:
            await ASIDES[table](self._agent, row, fence).run()
        except asyncio.CancelledError:  # it is done anew
            again = self._store.write(
                partial(finish, table=table, row=row, fence=fence, status="queued", reason="shutdown")
            )
            await self._settle(row, again)
        except Fenced:
            log.info("%s %s was given to another worker", table, row)
        except StoreError as error:
            log.warning("%s %s: %s", table, row, error)
        except Exception:  # it stays ours and running, so that it is found as lost, a few times
            log.exception("%s %s", table, row)
        finally:
            self._work[table].pop(row, None)
            self._wake_claiming()

    async def _run(self, journal: Journal) -> None:
        try:
            await TurnRun(self._agent, journal).run()
        except asyncio.CancelledError:
            if journal.turn in self._stopped:
                await self._settle(journal.turn, journal.finish("cancelled", "stopped"))
            else:
                await self._settle(journal.turn, journal.give_up("shutdown"))
        except Fenced:
            log.info("turn %s was given to another worker", journal.turn)
        except Exception as error:
            log.exception("turn %s", journal.turn)
            failed = journal.finish("failed", "error", f"zotui itself failed: {type(error).__name__}: {error}")
            await self._settle(journal.turn, failed)
        finally:
            try:
                await self._settle_files(self._agent.guard.settle(journal.turn))
            finally:
                self._running.pop(journal.turn, None)
                self._stopped.discard(journal.turn)
                self._wake_claiming()  # a slot is free

    def _wake_claiming(self) -> None:
        if self._watch is not None:
            self._watch.tell(frozenset(TABLES))

    async def _settle(self, turn: str, ending: Coroutine[Any, Any, None]) -> None:
        """End a turn's rows to the end. Where even that fails, its lease runs out and somebody finds it."""
        try:
            await asyncio.shield(ending)
        except Fenced:
            log.info("turn %s had ended already, or is another worker's", turn)
        except StoreError as error:
            log.warning("turn %s: %s", turn, error)

    async def _settle_files(self, settling: Coroutine[Any, Any, None]) -> None:
        """Note what turns changed in the workspace. Where that fails it is done the next time."""
        try:
            await settling
        except (OSError, StoreError) as error:
            log.warning("what a turn changed: %s", error)

    async def _heed_stops(self) -> None:
        """Cancel running turns that somebody asked to stop."""
        if not self._running:
            return
        owner = self._store.owner
        rows = await self._store.read(
            lambda db: db.execute(
                "SELECT id FROM turns WHERE status = 'running' AND stop = 1 AND owner = ?", (owner,)
            ).fetchall()
        )
        for (turn,) in rows:
            if turn in self._running and turn not in self._stopped:
                self._stopped.add(turn)
                self._running[turn].cancel()

    async def _look_after(self) -> None:
        """Renew our leases; settle the turns of workers that are gone; adopt what dead doors left queued."""
        last_renewal = 0.0
        while True:
            now = asyncio.get_running_loop().time()
            if self.running and now - last_renewal > LEASE_MS / 3000:
                await self._store.write(self._renew, durable=False)
                last_renewal = now
            for table, row in await self._store.read(self._lost):
                try:
                    await self._store.write(partial(self._settle_lost, table, row))
                except (StoreError, asyncio.CancelledError):
                    raise
                except Exception:  # a row that cannot be read keeps no other from being found
                    log.exception("%s %s was left by its worker", table, row)
            await self._settle_files(self._agent.guard.settle_left())
            if await self._store.read(gate.any_lost):
                await self._store.write(gate.settle_lost)
            if await self._store.read(_any_with_door):
                await self._store.write(_adopt)
            if await self._store.read(_any):  # become due, or left behind by a background process
                self._wake_claiming()
            await asyncio.sleep(LOOK_S)

    def _held(self, table: str) -> Sequence[str]:
        return list(self._work[table])

    def _lost(self, db: Transaction) -> Sequence[tuple[str, str]]:
        owner = self._store.owner
        return [(table, row) for table in TABLES for row, _ in lost(db, table, owner, self._held(table))]

    def _renew(self, db: Transaction) -> None:
        for table in TABLES:
            renew(db, table, self._store.owner, self._held(table))

    def _settle_lost(self, table: str, row: str, db: Transaction) -> None:
        """Wind a row up, if it is still lost now that nobody else can write."""
        fence = dict(lost(db, table, self._store.owner, self._held(table))).get(row)
        if fence is None:
            return
        if table == "turns":
            wind_up(db, row, fence, "lost", self._agent.notify)
        else:
            do_anew(db, table, row, fence)


def do_anew(db: Transaction, table: str, row: str, fence: int) -> None:
    """An aside whose worker is gone is done anew: nothing of it was in force. Raises Fenced."""
    if db.execute(f"SELECT attempt FROM {table} WHERE id = ?", (row,)).get >= MOST_ATTEMPTS:
        finish(db, table, row, fence, "failed", "lost", error="its worker was lost several times")
    else:
        finish(db, table, row, fence, "queued", "lost")


def _any_ready(db: Transaction, table: str) -> bool:
    return db.execute(f"SELECT 1 FROM {table} WHERE status = 'queued' LIMIT 1").get is not None


def _any(db: Transaction) -> bool:
    return any(_any_ready(db, table) for table in TABLES)


def _any_with_door(db: Transaction) -> bool:
    query = "SELECT 1 FROM {} WHERE status = 'queued' AND door IS NOT NULL LIMIT 1"
    return any(db.execute(query.format(table)).get is not None for table in TABLES)


def _adopt(db: Transaction) -> None:
    for table in TABLES:
        adopt_orphans(db, table)
