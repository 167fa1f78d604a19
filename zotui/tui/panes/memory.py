"""Memory: browse, search, add, edit, delete."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual import work

from zotui.errors import ZotuiError
from zotui.text import ago, one_line
from zotui.tui.pane import bindings
from zotui.tui.panes.listing import ListingPane
from zotui.tui.widgets.rows import Row

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.memory import Memory


class MemoryRows:
    """Memories as rows; the pages read stay known for the full text."""

    def __init__(self, computer: Computer, search: str) -> None:
        self._computer = computer
        self._search = search
        self.known: dict[str, Memory] = {}

    async def count(self) -> int:
        return await self._computer.memory.count(self._search)

    async def page(self, offset: int, limit: int) -> list[Row]:
        now = time.time_ns() // 1_000_000
        found = await self._computer.memory.list(search=self._search, limit=limit, offset=offset)
        self.known = {**dict(list(self.known.items())[-1000:]), **{memory.id: memory for memory in found}}
        return [
            Row(
                memory.id,
                one_line(f"{memory.key}: {memory.content}" if memory.key else memory.content, 400),
                ago(memory.updated_at, now),
                "✦" if memory.meta.get("source") == "agent" else "",
            )
            for memory in found
        ]


class MemoryPane(ListingPane):
    """What is remembered; ✦ marks what the agent kept."""

    letter = "m"
    heading = "Memory"
    empty = "Nothing is remembered yet. Press a to add."
    tables: ClassVar[frozenset[str]] = frozenset({"memory"})
    BINDINGS = bindings("memory")

    def __init__(self) -> None:
        super().__init__("memory")
        self._source: MemoryRows | None = None

    def source(self, search: str) -> MemoryRows:
        assert self.computer is not None
        self._source = MemoryRows(self.computer, search)
        return self._source

    async def read(self) -> None:
        await super().read()
        assert self.computer is not None
        self.note(f"{await self.computer.memory.count():,}")

    async def place(self, id: str) -> int | None:
        return await self.computer.memory.place(id) if self.computer else None

    def full_text(self, row: Row) -> str:
        memory = self._source.known.get(row.id) if self._source else None
        if memory is None:
            return row.text
        source = ", ".join(f"{name}: {value}" for name, value in memory.meta.items())
        head = f"{memory.key}\n\n" if memory.key else ""
        return f"{head}{memory.content}\n\n{memory.id}" + (f" · {source}" if source else "")

    @work
    async def action_add_row(self) -> None:
        """Ask for a new memory."""
        if self.computer is not None:
            memories = self.computer.memory
            await self._write("Remember", "", lambda text: memories.memorize(text, {"source": "me"}))

    @work
    async def action_edit_row(self) -> None:
        """Edit the memory under the cursor."""
        row = self.rows.current
        if row is not None and self.computer is not None:
            memories = self.computer.memory
            memory = await memories.find(row.id)
            await self._write(memory.key or "Memory", memory.content, lambda text: memories.edit(memory.id, text))

    async def _write(self, title: str, text: str, keep: Callable[[str], Awaitable[object]]) -> None:
        """Have a text written and keep it; one that cannot be kept comes back to the editor."""
        from zotui.tui.dialogs import Editor

        while True:
            written = await self.app.push_screen_wait(Editor(title, text))
            if not written or not written.strip() or written == text:
                return
            try:
                await keep(written)
                return
            except ZotuiError as error:
                self.app.notify(str(error), severity="warning", markup=False)
                text = written

    @work
    async def action_delete_row(self) -> None:
        """Forget the memory under the cursor, when the person is sure."""
        from zotui.tui.dialogs import Confirm

        row = self.rows.current
        if row is None or self.computer is None:
            return
        if await self.app.push_screen_wait(Confirm(f"Forget “{one_line(row.text, 60)}”?", "Forget")):
            await self.computer.memory.forget(row.id)
