"""Lines as they go to the screen, each finished once."""

from collections.abc import Iterable
from typing import Any

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

KEPT = 1_000  # lines


class Finish:
    """Puts lines over a widget's background, pads them left and right, and takes them through the app's filters.

    Textual does that for every line of a widget whenever one of them moves. While an answer streams, nearly all are
    the lines of the frame before, a row further up: the same strip gets the same finished one. Nothing else of a
    widget's styles is looked at: no border, no opacity.
    """

    def __init__(self) -> None:
        self._made: dict[int, tuple[Strip, Strip]] = {}  # by the id of the strip, which is kept so that it stays one
        self._looks: tuple[Any, ...] = ()

    def lines(self, widget: Widget, strips: Iterable[Strip]) -> list[Strip]:
        """The finished lines for these lines of a widget's content."""
        filters = widget.get_line_filters()
        _, background = widget.background_colors
        padding, width = widget.styles.padding, widget.content_region.width
        looks = (background, padding.left, padding.right, width, *map(id, filters))
        if looks != self._looks or len(self._made) > KEPT:
            self._made.clear()
            self._looks = looks
        ground = widget.visual_style.rich_style.background_style
        left, right = (Segment(" " * count, ground) for count in (padding.left, padding.right))
        finished = []
        for strip in strips:
            known = self._made.get(id(strip))
            if known is None:
                content = strip.adjust_cell_length(width, ground)
                made = Strip(
                    [*_cells(left), *Segment.apply_style(content, ground), *_cells(right)],
                    padding.left + width + padding.right,
                )
                for filter in filters:
                    made = made.apply_filter(filter, background)
                known = self._made[id(strip)] = (strip, made)
            finished.append(known[1])
        return finished


def _cells(segment: Segment) -> list[Segment]:
    return [segment] if segment.text else []
