"""A run that is being done, and how it ended."""

from collections.abc import Callable

import msgspec

from zotui.automations.automation import Automation, Run
from zotui.store import Store, Transaction
from zotui.store.work import check


class Done(msgspec.Struct, frozen=True):
    """How a run ended."""

    status: str
    reason: str | None = None
    output: str = ""
    error: str = ""
    exit_code: int | None = None


class Job:
    """A run that is being done, under its fence."""

    def __init__(self, store: Store, automation: Automation, run: Run, fence: int) -> None:
        self._store = store
        self.automation = automation
        self.run = run
        self.fence = fence
        self.is_stopped = False
        self.is_left = False
        """Its process goes: what goes on without it is not to be stopped."""

    async def begin(self, put: Callable[[Transaction], object] = lambda db: None) -> None:
        """Write down that from now on anything may have been done, and what ``put`` does, before it is. Raises Fenced."""

        def mark(db: Transaction) -> None:
            check(db, "runs", self.run.id, self.fence)
            db.execute("UPDATE runs SET begun = 1 WHERE id = ?", (self.run.id,))
            put(db)

        await self._store.write(mark)
