"""What is seen: panes, their sizes and order, theme and spacing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zotui.tui.desk import Desk


def zoom(desk: Desk, words: str = "") -> None:
    """Give the pane the whole screen, or back."""
    desk.arrangement.zoomed = not desk.arrangement.zoomed
    desk.rearranged()


def next_pane(desk: Desk, words: str = "") -> None:
    """Go to the next pane."""
    _step(desk, 1)


def previous_pane(desk: Desk, words: str = "") -> None:
    """Go to the previous pane."""
    _step(desk, -1)


def _step(desk: Desk, step: int) -> None:
    """The stops of tab: transcript and composer of the conversation, then each list that is not hidden."""
    panes = [pane for pane in desk.panes if not desk.arrangement.hides(str(pane.id))]
    stops = [widget for pane in panes for widget in pane.stops()]
    place = stops.index(desk.focused) if desk.focused in stops else -1
    target = stops[(place + step) % len(stops)]
    desk.arrangement.current = next(str(pane.id) for pane in panes if target in pane.stops())
    desk.rearranged()
    target.focus()


def side_wider(desk: Desk, words: str = "") -> None:
    """The side wider."""
    desk.arrangement.widen(1)
    desk.rearranged()


def side_narrower(desk: Desk, words: str = "") -> None:
    """The side narrower."""
    desk.arrangement.widen(-1)
    desk.rearranged()


def pane_taller(desk: Desk, words: str = "") -> None:
    """A larger share of the side for the pane in use."""
    desk.arrangement.heighten(desk.arrangement.current, 1)
    desk.rearranged()


def pane_shorter(desk: Desk, words: str = "") -> None:
    """A smaller share of the side for the pane in use."""
    desk.arrangement.heighten(desk.arrangement.current, -1)
    desk.rearranged()


def pane_up(desk: Desk, words: str = "") -> None:
    """The pane in use before its neighbour."""
    desk.arrangement.move(desk.arrangement.current, -1, desk.arranging.side_panes)
    desk.rearranged()


def pane_down(desk: Desk, words: str = "") -> None:
    """The pane in use behind its neighbour."""
    desk.arrangement.move(desk.arrangement.current, 1, desk.arranging.side_panes)
    desk.rearranged()


def hide_pane(desk: Desk, words: str = "") -> None:
    """The pane in use is shown no longer, until it is jumped to."""
    if desk.current is desk.conversation:
        desk.app.notify("the conversation stays; ^o and a letter choose another pane", markup=False)
        return
    desk.arrangement.hide(desk.arrangement.current)
    desk.go_to(desk.conversation)


def show_panes(desk: Desk, words: str = "") -> None:
    """All panes, in the order and the sizes of the first start."""
    desk.arrangement.reset()
    desk.rearranged()


def spacing(desk: Desk, words: str = "") -> None:
    """Compact, or roomy."""
    desk.arranging.space("roomy" if desk.app.has_class("-compact") else "compact")


def theme(desk: Desk, words: str = "") -> None:
    """Choose a theme."""
    if words in desk.app.available_themes:
        desk.app.theme = words
    else:
        desk.app.action_change_theme()


def debug(desk: Desk, words: str = "") -> None:
    """The line that says how quick the app is."""
    desk.arrangement.debug = not desk.arrangement.debug
    desk.rearranged()
