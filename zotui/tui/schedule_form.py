"""The form of an automation: what happens, and when; with how that is understood and the next times while one types."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from zotui.automations.automation import Kind, Misfire, Overlap
from zotui.errors import ZotuiError
from zotui.store import now_ms
from zotui.text import in_time, one_line
from zotui.tui.dialogs import Confirm, Dialog
from zotui.tui.panes.schedule_text import day_and_time
from zotui.tui.schedule_fields import Written, asked_of, may_become_rule, when_of, written_of
from zotui.tui.widgets.choice import Choice

if TYPE_CHECKING:
    from zotui.automations.automation import Automation, Schedule
    from zotui.computer import Computer

HINT = "enter, tab: next · ^s: keep · esc: back"
TIMES = 5
PAUSE_S = 0.15  # after the last key, before it is worked out what the words mean
EXAMPLES = "every weekday at 9am · in 20 minutes · 0 9 * * 1-5 · FREQ=DAILY;BYHOUR=9"
LABELS = {
    "title": "title", "when": "when", "tz": "zone", "kind": "what", "text": "", "misfire": "missed", "overlap": "still runs",
    "told": "told", "more": "more",
}  # fmt: skip
HELP = {
    "title": "what it is called; empty: as what happens",
    "when": "in words, or a rule",
    "tz": "this machine's",
    "told": "always, never, changed, number > 90, model: WORDS …",
    "more": "timeout=60 retries=2 model=lab/tiny host=example.org changed=notes.md …",
}
TEXTS = {"ask": "what is asked", "run": "the command", "skill": "the name of the skill", "tell": "what you are told"}


class ScheduleForm(Dialog):
    """Dismissed with the automation, once it is kept; what is wrong is said, and the form stays."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "Keep", show=False, priority=True),
        Binding("escape", "drop", "Back", show=False),
    ]
    DEFAULT_CSS = """
    ScheduleForm {
        & > .box { width: 90%; max-width: 100; max-height: 100%; }
        & .field { height: auto; }
        & .label { width: 11; color: $foreground 70%; }
        & Input, & Input:focus, & Choice { width: 1fr; }
        & TextArea { height: 3; width: 1fr; padding: 0 1; }
        & #means { height: auto; min-height: 7; max-height: 9; padding: 0 1 0 12; color: $foreground 70%; }
        & #problem { height: auto; max-height: 2; color: $text-warning; display: none; }
        &.-short > .box { width: 100%; height: 100%; border: none; }
        &.-short #means { min-height: 1; max-height: 4; padding: 0; }
    }
    """

    def __init__(self, computer: Computer, old: Automation | None = None, words: str = "") -> None:
        super().__init__()
        self._computer = computer
        self._old = old
        self._first = written_of(old) if old else Written(when=words)
        self._shown: dict[str, Any] | None = None  # what was asked when the times that are shown were worked out

    def compose(self) -> ComposeResult:
        first = self._first
        fields: dict[str, Widget] = {
            "title": Input(first.title, id="title"),
            "when": Input(first.when, id="when"),
            "tz": Input(first.tz, id="tz"),
            "kind": Choice(get_args(Kind), first.kind, id="kind"),
            "text": TextArea(first.text, id="text", soft_wrap=True, tab_behavior="focus"),
            "misfire": Choice(get_args(Misfire), first.misfire, id="misfire"),
            "overlap": Choice(get_args(Overlap), first.overlap, id="overlap"),
            "told": Input(first.told, id="told"),
            "more": Input(first.more, id="more"),
        }
        with VerticalScroll(classes="box", can_focus=False) as box:
            box.border_title = Content(
                f"Edit {one_line(self._old.title, 60)}" if self._old else "What shall happen by itself"
            )
            for name, field in fields.items():
                if isinstance(field, Input):
                    field.placeholder, field.cursor_blink, field.select_on_focus = HELP[name], False, False
                with Horizontal(classes="field"):
                    yield Static(LABELS[name], classes="label", markup=False)
                    yield field
                if name == "tz":
                    yield Static(EXAMPLES, id="means", markup=False)
            with Vertical(classes="field"):
                yield Static("", id="problem", markup=False)
            yield Static(HINT, classes="hint", markup=False)

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        area.cursor_blink = False
        self._say_what()
        self.query_one("#when" if self._first.when and not self._old else "#title", Input).focus()
        self._look()

    @property
    def written(self) -> Written:
        """What stands in the form."""
        lines = {one.id or "": one.value for one in self.query(Input)}
        choices = {one.id or "": one.value for one in self.query(Choice)}
        return Written(**lines, **choices, text=self.query_one(TextArea).text)

    # How it is understood

    @on(Input.Changed, "#when, #tz, #more")
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._look()

    @on(Choice.Changed)
    def _say_what(self) -> None:
        self.query_one(TextArea).placeholder = TEXTS[self.query_one("#kind", Choice).value]

    @work(exclusive=True, group="means")
    async def _look(self) -> None:
        """Show the rule and the next times, a moment after the last key."""
        await asyncio.sleep(PAUSE_S)
        await self._show_meaning()

    async def _show_meaning(self) -> bool:
        """Work out how it is understood, and show that; False where it is not, which is said in a line."""
        from zotui.automations.automation import moment
        from zotui.automations.made import schedule_of, upcoming

        form, view = self.written, self.query_one("#means", Static)
        if not form.when.strip() and not form.more.strip():
            view.update(EXAMPLES)
            return False
        if may_become_rule(form.when.strip()):
            view.update("…")
            return False
        try:
            asked = when_of(form, self._old)
            now = now_ms()
            schedule, notes = await asyncio.to_thread(schedule_of, asked, moment(now))
            times = await asyncio.to_thread(upcoming, schedule, moment(now), TIMES) if schedule.recurs else []
        except ZotuiError as error:
            self._shown = None
            asks = error.message.endswith("?")
            view.update(one_line(f"? {error.message} {error.hint}" if asks else f"! {error}", 300))
            return False
        lines = [f"{day_and_time(at)} · {in_time(int(at.timestamp() * 1_000), now)}" for at in times]
        if schedule.recurs and not times:
            lines = ["! that never happens from now on"]
        view.update("\n".join(one_line(line, 300) for line in [*_meant(schedule, now), *lines, *notes]))
        self._shown = asked
        return bool(times or schedule.changed)

    # Keys

    @on(Input.Submitted)
    @on(Choice.Submitted)
    def _submitted(self, event: Input.Submitted | Choice.Submitted) -> None:
        event.stop()
        one = event.input if isinstance(event, Input.Submitted) else event.choice
        if one.id == "more":
            self.action_keep()
        else:
            self.focus_next()

    @work(exclusive=True, group="keep")
    async def action_keep(self) -> None:
        """Keep it: once the times that are shown are those of what is written."""
        automations, old = self._computer.automations, self._old
        try:
            asked, when = asked_of(self.written, old), when_of(self.written, old)
            if self._shown != when and await self._show_meaning():
                self._say("^s once more, if these times are meant")
                return
            made = await (automations.edit(old.id, **asked) if old else automations.add(**asked))
        except ZotuiError as error:
            self._say(str(error))
            return
        self.dismiss(made)

    @work
    async def action_drop(self) -> None:
        """Go back; what was written is dropped only when the person says so."""
        changed = self.written != self._first
        if not changed or await self.app.push_screen_wait(Confirm("Drop what you wrote?", "Drop")):
            self.dismiss(None)

    def _say(self, words: str) -> None:
        line = self.query_one("#problem", Static)
        line.update(one_line(words, 300))
        line.display = bool(words)


def _meant(schedule: Schedule, now: int) -> list[str]:
    """How it was understood: in words, as rules, and what else starts it."""
    from zotui.automations.automation import moment
    from zotui.automations.words import spoken

    rules = " | ".join(schedule.rrule.splitlines())
    words = spoken(schedule.rrule, schedule.start, schedule.tz, moment(now)) if rules else ""
    whenever = f"whenever {schedule.changed} has changed" if schedule.changed else ""
    named = f"{rules}, from {schedule.start or 'its DTSTART'}" if rules else ""
    return [line for line in (words if words != schedule.rrule else "", named, whenever) if line]
