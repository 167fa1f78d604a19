"""The summaries of a conversation: one is shown before it applies, and undone with one key."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from zotui.errors import ZotuiError
from zotui.text import one_line, thousands
from zotui.tui.dialogs import Dialog
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.conversations.summaries import Summary

STATES = {
    "queued": "○ waits to be written",
    "running": "● is being written",
    "waiting": "? proposed: a applies it, d drops it",
    "done": "✓ applies: u undoes it",
    "failed": "✗ failed",
    "cancelled": "■ does not apply: a applies it",
}


class Lines:
    """The summaries of a conversation as rows: a heading each, then its lines with the messages that they cover."""

    def __init__(self, computer: Computer, conversation: str) -> None:
        self._computer = computer
        self._conversation = conversation
        self.found: list[Summary] = []
        self._rows: list[Row] = []

    async def count(self) -> int:
        """Read all, and return how many rows there are."""
        found = await self._computer.summaries.of(self._conversation)
        self.found = [one for one in found if one.purpose == "compact"]
        self._rows = []
        for summary in reversed(self.found):
            self._rows.append(Row(f"{summary.id}:0:-1", _heading(summary), _saved(summary), style="warn"))
            for number, line in enumerate(summary.lines):
                words = f"“{line.text}”" if line.verbatim else line.text
                where = f"{line.first}" if line.first == line.last else f"{line.first}–{line.last}"
                mark = "!" if line.verbatim else ""
                self._rows.append(Row(f"{summary.id}:{line.first}:{number}", one_line(words, 600), where, mark))
        return len(self._rows)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        return self._rows[offset : offset + limit]

    def of(self, row: Row | None) -> Summary | None:
        """The summary that a row belongs to."""
        wanted = row.id.split(":")[0] if row else ""
        return next((one for one in self.found if one.id == wanted), None)


def _heading(summary: Summary) -> str:
    state = STATES.get(summary.status, summary.status)
    why = f" ({summary.error})" if summary.error else ""
    return f"messages {summary.first_position}–{summary.last_position}  {state}{one_line(why, 120)}"


def _saved(summary: Summary) -> str:
    if not summary.tokens_before:
        return ""
    return f"{thousands(summary.tokens_before)} → {thousands(summary.tokens_after)} tokens"


class SummaryDialog(Dialog):
    """Dismissed with the position of a message to go to, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "propose", "Propose a summary", show=False),
        Binding("a", "apply", "Apply", show=False),
        Binding("d", "dismiss_it", "Drop", show=False),
        Binding("u", "undo", "Undo", show=False),
    ]
    DEFAULT_CSS = """
    SummaryDialog {
        & > .box.tall { width: 90%; max-width: 110; }
        & Rows { height: 1fr; }
        & #line { height: auto; max-height: 6; border-top: solid $foreground 15%; }
    }
    """

    def __init__(self, computer: Computer, conversation: str) -> None:
        super().__init__()
        self._computer = computer
        self._conversation = conversation
        self._lines = Lines(computer, conversation)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall") as box:
            box.border_title = "Summaries: what the model reads instead of older turns"
            yield Rows(self._lines, empty="No summary yet: p proposes one. Nothing is deleted by it.")
            yield Static("", id="line", markup=False)
            yield Static(
                "p: propose · a: apply · d: drop · u: undo · enter: go to the turn · esc: back",
                classes="hint",
                markup=False,
            )

    def on_mount(self) -> None:
        self.query_one(Rows).focus()
        self._follow()

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        """A summary is written while one looks."""
        async with self._computer.store.watch("summaries") as watch:
            while True:
                await watch.wait()
                self.query_one(Rows).reload()

    @on(Rows.Highlighted)
    def _highlighted(self, event: Rows.Highlighted) -> None:
        self.query_one("#line", Static).update(event.row.text)

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        if position := int(event.row.id.split(":")[1]):
            self.dismiss(position)

    @work
    async def action_propose(self) -> None:
        """Have a summary of older turns written, to be looked at."""
        try:
            await self._computer.summaries.propose(self._conversation)
            self._computer.background.want()
        except ZotuiError as error:
            self.app.notify(str(error), severity="warning", markup=False)

    def action_apply(self) -> None:
        """From now on the model reads this summary instead of the turns."""
        self._do("apply")

    def action_dismiss_it(self) -> None:
        """Drop a summary that was proposed."""
        self._do("dismiss")

    def action_undo(self) -> None:
        """The model reads the turns again."""
        self._do("undo")

    @work
    async def _do(self, what: str) -> None:
        summary = self._lines.of(self.query_one(Rows).current)
        if summary is None:
            return
        try:
            await getattr(self._computer.summaries, what)(summary.id)
        except ZotuiError as error:
            self.app.notify(str(error), severity="warning", markup=False)
