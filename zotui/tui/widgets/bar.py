"""A scrollbar that is painted from a handful of cells, each made once."""

from rich.segment import Segment, Segments
from textual.geometry import Region
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip

from zotui.tui.widgets.finish import Finish


class Bar(ScrollBar):
    """Textual's vertical scrollbar, whose lines are looked up: it moves with every frame of a stream."""

    def __init__(self, thickness: int) -> None:
        super().__init__(vertical=True, name="vertical", thickness=thickness)
        self._cells: dict[Segment, Strip] = {}
        self._finish = Finish()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines of the bar as they go to the screen."""
        bar = self.render()
        style = bar.style if isinstance(bar, ScrollBarRender) else None
        if not isinstance(bar, ScrollBarRender) or isinstance(style, str) or style is None:
            return super().render_lines(crop)
        assert style.bgcolor is not None
        assert style.color is not None
        painted = bar.render_bar(
            self.size.height, bar.virtual_size, bar.window_size, bar.position, self.size.width,
            back_color=style.bgcolor, bar_color=style.color,
        )  # fmt: skip
        assert isinstance(painted, Segments)
        if len(self._cells) > 100:  # themes that were tried
            self._cells.clear()
        strips = []
        for segment in painted.segments[crop.y : crop.bottom]:
            strip = self._cells.get(segment)
            if strip is None:
                strip = self._cells[segment] = Strip([segment], self.size.width)
            strips.append(strip)
        return self._finish.lines(self, strips)
