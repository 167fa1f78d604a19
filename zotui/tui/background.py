"""How many commands go on in the background, for the status line."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from zotui.errors import ZotuiError

if TYPE_CHECKING:
    from zotui.tui.desk import Desk


class Background:
    """The count that was read last."""

    tables: ClassVar[frozenset[str]] = frozenset({"commands"})

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._count = 0

    @property
    def words(self) -> str:
        """How many there are; empty where there is none."""
        return f"▸ {self._count} in background" if self._count else ""

    async def refresh_from_file(self) -> None:
        """Count them, and show it where it is another number."""
        if self._desk.computer is None:
            return
        try:
            count = await self._desk.computer.commands.count()
        except ZotuiError:  # other panes say so
            return
        if count != self._count:
            self._count = count
            self._desk.attention_changed()
