"""The line at the top: which conversation, who answers, what it has cost, what goes on."""

from __future__ import annotations

from colorsys import hls_to_rgb
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style

from zotui.tui.widgets.lines import Line, Word

if TYPE_CHECKING:
    from zotui.conversations import Spent
    from zotui.sandbox import Wall
    from zotui.tui.panes.telling import Changed

LEAST_TITLE = 12  # cells that a title keeps before the wall is named
STRONG, DIM, USUAL = Style(bold=True), Style(dim=True), Style()


class StatusLine(Line):
    """The status of the open conversation."""

    def __init__(self) -> None:
        super().__init__("status")

    def show(self, said: Changed, default_model: str, waiting: str = "", wall: Wall | None = None) -> None:
        """Paint what the conversation pane said last, what waits for the person, and what is around commands."""
        right: list[Word] = [(f"{waiting}  ", STRONG)] if waiting else []
        if said.state:
            right.append((f"{said.state}  ", STRONG))
        if said.persona is not None:
            right += [("● ", hued(said.persona.hue)), (f"{said.persona.name} · ", USUAL)]
        right.append((said.model or default_model, USUAL))
        spent = said.spent
        tokens = (spent.input_tokens or 0) + (spent.output_tokens or 0) if spent else 0
        extra: list[Word] = [(f" · {_thousands(tokens)} tokens", DIM)] if tokens else []
        if spent and (paid := _paid(spent)):
            extra.append((f" · {paid}", DIM))
        if said.today and said.today != spent and (today := _paid(said.today)):
            extra.append((f" · today {today}", DIM))
        left: list[Word] = [(" zotui  ", STRONG), (said.title or "new conversation", USUAL)]
        if wall is not None:
            words = (f" · {shown(wall)}", STRONG if wall.kind == "none" else USUAL)
            room = self.size.width - LEAST_TITLE - sum(cell_len(text) for text, _ in [*left[:1], *right, words])
            while extra and sum(cell_len(text) for text, _ in extra) >= room:
                extra.pop()  # what was spent gives way to what stands around commands
            if room > 0 or wall.kind == "none":
                extra.append(words)
        right += extra
        self.paint(left, [*right, (" ", USUAL)])


def shown(wall: Wall) -> str:
    """A wall in a glyph and a word: a full circle has no gaps, half a one has some, an empty one is none."""
    if wall.kind == "none":
        return "○ NO SANDBOX"
    word = {"bubblewrap": "bwrap", "landlock": "landlock", "seatbelt": "sandbox-exec"}[wall.kind]
    network = " +network" if "network" in wall.name and not wall.name.endswith("network off") else ""
    return f"{'◐' if wall.gaps else '●'} {word}{network}"


def hued(hue: int | None) -> Style:
    """A style in a hue, in degrees, that can be seen on dark and on light."""
    if hue is None:
        return USUAL
    red, green, blue = (round(255 * part) for part in hls_to_rgb(hue / 360, 0.5, 0.6))
    return Style(color=f"#{red:02x}{green:02x}{blue:02x}")


def _paid(spent: Spent) -> str:
    """What it has cost; what is not known is a question mark, never nothing."""
    unknown = spent.unpriced > 0
    if not spent.cost:
        return "$?" if unknown else ""
    amount = f"${spent.cost:.2f}" if spent.cost >= 0.01 else "<$0.01"
    return f"{amount} + ?" if unknown else amount


def _thousands(count: int) -> str:
    return f"{count / 1000:.1f}k" if count >= 1000 else str(count)
