"""Automations: what happens by itself, and when."""

from typing import TYPE_CHECKING, Any

from zotui.automations.recurrence import NeverFires, Recurrence, occurrences

if TYPE_CHECKING:
    from zotui.automations.words import Ambiguous, When, spoken, understood

__all__ = ["Ambiguous", "NeverFires", "Recurrence", "When", "occurrences", "spoken", "understood"]


def __getattr__(name: str) -> Any:
    """The words, once somebody asks for them."""
    if name in ("Ambiguous", "When", "spoken", "understood"):
        from zotui.automations import words

        return getattr(words, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
