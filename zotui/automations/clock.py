"""The clock: sleeps until the next automation is due, and writes down what has come."""

import logging
import time
from functools import partial

from zotui.automations import records
from zotui.automations.firing import Notify, due, fire, look_again, next_due
from zotui.automations.zones import rules_of
from zotui.errors import StoreError
from zotui.store import Reader, Store, Transaction, now_ms

TOGETHER = 50  # automations that one transaction fires
LOOK_S = 15.0  # between looks at the clock on the wall, which may leap, and stands still in no suspend
LEAP_MS = 2_000  # by how much it may be off before it has leapt

log = logging.getLogger(__name__)


class Clock:
    """Fires the automations of one file until it is cancelled. Several may: each time happens once."""

    def __init__(self, store: Store, notify: Notify) -> None:
        self._store = store
        self._notify = notify
        self._ahead = _ahead()
        self.problem = ""

    async def run(self) -> None:
        """Fire what is due, when it is. A fault of the file is tried again."""
        settled = False
        async with self._store.watch("automations") as watch:
            while True:
                try:
                    if not settled:
                        await self._settle_zones()
                        settled = True
                    wait = await self._tick()
                    self.problem = ""
                except StoreError as error:
                    self.problem = str(error)
                    log.warning("the clock: %s", error)
                    wait = 1.0
                await watch.wait(wait)

    async def _tick(self) -> float:
        """Fire what is due; for how many seconds to sleep then."""
        if abs(_ahead() - self._ahead) > LEAP_MS:
            self._ahead = _ahead()
            await self._store.write(self._set_back)
        while True:
            at = await self._store.read(next_due)
            if at is None:
                return LOOK_S
            if (left := at - now_ms()) > 0:
                return min(left / 1_000, LOOK_S)
            await self._store.write(self._fire)

    def _fire(self, db: Transaction) -> None:
        now = now_ms()
        for one in due(db, now, TOGETHER):
            fire(db, one, now, self._notify)

    def _set_back(self, db: Transaction) -> None:
        """Where the clock was ahead, what is next was worked out from a time that has not come yet."""
        now = now_ms()
        for one in records.found(db, "enabled = 1 AND looked_at > ?", (now + LEAP_MS,)):
            look_again(db, one, now, self._notify)

    async def _settle_zones(self) -> None:
        """Those whose zones have other rules since, and those that a clock which was ahead has looked at."""
        for zone in await self._store.read(_of_other_zones):
            while await self._store.write(partial(self._look_again, zone)):
                pass
        await self._store.write(self._set_back, durable=False)

    def _look_again(self, zone: str, db: Transaction) -> int:
        """Some of a zone's; how many."""
        where = "enabled = 1 AND tz = ? AND zones <> ? LIMIT ?"
        found = records.found(db, where, (zone, rules_of(zone), 4 * TOGETHER))
        for one in found:
            look_again(db, one, now_ms(), self._notify)
        return len(found)


def _of_other_zones(db: Reader) -> set[str]:
    rows = db.execute("SELECT DISTINCT tz, zones FROM automations WHERE enabled = 1").fetchall()
    return {zone for zone, rules in rows if rules != rules_of(zone)}


def _ahead() -> int:
    """By how many milliseconds the clock on the wall is ahead of the one that counts from the start of the machine."""
    return now_ms() - time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1_000_000
