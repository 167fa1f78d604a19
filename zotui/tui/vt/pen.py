"""How a cell looks: colours and attributes, as ``CSI … m`` sets them."""

from functools import lru_cache
from typing import NamedTuple

from rich.color import Color
from rich.style import Style

Colour = int | tuple[int, int, int] | None
"""One of the 256 of a palette, red, green and blue, or None for the usual one."""


class Pen(NamedTuple):
    """What the next character is written with."""

    ink: Colour = None
    ground: Colour = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    hidden: bool = False
    strike: bool = False


PLAIN = Pen()
_ON = {
    1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 8: "hidden", 9: "strike", 21: "underline",
}  # fmt: skip
_OFF = {
    22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("reverse",), 28: ("hidden",), 29: ("strike",),
}  # fmt: skip


@lru_cache(1024)
def dipped(pen: Pen, codes: str) -> Pen:
    """A pen after ``CSI codes m``. What is not known is left out."""
    looks = pen._asdict()
    left = codes.split(";")
    while left:
        code, _, rest = left.pop(0).partition(":")
        number = int(code or 0) if code.isdigit() or not code else -1
        if number == 0:
            looks = PLAIN._asdict()
        elif number == 4 and rest:  # 4:0 is none, 4:3 a curly one
            looks["underline"] = rest != "0"
        elif number in _ON:
            looks[_ON[number]] = True
        elif number in _OFF:
            looks |= dict.fromkeys(_OFF[number], False)
        elif number in (38, 48, 58):
            colour = _mixed(rest.split(":")) if rest else _taken(left)
            if number != 58 and colour is not None:  # 58 is of underlines
                looks["ink" if number == 38 else "ground"] = colour
        else:
            looks |= _basic(number)
    return Pen(**looks)


def _basic(number: int) -> dict[str, Colour]:
    """The sixteen colours that have numbers of their own, and the usual ones."""
    for which, first in (("ink", 30), ("ground", 40)):
        if first <= number < first + 8:
            return {which: number - first}
        if first + 60 <= number < first + 68:
            return {which: number - first - 52}
        if number == first + 9:
            return {which: None}
    return {}


def _taken(left: list[str]) -> Colour:
    """The colour that the next codes say, which are taken away: ``5;N`` or ``2;R;G;B``."""
    count = {"5": 2, "2": 4}.get(left[0] if left else "", 1)
    parts = left[:count]
    del left[:count]
    return _mixed(parts)


def _mixed(parts: list[str]) -> Colour:
    """A colour of ``5 N``, ``2 R G B`` or ``2 SPACE R G B``; None for what is none."""
    numbers = [int(part) if part.isdigit() else 0 for part in parts]
    if len(numbers) >= 2 and numbers[0] == 5 and numbers[1] < 256:
        return numbers[1]
    if len(numbers) >= 4 and numbers[0] == 2:
        red, green, blue = (min(255, number) for number in numbers[-3:])
        return red, green, blue
    return None


@lru_cache(256)
def ground_of(pen: Pen) -> Pen:
    """The pen that erases with the ground of another."""
    return PLAIN._replace(ground=pen.ground)


@lru_cache(4096)
def style_of(pen: Pen) -> Style:
    """The same for Rich; what is hidden is to be painted as blanks."""
    return Style(
        color=_colour(pen.ink),
        bgcolor=_colour(pen.ground),
        bold=pen.bold or None,
        dim=pen.dim or None,
        italic=pen.italic or None,
        underline=pen.underline or None,
        reverse=pen.reverse or None,
        strike=pen.strike or None,
    )


def _colour(colour: Colour) -> Color | None:
    if colour is None:
        return None
    return Color.from_ansi(colour) if isinstance(colour, int) else Color.from_rgb(*colour)
