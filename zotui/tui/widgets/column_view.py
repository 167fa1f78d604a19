"""A conversation, or a part of it, in a column: a header and a transcript that only shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from zotui.tui.panes.entries import entries_of
from zotui.tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from zotui.conversations import Message, Turn


class ColumnView(Vertical):
    """Shows messages from a position on; it is brought up to date by showing them again."""

    DEFAULT_CSS = """
    ColumnView {
        width: 1fr; border: round $foreground 20%;
        border-title-color: $foreground 80%; border-subtitle-color: $foreground 60%;
        &:focus-within, &.-chosen { border: round $primary; border-title-color: $primary; }
        & > Transcript { height: 1fr; }
        & > .above { height: auto; max-height: 2; padding: 0 1; color: $text-muted; }
    }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown: list[str] = []

    def compose(self) -> ComposeResult:
        yield Static("", classes="above", markup=False)
        yield Transcript()

    @property
    def transcript(self) -> Transcript:
        """What is shown."""
        return self.query_one(Transcript)

    def title(self, title: str, aside: str = "", above: str = "") -> None:
        """What stands in the frame, and a line above the text."""
        self.border_title = title.replace("[", "\\[")
        self.border_subtitle = aside.replace("[", "\\[")
        line = self.query_one(".above", Static)
        line.display = bool(above)
        line.update(above)

    def show(self, messages: Sequence[Message], ended: Mapping[str, Turn]) -> None:
        """Show these messages: what grew is painted on, anything else anew."""
        entries = entries_of(messages, ended)
        ids = [entry.id for entry in entries]
        if self._shown and ids[: len(self._shown)] == self._shown:
            for entry in entries:
                self.transcript.append(entry)
        else:
            self.transcript.show(entries)
        self._shown = ids
