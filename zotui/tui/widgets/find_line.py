"""The line that finds in the conversation: what is typed is marked at once, enter goes on to the next match."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

if TYPE_CHECKING:
    from zotui.tui.panes.conversation import ConversationPane


class FindLine(Horizontal):
    """Closed until it is opened; it looks into older pages when the ones at hand hold nothing more."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", "Previous", show=False),
        Binding("down", "step(1)", "Next", show=False),
    ]
    DEFAULT_CSS = """
    FindLine {
        height: 1; display: none; padding: 0 2;
        & > Static { width: auto; color: $foreground 60%; }
        & > Input, & > Input:focus { border: none; height: 1; padding: 0 1; background: $boost; width: 1fr; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="find")

    def compose(self) -> ComposeResult:
        yield Static("find ", markup=False)
        line = Input(placeholder="enter: next · up: before · esc: close", id="words")
        line.cursor_blink = False
        yield line
        yield Static("", id="count", markup=False)

    @property
    def pane(self) -> ConversationPane:
        """The conversation that is searched."""
        from zotui.tui.panes.conversation import ConversationPane

        return next(node for node in self.ancestors if isinstance(node, ConversationPane))

    def open(self, words: str = "") -> None:
        """Show the line, with these words or with those of the last time."""
        line = self.query_one(Input)
        self.display = True
        if words:
            line.value = words
        self._mark(line.value)
        line.focus()  # as whoever opened this may have focused the composer a moment ago

    def close(self) -> bool:
        """Hide the line and take the marks away; False where it was closed."""
        was_open = bool(self.display)
        if was_open:
            self.display = False
            self.pane.transcript.find("")
        return was_open

    def step(self, step: int) -> None:
        """Go to another match."""
        if self.display:
            self._step(step)

    def action_step(self, step: int) -> None:
        """The same, by a key of the line."""
        self._step(step)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._mark(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._step(1)

    def _mark(self, words: str) -> None:
        found = self.pane.transcript.find(words)
        self.query_one("#count", Static).update(f" {found} found" if words else "")

    @work(exclusive=True, group="find")
    async def _step(self, step: int) -> None:
        """To the next match; where none is left on the way back, or none at all, older pages are read first."""
        pane, words = self.pane, self.query_one(Input).value
        if not words:
            return
        while pane.transcript.find(words) == 0 or (step < 0 and pane.transcript.at_first_match):
            if not await pane.reading.older():
                break
        place, count = pane.transcript.find_next(step)
        self.query_one("#count", Static).update(f" {place} of {count}" if count else " nothing found")
