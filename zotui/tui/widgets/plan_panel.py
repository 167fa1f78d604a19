"""The agent's plan, above the composer: one line with the step under way, or the whole list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from zotui.text import one_line

if TYPE_CHECKING:
    from zotui.conversations.plans import Plan, Step

GLYPHS = {"pending": "☐", "in_progress": "◐", "completed": "☑", "cancelled": "☒"}
MOST_LINES = 10


class PlanPanel(Widget):
    """Steps of the plan as they stand. A click folds and unfolds."""

    DEFAULT_CSS = """
    PlanPanel { height: auto; padding: 0 2; display: none; color: $foreground 80%; }
    """

    def __init__(self) -> None:
        super().__init__(id="plan")
        self._plan: Plan | None = None
        self._whole = False

    def show(self, plan: Plan | None) -> None:
        """Show a plan, or none."""
        if plan != self._plan:
            before, self._plan = self.lines, plan
            self.display = bool(plan and plan.steps)
            self.refresh(layout=len(self.lines) != len(before))

    def unfold(self, whole: bool) -> None:
        """The whole list, or one line."""
        if whole != self._whole:
            self._whole = whole
            self.refresh(layout=True)

    @property
    def lines(self) -> list[str]:
        """What is shown, line by line."""
        steps = self._plan.steps if self._plan else []
        if not steps:
            return []
        done = sum(step.status == "completed" for step in steps)
        now = next((step for step in steps if step.status == "in_progress"), None)
        head = f"plan {done}/{len(steps)}" + (f"  {_line(now)}" if now and not self._whole else "")
        if not self._whole:
            return [head]
        first = max(0, min(steps.index(now) - MOST_LINES // 2 if now else 0, len(steps) - MOST_LINES))
        shown = [f"  {_line(step)}" for step in steps[first : first + MOST_LINES]]
        left = len(steps) - first - len(shown)
        return [head, *shown, *([f"  … {left} more"] if left else [])]

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Textual's question how high this is."""
        return len(self.lines)

    def render_line(self, y: int) -> Strip:
        """Textual's Line API."""
        lines, width = self.lines, self.size.width
        text = one_line(lines[y], width) if y < len(lines) else ""
        style = self.rich_style + Style(bold="◐" in text, dim=any(mark in text for mark in "☑☒"))
        return Strip([Segment(text, style)]).adjust_cell_length(width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Fold or unfold."""
        event.stop()
        self.unfold(not self._whole)


def _line(step: Step) -> str:
    words = {"in_progress": " (now)", "cancelled": " (dropped)"}.get(step.status, "")
    return f"{GLYPHS[step.status]} {step.text}{words}"
