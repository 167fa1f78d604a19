"""Who holds the commands that go on in the background: their processes are children of this one, and end with it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from zotui.errors import StoreError
from zotui.sandbox import Child, Outcome, Output, Sandbox
from zotui.store import Store, Transaction
from zotui.store.work import LEASE_MS, renew
from zotui.text import one_line
from zotui.workspace.background import records
from zotui.workspace.background.records import Notify, Origin, unheard

LOOK_S = 2.0  # how often is looked for those that nobody holds
STOP_S = 5.0  # until which all have ended when this process goes

log = logging.getLogger(__name__)


class Held:
    """One that this process holds, and what it is to be fed."""

    def __init__(self, child: Child, out: Output) -> None:
        self.child = child
        self.out = out
        self.input: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def feed(self) -> None:
        """Give it what is put into the queue, until None ends its input. It may take it slowly, or never."""
        while (text := await self.input.get()) is not None:
            await self.child.write(text)
        self.child.close_input()


class Keeper:
    """Holds commands from :meth:`start` to :meth:`stop`. ``lasts``: seconds for which one may go on."""

    def __init__(
        self, store: Store, sandbox: Sandbox, lasts: Callable[[], float] = lambda: 3600.0, notify: Notify = unheard
    ) -> None:
        self.sandbox = sandbox
        self.lasts = lasts
        self._store = store
        self._notify = notify
        self._held: dict[str, Held] = {}
        self._keeping: set[asyncio.Task[None]] = set()
        self._following: asyncio.Task[None] | None = None
        self._leaving = False

    def start(self) -> None:
        """Begin to look what is wanted of them."""
        self._following = asyncio.create_task(self._follow(), name="commands in the background")

    async def stop(self) -> None:
        """End all that are held, and mark them."""
        self._leaving = True
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait({self._following})
        for held in self._held.values():
            held.child.stop("zotui ended")
        if self._keeping:
            await asyncio.wait(self._keeping, timeout=STOP_S)

    async def keep(self, child: Child, out: Output, origin: Origin, command: str, *, fed: bool, began: int) -> str:
        """Hold one that runs from now on; its id. Where that cannot be written down it is ended. Raises StoreError,
        OSError."""
        known: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        keeping = asyncio.create_task(self._keep(child, out, origin, command, fed, began, known))
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
        return await known

    async def _keep(
        self, child: Child, out: Output, origin: Origin, command: str, fed: bool, began: int, known: asyncio.Future[str]
    ) -> None:
        """From here to its end. Whoever waits to know it may have been cancelled, and has stopped it then."""
        held, owner = Held(child, out), self._store.owner
        tainted = child.has_a_way_out or self.sandbox.has_network
        try:
            path = await asyncio.to_thread(out.keep)
            id_ = await self._store.write(
                lambda db: records.begin(db, owner, origin, command, str(path), fed=fed, tainted=tainted, began=began)
            )
        except Exception as error:  # of the file, the disk; its conversation was deleted
            child.stop()
            with contextlib.suppress(OSError):
                await child.wait()
            out.close()
            if not known.cancelled():
                known.set_exception(error)
            return
        self._held[id_] = held
        if not known.cancelled():
            known.set_result(id_)
        feeding = asyncio.create_task(held.feed())
        try:
            outcome = await self._outcome(child)
        finally:
            feeding.cancel()
            out.close()
        status, reason = records.judged(outcome, leaving=self._leaving)
        cut = "only the beginning of what it put out is kept" if out.is_cut else ""
        said = "; ".join(filter(None, (outcome.said, cut, one_line(outcome.put_right, 300))))
        try:
            await self._store.write(
                lambda db: records.finish(
                    db, id_, owner, status, reason, self._notify, said=said, exit_code=outcome.exit_code, size=out.size
                )
            )
        except StoreError as error:  # its lease runs out, and it is found
            log.warning("the end of command %s: %s", id_, error)
        finally:
            self._held.pop(id_, None)

    async def _outcome(self, child: Child) -> Outcome:
        try:
            return await child.wait()
        except OSError as error:
            return Outcome(1, 0.0, "", "limit", f"what it put out could not be kept: {error.strerror}")

    async def _follow(self) -> None:
        """Do what is wanted of those that are held; mark those that nobody holds. Through all faults of the file."""
        renewed = 0.0
        async with self._store.watch("command_inputs", "commands") as watch:
            while True:
                try:
                    now = asyncio.get_running_loop().time()
                    if self._held and now - renewed > LEASE_MS / 3000:
                        await self._store.write(self._renew, durable=False)
                        renewed = now
                    await self._heed()
                    if await self._store.read(self._any_left):
                        await self._store.write(self._settle)
                except StoreError as error:
                    log.warning("commands in the background: %s", error)
                    await asyncio.sleep(LOOK_S)
                await watch.wait(LOOK_S)

    async def _heed(self) -> None:
        """Do what is wanted; end what is not in the file any more: its conversation was deleted, or this process was taken
        for dead."""
        owner, held = self._store.owner, dict(self._held)
        if not held:
            return
        if await self._store.read(lambda db: records.any_wanted(db, owner)):
            for id_, kind, content in await self._store.write(lambda db: records.taken(db, list(held))):
                if kind == "stop":
                    held[id_].child.stop()
                else:
                    held[id_].input.put_nowait(content.encode() if kind == "text" else None)
        mine = await self._store.read(lambda db: records.ids_of(db, owner))
        for id_ in set(held) - mine:
            held[id_].child.stop()

    def _any_left(self, db: Transaction) -> bool:
        return bool(records.left(db, self._store.owner, list(self._held)))

    def _settle(self, db: Transaction) -> None:
        records.settle(db, self._store.owner, self._notify, list(self._held))

    def _renew(self, db: Transaction) -> None:
        renew(db, "commands", self._store.owner, list(self._held))
