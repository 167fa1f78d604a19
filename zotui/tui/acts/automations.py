"""What happens by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zotui.tui.panes.schedule import SchedulePane

if TYPE_CHECKING:
    from zotui.tui.desk import Desk


async def schedule(desk: Desk, words: str = "") -> None:
    """Go to what happens by itself; with words, ask what shall happen then."""
    await desk.ready()
    pane = desk.query_one(SchedulePane)
    desk.go_to(pane)
    if words:
        await pane.begin(words)
