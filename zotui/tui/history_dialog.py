"""The values that a memory has had, the newest first, each with its difference to the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from zotui.text import ago, one_line
from zotui.tui.list_dialog import ListDialog
from zotui.tui.markdown.diff import diff_of
from zotui.tui.widgets.rows import Row

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.memory import Memory, Version


_HEADS = ("--- before", "+++ after", "@@ ")


class VersionRows:
    """The values as rows."""

    def __init__(self, computer: Computer, name: str) -> None:
        self._computer = computer
        self._name = name
        self.versions: list[Version] = []  # the oldest first

    async def count(self) -> int:
        """Read them, and return how many there are."""
        self.versions = await self._computer.memory.history(self._name)
        return len(self.versions)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        from zotui.store import now_ms

        now = now_ms()
        rows = [
            Row(str(place), one_line(one.value, 400), ago(one.created_at, now), "●" if place == last else "·")
            for last in [len(self.versions) - 1]
            for place, one in enumerate(self.versions)
        ]
        return rows[::-1][offset : offset + limit]

    def told(self, id: str) -> str:
        """A value whole, or what is other in it than in the one before."""
        place = int(id)
        if place >= len(self.versions):
            return ""
        value = self.versions[place].value
        difference = diff_of(self.versions[place - 1].value, value) if place else ""
        return "\n".join(line for line in difference.split("\n") if not line.startswith(_HEADS)) or value


class HistoryDialog(ListDialog[VersionRows]):
    """A value is looked at, and brought back; the one that it replaces stays in the history."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("b,enter", "bring_back", "Bring back", show=False)]

    def __init__(self, computer: Computer, memory: Memory) -> None:
        self._memory = memory
        source = VersionRows(computer, memory.key or memory.id)
        title = f"History of {one_line(memory.key or memory.content, 60)}"
        super().__init__(computer, source, title, "b: bring this value back · esc: back", "memory")

    @work
    async def action_bring_back(self) -> None:
        """Give it the value under the cursor again."""
        from zotui.tui.widgets.rows import Rows

        row = self.query_one(Rows).current
        if row is not None and int(row.id) < len(self._source.versions) - 1:  # which is what it is
            value = self._source.versions[int(row.id)].value
            await self._do(lambda: self._computer.memory.edit(self._memory.id, value))
            self.app.notify("Brought back; u undoes it", markup=False)
