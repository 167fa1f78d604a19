"""What a transcript shows: entries, each one thing that was said or done."""

from dataclasses import dataclass
from typing import Literal

from zotui.tui.widgets.changes import change_in

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
    or error; ``given`` is what a tool was called with, ``detail`` what it put out; ``attached`` are the files
    that go with a text, a line each; ``aside`` is a note on the right; ``live`` says that more text is coming.
    ``message`` is the id of the message that the entry is of.
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
    attached: tuple[str, ...] = ()

    @property
    def folds(self) -> bool:
        """Whether the entry can be folded to its title."""
        return self.kind in ("tool", "reasoning")

    @property
    def diff(self) -> str:
        """What a tool changed, as a unified difference; empty for most. It is looked for when it is asked for."""
        return change_in(self.given, self.detail) if self.kind == "tool" else ""

    @property
    def is_markdown(self) -> bool:
        """Whether the text is painted as Markdown."""
        return self.kind in ("assistant", "reasoning")

    @property
    def whole(self) -> str:
        """All that the entry says, as it is copied: of a tool what it was given and what it put out."""
        return "\n\n".join(part for part in (self.given, self.detail) if part) if self.kind == "tool" else self.text

    @property
    def speaker(self) -> str:
        """Who the entry comes from: ``you``, ``zo``, or nobody in particular."""
        return {"user": "you", "note": "", "error": ""}.get(self.kind, "zo")
