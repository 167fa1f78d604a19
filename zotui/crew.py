"""Who does the work that is put into the file: this process, or the background process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Literal

from zotui import notices
from zotui.embedding import NONE
from zotui.errors import StoreError
from zotui.memory.filling import Filling
from zotui.store import now_ms
from zotui.workspace.background import Keeper

if TYPE_CHECKING:
    from zotui.agent import Worker
    from zotui.automating import Automating
    from zotui.computer import Computer

Workers = Literal["auto", "background", "own", "none", "all"]
TRASH_MS = 30 * 86_400_000  # how long what was deleted can be restored

log = logging.getLogger(__name__)


class Crew:
    """What runs for a computer while it is open: its worker, or the watch over the background process."""

    def __init__(self, computer: Computer) -> None:
        self._computer = computer
        self.worker: Worker | None = None
        self.keeper = Keeper(
            computer.store,
            computer.sandbox,
            lasts=lambda: computer.models.config.sandbox.background_s,
            notify=notices.tell,
        )
        self.owns_its_work = False
        """Whether this process does what it puts itself, and nothing else."""
        self._ready = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._stands: asyncio.Task[None] | None = None
        self._filler: asyncio.Task[None] | None = None
        self._mirror: asyncio.Task[None] | None = None
        self.automating: Automating | None = None

    async def start(self, workers: Workers) -> None:
        """Have the work done, by those of :meth:`zotui.computer.Computer.open`."""
        background = self._computer.background
        if workers == "auto":
            workers = "background" if await background.look() else "own"
        if workers == "background":
            self._keeper = asyncio.create_task(background.keep(self._ready, self._computer.tell))
        elif workers in ("own", "all"):
            self.owns_its_work = workers == "own"
            self._start_worker()
            if workers == "all":
                self.tell_what_stands()
                self._mirror = asyncio.create_task(self._computer.mirror.follow())
                self.keep_time()

    async def want(self) -> None:
        """Have somebody there for what is put now."""
        self._computer.background.want()
        if self._keeper is not None:
            await self._computer.background.has_been_told()

    async def handed_over(self) -> None:
        """Wait until a background process is there for what was written, where this door starts one."""
        if self._keeper is not None:
            await self._ready.wait()

    def tell_what_stands(self) -> None:
        """Tell in the file from now on which wall is around the commands of this process."""
        self._stands = asyncio.create_task(self._computer.standing.follow())

    def keep_time(self, *, own: bool = False) -> None:
        """Have automations happen while this process lives; ``own``: those alone that it wants to happen now."""
        from zotui.automating import Automating

        self.automating = Automating(self._computer, own=own)
        self.automating.start()

    async def stop(self) -> None:
        """End what runs in this process; the background process goes on."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        if self._stands is not None:
            self._stands.cancel()
            await asyncio.wait({self._stands})
        if self._sweeper is not None:
            await asyncio.wait({self._sweeper})
        if self.automating is not None:
            await self.automating.stop()
        if self._mirror is not None:
            self._mirror.cancel()
            await asyncio.wait({self._mirror})
        if self._filler is not None:
            self._filler.cancel()
            await asyncio.wait({self._filler})
        if self.worker is not None:
            await self.worker.stop()
            await self.keeper.stop()

    def _start_worker(self) -> None:
        from zotui.workers import agent_worker

        self.worker = agent_worker(self._computer)
        self.worker.start()
        self.keeper.start()
        self._sweeper = asyncio.create_task(self._empty_trash())
        if self._computer.config.memory.embedder != NONE:
            self._filler = asyncio.create_task(Filling(self._computer.store, self._computer.embedder).run())

    async def _empty_trash(self) -> None:
        """What was deleted long ago goes for ever."""
        before = now_ms() - TRASH_MS
        try:
            await self._computer.chats.empty_trash(before)
            await asyncio.to_thread(self._computer.bin.empty, before)
        except StoreError as error:  # it goes the next time
            log.warning("the trash: %s", error)
