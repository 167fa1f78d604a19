"""The styles that painting uses, handed in by whoever paints."""

from typing import NamedTuple

from rich.style import Style


class Palette(NamedTuple):
    """Styles laid over ``text``, which alone has a background of its own (``code`` and ``block`` add theirs).

    ``syntax`` names a pygments style. The defaults use no colour, only weight.
    """

    text: Style = Style()
    muted: Style = Style(dim=True)
    accent: Style = Style(bold=True)
    heading: Style = Style(bold=True)
    link: Style = Style(underline=True)
    line: Style = Style(dim=True)
    code: Style = Style(bold=True)
    block: Style = Style()
    you: Style = Style(bold=True)
    zo: Style = Style(bold=True)
    busy: Style = Style(bold=True)
    bad: Style = Style(bold=True)
    added: Style = Style()
    removed: Style = Style(dim=True)
    syntax: str = ""
