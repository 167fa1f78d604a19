"""What could be meant by what is being typed: a short list above the composer."""

from dataclasses import dataclass
from typing import Protocol

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from zotui.text import one_line

MOST = 8  # rows
LEAST_NAME = 12


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that may be meant: ``insert`` is put into the text, ``name`` and ``detail`` are shown."""

    insert: str
    name: str
    detail: str = ""
    mark: str = ""


class Completer(Protocol):
    """Who knows what may be meant."""

    async def complete(self, trigger: str, words: str) -> list[Candidate]:
        """What may be meant by the words behind ``@`` or ``/``."""
        ...

    async def attachments(self, pasted: str) -> list[str]:
        """The mentions of the files whose paths were pasted; empty for any other text."""
        ...


class Completions(Widget):
    """The list; hidden while there is nothing to choose. It never has the focus: the composer passes keys on."""

    COMPONENT_CLASSES = {"completions--row", "completions--chosen", "completions--detail"}  # noqa: RUF012
    DEFAULT_CSS = """
    Completions {
        height: auto; display: none; background: $panel; margin: 0 1;
        & > .completions--row { color: $foreground; background: $panel; }
        & > .completions--chosen { color: $foreground; background: $primary 30%; text-style: bold; }
        & > .completions--detail { color: $text-muted; }
    }
    """

    class Taken(Message):
        """A candidate was clicked."""

        def __init__(self, candidate: Candidate) -> None:
            super().__init__()
            self.candidate = candidate

    def __init__(self) -> None:
        super().__init__(id="completions")
        self._found: list[Candidate] = []
        self._chosen = 0
        self.moved = False

    @property
    def chosen(self) -> Candidate | None:
        """The candidate that would be taken; None while the list is closed."""
        return self._found[self._chosen] if self.display and self._found else None

    def show(self, found: list[Candidate]) -> None:
        """Offer these; none closes the list."""
        found = found[: self._room]
        if found == self._found and self.display == bool(found):
            return
        before, self._found = len(self._found) if self.display else 0, found
        self._chosen, self.moved = 0, False
        self.display = bool(found)
        self.refresh(layout=len(found) != before)

    def close(self) -> bool:
        """Offer nothing; False where nothing was offered."""
        was_open = bool(self.display)
        self.show([])
        return was_open

    def move(self, step: int) -> None:
        """Choose another one."""
        if self._found:
            self._chosen = (self._chosen + step) % len(self._found)
            self.moved = True
            self.refresh()

    @property
    def _room(self) -> int:
        """How many rows the screen can spare: none where it is tiny."""
        rows = self.app.size.height
        return MOST if rows >= 20 else 4 if rows >= 12 else 2 if rows >= 9 else 0

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Textual's question how high this is."""
        return len(self._found)

    def render_line(self, y: int) -> Strip:
        """Textual's Line API."""
        width = self.size.width
        if y >= len(self._found):
            return Strip.blank(width, self.rich_style)
        one = self._found[y]
        style = self.get_component_rich_style("completions--chosen" if y == self._chosen else "completions--row")
        muted = style if y == self._chosen else self.get_component_rich_style("completions--detail", "completions--row")
        name = one_line(one.name, 200)
        column = min(max(LEAST_NAME, *(cell_len(found.name) for found in self._found)), max(8, width * 3 // 5))
        pointer = "›" if y == self._chosen else " "
        head = f"{pointer} {set_cell_size(one.mark, 2) if one.mark else ''}{set_cell_size(name, column)}"
        rest = set_cell_size(f"  {one_line(one.detail, 200)}", max(0, width - cell_len(head)))
        return Strip([Segment(head, style), Segment(rest, muted)]).adjust_cell_length(width, style)

    def on_click(self, event: events.Click) -> None:
        """Take what was clicked."""
        event.stop()
        if event.y < len(self._found):
            self.post_message(self.Taken(self._found[event.y]))
