"""What Codex prints (``codex exec --json``), a document a line, by its source (codex-rs/exec/src/exec_events.rs).

* ``thread.started`` with ``thread_id``; ``turn.started``
* ``item.started``, ``item.updated``, ``item.completed``: an ``item`` of a type: ``agent_message`` and ``reasoning`` have
  ``text``, so far whole and once; ``command_execution`` and others are its own affair
* ``turn.completed``: the end, with ``usage`` of the whole thread
  (https://github.com/openai/codex/issues/17539): what earlier turns used is taken off
* ``turn.failed``: the end, with ``error.message``
* ``error``: may only be a connection that is tried again (https://github.com/openai/codex/issues/32984), without an end
  where there is no network (seen in 0.169.0); an item of the type ``error`` is a warning
"""

from collections.abc import Mapping
from typing import Any

from zotui.models.complaints import Complaints
from zotui.models.document import at, count, string
from zotui.models.pieces import Text
from zotui.models.provider import Event, Finished, ReasoningDelta, TextDelta, Usage

SPEAKING: Mapping[str, type[TextDelta] | type[ReasoningDelta]] = {
    "agent_message": TextDelta,
    "assistant_message": TextDelta,
    "reasoning": ReasoningDelta,
}
"""Items that are words, and what of. An answer is an ``agent_message``; it was an ``assistant_message`` at first."""

USED = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cached_tokens": "cached_input_tokens",
    "reasoning_tokens": "reasoning_output_tokens",
    "cache_write_tokens": "cache_write_input_tokens",
}
"""How we call what its ``usage`` tells, and how it does. Its input has the cached tokens in it, as ours."""


class Answer:
    """One answer that is being put together."""

    def __init__(self, complaints: Complaints, kept: Mapping[str, Any]) -> None:
        self.over = False
        self.moved = False
        self.complaint = ""
        self.opaque: dict[str, Any] | None = None
        self._complaints = complaints
        self._before = kept.get("used")
        self._session = string(kept.get("session"))
        self._used: dict[str, int] = {}
        self._shown: dict[str, str] = {}  # by the id of an item, its words so far
        self._last: dict[type[Event], str] = {}  # whose words were shown last

    def take(self, document: Mapping[str, Any]) -> list[Event]:
        """What one document adds. Raises ProviderError if it reports that the turn failed."""
        type_ = string(document.get("type"))
        self.moved = type_.startswith("item.")
        match type_:
            case "thread.started":
                self._session = string(document.get("thread_id")) or self._session
            case "item.started" | "item.updated" | "item.completed":
                return self._item(document.get("item"))
            case "turn.completed":
                self.over = True
                used = document.get("usage")
                told = {ours: count(used, (theirs,)) for ours, theirs in USED.items()}
                self._used = {name: number for name, number in told.items() if number is not None}
            case "turn.failed":
                raise self._complaints.refusal(string(at(document, ("error", "message"))) or self.complaint)
            case "error":
                self.complaint = string(document.get("message"))
        return []

    def _item(self, item: object) -> list[Event]:
        """An item as it stands now: what was not shown of it yet."""
        type_ = string(at(item, ("type",))) or string(at(item, ("item_type",)))
        if type_ == "error":  # a warning
            self.moved = False
            return []
        self.complaint = ""
        kind = SPEAKING.get(type_)
        if kind is None:
            return []
        id_, text = string(at(item, ("id",))), string(at(item, ("text",)))
        shown = self._shown.get(id_, "")
        if not text.startswith(shown) or text == shown:
            return []
        self._shown[id_] = text
        text = _joined(text[len(shown) :])
        if self._last.setdefault(kind, id_) != id_:
            self._last[kind] = id_
            text = f"\n\n{text}"
        return [kind(text)]

    def end(self) -> list[Event]:
        """The last events."""
        if self._session:
            self.opaque = {"session": self._session, "used": self._used}
        usage = self._usage()
        return [*([usage] if usage else []), Finished("stop")]

    def _usage(self) -> Usage | None:
        """What this turn used. Nothing at all is not known, rather than nothing."""
        if not any(self._used.values()):
            return None
        before = {name: count(self._before, (name,)) or 0 for name in self._used}
        if any(number < before[name] for name, number in self._used.items()):
            return Usage(**self._used)  # it counts this turn alone
        return Usage(**{name: number - before[name] for name, number in self._used.items()})


def _joined(text: str) -> str:
    pieces = Text()
    return pieces.feed(text) + pieces.finish()
