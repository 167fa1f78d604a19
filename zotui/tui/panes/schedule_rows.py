"""Automations as rows, read by their ids a page at a time, whose countdowns go on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from zotui.automations.zones import local_zone
from zotui.store import now_ms
from zotui.tui.panes.schedule_text import changes_at, row_of
from zotui.tui.widgets.rows import Row

if TYPE_CHECKING:
    from zotui.automations.queue import Listed, Placed, State
    from zotui.computer import Computer

FOUND = 10_000  # automations that are listed; more when one goes on to their end
KNOWN = 2_000  # that stay known for what is told of them


class Shown(Protocol):
    """What shows the rows, and is told what was read."""

    whole: bool

    def counted(self, source: ScheduleRows) -> None:
        """They were looked up, maybe anew."""
        ...

    def arrived(self, source: ScheduleRows) -> None:
        """Some were read, maybe anew."""
        ...


class ScheduleRows:
    """The automations in which words are, in the order of the queue."""

    def __init__(self, computer: Computer, search: str, shown: Shown) -> None:
        self._computer = computer
        self._shown = shown
        self._most = FOUND
        self.search = search
        self.zone = ZoneInfo("UTC")
        self.order: list[Placed] = []
        self.total = 0
        self.known: dict[str, Listed] = {}

    @property
    def has_more(self) -> bool:
        """Whether more may be found than are listed."""
        return len(self.order) >= self._most

    def find_more(self) -> None:
        """List more from the next reading on."""
        self._most *= 4

    async def count(self) -> int:
        """Look them up, and return how many there are."""
        queue = self._computer.automations.queue
        self.zone = ZoneInfo(await asyncio.to_thread(local_zone))
        self.order = await queue.order(self.search, self._most)
        self.total = await queue.total() if self.search or self.has_more else len(self.order)
        self._shown.counted(self)
        return len(self.order)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        ids = [one.id for one in self.order[offset : offset + limit]]
        found = await self._computer.automations.queue.listed(ids)
        for one in found:
            self.known.pop(one.automation.id, None)
        self.known = dict([*list(self.known.items())[-KNOWN:], *((one.automation.id, one) for one in found)])
        self._shown.arrived(self)
        now = now_ms()
        return [row_of(one, now, self.zone, self._shown.whole) for one in found]

    async def place_of(self, id: str) -> int | None:
        """Return the number of an automation, as it was when they were looked up."""
        return next((place for place, one in enumerate(self.order) if one.id == id), None)

    def rows_that_changed(self, since: int, now: int) -> list[Row]:
        """The rows that say something else than they did at ``since``, by the clock alone."""
        return [
            row_of(one, now, self.zone, self._shown.whole)
            for one in self.known.values()
            if (at := changes_at(one, since)) is not None and at <= now
        ]

    def next_change(self, now: int) -> int | None:
        """When the first row says something else by itself, in milliseconds since 1970."""
        return min((at for one in self.known.values() if (at := changes_at(one, now)) is not None), default=None)

    @property
    def said(self) -> str:
        """How many there are, and how they are."""
        if self.search:
            return f"{len(self.order):,}{'+' if self.has_more else ''} of {self.total:,}"
        counts = Counter(one.state for one in self.order)
        counts["active"] += counts["running"]
        states: Sequence[State] = ("running", "active", "broken", "paused")
        words = [f"{counts[state]:,} {state}" for state in states if counts[state] or state == "active"]
        return " · ".join([*words, *([f"of {self.total:,}"] if self.has_more else [])])
