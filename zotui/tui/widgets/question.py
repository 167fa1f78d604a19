"""A question of the agent, above the composer: it is answered there, by a number or in words."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from textual.widgets import Static

if TYPE_CHECKING:
    from zotui.conversations import Question

SEEN_S = 0.4
"""How long a question stands before a key can answer it: one on its way, or held down, was meant for something else."""
LONGEST_CALL = 500  # characters of a call that are shown here; all of it is in its block in the transcript


class QuestionPanel(Static):
    """The open question of the conversation; nothing where there is none."""

    DEFAULT_CSS = """
    QuestionPanel { height: auto; max-height: 12; padding: 0 2; color: $text-warning; display: none; }
    """

    def __init__(self) -> None:
        super().__init__("", id="question", markup=False)
        self._shown = ""
        self._since = 0.0

    @property
    def is_seen(self) -> bool:
        """Whether it has stood long enough to be answered."""
        return is_seen(self._since)

    def show(self, question: Question | None) -> None:
        """Show a question, or none."""
        text = asked(question) if question else ""
        if text != self._shown:
            self._shown, self._since = text, monotonic()
            self.display = bool(text)
            self.update(text)


def is_seen(since: float) -> bool:
    """Whether what came up at ``since`` (of the monotonic clock) has stood long enough for a key to be meant for it."""
    return monotonic() - since >= SEEN_S


def asked(question: Question) -> str:
    """A question with its numbered choices, and how to answer."""
    choices = "".join(f"\n  {number}  {choice}" for number, choice in enumerate(question.choices, 1))
    how = "a number or your own words" if question.choices else "write the answer"
    if question.kind == "approval":
        how = "a number; other words deny it, and are told"
    text = question.text
    if question.kind == "approval" and len(text) > LONGEST_CALL:
        text = f"{text[:LONGEST_CALL]} … and {len(text) - LONGEST_CALL:,} characters more: unfold the call above"
    return f"? {text}{choices}\n  ({how}, then enter; esc stops the turn)"
