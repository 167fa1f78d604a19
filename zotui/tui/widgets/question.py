"""A question of the agent, above the composer: it is answered there, by a number or in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Static

if TYPE_CHECKING:
    from zotui.conversations import Question


class QuestionPanel(Static):
    """The open question of the conversation; nothing where there is none."""

    DEFAULT_CSS = """
    QuestionPanel { height: auto; max-height: 12; padding: 0 2; color: $text-warning; display: none; overflow-y: auto; }
    """

    def __init__(self) -> None:
        super().__init__("", id="question", markup=False)
        self._shown = ""

    def show(self, question: Question | None) -> None:
        """Show a question, or none."""
        text = asked(question) if question else ""
        if text != self._shown:
            self._shown = text
            self.display = bool(text)
            self.update(text)


def asked(question: Question) -> str:
    """A question with its numbered choices, and how to answer."""
    choices = "".join(f"\n  {number}  {choice}" for number, choice in enumerate(question.choices, 1))
    how = "a number or your own words" if question.choices else "write the answer"
    return f"? {question.text}{choices}\n  ({how}, then enter; esc stops the turn)"
