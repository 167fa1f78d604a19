"""Text that can be read on what it stands on: the last word on colours, whoever chose them.

A theme's colours can be read, yet what is painted of them is mixed: muted words, hints, code by a highlighter's own
palette, all on the ground of a selection or a dialog. Where the contrast of a text is below that of WCAG 2, its ink
goes towards black or white until it is not.
"""

from functools import lru_cache

from rich.color import Color as Ink
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

USUAL, HIGH = 4.5, 7.0
"""The contrast of text: of WCAG's level AA, and of AAA."""
DECORATION = frozenset("─│╭╮╰╯━┃┌┐└┘├┤┬┴┼╴╵╶╷⎯▁▂▃▄▅▆▇█▌▐▊▋▎▍▏▔▕")
"""Lines, edges and bars are no text: they may be faint."""
_STEPS = 6
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)

Light = tuple[int, int, int]


class Legible(LineFilter):
    """Gives the text of painted lines at least this contrast."""

    def __init__(self, least: float = USUAL) -> None:
        super().__init__()
        self._least = least

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments of a line, readable."""
        return [self._readable(segment) for segment in segments]

    def _readable(self, segment: Segment) -> Segment:
        text, style, control = segment
        if style is None or text.isspace() or DECORATION.issuperset(text):
            return segment
        readable = _readable(style, self._least)
        return segment if readable is style else Segment(text, readable, control)


@lru_cache(4096)
def _readable(style: Style, least: float) -> Style:
    """A style whose ink can be read on its ground; the same where it can, or where the terminal chooses the colours."""
    ink, ground = style.color, style.bgcolor
    if ink is None or ground is None or ink.triplet is None or ground.triplet is None:
        return style
    if style.reverse:
        return style + Style(bgcolor=_moved(ground.triplet, ink.triplet, least))
    if contrast(ink.triplet, ground.triplet) >= least:
        return style
    return style + Style(color=_moved(ink.triplet, ground.triplet, least))


def _moved(ink: Light, ground: Light, least: float) -> Ink:
    """The ink so far towards black or white that it has this contrast, or all the way."""
    if contrast(ink, ground) >= least:
        return Ink.from_rgb(*ink)
    pole = _WHITE if contrast(_WHITE, ground) > contrast(_BLACK, ground) else _BLACK
    near, far = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (near + far) / 2
        near, far = (near, middle) if contrast(_mixed(ink, pole, middle), ground) >= least else (middle, far)
    return Ink.from_rgb(*_mixed(ink, pole, far))


def _mixed(one: Light, other: Light, share: float) -> Light:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


@lru_cache(4096)
def contrast(one: Light, other: Light) -> float:
    """The contrast ratio of two colours, 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Light) -> float:
    parts = (part / 255 for part in color)
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
