"""Following the mirror while the background process runs: passes when something changes in the folder or in the memory."""

import asyncio
import contextlib
import logging

from zotui.errors import StoreError
from zotui.inotify import Changes
from zotui.memory.mirror import records
from zotui.memory.mirror.syncing import Outcome, Syncing
from zotui.store import Store, Watch

GATHER_S = 0.15  # in which changes come together
SOON_S = 0.3  # until what could not be done is tried again
HELD_S = 5.0
EVERY_S = 300.0  # between looks at everything, where the kernel tells what changes
SHARE = 200.0  # times what a look takes, between two, where it does not

log = logging.getLogger(__name__)


class Following:
    """Follows the mirror of one store until it is cancelled."""

    def __init__(self, store: Store, syncing: Syncing) -> None:
        self._store = store
        self._syncing = syncing
        self._mark = ""  # of the folder that is followed
        self._changes: Changes | None = None
        self._is_deaf = False
        self._rang = asyncio.Event()
        self._heard: set[str] | None = None  # folders that changed; None where all are to be looked at

    async def run(self) -> None:
        """Follow it. A fault of the disk or of the file is tried again."""
        async with self._store.watch("mirror", "mirror_due") as watch:
            ringing = asyncio.create_task(self._ring(watch))
            try:
                while True:
                    self._rang.clear()
                    folders, self._heard = self._heard, set()
                    wait, again = await self._once(folders)
                    if await self._is_rung(SOON_S if again else wait):
                        await asyncio.sleep(GATHER_S)
                    elif not again:
                        self._heard = None
                    if self._heard is not None:
                        self._heard |= again
            finally:
                ringing.cancel()
                self._unwatch()

    async def _once(self, folders: set[str] | None) -> tuple[float | None, set[str]]:
        """A pass over these folders, or all: for how long to wait for changes then, and what is to be looked at soon."""
        try:
            settings = await self._store.read(records.settings)
            if settings is None or not settings.active:
                self._unwatch()
                return None, set()
            if folders is None or settings.mark != self._mark or self._changes is None:
                folders = None
                self._watch(settings.mark)
            began = asyncio.get_running_loop().time()
            outcome = await self._pass(folders)
            took = asyncio.get_running_loop().time() - began
        except (StoreError, OSError) as error:
            log.warning("the mirror: %s", error)
            self._unwatch()
            return HELD_S, set()
        if self._is_deaf:
            self._unwatch()
        if outcome.held:
            return HELD_S, outcome.again
        return (EVERY_S if self._changes is not None else max(1.0, SHARE * took)), outcome.again

    async def _pass(self, folders: set[str] | None) -> Outcome:
        """A pass; where this is cancelled, it ends first: the file may be closed then."""
        passing = asyncio.ensure_future(asyncio.to_thread(self._syncing.run, folders, self._opened))
        try:
            return await asyncio.shield(passing)
        except asyncio.CancelledError:
            self._syncing.leave()
            await asyncio.wait({passing})
            raise

    async def _ring(self, watch: Watch) -> None:
        while True:
            await watch.wait()
            self._rang.set()

    async def _is_rung(self, seconds: float | None) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._rang.wait()
        return False

    def _watch(self, mark: str) -> None:
        """Hear of changes in the folders that are opened from now on, where the system tells them."""
        self._unwatch()
        self._mark, self._is_deaf = mark, False
        with contextlib.suppress(OSError):
            self._changes = Changes()
            asyncio.get_running_loop().add_reader(self._changes.descriptor, self._hear)

    def _opened(self, folder: int, name: str) -> None:
        """A folder is looked into, in another thread."""
        if self._changes is not None:
            try:
                self._changes.watch(folder, name)
            except OSError:  # no more can be watched
                self._is_deaf = True

    def _hear(self) -> None:
        changed = self._changes.read() if self._changes is not None else set()
        self._heard = None if changed is None or self._heard is None else self._heard | changed
        self._rang.set()

    def _unwatch(self) -> None:
        self._mark = ""
        if self._changes is not None:
            asyncio.get_running_loop().remove_reader(self._changes.descriptor)
            self._changes.close()
            self._changes = None
