"""What a server wants back with the tool calls it led to, kept for callers who keep none of it themselves."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from zotui.models.document import dicts, string
from zotui.models.provider import Event, ToolCall

MOST = 512
"""Answers that are remembered, of one server; what is opaque goes to no other."""


class Opaque:
    """The opaque data of a server's answers, by their model and their first tool call."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], dict[str, Any]] = {}

    def recalled(self, model: str, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """``message`` with the opaque data of its tool calls, where the caller has kept none."""
        calls = dicts(message.get("tool_calls"))
        known = self._kept.get((model, string(calls[0].get("id")))) if calls and "opaque" not in message else None
        return {**message, "opaque": known} if known else message

    def remember(self, model: str, events: Sequence[Event], opaque: dict[str, Any] | None) -> None:
        """Keep what is opaque of an answer with these last events."""
        first = next((event for event in events if isinstance(event, ToolCall)), None)
        if first is None:
            return
        self._kept.pop((model, first.id), None)
        if opaque:
            self._kept[model, first.id] = opaque
        while len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]


def keepable(opaque: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a server wants back, if it can be written down; half a character cannot."""
    try:
        msgspec.json.encode(opaque)
    except (UnicodeEncodeError, RecursionError):
        return None
    return opaque
