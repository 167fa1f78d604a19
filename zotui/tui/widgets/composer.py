"""Where a person writes: several lines, a history, long pastes folded into chips, a draft that is kept."""

from dataclasses import dataclass, field
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from zotui.text import clean, size

LONGEST_PASTE = 4_000  # characters of a paste that are put in as they are
MOST_LINES = 60


@dataclass
class Draft:
    """An unsent message: its text, and the pastes behind its chips."""

    text: str = ""
    pastes: dict[str, str] = field(default_factory=dict)


class Composer(TextArea):
    """A text area that sends on enter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("up", "earlier", "Earlier", show=False),
        Binding("down", "later", "Later", show=False),
    ]
    DEFAULT_CSS = """
    Composer {
        height: auto;
        max-height: 10;
        min-height: 3;
        padding: 0 1;
        border: round $foreground 25%;
        background: transparent;
        &:focus { border: round $accent; }
        & .text-area--cursor-line { background: transparent; }
    }
    """

    class Sent(Message):
        """The person sent this text; ``draft`` is what stood in the composer, to be put back where it fails."""

        def __init__(self, text: str, draft: Draft) -> None:
            super().__init__()
            self.text = text
            self.draft = draft

    class Paged(Message):
        """Page up or down: the transcript's, as a message has few lines."""

        def __init__(self, pages: int) -> None:
            super().__init__()
            self.pages = pages

    def __init__(self) -> None:
        super().__init__(
            soft_wrap=True, show_line_numbers=False, tab_behavior="focus", highlight_cursor_line=False, id="composer"
        )
        self.cursor_blink = False  # an idle terminal gets no bytes
        self._pastes: dict[str, str] = {}
        self._history: list[str] = []
        self._place = -1
        self._unsent = ""

    @property
    def draft(self) -> Draft:
        """What is written now."""
        return Draft(self.text, {chip: text for chip, text in self._pastes.items() if chip in self.text})

    @draft.setter
    def draft(self, draft: Draft) -> None:
        self._pastes = dict(draft.pastes)
        self.text = draft.text
        self.move_cursor(self.document.end)

    def remember(self, history: list[str]) -> None:
        """The messages that up and down go through, newest first."""
        self._history = history
        self._place = -1

    async def _on_key(self, event: events.Key) -> None:
        """Enter in the order of typing: as a priority binding it would overtake the letters before it."""
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.action_send()
        elif event.key in ("shift+enter", "ctrl+j", "alt+enter"):
            event.stop()
            event.prevent_default()
            self.action_newline()
        else:
            await super()._on_key(event)

    def action_send(self) -> None:
        """Send the text, the pastes put in for their chips, and begin a new one at once: people type on."""
        draft = self.draft
        text = draft.text
        for chip, paste in draft.pastes.items():
            text = text.replace(chip, paste)
        self._pastes, self._place = {}, -1
        self.text = ""
        self.post_message(self.Sent(text, draft))

    def action_page(self, pages: int) -> None:
        """Scroll what was said."""
        self.post_message(self.Paged(pages))

    def action_newline(self) -> None:
        """Begin a new line."""
        self.insert("\n")

    def action_earlier(self) -> None:
        """Up; in the first line, the message before."""
        if self.cursor_location[0] > 0 or not self._history:
            self.action_cursor_up()
        elif self._place + 1 < len(self._history):
            if self._place < 0:
                self._unsent = self.text
            self._recall(self._place + 1)

    def action_later(self) -> None:
        """Down; in the last line, the message after."""
        if self.cursor_location[0] < self.document.line_count - 1 or self._place < 0:
            self.action_cursor_down()
        else:
            self._recall(self._place - 1)

    def _recall(self, place: int) -> None:
        self._place = place
        self.text = self._unsent if place < 0 else self._folded(self._history[place])
        self.move_cursor(self.document.end)

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.insert(self._folded(clean(event.text)))

    def _folded(self, text: str) -> str:
        """The text, or a chip for one that is too long to edit here."""
        lines = text.count("\n") + 1
        if len(text) <= LONGEST_PASTE and lines <= MOST_LINES:
            return text
        chip = f"[pasted text {len(self._pastes) + 1}: {lines:,} lines, {size(len(text.encode()))}]"
        self._pastes[chip] = text
        return chip
