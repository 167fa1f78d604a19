"""The agent's worker: claims turns, runs them side by side, stops them when asked, finds what dead workers left."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from zotui.agent.journal import Journal, wind_up
from zotui.agent.run import Agent, TurnRun
from zotui.errors import Fenced, StoreError
from zotui.store import Store, Transaction
from zotui.store.work import LEASE_MS, adopt_orphans, claim, lost, renew

MOST_AT_ONCE = 10
STOP_S = 10.0  # what runs may take to wind up
LOOK_S = 2.0  # how often other workers' rows are looked at

log = logging.getLogger(__name__)


class Worker:
    """Runs turns of the file from :meth:`start` to :meth:`stop`.

    ``own_only``: a worker in a door's own process takes only what that door asked for, so that it never has to
    keep somebody else's answer alive.
    """

    def __init__(self, agent: Agent, *, own_only: bool) -> None:
        self._agent = agent
        self._store: Store = agent.store
        self._door = agent.store.owner if own_only else None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._stopped: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self.problem = ""

    @property
    def running(self) -> int:
        """How many turns run here now."""
        return len(self._running)

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
        running = list(self._running.values())
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=STOP_S)

    async def _guard(self, work: Callable[[], Awaitable[None]]) -> None:
        """Keep one of the loops alive through faults of the file; what is wrong is said in ``problem``."""
        while True:
            try:
                await work()
            except StoreError as error:
                self.problem = str(error)
                log.warning("the agent's worker: %s", error)
                await asyncio.sleep(1)

    async def _claim_turns(self) -> None:
        async with self._store.watch("turns") as watch:
            while True:
                await self._heed_stops()
                while len(self._running) < MOST_AT_ONCE:
                    if not await self._store.read(_any_ready):
                        break
                    taken = await self._store.write(
                        lambda db: claim(db, "turns", self._store.owner, door=self._door), durable=False
                    )
                    if taken is None:
                        break
                    self._begin(*taken)
                self.problem = ""
                await watch.wait()

    def _begin(self, turn: str, fence: int) -> None:
        journal = Journal(self._store, turn, fence)
        self._running[turn] = asyncio.create_task(self._run(journal), name=f"turn {turn}")

    async def _run(self, journal: Journal) -> None:
        try:
            await TurnRun(self._agent, journal).run()
        except asyncio.CancelledError:
            if journal.turn in self._stopped:
                await asyncio.shield(journal.finish("cancelled", "stopped"))
            else:
                await asyncio.shield(journal.give_up("shutdown"))
        except Fenced:
            log.info("turn %s was given to another worker", journal.turn)
        except Exception as error:
            log.exception("turn %s", journal.turn)
            with contextlib.suppress(StoreError):
                await journal.finish(
                    "failed", "error", f"zotui itself failed: {type(error).__name__}: {error}"
                )
        finally:
            self._running.pop(journal.turn, None)
            self._stopped.discard(journal.turn)
            # A slot is free, and maybe this conversation's next turn is ready: the end of a turn is a change
            # of the table, which wakes the claiming.

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
            if self._running and now - last_renewal > LEASE_MS / 3000:
                await self._store.write(lambda db: renew(db, "turns", self._store.owner), durable=False)
                last_renewal = now
            if await self._store.read(lambda db: bool(lost(db, "turns", self._store.owner))):
                await self._store.write(self._settle_lost)
            if await self._store.read(_any_with_door):
                await self._store.write(lambda db: adopt_orphans(db, "turns"))
            await asyncio.sleep(LOOK_S)

    def _settle_lost(self, db: Transaction) -> None:
        for turn, _owner, fence in lost(db, "turns", self._store.owner):
            with contextlib.suppress(Fenced):
                wind_up(db, turn, fence, "lost")


def _any_ready(db: Transaction) -> bool:
    return db.execute("SELECT 1 FROM turns WHERE status = 'queued' LIMIT 1").get is not None


def _any_with_door(db: Transaction) -> bool:
    return (
        db.execute("SELECT 1 FROM turns WHERE status = 'queued' AND door IS NOT NULL LIMIT 1").get is not None
    )
