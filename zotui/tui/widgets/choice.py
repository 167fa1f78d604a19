"""One of a few words, on a line: left and right choose."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget


class Choice(Widget, can_focus=True):
    """Shows all of the words, what is chosen in brackets."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "step(1)", "The next", show=False),
        Binding("left", "step(-1)", "The one before", show=False),
        Binding("enter", "submit", "Done", show=False),
    ]
    DEFAULT_CSS = """
    Choice { height: 1; padding: 0 1; background: $boost; }
    Choice:focus { background: $block-cursor-blurred-background; text-style: bold; }
    """

    class Changed(Message):
        """Another is chosen."""

    class Submitted(Message):
        """Enter."""

        def __init__(self, choice: "Choice") -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, words: Sequence[str], value: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._words = words
        self.value = value
        """The word that is chosen."""

    def render(self) -> Text:
        """Textual's: the line."""
        return Text(" ".join(f"[{word}]" if word == self.value else f" {word} " for word in self._words), no_wrap=True)

    def action_step(self, step: int) -> None:
        """Choose the next word, or the one before; after the last comes the first."""
        self._choose(self._words[(self._words.index(self.value) + step) % len(self._words)])

    def action_submit(self) -> None:
        """It is chosen."""
        self.post_message(self.Submitted(self))

    def on_click(self, event: events.Click) -> None:
        """Choose the word that was clicked."""
        offset = event.get_content_offset(self)
        at = 0
        for word in self._words:
            if offset is not None and at <= offset.x < at + len(word) + 2:
                self._choose(word)
            at += len(word) + 3

    def _choose(self, word: str) -> None:
        self.value = word
        self.refresh()
        self.post_message(self.Changed())
