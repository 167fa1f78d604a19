"""The wall around the agent's commands, as the file tells it, for the status line."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from zotui.errors import ZotuiError

if TYPE_CHECKING:
    from zotui.sandbox import Wall
    from zotui.tui.desk import Desk


class Standing:
    """The wall that was told last; None before anybody told of one."""

    tables: ClassVar[frozenset[str]] = frozenset({"desk"})

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.wall: Wall | None = None

    async def refresh_from_file(self) -> None:
        """Read what stands, and show it where it is another."""
        if self._desk.computer is None:
            return
        try:
            wall = await self._desk.computer.standing.wall()
        except ZotuiError:  # other panes say so
            return
        if wall != self.wall:
            self.wall = wall
            self._desk.standing_changed()
