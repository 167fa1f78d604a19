"""Which wall stands around the agent's commands, and whether the person wants none: told in the file, as those who show
it and those who run commands are different processes. What a process has told is over when it has ended."""

import asyncio
import logging

import msgspec
from msgspec import Struct

from zotui.errors import StoreError
from zotui.sandbox.sandbox import Sandbox
from zotui.sandbox.wall import Wall
from zotui.store import Notes, Store
from zotui.store.owner import is_alive

STANDS, LEAVE = "wall", "no sandbox"  # the names of the notes
BEAT_S = 2.0  # between two looks whether somebody who wants no wall is still there

log = logging.getLogger(__name__)


class Told(Struct, frozen=True):
    """A wall, and the process behind whose commands it stands."""

    wall: Wall
    owner: str


class Standing:
    """What is told of the wall. Every process may read it, and one :meth:`follow` it."""

    def __init__(self, store: Store, sandbox: Sandbox) -> None:
        self._store = store
        self._notes = Notes(store)
        self._sandbox = sandbox

    async def wall(self) -> Wall | None:
        """What stands where the agent's commands run; None where no process runs any."""
        kept = await self._notes.get(STANDS)
        if not kept:
            return None
        try:
            told = msgspec.json.decode(kept, type=Told)
        except msgspec.DecodeError:  # of another version
            return None
        return told.wall if await asyncio.to_thread(is_alive, told.owner) else None

    async def allow_no_wall(self, allowed: bool = True) -> None:
        """Let commands run without one, where none can stand, for as long as this process lives; or no more."""
        await self._notes.set(LEAVE, self._store.owner if allowed else None)

    async def is_unwanted(self) -> bool:
        """Whether somebody who is still there wants commands to run without one."""
        owner = await self._notes.get(LEAVE)
        return bool(owner) and await asyncio.to_thread(is_alive, str(owner))

    async def follow(self) -> None:
        """Tell what stands here, and do as the person wants, until this is cancelled."""
        raised = asyncio.Event()
        self._sandbox.when_raised = raised.set
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tell(raised))
                group.create_task(self._obey())
        except* StoreError as errors:  # commands are refused then where there is no wall
            log.warning("the wall is not told: %s", errors.exceptions[0])

    async def _tell(self, raised: asyncio.Event) -> None:
        told: Wall | None = None
        while True:
            await raised.wait()
            raised.clear()
            if (stood := self._sandbox.stood) is not None and stood != told:
                await self._notes.set(STANDS, msgspec.json.encode(Told(stood, self._store.owner)).decode())
                told = stood

    async def _obey(self) -> None:
        async with self._store.watch("desk") as watch:
            await self._sandbox.look()
            while True:
                unwanted = await self.is_unwanted()
                if unwanted != self._sandbox.is_unwanted:
                    self._sandbox.allow_no_wall(unwanted, self.is_unwanted)
                    await self._sandbox.look()
                await watch.wait(BEAT_S if unwanted else None)
