"""Pictures in half blocks: two pixels in each cell."""

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from zotui.documents.picture import Pixels, pixels
from zotui.tui.markdown import Line
from zotui.tui.viewer.content import Look, Painted

HALF = "▄"  # which counts as decoration: nobody moves its colours so that it can be read
DARK = "#000000"
MOST = 400  # columns


class Picture(Painted):
    """A picture, scaled to the room."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__()
        self._name = name
        self._content = content

    def paint(self, look: Look) -> list[Line]:
        ground = look.palette.text.bgcolor
        background = ground.triplet.hex if ground is not None and ground.triplet is not None else DARK
        room = min(MOST, look.width - 2), 2 * min(MOST, look.height)
        made = pixels(self._name, self._content, *room, background)
        self.words = f"{made.format} · {made.width:,} x {made.height:,}"
        return _lines(made, look)


def _lines(made: Pixels, look: Look) -> list[Line]:
    """A line for each two rows; neighbours of the same colours in one segment."""
    lines: list[Line] = []
    for top in range(0, made.rows, 2):
        line: Line = []
        for column in range(made.columns):
            ink = _pixel(made, column, top + 1) if top + 1 < made.rows else look.palette.text.bgcolor
            style = Style(color=ink, bgcolor=_pixel(made, column, top))
            if line and line[-1].style == style:
                line[-1] = Segment(line[-1].text + HALF, style)
            else:
                line.append(Segment(HALF, style))
        lines.append(line)
    return lines


def _pixel(made: Pixels, column: int, row: int) -> Color:
    at = 3 * (row * made.columns + column)
    return Color.from_rgb(*made.data[at : at + 3])
