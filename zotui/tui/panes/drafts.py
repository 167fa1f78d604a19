"""What a conversation looks like when one comes back to it: its draft, and where the reader was. Kept in the file."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from zotui.tui.widgets.composer import Draft

if TYPE_CHECKING:
    from zotui.tui.panes.conversation import ConversationPane

NEW = "new"  # the name of the conversation that is not begun yet


class Drafts:
    """The notes of the conversation pane, by conversation."""

    def __init__(self, pane: ConversationPane) -> None:
        self._pane = pane
        self._scrolled: dict[str, str] = {}

    async def keep(self) -> None:
        """Write what is in the composer into the file."""
        if self._pane.computer is not None:
            draft = self._pane.composer.draft
            kept = json.dumps(asdict(draft)) if draft.text or draft.edits else None
            await self._pane.computer.desk.set(self._name("draft"), kept)

    async def forget(self) -> None:
        """The draft was sent."""
        assert self._pane.computer is not None
        await self._pane.computer.desk.set(self._name("draft"), None)

    async def kept(self) -> Draft | None:
        """The draft of the conversation shown."""
        assert self._pane.computer is not None
        kept = await self._pane.computer.desk.get(self._name("draft"))
        if not kept:
            return None
        known = {field.name for field in fields(Draft)}
        return Draft(**{name: value for name, value in json.loads(kept).items() if name in known})

    async def keep_scroll(self) -> None:
        """Write where the reader is, if that is another place than before; at the end there is nothing to keep."""
        if self._pane.computer is None or self._pane.reel is None:
            return
        name, place = self._name("scroll"), self._pane.transcript.position
        kept = json.dumps(place) if place else ""
        if self._scrolled.get(name) != kept:
            self._scrolled[name] = kept
            await self._pane.computer.desk.set(name, kept or None)

    async def scroll_back(self) -> None:
        """Go to where the reader was, reading older pages until it is there."""
        if self._pane.computer is None or self._pane.reel is None:
            return
        name = self._name("scroll")
        kept = await self._pane.computer.desk.get(name)
        self._scrolled[name] = kept or ""
        if kept:
            entry, line = json.loads(kept)
            while not self._pane.transcript.restore(entry, line):
                if not await self._pane.reading.older():
                    break

    def _name(self, kind: str) -> str:
        return f"{kind}:{self._pane.conversation or NEW}"
