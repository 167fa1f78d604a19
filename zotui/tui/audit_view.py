"""The audit log: what was allowed, refused, done and undone, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from zotui.store import audit
from zotui.text import ago, one_line
from zotui.tui.dialogs import Dialog, Reading
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer

MARKS = {
    "call": ("·", ""),
    "approval": ("?", "warn"),
    "refused": ("✗", "error"),
    "undo": ("↶", "dim"),
    "redo": ("↷", "dim"),
    "restore": ("↶", "dim"),
}


class Log:
    """The log as rows, a page at a time: it only grows at its newest end."""

    def __init__(self, computer: Computer) -> None:
        self._computer = computer
        self._head = 0

    async def count(self) -> int:
        """How many rows there are."""
        newest = await self._computer.store.read(lambda db: audit.entries(db, 1))
        self._head = newest[0].seq if newest else 0
        return self._head

    async def page(self, offset: int, limit: int) -> list[Row]:
        """The rows from ``offset``, at most ``limit``."""
        from zotui.store import now_ms

        below, now = self._head - offset + 1, now_ms()
        found = await self._computer.store.read(lambda db: audit.entries(db, limit, below))
        return [self._row(one, now) for one in found]

    def _row(self, one: audit.Entry, now: int) -> Row:
        status = msgspec.json.decode(one.details).get("status") or ""
        mark, style = MARKS.get(one.kind, ("·", ""))
        words = f"{one.kind} {status}".strip()
        return Row(str(one.seq), f"{words:<18} {one_line(one.subject, 300)}", ago(one.at, now), mark, style)


class AuditView(Dialog):
    """Enter reads a row whole, ``v`` checks the chain."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("v", "verify", "Verify", show=False)]
    DEFAULT_CSS = """
    AuditView { & > .box.tall { width: 90%; max-width: 120; } & Rows { height: 1fr; } }
    """

    def __init__(self, computer: Computer) -> None:
        super().__init__()
        self._computer = computer

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall") as box:
            box.border_title = "Audit log"
            yield Rows(Log(self._computer), empty="Nothing has been done yet.")
            yield Static("enter: read it whole · v: verify the chain · esc: back", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Rows).focus()
        self._follow()

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        """Show what comes while one looks."""
        async with self._computer.store.watch("audit") as watch:
            while True:
                await watch.wait()
                self.query_one(Rows).reload()

    @on(Rows.Chosen)
    @work
    async def _chosen(self, event: Rows.Chosen) -> None:
        number = int(event.row.id)
        found = await self._computer.store.read(lambda db: audit.entries(db, 1, number + 1))
        if found:
            one = found[0]
            details = msgspec.json.format(one.details.encode(), indent=2).decode()
            of = {"conversation": one.conversation, "turn": one.turn, "call": one.call, "hash": one.hash}
            ids = "\n".join(f"{name} {value}" for name, value in of.items() if value)
            self.app.push_screen(Reading(f"Row {one.seq}: {one.kind}", f"{one.subject}\n\n{details}\n\n{ids}"))

    @work
    async def action_verify(self) -> None:
        """Check every row against its hash and the row before."""
        verdict = await self._computer.store.read(audit.verify)
        whole = verdict.broken_at is None
        said = f"{verdict.rows:,} rows hold" if whole else f"{verdict.said}; the {verdict.rows:,} before it hold"
        self.app.notify(said, severity="information" if whole else "error", markup=False)
