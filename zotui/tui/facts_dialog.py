"""The queue of facts that conversations say: each becomes a memory, in other words if need be, or is never proposed again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from zotui.text import ago, one_line
from zotui.tui.dialogs import Confirm, Editor
from zotui.tui.list_dialog import ListDialog
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.memory.proposing import Proposal

HINT = "a, enter: remember · e: in other words · r: never · A: always such · g: where it was said · esc: back"
MOST = 500  # that are listed


class FactRows:
    """What waits as rows."""

    def __init__(self, computer: Computer) -> None:
        self._computer = computer
        self.waiting: dict[str, Proposal] = {}
        self._old: dict[str, str] = {}

    async def count(self) -> int:
        """Read all, and return how many there are."""
        found = await self._computer.proposals.list(limit=MOST)
        self.waiting = {one.id: one for one in found}
        replaced = [one.replaces for one in found if one.replaces]
        self._old = {memory.id: memory.content for memory in await self._computer.memory.some(replaced)}
        return len(found)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        from zotui.store import now_ms

        return [self._row(one, now_ms()) for one in list(self.waiting.values())[offset : offset + limit]]

    def _row(self, one: Proposal, now: int) -> Row:
        mark, style = ("!", "warn") if one.tainted_by else ("↻", "") if one.replaces in self._old else ("+", "")
        often = f" · said {one.times} times" if one.times > 1 else ""
        return Row(one.id, one_line(one.content, 300), f"{one.kind}{often} · {ago(one.created_at, now)}", mark, style)

    def told(self, id: str) -> str:
        """A fact whole: what it replaces, who says that it is one, whose words may be in it."""
        one = self.waiting.get(id)
        if one is None:
            return ""
        key = f" as “{one.key}”" if one.key else ""
        lines = [one.content, f"{one.kind}{key}; found by {one.proposer}"]
        if one.replaces in self._old:
            lines.append(f"instead of: {one_line(self._old[one.replaces], 200)} (which stays in its history)")
        if one.tainted_by:
            lines.append(f"! said where words of others were ({one.tainted_by}): look twice; it keeps that mark")
        return "\n".join(lines)


class FactsDialog(ListDialog[FactRows]):
    """Dismissed with the place where a fact was said, or None."""

    EMPTY = "No fact waits for your word."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "remove", "Never", show=False),
        Binding("A", "always", "Always such", show=False),
        Binding("g", "go", "Where it was said", show=False),
    ]
    DEFAULT_CSS = """
    FactsDialog > .box.tall { width: 92%; max-width: 120; }
    FactsDialog.-short .hint { max-height: 2; }
    """

    def __init__(self, computer: Computer) -> None:
        super().__init__(computer, FactRows(computer), "Facts that wait for your word", HINT, "proposals")

    @property
    def _current(self) -> Proposal | None:
        row = self.query_one(Rows).current
        return self._source.waiting.get(row.id) if row else None

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.action_add()

    @work
    async def action_add(self) -> None:
        """Remember it."""
        if (one := self._current) is not None:
            await self._do(lambda: self._computer.proposals.accept(one.id))

    @work
    async def action_edit(self) -> None:
        """Remember it in other words."""
        if (one := self._current) is None:
            return
        words = await self.app.push_screen_wait(Editor("Remember", one.content))
        if words and words.strip():
            await self._do(lambda: self._computer.proposals.accept(one.id, words))

    @work
    async def action_remove(self) -> None:
        """Never propose it again."""
        if (one := self._current) is not None:
            await self._do(lambda: self._computer.proposals.reject(one.id))

    @work
    async def action_always(self) -> None:
        """Remember it, and all of its kind from now on."""
        if (one := self._current) is None:
            return
        question = f"From now on remember facts of the kind “{one.kind}” unasked?"
        if await self.app.push_screen_wait(Confirm(question, "Always")):
            await self._do(lambda: self._computer.proposals.always(one.id))

    def action_go(self) -> None:
        """Go to the message that says it."""
        if (one := self._current) is not None:
            self.dismiss(f"chat:{one.conv_id}/{one.message_id}")
