"""A question of the agent as a dialog: choices to choose from, or words of one's own."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from zotui.conversations.turns import DENYING, EDITED, INSTEAD
from zotui.tui.dialogs import Dialog, Editor
from zotui.tui.model_picker import RowsOf
from zotui.tui.widgets.question import is_seen
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.conversations import Question


class QuestionDialog(Dialog):
    """Dismissed with the answer, or None: it waits on then."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
    ]
    DEFAULT_CSS = """
    QuestionDialog {
        & #asked { height: auto; max-height: 14; }
        & Rows { height: auto; margin: 1 0; }
    }
    """

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self._since = monotonic()

    def compose(self) -> ComposeResult:
        choices = RowsOf()
        choices.rows = [Row(choice, f"{number}  {choice}") for number, choice in enumerate(self.question.choices, 1)]
        with Vertical(classes="box") as box:
            box.border_title = "? The agent asks"
            with VerticalScroll(id="asked"):
                yield Static(self.question.text, markup=False)
            rows = Rows(id="choices")
            asks_leave = self.question.kind == "approval" and DENYING[0] in self.question.choices
            rows.show(
                choices, self.question.choices.index(DENYING[0]) if asks_leave else 0
            )  # enter alone allows nothing
            rows.styles.height = len(choices.rows)
            rows.display = bool(choices.rows)
            yield rows
            line = Input(placeholder="your own words" if choices.rows else "the answer", select_on_focus=False)
            line.cursor_blink = False
            yield line
            how = "a number or up, down: choose · " if choices.rows else ""
            yield Static(f"{how}enter: answer · esc: later, it waits", classes="hint", markup=False)

    @property
    def is_seen(self) -> bool:
        """Whether it has stood long enough to be answered."""
        return is_seen(self._since)

    def on_mount(self) -> None:
        self.query_one(Rows if self.question.choices else Input).focus()

    def on_key(self, event: events.Key) -> None:
        """A number chooses; any other letter begins words of one's own."""
        if not self.query_one(Rows).has_focus or not event.is_printable or event.character is None:
            return
        event.stop()
        if event.character.isdigit() and 0 < int(event.character) <= len(self.question.choices):
            self.query_one(Rows).go(int(event.character) - 1)
        else:
            line = self.query_one(Input)
            line.focus()
            line.insert_text_at_cursor(event.character)

    def action_move(self, by: int) -> None:
        """Up and down go to the choices."""
        rows = self.query_one(Rows)
        if rows.display:
            rows.focus()
            rows.action_move(by)

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        if self.is_seen and event.row.id == EDITED:
            self._edit()
        elif self.is_seen:
            self.dismiss(event.row.id)

    @work
    async def _edit(self) -> None:
        """Have the command changed, which then may run; whoever leaves that is asked still."""
        written = await self.app.push_screen_wait(Editor("The command that may run, once", self.question.command))
        if written and written.strip():
            self.dismiss(f"{INSTEAD}{written}")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.value.strip() and self.is_seen:
            self.dismiss(event.value)
