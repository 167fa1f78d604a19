"""A file's timeline: what turns did to it, each with its difference; one of its states is brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from zotui.errors import ZotuiError
from zotui.text import ago, one_line
from zotui.tui.dialogs import Confirm, Dialog, Reading
from zotui.tui.widgets.rows import Row, Rows
from zotui.workspace.undo.difference import difference, in_words

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.workspace.undo import FileChange


class Changes:
    """The changes of one file as rows."""

    def __init__(self, computer: Computer, path: str) -> None:
        self._computer = computer
        self._path = path
        self.found: dict[str, FileChange] = {}
        self._rows: list[Row] = []

    async def count(self) -> int:
        """Read all, and return how many there are."""
        from zotui.store import now_ms

        now = now_ms()
        self.found = {str(one.n): one for one in await self._computer.checkpoints.timeline(self._path)}
        self._rows = [
            Row(
                number,
                in_words(one) + (" · undone" if one.status == "undone" else ""),
                ago(one.created_at, now),
                "↶" if one.status == "undone" else "·",
                "dim" if one.status == "undone" else "",
            )
            for number, one in self.found.items()
        ]
        return len(self._rows)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        return self._rows[offset : offset + limit]


class Timeline(Dialog):
    """Dismissed with what was brought back, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("b", "bring_back", "Bring back", show=False)]
    DEFAULT_CSS = """
    Timeline { & > .box.tall { width: 90%; max-width: 110; } & Rows { height: 1fr; } }
    """

    def __init__(self, computer: Computer, path: str) -> None:
        super().__init__()
        self._computer = computer
        self._path = path
        self._changes = Changes(computer, path)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall") as box:
            box.border_title = Content(f"Timeline of {one_line(self._path, 60)}")
            yield Rows(self._changes, empty="No turn has changed this file.")
            yield Static(
                "enter: its difference · b: bring back what was before · esc: back", classes="hint", markup=False
            )

    def on_mount(self) -> None:
        self.query_one(Rows).focus()

    @on(Rows.Chosen)
    @work
    async def _chosen(self, event: Rows.Chosen) -> None:
        change = self._changes.found[event.row.id]
        text = await difference(self._computer.checkpoints, change)
        self.app.push_screen(Reading(f"{one_line(change.path, 60)}: {in_words(change)}", text))

    @work
    async def action_bring_back(self) -> None:
        """Bring the file to what it was before the change under the cursor."""
        row = self.query_one(Rows).current
        if row is None:
            return
        change = self._changes.found[row.id]
        words = f"Bring {one_line(change.path, 60)} back to what it was before this change?"
        if change.before is None:
            words = f"{one_line(change.path, 60)} was not there before this change. Delete it?"
        if not await self.app.push_screen_wait(Confirm(words, "Bring back")):
            return
        try:
            self.dismiss(await self._computer.checkpoints.restore(change.n))
        except ZotuiError as error:
            self.app.notify(str(error), severity="warning", markup=False)
