"""How the desk is arranged: pure, kept in the file as JSON."""

from dataclasses import dataclass, field

NARROWEST, WIDEST, STEP = 15, 70, 5  # per cent of the screen that the side may have
LEAST, MOST = 1, 8  # shares of the side's height that a pane may have
CONVERSATION = "conversation"
UNASKED = ("terminal",)
"""Panes that are shown once they are asked for."""


@dataclass
class Layout:
    """Which pane is in use, what is hidden, in which order and how large the others are.

    ``side``: per cent of the width for the panes at the side. ``shares``: of its height, by pane; 2 where none is
    given. ``asked``: panes beside the usual ones that the person asked for. ``theme``: empty as long as the person has chosen none.
    """

    current: str = CONVERSATION
    zoomed: bool = False
    theme: str = ""
    spacing: str = ""
    side: int = 34
    order: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    shares: dict[str, int] = field(default_factory=dict)
    debug: bool = False
    plan: bool = False

    def widen(self, steps: int) -> None:
        """The side so many steps wider."""
        self.side = min(WIDEST, max(NARROWEST, self.side + steps * STEP))

    def share(self, pane: str) -> int:
        """A pane's share of the height."""
        return min(MOST, max(LEAST, self.shares.get(pane, 2)))

    def heighten(self, pane: str, steps: int) -> None:
        """A pane of the side so many shares taller."""
        self.shares[pane] = min(MOST, max(LEAST, self.share(pane) + steps))

    def sorted(self, panes: list[str]) -> list[str]:
        """The panes of the side in the person's order; what it does not name comes last, as it was."""
        return sorted(panes, key=lambda pane: self.order.index(pane) if pane in self.order else len(self.order))

    def move(self, pane: str, step: int, panes: list[str]) -> None:
        """Put a pane of the side before or behind its neighbour that is shown."""
        order = self.sorted(panes)
        shown = [name for name in order if not self.hides(name)]
        if pane not in shown or not 0 <= (at := shown.index(pane) + step) < len(shown):
            return
        order.remove(pane)
        order.insert(order.index(shown[at]) + (step > 0), pane)
        self.order = order

    def hides(self, pane: str) -> bool:
        """Whether a pane is not shown: the person hid it, or has not asked for it yet."""
        return pane in self.hidden or (pane in UNASKED and pane not in self.asked)

    def hide(self, pane: str) -> None:
        """Show a pane no longer; the conversation stays."""
        if pane != CONVERSATION and pane not in self.hidden:
            self.hidden.append(pane)

    def reveal(self, pane: str) -> None:
        """Show a pane that is hidden."""
        if pane in self.hidden:
            self.hidden.remove(pane)
        if pane in UNASKED and pane not in self.asked:
            self.asked.append(pane)

    def reset(self) -> None:
        """The arrangement of the first start; theme and spacing stay."""
        first = Layout()
        self.side, self.order, self.hidden, self.shares = first.side, first.order, first.hidden, first.shares
        self.asked = first.asked
        self.zoomed = False
