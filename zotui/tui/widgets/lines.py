"""The one-line widgets: status above, tabs where the screen is narrow, keys below."""

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from zotui.tui.actions import ACTIONS, OUT_OF_TERMINAL, key_of, shown_key

Word = tuple[str, Style]
NOTICE_S = 12.0


class Line(Widget):
    """One painted line: words at the left, words at the right where there is room."""

    DEFAULT_CSS = """
    Line { height: 1; }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._left: list[Word] = []
        self._right: list[Word] = []

    def paint(self, left: list[Word], right: list[Word]) -> None:
        """Show these words."""
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Textual's Line API."""
        base = self.rich_style
        width = self.size.width
        left, right = self._left, self._right
        used = sum(cell_len(text) for text, _ in left)
        need = sum(cell_len(text) for text, _ in right)
        if used + need > width:  # the left gives way first, down to a few cells
            room = max(8, width - need - 1)
            left = _cut(left, room)
            used = sum(cell_len(text) for text, _ in left)
        words = [*left, (" " * max(0, width - used - need), Style()), *right]
        return Strip([Segment(text, base + style) for text, style in words]).adjust_cell_length(width, base)


def _cut(words: list[Word], room: int) -> list[Word]:
    kept: list[Word] = []
    for text, style in words:
        length = cell_len(text)
        if length > room:
            kept.append((set_cell_size(text, max(0, room - 1)) + "…", style))
            return kept
        kept.append((text, style))
        room -= length
    return kept


class TabLine(Line):
    """The names of the panes, where only one has room."""

    class Picked(Message):
        """A name was clicked."""

        def __init__(self, pane: str) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self) -> None:
        super().__init__("tabs")
        self._spans: list[tuple[int, int, str]] = []

    def show(self, panes: list[tuple[str, str]], current: str) -> None:
        """``panes`` are ids and headings."""
        words: list[Word] = []
        self._spans, at = [], 0
        for pane, heading in panes:
            text = f"[{heading}]" if pane == current else f" {heading} "
            self._spans.append((at, at + len(text), pane))
            at += len(text)
            words.append((text, Style(bold=pane == current, dim=pane != current)))
        self.paint(words, [])

    def on_click(self, event: events.Click) -> None:
        for start, end, pane in self._spans:
            if start <= event.x < end:
                self.post_message(self.Picked(pane))


class DebugLine(Line):
    """How quick the app is, once a second while it is shown."""

    def __init__(self) -> None:
        super().__init__("debug")
        self.display = False

    def on_mount(self) -> None:
        self.set_interval(1.0, self._show)

    def _show(self) -> None:
        if self.display:
            line = getattr(self.app, "watchdog_line", "")
            self.paint([(f" {line}", Style(dim=True))], [])


class KeyLine(Line):
    """What the keys do, from the table of actions; a notice takes the right side."""

    def __init__(self) -> None:
        super().__init__("keys")
        self._bound: dict[str, str] = {}
        self._spared: frozenset[str] | None = None
        self._notice = ""
        self._fading: Timer | None = None

    def bind_keys(self, keys: dict[str, str]) -> None:
        """The keys that the configuration gives to actions."""
        self._bound = keys
        self._show()

    def spare(self, keys: frozenset[str] | None) -> None:
        """Only these keys do something, as a program has the others; None for all."""
        if keys != self._spared:
            self._spared = keys
            self._show()

    def tell(self, notice: str) -> None:
        """Show a notice for a while; empty takes it away."""
        self._notice = notice
        self._show()
        if self._fading is not None:
            self._fading.stop()
        self._fading = self.set_timer(NOTICE_S, lambda: self.tell("")) if notice else None

    def _show(self) -> None:
        words: list[Word] = []
        if self._spared is not None:
            words += [(f" {shown_key(OUT_OF_TERMINAL)}", Style(bold=True)), (" back ", Style(dim=True))]
        for action in ACTIONS:
            key = key_of(action, self._bound)
            if action.footer and (self._spared is None or not self._spared.isdisjoint(key.split(","))):
                words.append((f" {shown_key(key)}", Style(bold=True)))
                words.append((f" {action.footer} ", Style(dim=True)))
        self.paint(words, [(f"{self._notice} ", Style())] if self._notice else [])

    def on_mount(self) -> None:
        self._show()
