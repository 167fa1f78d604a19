"""Where the reader is in a conversation, what stands there, and the way to other places in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zotui.tui.panes.entries import entries_of

if TYPE_CHECKING:
    from zotui.conversations import Message
    from zotui.tui.panes.conversation import ConversationPane


class Reading:
    """The messages of the conversation shown, by where they are."""

    def __init__(self, pane: ConversationPane) -> None:
        self._pane = pane

    def last_message(self) -> str | None:
        """The id of the last message that will not change any more."""
        assert self._pane.reel is not None
        return self._pane.reel.messages[self._pane.reel.settled - 1].id if self._pane.reel.settled else None

    def last_request(self) -> Message | None:
        """The last request of the person."""
        requests = (
            [message for message in self._pane.reel.messages if message.role == "user"] if self._pane.reel else []
        )
        return requests[-1] if requests else None

    def message_at_cursor(self) -> str | None:
        """The id of the message under the cursor of the transcript, where that has the focus."""
        entry = self._pane.transcript.current if self._pane.transcript.has_focus else None
        return entry.message or None if entry else None

    def request_at_cursor(self) -> Message | None:
        """The request under the cursor."""
        at = self.message_at_cursor()
        found = [message for message in self._pane.reel.messages if message.id == at] if self._pane.reel else []
        return found[0] if found and found[0].role == "user" else None

    async def whole_text(self) -> str:
        """The message under the cursor, or all of a tool's output."""
        entry = self._pane.transcript.current
        if entry is not None and entry.kind == "tool" and self._pane.computer is not None:
            return await self._pane.computer.chats.call_text(entry.id) or entry.detail
        return self._pane.transcript.copyable("message")

    async def to_message(self, message: str) -> None:
        """Go to a message, reading older pages until it is there."""
        while self._pane.reel is not None and not self._pane.transcript.show_entry(message):
            if not await self.older():
                return
        self._pane.transcript.focus()

    async def to_position(self, position: int) -> None:
        """Go to the message at a position of the conversation."""
        while (
            self._pane.reel is not None and self._pane.reel.messages and self._pane.reel.messages[0].position > position
        ):
            if not await self.older():
                break
        found = (
            [message for message in self._pane.reel.messages if message.position >= position] if self._pane.reel else []
        )
        if found:
            await self.to_message(found[0].id)

    async def older(self) -> bool:
        """Read the page before the first message; False where there is none."""
        if self._pane.reel is None or not self._pane.reel.has_older:
            return False
        older = await self._pane.reel.older()
        reel = self._pane.reel
        self._pane.transcript.prepend(entries_of(older, reel.ended, reel.cited), older=reel.has_older)
        return bool(older)
