"""The agent's worker: claims turns, runs them side by side, stops them when asked, finds what dead workers left."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from zotui.agent.journal import Journal, wind_up
from zotui.agent.run import Agent, TurnRun
from zotui.errors import Fenced, StoreError
from zotui.models import gate
from zotui.store import Store, Transaction, Watch
from zotui.store.work import LEASE_MS, adopt_orphans, claim, leave_behind, lost, renew

MOST_AT_ONCE = 10
STOP_S = 10.0  # what runs may take to wind up
LOOK_S = 2.0  # how often other workers' rows are looked at

log = logging.getLogger(__name__)


class Worker:
    """Runs turns of the file from :meth:`start` to :meth:`stop`.

    ``own_only``: a worker in a door's own process takes what that door asked for, and what nobody waits for any
    more as long as it is ``alone``: where a background process works, a door that closes cuts no other answer off.
    """

    def __init__(self, agent: Agent, *, own_only: bool, alone: Callable[[], bool] = lambda: True) -> None:
        self._agent = agent
        self._store: Store = agent.store
        self._door = agent.store.owner if own_only else None
        self._alone = alone
        self._running: dict[str, asyncio.Task[None]] = {}
        self._stopped: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._taking: asyncio.Task[bool] | None = None
        self._watch: Watch | None = None
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
        if self._taking is not None:  # what it claims now must be handed back too
            await asyncio.wait({self._taking}, timeout=STOP_S)
            self._taking.cancel()
        for turn, task in self._running.items():
            if turn not in self._stopped:  # those are ending already, a second cancel would cut that short
                task.cancel()
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=STOP_S)
        if self._door is not None:
            door = self._door
            with contextlib.suppress(StoreError, TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await self._store.write(lambda db: leave_behind(db, "turns", door), durable=False)
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
        async with self._store.watch("turns") as self._watch:
            while True:
                await self._heed_stops()
                while len(self._running) < MOST_AT_ONCE and await self._store.read(_any_ready):
                    self._taking = asyncio.create_task(self._take())
                    if not await asyncio.shield(self._taking):
                        break
                self.problem = ""
                await self._watch.wait()

    async def _take(self) -> bool:
        """Claim a turn and begin it. Never cancelled half-way: a claimed turn that nobody runs would be stuck."""
        nobodys = self._door is None or await asyncio.to_thread(self._alone)
        taken = await self._store.write(
            lambda db: claim(db, "turns", self._store.owner, door=self._door, nobodys=nobodys), durable=False
        )
        if taken is not None:
            turn, fence = taken
            run = self._run(Journal(self._store, turn, fence))
            self._running[turn] = asyncio.create_task(run, name=f"turn {turn}")
        return taken is not None

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
            self._running.pop(journal.turn, None)
            self._stopped.discard(journal.turn)
            self._wake_claiming()  # a slot is free

    def _wake_claiming(self) -> None:
        if self._watch is not None:
            self._watch.tell(frozenset({"turns"}))

    async def _settle(self, turn: str, ending: Coroutine[Any, Any, None]) -> None:
        """End a turn's rows to the end. Where even that fails, its lease runs out and somebody finds it."""
        try:
            await asyncio.shield(ending)
        except StoreError as error:
            log.warning("turn %s: %s", turn, error)

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
            held = list(self._running)
            if held and now - last_renewal > LEASE_MS / 3000:
                await self._store.write(partial(self._renew, held), durable=False)
                last_renewal = now
            for turn, _ in await self._store.read(self._lost):
                try:
                    await self._store.write(partial(self._settle_lost, turn))
                except (StoreError, asyncio.CancelledError):
                    raise
                except Exception:  # a row that cannot be read keeps no other from being found
                    log.exception("turn %s was left by its worker", turn)
            if await self._store.read(gate.any_lost):
                await self._store.write(gate.settle_lost)
            if await self._store.read(_any_with_door):
                await self._store.write(lambda db: adopt_orphans(db, "turns"))
            if await self._store.read(_any_ready):  # become due, or left behind by a background process
                self._wake_claiming()
            await asyncio.sleep(LOOK_S)

    def _lost(self, db: Transaction) -> Sequence[tuple[str, int]]:
        return lost(db, "turns", self._store.owner, self._running)

    def _renew(self, held: Sequence[str], db: Transaction) -> None:
        renew(db, "turns", self._store.owner, held)

    def _settle_lost(self, turn: str, db: Transaction) -> None:
        """Wind a turn up, if it is still lost now that nobody else can write."""
        fence = dict(self._lost(db)).get(turn)
        if fence is not None:
            wind_up(db, turn, fence, "lost")


def _any_ready(db: Transaction) -> bool:
    return db.execute("SELECT 1 FROM turns WHERE status = 'queued' LIMIT 1").get is not None


def _any_with_door(db: Transaction) -> bool:
    return db.execute("SELECT 1 FROM turns WHERE status = 'queued' AND door IS NOT NULL LIMIT 1").get is not None
