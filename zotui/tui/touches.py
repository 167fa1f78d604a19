"""The conversations that touched a file, each turn of them; the chosen one is gone to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from zotui.store import now_ms
from zotui.text import ago, one_line
from zotui.tui.dialogs import Dialog
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.conversations import Touch

MARKS = {"attached": "+", "read": "·", "written": "✎", "tried": "!"}


class TouchRows:
    """Touches as rows, whose ids are the places they lead to, with a number before."""

    def __init__(self, found: Sequence[Touch]) -> None:
        now = now_ms()
        self._rows = [
            Row(
                f"{number}:chat:{one.conversation.id}/{one.message_id}",
                f"{one.access:<8} {one_line(one.conversation.title or '(no title)', 200)}"
                + (f" · {one.how}" if one.how != one.access else ""),
                ago(one.at, now),
                MARKS[one.access],
            )
            for number, one in enumerate(found)
        ]

    async def count(self) -> int:
        """Return how many there are."""
        return len(self._rows)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        return self._rows[offset : offset + limit]


class Touches(Dialog):
    """Dismissed with the place of a message, as ``zotui.tui.places`` goes to it, or None."""

    DEFAULT_CSS = """
    Touches { & > .box.tall { width: 90%; max-width: 110; } & Rows { height: 1fr; } }
    """

    def __init__(self, path: str, found: Sequence[Touch]) -> None:
        super().__init__()
        self._path = path
        self._found = found

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall") as box:
            box.border_title = Content(f"Conversations that touched {one_line(self._path, 50)}")
            yield Rows(TouchRows(self._found), empty="No conversation attached, read or changed it.")
            yield Static("enter: go to the turn · esc: back", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Rows).focus()

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        self.dismiss(event.row.id.partition(":")[2])
