"""What can be asked of a turn, beside its text."""

from collections.abc import Sequence
from typing import Any, TypedDict

from zotui.conversations import Given


class Options(TypedDict, total=False):
    """How a turn shall run; what is left out is as ``TurnOptions`` has it."""

    system: str
    """More instructions."""
    memory: bool
    attended: bool
    """A person is there to answer questions."""
    schema: dict[str, Any] | None
    """The answer must be JSON that fits this JSON schema."""
    scope: str
    """The tools that it may have: all, workspace, read-only, chat, or effects and names with commas between."""
    grants: tuple[str, ...]
    """Patterns of ``[policy]`` that are allowed for it beforehand, whoever's words it comes to hold."""
    private: bool
    """Only models on this machine may be asked."""


class Wishes(Options, total=False):
    """All that can be asked of a turn."""

    images: Sequence[tuple[str, bytes]]
    """Names and bytes, shown with the text."""
    files: Sequence[Given]
    """What else goes with the text."""
