"""Commands in the background: those that run, and those that did."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from zotui.text import ago, one_line
from zotui.tui.dialogs import Dialog
from zotui.tui.output_view import OutputView, feed, stop
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.workspace.background import BackgroundCommand

MARKS = {
    "running": ("▸", ""),
    "done": ("·", "dim"),
    "failed": ("✗", "error"),
    "cancelled": ("·", "dim"),
    "interrupted": ("!", "warn"),
}
HINT = "enter: what it puts out · i: feed it a line · s: stop it · esc: back"


class CommandRows:
    """The commands as rows, those that run first."""

    def __init__(self, computer: Computer) -> None:
        self._computer = computer
        self._rows: list[Row] = []
        self.found: dict[str, BackgroundCommand] = {}

    async def count(self) -> int:
        """Read them, and return how many there are."""
        from zotui.store import now_ms

        now = now_ms()
        self.found = {one.id: one for one in await self._computer.commands.list()}
        self._rows = [self._row(one, now) for one in self.found.values()]
        return len(self._rows)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        return self._rows[offset : offset + limit]

    def _row(self, one: BackgroundCommand, now: int) -> Row:
        how = one.status if one.exit_code is None else f"{one.status} {one.exit_code}"
        return Row(one.id, f"{how:<14} {one_line(one.command, 300)}", ago(one.started_at, now), *MARKS[one.status])


class BackgroundDialog(Dialog):
    """All of them, to look at, feed and stop by keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "feed", "Feed a line", show=False),
        Binding("s", "stop", "Stop", show=False),
        Binding("q", "leave", show=False),
    ]
    DEFAULT_CSS = """
    BackgroundDialog { & > .box.tall { width: 90%; max-width: 120; } & Rows { height: 1fr; } }
    """

    def __init__(self, computer: Computer) -> None:
        super().__init__()
        self._computer = computer
        self._source = CommandRows(computer)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall") as box:
            box.border_title = "Commands in the background"
            yield Rows(self._source, empty="Nothing goes on in the background.")
            yield Static(HINT, classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Rows).focus()
        self._follow()

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        """They begin and end while one looks."""
        async with self._computer.store.watch("commands") as watch:
            while True:
                await watch.wait()
                self.query_one(Rows).reload()

    @property
    def _current(self) -> BackgroundCommand | None:
        row = self.query_one(Rows).current
        return None if row is None else self._source.found.get(row.id)

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.app.push_screen(OutputView(self._computer, self._source.found[event.row.id]))

    @work
    async def action_feed(self) -> None:
        """Give the one under the cursor a line."""
        if (one := self._current) is not None:
            await feed(self, self._computer, one)

    @work
    async def action_stop(self) -> None:
        """End the one under the cursor."""
        if (one := self._current) is not None:
            await stop(self, self._computer, one)
