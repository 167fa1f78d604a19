"""Where a person writes: several lines, a history, completion, long pastes folded into chips, a draft that is kept."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from zotui.text import clean, size
from zotui.tui import slash
from zotui.tui.widgets.completing import CompletingArea
from zotui.tui.widgets.completions import Completions
from zotui.tui.widgets.draft import MENTION, Draft, names_in, said

__all__ = ["Composer", "Draft"]

LONGEST_PASTE = 4_000  # characters of a paste that are put in as they are
MOST_LINES = 60
LONGEST = 1_000_000  # characters of a message
PLACEHOLDER = "Say something · @ file · / command"
ROOM_FOR_WORDS = 44  # columns from which there is a placeholder
NEWLINES = ("shift+enter", "ctrl+j", "alt+enter")


class Composer(CompletingArea):
    """A text area that sends on enter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("up", "earlier", "Earlier", show=False),
        Binding("down", "later", "Later", show=False),
        Binding("alt+o", "unfold_chip", "Unfold a paste", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"composer--mention"}
    DEFAULT_CSS = """
    Composer {
        height: auto;
        max-height: 10;
        min-height: 3;
        padding: 0 1;
        border: round $foreground 25%;
        border-title-color: $text-warning;
        border-subtitle-color: $foreground 50%;
        background: transparent;
        &:focus { border: round $accent; }
        & .text-area--cursor-line { background: transparent; }
        & .text-area--placeholder { color: $text-muted; }
        & .composer--mention { color: $text-accent; text-style: underline; }
    }
    """

    class Sent(Message):
        """The person sent this text; ``draft`` is what stood in the composer, to be put back where it fails.

        ``at_once``: what is being answered stops. ``edits``: the message that this one shall replace, in a branch.
        """

        def __init__(self, text: str, draft: Draft, at_once: bool = False) -> None:
            super().__init__()
            self.text = text
            self.draft = draft
            self.at_once = at_once
            self.edits = draft.edits

    class Commanded(Message):
        """The person gave a command."""

        def __init__(self, name: str, rest: str, draft: Draft) -> None:
            super().__init__()
            self.name = name
            self.rest = rest
            self.draft = draft

    class Paged(Message):
        """Page up or down: the transcript's, as a message has few lines."""

        def __init__(self, pages: int) -> None:
            super().__init__()
            self.pages = pages

    def __init__(self, popup: Completions | None = None) -> None:
        super().__init__(
            popup, soft_wrap=True, show_line_numbers=False, tab_behavior="focus", highlight_cursor_line=False,
            id="composer",
        )  # fmt: skip
        self.cursor_blink = False  # an idle terminal gets no bytes
        self.passes: Callable[[str], bool] = lambda name: False
        """Whether a slash and this name go out as a message."""
        self._pastes: dict[str, str] = {}
        self._history: Sequence[Draft] = ()
        self._place = -1
        self._unsent = Draft()
        self._edits = ""
        self._aside = Draft()  # what was written before an earlier message was edited

    @property
    def draft(self) -> Draft:
        """What is written now."""
        text = self.text
        pastes = {chip: paste for chip, paste in self._pastes.items() if chip in text}
        return Draft(text, pastes, self._edits, sorted(self._quoted & names_in(text)))

    @draft.setter
    def draft(self, draft: Draft) -> None:
        self._pastes = dict(draft.pastes)
        self._quoted = set(draft.quoted)
        self._edits = draft.edits
        self.border_title = "editing an earlier message · esc leaves it" if draft.edits else ""
        self.text = draft.text
        self.move_cursor(self.document.end)

    @property
    def editing(self) -> str:
        """The id of the earlier message that is edited; empty for none."""
        return self._edits

    def remember(self, history: Sequence[Draft]) -> None:
        """The messages that up and down go through, newest first."""
        self._history = history
        self._place = -1

    def expanded(self) -> str:
        """What is written, with the pastes put in for their chips."""
        return self.draft.whole

    def rewrite(self, text: str, quoted: Iterable[str] = ()) -> None:
        """Put another text in the place of what is written; a long one becomes a chip. ``quoted``: names in it that
        mention nothing."""
        self.draft = Draft(self._folded(clean(text)), self._pastes, self._edits, list(quoted))

    def begin_edit(self, message: str, text: str, quoted: Iterable[str] = ()) -> None:
        """Edit an earlier message; what was written comes back afterwards."""
        if not self._edits:
            self._aside = self.draft
        self._edits, self._pastes = message, {}
        self.rewrite(text, quoted)

    def leave_edit(self) -> None:
        """Have what was written before back."""
        self.draft, self._aside = self._aside, Draft()

    # Keys

    async def _on_key(self, event: events.Key) -> None:
        """Enter in the order of typing: as a priority binding it would overtake the letters before it."""
        if self._complete_by(event.key) or self._send_by(event.key) or self._erase_by(event.key):
            event.stop()
            event.prevent_default()
        else:
            await super()._on_key(event)
            self.call_next(self._look)

    def _send_by(self, key: str) -> bool:
        if key == "enter":
            self.action_send()
        elif key in NEWLINES:
            self.action_newline()
        else:
            return False
        return True

    def _erase_by(self, key: str) -> bool:
        """Backspace behind a chip or a completed mention takes it away whole."""
        if key != "backspace" or self.selected_text:
            return False
        line, column = self.cursor_location
        before = self.document.get_line(line)[:column]
        whole = next((one for one in (*self._pastes, *self._taken) if before.endswith(one)), "")
        if not whole:
            return False
        self.delete((line, column - len(whole)), (line, column))
        self.call_next(self._look)
        return True

    # Sending

    def action_send(self) -> None:
        """Send the text, the pastes put in for their chips, and begin a new one at once: people type on."""
        draft = self.draft
        command = slash.parse(draft.text)
        if command is not None and not draft.edits and not self.passes(command[0]):
            self._empty()
            self.post_message(self.Commanded(*command, draft))
            return
        self._send(draft, at_once=False)

    def action_send_now(self) -> None:
        """The same, and what is being answered stops."""
        self._send(self.draft, at_once=True)

    def _send(self, draft: Draft, at_once: bool) -> None:
        text = draft.whole
        self._empty()
        self.post_message(self.Sent(text[1:] if text.startswith("//") else text, draft, at_once))

    def _empty(self) -> None:
        self._place, self._aside = -1, Draft()
        self._taken.clear()
        self.draft = Draft()
        if self.popup is not None:
            self.popup.close()

    def action_page(self, pages: int) -> None:
        """Scroll what was said."""
        self.post_message(self.Paged(pages))

    def action_newline(self) -> None:
        """Begin a new line."""
        self.insert("\n")
        self.call_next(self._look)

    # History

    def action_earlier(self) -> None:
        """Up; in the first line, the message before."""
        if self.cursor_location[0] > 0 or not self._history:
            self.action_cursor_up()
        elif self._place + 1 < len(self._history):
            if self._place < 0:
                self._unsent = self.draft
            self._recall(self._place + 1)

    def action_later(self) -> None:
        """Down; in the last line, the message after."""
        if self.cursor_location[0] < self.document.line_count - 1 or self._place < 0:
            self.action_cursor_down()
        else:
            self._recall(self._place - 1)

    def _recall(self, place: int) -> None:
        self._place = place
        if place < 0:
            self.draft = self._unsent
        else:
            self.rewrite(self._history[place].text, self._history[place].quoted)

    # Pastes

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        text = clean(event.text)
        files = await self.completer.attachments(text) if self.completer is not None else []
        if files:
            self._taken.update(files)
            self.insert(" ".join(files) + " ")
        else:
            self._quoted |= names_in(text) - (names_in(self.text) - self._quoted)
            self.insert(self._folded(text))
        self._look()

    def _folded(self, text: str) -> str:
        """The text, or a chip for one that is too long to edit here."""
        lines = text.count("\n") + 1
        if len(text) <= LONGEST_PASTE and lines <= MOST_LINES:
            return text
        chip = f"[pasted text {len(self._pastes) + 1}: {lines:,} lines, {size(len(text.encode()))}]"
        self._pastes[chip] = text
        return chip

    def action_unfold_chip(self) -> None:
        """Put the paste in for the chip in the cursor's line."""
        row, _ = self.cursor_location
        line = self.document.get_line(row)
        for chip, text in self._pastes.items():
            if (at := line.find(chip)) >= 0 and len(text) <= LONGEST_PASTE * 10:
                self._quoted |= self.draft.foreign
                self.replace(text, (row, at), (row, at + len(chip)))
                return

    # Completion

    def _look(self) -> None:
        """See whether something is being completed, and say under the text what is worth saying."""
        self.border_subtitle = said(self.draft, LONGEST)
        super()._look()

    # Looks

    def get_line(self, line_index: int) -> Text:
        """A line, its mentions and chips marked."""
        text = super().get_line(line_index)
        if "@" in text.plain or "[" in text.plain:
            style = self.get_component_rich_style("composer--mention", partial=True)
            for found in MENTION.finditer(text.plain):
                if names_in(found[0]) - self._quoted:
                    text.stylize(style, *found.span())
            for chip in self._pastes:
                if (at := text.plain.find(chip)) >= 0:
                    text.stylize(style, at, at + len(chip))
        return text

    def on_resize(self, event: events.Resize) -> None:
        """Words for an empty composer, where they have room."""
        self.placeholder = PLACEHOLDER if event.size.width >= ROOM_FOR_WORDS else ""
