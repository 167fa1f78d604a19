"""The chats: all conversations, the latest first."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.message import Message

from zotui.text import ago, one_line
from zotui.tui.pane import bindings
from zotui.tui.panes.listing import ListingPane
from zotui.tui.widgets.rows import Row

if TYPE_CHECKING:
    from zotui.computer import Computer


class ChatRows:
    """Conversations as rows."""

    def __init__(self, computer: Computer, search: str) -> None:
        self._computer = computer
        self._search = search

    async def count(self) -> int:
        return await self._computer.chats.count(self._search)

    async def page(self, offset: int, limit: int) -> list[Row]:
        now = time.time_ns() // 1_000_000
        found = await self._computer.chats.list(search=self._search, limit=limit, offset=offset)
        return [Row(chat.id, one_line(chat.title or "(no title)", 200), ago(chat.updated_at, now)) for chat in found]


class ChatsPane(ListingPane):
    """Open, rename, delete and search conversations."""

    letter = "h"
    heading = "Chats"
    empty = "No conversation yet. Write one on the left."
    tables: ClassVar[frozenset[str]] = frozenset({"conversations"})
    BINDINGS = bindings("chats")

    class Opened(Message):
        """The person chose a conversation."""

        def __init__(self, conversation: str) -> None:
            super().__init__()
            self.conversation = conversation

    def __init__(self) -> None:
        super().__init__("chats")

    def source(self, search: str) -> ChatRows:
        assert self.computer is not None
        return ChatRows(self.computer, search)

    async def read(self) -> None:
        await super().read()
        assert self.computer is not None
        self.note(f"{await self.computer.chats.count():,}")

    def action_open_row(self) -> None:
        """Open the chat under the cursor."""
        if self.rows.current is not None:
            self.post_message(self.Opened(self.rows.current.id))

    @work
    async def action_rename_row(self) -> None:
        """Ask for another title."""
        from zotui.tui.dialogs import Prompt

        row = self.rows.current
        if row is None or self.computer is None:
            return
        title = await self.app.push_screen_wait(Prompt("Title", row.text))
        if title and title.strip():
            await self.computer.chats.rename(row.id, title)

    @work
    async def action_delete_row(self) -> None:
        """Delete the chat under the cursor, when the person is sure."""
        from zotui.tui.dialogs import Confirm

        row = self.rows.current
        if row is None or self.computer is None:
            return
        if await self.app.push_screen_wait(Confirm(f"Delete “{row.text}” with all its messages?", "Delete")):
            await self.computer.chats.delete(row.id)
