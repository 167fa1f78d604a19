"""Whether memories shall be forgotten for good, and what of what they have left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Checkbox, Static

from zotui.text import one_line
from zotui.tui.dialogs import Dialog

if TYPE_CHECKING:
    from zotui.forgetting import Traces

NAMED = 6  # turns and copies that are named


class How(NamedTuple):
    """What goes with the memories: the turns and runs of skills that hold their words, the copies of the file that hold them."""

    redact: bool
    backups: bool


class ForgetDialog(Dialog):
    """Shows where the words of memories stand. Dismissed with how they are forgotten, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "choose('redact')", show=False),
        Binding("b", "choose('backups')", show=False),
        Binding("y", "yes", "Yes", show=False),
        Binding("n", "leave", "No", show=False),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]
    DEFAULT_CSS = """
    ForgetDialog {
        & Checkbox, & Checkbox:focus { border: none; padding: 0; background: transparent; height: 1; }
        & VerticalScroll { height: auto; max-height: 12; }
    }
    """

    def __init__(self, traces: Sequence[Traces]) -> None:
        super().__init__()
        self._traces = traces
        turns = {one.turn or one.message: one for trace in traces for one in trace.turns}
        self._turns = list(turns.values())
        self._runs = {run for trace in traces for run in trace.skill_runs}
        self._happened = {run for trace in traces for run in trace.automation_runs}
        self._backups = sorted({path for trace in traces for path in trace.backups})

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = "Forget for good"
            with VerticalScroll(can_focus=False):
                yield Static("\n".join(self._words()), markup=False)
            if self._turns or self._runs or self._happened:
                yield Checkbox(f"redact the {self._places()} that hold the words (r)", id="redact")
            if self._backups:
                yield Checkbox(f"delete the {len(self._backups)} copies of the file that hold it (b)", id="backups")
            with Horizontal(classes="buttons"):
                yield Button("No (n)", id="no", compact=True)
                yield Button("Forget (y)", id="yes", variant="error", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    def _places(self) -> str:
        found = ((self._turns, "turns"), (self._runs, "runs of skills"), (self._happened, "runs of automations"))
        return " and ".join(f"{len(these)} {words}" for these, words in found if these)

    def _words(self) -> list[str]:
        first = self._traces[0].memory.content
        count = len(self._traces)
        what = f"“{one_line(first, 60)}”" if count == 1 else f"{count} memories, “{one_line(first, 40)}” …"
        lines = [f"{what} goes from the file, with its history and its words. There is no undo."]
        lines += [
            f"· in {one_line(one.title, 30) or 'a chat'}: {one_line(one.begins, 60)}" for one in self._turns[:NAMED]
        ]
        if len(self._turns) > NAMED:
            lines.append(f"· and in {len(self._turns) - NAMED} turns more")
        lines += [f"· {path}" for path in self._backups[:NAMED]]
        if audited := sum(trace.audited for trace in self._traces):
            lines.append(f"{audited} rows of the audit log keep it: nothing in that can be changed.")
        return lines

    def action_choose(self, name: str) -> None:
        """Choose what goes with it, or no longer."""
        for box in self.query(f"#{name}").results(Checkbox):
            box.toggle()

    def action_yes(self) -> None:
        """The person is sure."""
        chosen = {box.id for box in self.query(Checkbox) if box.value}
        self.dismiss(How("redact" in chosen, "backups" in chosen))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "yes":
            self.action_yes()
        else:
            self.action_leave()
