"""Dialogs of skills: what is in one before it may be used, and what to run its script with."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from zotui.skills import Parameter, Script
from zotui.text import one_line
from zotui.tui.dialogs import Dialog, Reading


class SkillLook(Reading):
    """All that is in a skill, what it wants, what has changed. Dismissed with True where the person lets it be used."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("t", "trust", "Let it be used", show=False)]

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(VerticalScroll).border_subtitle = "t: let it be used, its code too · esc: not now"

    def action_trust(self) -> None:
        """It has been looked at."""
        self.dismiss(True)


class SkillForm(Dialog):
    """A line for each parameter of a script. Dismissed with what was written, by their names, those left empty not among it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "run", "Run", show=False, priority=True)]
    DEFAULT_CSS = """
    SkillForm .label { color: $foreground 70%; margin-top: 1; }
    """

    def __init__(self, title: str, script: Script) -> None:
        super().__init__()
        self._title = title
        self._script = script

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content(self._title)
            for one in self._named:
                kind = f": {one.annotation}" if one.annotation else ""
                usual = f", else {one.default}" if one.default is not None else ""
                yield Static(one_line(f"{one.name}{kind}{usual}", 100), classes="label", markup=False)
                yield Input()
            if not self._named:
                yield Static("It takes nothing.", classes="label", markup=False)
            yield Static("enter: next, then run · ^s: run · esc: back", classes="hint", markup=False)

    def on_mount(self) -> None:
        """The first line has the cursor; what takes nothing runs by enter, too."""
        lines = self.query(Input)
        if lines:
            lines.first().focus()
        else:
            self.can_focus = True

    def on_key(self, event: events.Key) -> None:
        """Enter runs what takes nothing."""
        if event.key == "enter" and not self._named:
            event.stop()
            self.action_run()

    @property
    def _named(self) -> list[Parameter]:
        return [one for one in self._script.parameters if one.kind == "named"]

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        lines = list(self.query(Input))
        if event.input is lines[-1]:
            self.action_run()
        else:
            lines[lines.index(event.input) + 1].focus()

    def action_run(self) -> None:
        """With what is written."""
        written = [line.value for line in self.query(Input)]
        self.dismiss({one.name: text for one, text in zip(self._named, written, strict=True) if text})
