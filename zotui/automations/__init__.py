"""Automations: what happens by itself, and when."""

from zotui.automations.recurrence import NeverFires, Recurrence, occurrences

__all__ = ["NeverFires", "Recurrence", "occurrences"]
