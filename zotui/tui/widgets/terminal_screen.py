"""The cells of a terminal, painted: what of it changed, at most so often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from zotui.tui.vt import Screen, keys
from zotui.tui.vt.pen import Pen, style_of
from zotui.tui.vt.row import Row
from zotui.tui.widgets.finish import Finish

FRAME_S = 1 / 30
WHEEL = 3  # rows
CURSOR, AWAY = Style(reverse=True), Style(underline=True)
SHOWN = 25  # the mode in which the cursor is seen


class TerminalScreen(Widget, can_focus=True):
    """Shows a screen and tells what is typed. It has no bytes of a program: those became cells before.

    Whoever wants a key for something else says so with ``spare``.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("shift+pageup", "back(1)", "Page up", show=False),
        Binding("shift+pagedown", "back(-1)", "Page down", show=False),
    ]
    DEFAULT_CSS = """
    TerminalScreen { height: 1fr; width: 1fr; background: transparent; }
    """

    @dataclass
    class Typed(Message):
        """The person typed this."""

        data: bytes

    @dataclass
    class Fits(Message):
        """So many rows and columns are seen now."""

        rows: int
        columns: int

    @dataclass
    class HasKeys(Message):
        """A program gets what is typed now, all but ``spared``; or no longer, which is None."""

        spared: frozenset[str] | None

    def __init__(self) -> None:
        super().__init__()
        self.screen_shown: Screen | None = None
        self.takes_keys = False
        """Whether a program reads what is typed; tell it with ``take_keys``."""
        self.spared: frozenset[str] = frozenset()
        """Keys that are not typed."""
        self._back = 0  # rows that the view is above the end
        self._pushed = 0
        self._finish = Finish()
        self._painted: list[Strip] = []
        self._waiting: Timer | None = None

    def show(self, screen: Screen | None) -> None:
        """Show this one from now on, from its end; None for nothing."""
        self.screen_shown = screen
        self._back, self._pushed = 0, screen.grid.pushed if screen else 0
        self.refresh()

    def take_keys(self, takes: bool) -> None:
        """Have what is typed go to a program, or to nobody."""
        if takes != self.takes_keys:
            self.takes_keys = takes
            if self.has_focus:
                self.on_focus()

    def changed(self) -> None:
        """The screen shown is another: paint it, soon."""
        if self._waiting is None:
            self._waiting = self.set_timer(FRAME_S, self._paint)

    def _paint(self) -> None:
        """Have the lines painted that are others than before."""
        self._waiting = None
        self._stay()
        before, width = self._painted, self.size.width
        lines = self._lines()
        for y, strip in enumerate(lines):
            if y >= len(before) or before[y] is not strip:
                self.refresh(Region(0, y, width, 1))

    def _stay(self) -> None:
        """Whoever looks at what was printed earlier goes on seeing that."""
        if (screen := self.screen_shown) is None:
            return
        if self._back:
            self._back += screen.grid.pushed - self._pushed
        self._pushed = screen.grid.pushed
        self._back = min(self._back, len(screen.grid.history))

    # Painting

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines as they go to the screen."""
        self._painted = self._lines()
        blank = Strip.blank(self.size.width, self.rich_style.background_style)
        lines = [self._painted[y] if y < len(self._painted) else blank for y in crop.line_range]
        strips = self._finish.lines(self, lines)
        if crop.column_span == (0, self.size.width):
            return strips
        return [strip.crop(crop.x, crop.right) for strip in strips]

    def _lines(self) -> list[Strip]:
        screen = self.screen_shown
        if screen is None:
            return []
        grid = screen.grid
        past = list(grid.history)[len(grid.history) - self._back :][: grid.height] if self._back else []
        rows = [*past, *grid.rows[: grid.height - len(past)]]
        lines = [self._line(row) for row in rows]
        if not self._back and SHOWN in screen.modes and self.takes_keys:
            lines[grid.y] = self._with_cursor(grid.rows[grid.y], screen.column)
        return lines

    def _line(self, row: Row) -> Strip:
        """A row as it is painted, which is kept until it changes."""
        if row.painted is None:
            row.painted = Strip([Segment(_seen(text, pen), style_of(pen)) for text, pen in row.runs()], len(row.chars))
        painted: Strip = row.painted
        return painted

    def _with_cursor(self, row: Row, x: int) -> Strip:
        line, end = self._line(row), x + 1
        while end < len(row.chars) and row.chars[end] == "":
            end += 1
        mark = CURSOR if self.has_focus else AWAY
        under = line.crop(x, end).apply_style(mark)
        return Strip.join([line.crop(0, x), under, line.crop(end)])

    # The person

    @property
    def is_back(self) -> bool:
        """Whether what was printed earlier is seen."""
        return self._back > 0

    def action_back(self, pages: int) -> None:
        """Look at what was printed earlier, or later."""
        self._go_back(pages * max(1, self.size.height - 1))

    def _go_back(self, rows: int) -> None:
        if (screen := self.screen_shown) is not None:
            self._stay()
            self._back = max(0, min(len(screen.grid.history), self._back + rows))
            self.refresh()

    async def on_key(self, event: events.Key) -> None:
        if not self.takes_keys or self.screen_shown is None or event.key in self.spared:
            return
        event.stop()
        event.prevent_default()
        if data := keys.key(event.key, event.character, self.screen_shown.modes):
            self._type(data)

    async def on_paste(self, event: events.Paste) -> None:
        event.stop()
        if self.takes_keys and self.screen_shown is not None:
            self._type(keys.paste(event.text, self.screen_shown.modes))

    def _type(self, data: bytes) -> None:
        if self._back:
            self._back = 0
            self.refresh()
        self.post_message(self.Typed(data))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._tell_mouse(event, True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self._tell_mouse(event, False)

    def _tell_mouse(self, event: events.MouseEvent, pressed: bool) -> None:
        screen = self.screen_shown
        if screen is not None and self.takes_keys and self.has_focus and keys.wants_mouse(screen.modes):
            event.stop()
            button = {1: 0, 2: 1, 3: 2}.get(event.button, 0)
            self.post_message(self.Typed(keys.mouse(button, event.x, event.y, pressed)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, True)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, False)

    def _wheel(self, event: events.MouseEvent, up: bool) -> None:
        """The wheel is the program's where it asked for it; a full-screen one gets arrows; else it scrolls."""
        event.stop()
        screen = self.screen_shown
        if screen is None:
            return
        if self.takes_keys and keys.wants_mouse(screen.modes):
            self.post_message(self.Typed(keys.mouse(64 if up else 65, event.x, event.y, True)))
        elif self.takes_keys and screen.is_other:
            self.post_message(self.Typed(keys.key("up" if up else "down", None, screen.modes) * WHEEL))
        else:
            self._go_back(WHEEL if up else -WHEEL)

    # Its size and its looks

    def on_resize(self, event: events.Resize) -> None:
        if event.size != Size(0, 0):
            self.post_message(self.Fits(event.size.height, event.size.width))

    def on_focus(self) -> None:
        self.post_message(self.HasKeys(self.spared if self.takes_keys else None))
        self.refresh()

    def on_blur(self) -> None:
        self.post_message(self.HasKeys(None))
        self.refresh()


def _seen(text: str, pen: Pen) -> str:
    return " " * cell_len(text) if pen.hidden else text
