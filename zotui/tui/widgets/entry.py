"""What a transcript shows: entries, each one thing that was said or done."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["user", "assistant", "reasoning", "tool", "note", "error"]

MARKS = {
    "queued": "○ queued",
    "running": "● running",
    "waiting": "? waiting",
    "failed": "✗ failed",
    "interrupted": "■ interrupted",
    "cancelled": "■ cancelled",
    "skipped": "■ skipped",
}
"""How a status that needs saying is said: a glyph and a word."""
BROKEN = frozenset({"failed", "interrupted"})
"""The statuses that are shown as something gone wrong."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the conversation, already cleaned of control characters.

    ``text`` is Markdown for assistant and reasoning, plain for the others. ``title`` heads a tool, reasoning
    or error; ``detail`` is what a tool shows unfolded, ``given`` the part of it that are its arguments, ``diff`` what it
    changed; ``aside`` is a note on the right; ``live`` says that more text is coming. ``message`` is the id of the
    message that the entry is of.
    """

    id: str
    kind: Kind
    text: str = ""
    title: str = ""
    detail: str = ""
    status: str = "done"
    aside: str = ""
    live: bool = False
    message: str = ""
    given: str = ""
    diff: str = ""

    @property
    def folds(self) -> bool:
        """Whether the entry can be folded to its title."""
        return self.kind in ("tool", "reasoning")

    @property
    def speaker(self) -> str:
        """Who the entry comes from: ``you``, ``zo``, or nobody in particular."""
        return {"user": "you", "note": "", "error": ""}.get(self.kind, "zo")
