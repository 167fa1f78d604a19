"""Notices: what happened while the person looked elsewhere."""

from zotui.notices.notices import Level, Notice, Notices, add, tell

__all__ = ["Level", "Notice", "Notices", "add", "tell"]
