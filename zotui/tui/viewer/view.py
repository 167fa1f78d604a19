"""A view over a content: pages of its lines, read in threads as they come into view."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import ClassVar, ParamSpec, TypeVar

from textual import work
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from zotui.errors import ZotuiError
from zotui.text import one_line
from zotui.tui.viewer.content import Content, Look, Said
from zotui.tui.widgets.look import CLASSES, LOOKS, palette_of

P = ParamSpec("P")
T = TypeVar("T")
PAGE = 100  # lines
KEPT = 30  # pages
STEP_S = 0.1  # of finding lines, after which what came into view is read
SIDEWAYS = 8  # cells


class View(ScrollView, can_focus=True):
    """Shows a content from its top; it can be scrolled anywhere, and to the side where lines are wider than the room."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "go(-1)", "Up", show=False),
        Binding("down,j", "go(1)", "Down", show=False),
        Binding("pageup", "go(0, -1)", "Page up", show=False),
        Binding("pagedown,space", "go(0, 1)", "Page down", show=False),
        Binding("home", "edge(False)", "First", show=False),
        Binding("end", "edge(True)", "Last", show=False),
        Binding("left", "sideways(-1)", "To the left", show=False),
        Binding("right", "sideways(1)", "To the right", show=False),
    ]
    DEFAULT_CSS = f"View {{ height: 1fr; {LOOKS} }}"

    class Counted(Message):
        """More is known of how much there is."""

    def __init__(self) -> None:
        super().__init__()
        self.content: Content = Said("")
        self._pages: OrderedDict[int, list[Strip]] = OrderedDict()
        self._look: Look | None = None
        self._turn = (
            threading.Lock()
        )  # a thread that was given up goes on for a while: a content is asked one thing at a time
        self._head: Sequence[Strip] = ()  # of what is painted
        self._left = 0
        self._top: int | None = None  # where what comes is to be shown from
        self._follows = False  # the end, until it is known where that is

    def show(self, content: Content, *, keep: bool = False) -> None:
        """Show another content: from its top, or where the old one was. The old lines stay until there are new ones."""
        self.content, self._turn, self._look, self._follows = content, threading.Lock(), None, False
        self._top = self.scroll_offset.y if keep else 0
        self._left = self._left if keep else 0
        self._read_on()

    def on_resize(self) -> None:
        """The room is another."""
        self._read_on()

    def notify_style_update(self) -> None:
        """The theme may have changed."""
        super().notify_style_update()
        if self.is_mounted:
            self.call_next(self._read_on)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Read what came into view."""
        super().watch_scroll_y(old_value, new_value)
        if self._missing() is not None:
            self._read_on()

    @property
    def _height(self) -> int:
        return max(1, self.scrollable_content_region.height - len(self._head))

    def _missing(self) -> int | None:
        """The page to read next."""
        top = self.scroll_offset.y
        places = (top, top + self._height - 1)
        pages = (place // PAGE for place in places if 0 <= place < self.content.count)
        return next((page for page in pages if page not in self._pages), None)

    @work(exclusive=True, group="view", exit_on_error=False)
    async def _read_on(self) -> None:
        """Read until nothing is missing and all lines are found."""
        if not all(self.scrollable_content_region.size):
            return
        content = self.content
        try:
            await self._lay_out(content)
            while True:
                if (page := self._missing()) is not None:
                    await self._fetch(content, page)
                elif content.is_whole:
                    break
                else:
                    await self._in_thread(content.scan, STEP_S)
                    self._counted()
        except Exception as error:
            self.log.error(error)
            if not isinstance(content, Said):
                said = str(error) if isinstance(error, ZotuiError) else f"It cannot be read any more ({error})"
                self.show(Said(one_line(said, 400)))

    async def _in_thread(self, do: Callable[P, T], *words: P.args, **more: P.kwargs) -> T:
        """Ask the content for something, after what is asked of it already."""
        turn = self._turn

        def in_turn() -> T:
            with turn:
                return do(*words, **more)

        return await asyncio.to_thread(in_turn)

    async def _lay_out(self, content: Content) -> None:
        """Have the content painted anew where the room or the colours are others, and its first lines read before the old
        ones go."""
        region = self.scrollable_content_region
        look = Look(region.width, region.height, palette_of(self))
        if look == self._look:
            return
        await self._in_thread(content.lay_out, look)
        top = min(self.scroll_offset.y if self._top is None else self._top, max(0, content.count - self._height))
        first = await self._in_thread(content.page, top // PAGE * PAGE, PAGE)
        self._look, self._top, self._head = look, None, content.head
        self._pages = OrderedDict({top // PAGE: first})
        self._counted()
        self.scroll_to(y=top, animate=False, force=True)

    async def _fetch(self, content: Content, page: int) -> None:
        strips = await self._in_thread(content.page, page * PAGE, PAGE)
        self._pages[page] = strips
        if len(self._pages) > KEPT:
            self._pages.popitem(last=False)
        self.refresh()

    def _counted(self) -> None:
        self.virtual_size = Size(1, self.content.count + len(self._head))
        if self._follows:
            self.go(self.content.count)
            self._follows = not self.content.is_whole
        self.refresh()
        self.post_message(self.Counted())

    def action_go(self, by: int, screens: int = 0) -> None:
        """Go by lines and screens."""
        self._follows = False
        self.go(self.scroll_offset.y + by + screens * max(1, self._height - 1))

    def action_edge(self, last: bool) -> None:
        """Go to the first or the last line; where that is not known yet, on to it."""
        self._follows = last and not self.content.is_whole
        self.go(self.content.count if last else 0)

    def go(self, line: int) -> None:
        """Have a line at the top, as far as there are so many."""
        self.scroll_to(y=max(0, line), animate=False, force=True)

    def action_sideways(self, steps: int) -> None:
        """Go to the side, no further than the lines are wide."""
        most = max(0, self.content.width - self.scrollable_content_region.width)
        self._left = max(0, min(most, self._left + steps * SIDEWAYS))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Paint one line of the view."""
        width = self.scrollable_content_region.width
        if y < len(self._head):
            return self._shifted(self._head[y], width)
        page, index = divmod(self.scroll_offset.y + y - len(self._head), PAGE)
        strips = self._pages.get(page, [])
        if index >= len(strips):
            return Strip.blank(width, self.rich_style)
        return self._shifted(strips[index], width)

    def _shifted(self, strip: Strip, width: int) -> Strip:
        """As much of a line as there is room for, what is to stay at its left with it."""
        fixed = self.content.fixed
        if self._left:
            strip = Strip.join([strip.crop(0, fixed), strip.crop(fixed + self._left, fixed + self._left + width)])
        return strip.crop(0, width).adjust_cell_length(width, self.rich_style)
