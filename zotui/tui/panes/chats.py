"""The chats: pinned ones first, then the latest; the archive and the trash behind them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import work
from textual.message import Message

from zotui.errors import UsageError
from zotui.text import ago, one_line
from zotui.tui.pane import bindings
from zotui.tui.panes.listing import ListingPane
from zotui.tui.widgets.rows import Row

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.conversations import Conversation

Shelf = Literal["shown", "archived", "deleted"]
SHELVES: tuple[tuple[Shelf, str, str], ...] = (
    ("shown", "Chats", "No conversation yet. Write one on the left."),
    ("archived", "Archive", "The archive is empty: a puts a chat here."),
    ("deleted", "Trash", "The trash is empty: d puts a chat here, u brings it back."),
)
KINDS = {"branch": "╰", "sequel": "→"}


class ChatRows:
    """Conversations as rows; the pages read stay known."""

    def __init__(self, computer: Computer, search: str, shelf: Shelf, open_: str | None) -> None:
        self._computer = computer
        self._search = search
        self._shelf = shelf
        self.open = open_
        self.known: dict[str, Conversation] = {}

    async def count(self) -> int:
        return await self._computer.chats.count(self._search, shelf=self._shelf)

    async def page(self, offset: int, limit: int) -> list[Row]:
        now = time.time_ns() // 1_000_000
        found = await self._computer.chats.list(search=self._search, limit=limit, offset=offset, shelf=self._shelf)
        self.known = {**dict(list(self.known.items())[-1000:]), **{chat.id: chat for chat in found}}
        return [self._row(chat, now) for chat in found]

    def place(self, id: str) -> int | None:
        """The number of a conversation, where it was read."""
        names = list(self.known)
        return names.index(id) if id in names else None

    def _row(self, chat: Conversation, now: int) -> Row:
        mark = "●" if chat.id == self.open else "✦" if chat.pinned_at else KINDS.get(chat.kind, "")
        return Row(chat.id, one_line(chat.title or "(no title)", 200), ago(chat.updated_at, now), mark)


class ChatsPane(ListingPane):
    """Open, rename, pin, archive, delete and search conversations; ● is the open one, ✦ pinned, ╰ a branch."""

    letter = "h"
    heading = "Chats"
    empty = SHELVES[0][2]
    tables: ClassVar[frozenset[str]] = frozenset({"conversations"})
    BINDINGS = bindings("chats")

    class Opened(Message):
        """The person chose a conversation."""

        def __init__(self, conversation: str) -> None:
            super().__init__()
            self.conversation = conversation

    def __init__(self) -> None:
        super().__init__("chats")
        self.shelf: Shelf = "shown"
        self.open: str | None = None
        self._deleted: list[str] = []  # here, to be undone, the last one last
        self._source: ChatRows | None = None

    def source(self, search: str) -> ChatRows:
        assert self.computer is not None
        self._source = ChatRows(self.computer, search, self.shelf, self.open)
        return self._source

    async def read(self) -> None:
        await super().read()
        assert self.computer is not None
        self.note(f"{await self.computer.chats.count(shelf=self.shelf):,}")

    def mark(self, conversation: str | None) -> None:
        """Mark the conversation that is open."""
        if conversation != self.open and self.computer is not None:
            self.open = conversation
            if self._source is not None:
                self._source.open = conversation
            self.rows.reload()

    async def place(self, id: str) -> int | None:
        return self._source.place(id) if self._source else None

    def _chat(self) -> Conversation | None:
        """The conversation under the cursor."""
        row = self.rows.current
        return self._source.known.get(row.id) if row is not None and self._source is not None else None

    def action_open_row(self) -> None:
        """Open the chat under the cursor."""
        if self.rows.current is not None:
            self.post_message(self.Opened(self.rows.current.id))

    def action_shelf(self) -> None:
        """The chats, then the archive, then the trash."""
        names = [shelf for shelf, _, _ in SHELVES]
        place = (names.index(self.shelf) + 1) % len(SHELVES)
        self.shelf, self.border_title, self.rows.empty = SHELVES[place]
        self.rows.show(self.source(self.search))
        self._count()

    @work(exclusive=True, group="count")
    async def _count(self) -> None:
        if self.computer is not None:
            self.note(f"{await self.computer.chats.count(shelf=self.shelf):,}")

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
    async def action_pin_row(self) -> None:
        """Pin the chat under the cursor, or unpin it."""
        chat = self._chat()
        if chat is not None and self.computer is not None:
            await self.computer.chats.pin(chat.id, chat.pinned_at is None)

    @work
    async def action_archive_row(self) -> None:
        """Put the chat under the cursor into the archive, or take it back."""
        chat = self._chat()
        if chat is not None and self.computer is not None:
            await self.computer.chats.archive(chat.id, chat.archived_at is None)

    @work
    async def action_delete_row(self) -> None:
        """Put the chat under the cursor into the trash, at once; out of the trash, when the person is sure."""
        from zotui.tui.dialogs import Confirm

        row = self.rows.current
        if row is None or self.computer is None:
            return
        if self.shelf == "deleted":
            if await self.app.push_screen_wait(Confirm(f"Delete “{row.text}” for ever?", "Delete")):
                await self.computer.chats.purge(row.id)
            return
        await self.computer.chats.delete(row.id)
        self._deleted.append(row.id)
        self.app.notify(f"“{one_line(row.text, 60)}” is in the trash; u brings it back", markup=False)

    @work
    async def action_undo_row(self) -> None:
        """Bring back the chat under the cursor out of the trash; elsewhere, the one deleted last."""
        if self.computer is None:
            return
        row = self.rows.current
        if self.shelf == "deleted" and row is not None:
            await self.computer.chats.restore(row.id)
        elif self._deleted:
            await self.computer.chats.restore(self._deleted.pop())
        else:
            raise UsageError("nothing was deleted here", "s shows the archive and the trash")
