"""What the person allowed for more than once: a list, from which it is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from zotui.errors import ZotuiError
from zotui.text import ago, one_line
from zotui.tui.dialogs import Dialog
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer


class Allowed:
    """Grants as rows."""

    def __init__(self, computer: Computer) -> None:
        self._computer = computer
        self._rows: list[Row] = []

    async def count(self) -> int:
        """Read all, and return how many there are."""
        from zotui.store import now_ms

        now = now_ms()
        self._rows = [
            Row(
                one.id,
                f"{one_line(one.pattern, 200)} · {'in one conversation' if one.conv_id else 'always'}",
                ago(one.created_at, now),
            )
            for one in await self._computer.grants.list()
        ]
        return len(self._rows)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        return self._rows[offset : offset + limit]


class AllowedView(Dialog):
    """``d`` takes back what is under the cursor: the agent asks again."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("d", "forget", "Ask again", show=False)]
    DEFAULT_CSS = """
    AllowedView { & > .box.tall { width: 90%; max-width: 110; } & Rows { height: 1fr; } }
    """

    def __init__(self, computer: Computer) -> None:
        super().__init__()
        self._computer = computer

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall") as box:
            box.border_title = "Allowed for more than once"
            yield Rows(Allowed(self._computer), empty="Nothing, beside what the policy allows.")
            yield Static("d: ask me again · esc: back", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Rows).focus()

    @work
    async def action_forget(self) -> None:
        """Allow it no more."""
        rows = self.query_one(Rows)
        if rows.current is None:
            return
        try:
            await self._computer.grants.forget(rows.current.id)
        except ZotuiError as error:  # it was taken back elsewhere meanwhile
            self.app.notify(str(error), severity="warning", markup=False)
        rows.reload()
