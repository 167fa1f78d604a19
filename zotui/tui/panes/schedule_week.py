"""The week ahead: seven days, and in which hours of them something happens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.widgets import Static

if TYPE_CHECKING:
    from zotui.automations.queue import Placed
    from zotui.automations.week import Week
    from zotui.computer import Computer

WEEK_OF = 50  # automations whose week is worked out, those that are next


class WeekView(Static):
    """Worked out in a thread when the automations are others, painted anew when another is chosen."""

    DEFAULT_CSS = """
    WeekView { height: 9; padding: 0 1; border-top: solid $foreground 15%; display: none; }
    """

    def __init__(self) -> None:
        super().__init__("", id="week", markup=False)
        self._week: Week | None = None
        self._titles: dict[str, str] = {}
        self._of: list[tuple[str, int, int | None]] = []  # which automations that are, and how they were
        self._active = 0
        self._chosen = ""

    async def work_out(self, computer: Computer, order: Sequence[Placed]) -> None:
        """The week of the automations that are next in this order, where they are others than before."""
        from zoneinfo import ZoneInfo

        from zotui.automations.automation import moment
        from zotui.automations.week import week
        from zotui.automations.zones import local_zone
        from zotui.store import now_ms

        ids = [one.id for one in order if one.state in ("running", "active")]
        self._active = len(ids)
        listed = [one.automation for one in await computer.automations.queue.listed(ids[:WEEK_OF])]
        active = [one for one in listed if one.next_run is not None]
        of = [(one.id, one.updated_at, one.next_run) for one in active]
        zone = ZoneInfo(await asyncio.to_thread(local_zone))
        now = moment(now_ms())
        if self._week is None or of != self._of or now.astimezone(zone).date() != self._week.begin.date():
            schedules = [(one.id, one.schedule) for one in active]
            self._week = await asyncio.to_thread(week, schedules, now, zone)
            self._of, self._titles = of, {one.id: one.title for one in active}
        self.paint()

    @property
    def has_times(self) -> bool:
        """Whether anything happens in it."""
        return self._week is not None and any(self._week.moments.values())

    def choose(self, automation: str) -> None:
        """Mark the times of an automation."""
        if automation != self._chosen:
            self._chosen = automation
            self.paint()

    def paint(self) -> None:
        """Show it in the room that there is."""
        from zotui.tui.panes.schedule_text import week_text

        if self._week is not None and self.display and self.size.width:
            self.update(week_text(self._week, self._titles, self._chosen, self.size.width, self.note))

    def on_resize(self, event: events.Resize) -> None:
        self.paint()

    def on_show(self) -> None:
        self.paint()

    @property
    def note(self) -> str:
        """Of what the week is, where that is not all."""
        parts = (
            f"of the next {WEEK_OF}" if self._active > WEEK_OF else "",
            "" if self._week is None or self._week.is_whole else "not all: too many times",
        )
        return " · ".join(filter(None, parts))

    @property
    def in_full(self) -> str:
        """All of it, to be read."""
        from zotui.tui.panes.schedule_text import week_in_full

        text = week_in_full(self._week, self._titles) if self._week else ""
        return f"{self.note}\n\n{text}" if self.note else text
