"""The bell and the desktop's notices: for a person who looks elsewhere, and only by choice."""

from typing import TYPE_CHECKING, Any, Literal

from zotui.text import one_line
from zotui.tui.driver import Guard

if TYPE_CHECKING:
    from textual.app import App

LONGEST = 180  # characters


def ring(app: "App[Any]") -> None:
    """Ring the terminal's bell."""
    app.bell()


def desktop(app: "App[Any]", text: str, how: Literal["osc9", "osc777"]) -> None:
    """Have the terminal show a notice of the desktop: OSC 9 (iTerm2, kitty, Windows Terminal), OSC 777 (urxvt, foot)."""
    driver = app._driver
    if isinstance(driver, Guard):
        words = one_line(text, LONGEST).replace(";", ",")
        sequence = f"\x1b]9;{words}\x07" if how == "osc9" else f"\x1b]777;notify;zotui;{words}\x07"
        driver.let_pass(sequence)
        driver.write(sequence)
