"""What Claude Code prints (``--output-format stream-json``), a document a line, as documented and as seen.

* ``system``: ``init`` and the like; ``api_retry`` while it tries again
* ``stream_event``: one event of the Messages API, with ``--include-partial-messages``
* ``assistant``, ``user``: a message, or one block of it, once it is whole; with ``error`` where it is the agent's own
  words on a fault. ``parent_tool_use_id``: it is a subagent's, which is a tool's affair
* ``result``: the end. ``is_error`` tells failure, ``subtype`` may still say success (without a login it does).
  ``usage`` is of this turn; ``total_cost_usd``, an estimate, of the whole session where one is resumed; what this
  turn cost is then in ``model_usage_since_last_result`` (seen in 2.1.332)

A message is told again after its deltas, block by block under the same ``message.id``: it is shown only where there
were none.
"""

import math
from collections.abc import Mapping
from typing import Any

from zotui.models.complaints import Complaints
from zotui.models.document import at, count, dicts, string
from zotui.models.pieces import Text
from zotui.models.provider import ErrorKind, Event, Finished, FinishReason, ReasoningDelta, TextDelta, Usage

KINDS: Mapping[str, ErrorKind] = {
    "authentication_failed": "auth",
    "oauth_org_not_allowed": "auth",
    "billing_error": "billing",
    "rate_limit": "rate_limit",
    "overloaded": "overloaded",
    "model_not_found": "model_not_found",
    "server_error": "server",
}
"""What a message's ``error`` means; of others, the words are judged."""

REASONS: Mapping[str, FinishReason] = {"max_tokens": "length", "refusal": "refusal"}

_FIELDS = {"text": "text", "thinking": "thinking"}  # of a block, and of its deltas: where its words are
_BUSY = ("user", "tool_progress", "tool_use_summary")
_OWN = "<synthetic>"  # the model of messages that no model wrote


class Answer:
    """One answer that is being put together."""

    def __init__(self, complaints: Complaints, kept: Mapping[str, Any]) -> None:
        self.over = False
        self.moved = False
        self.complaint = ""
        self.opaque: dict[str, Any] | None = None
        self._complaints = complaints
        self._resumed = bool(kept)
        self._session = ""
        self._message = ""  # the one whose events come
        self._streamed: set[tuple[str, str]] = set()  # messages and kinds that came in deltas
        self._told: dict[str, str] = {}  # by kind, whose words were shown last
        self._pieces = {kind: Text() for kind in _FIELDS}
        self._error = ""  # the kind of fault a message reported
        self._usage: Usage | None = None
        self._reason = ""

    def take(self, document: Mapping[str, Any]) -> list[Event]:
        """What one document adds. Raises ProviderError if it reports an error."""
        type_ = document.get("type")
        self._session = string(document.get("session_id")) or self._session
        self.moved = type_ in ("assistant", "stream_event", *_BUSY)
        if type_ == "result":
            return self._result(document)
        if type_ == "error":
            raise self._complaints.refusal(_words(document.get("error")) or _words(document))
        if document.get("parent_tool_use_id"):
            return []
        if type_ == "stream_event":
            return self._event(document.get("event"))
        if type_ == "assistant":
            return self._whole(document)
        if type_ == "system":
            self._status(document)
        return []

    def _status(self, document: Mapping[str, Any]) -> None:
        """How it goes: background tasks, and attempts that failed."""
        subtype = string(document.get("subtype"))
        self.moved = subtype.startswith("task_")
        if subtype == "api_retry":
            told = [document.get(name) for name in ("error", "error_status")]
            self.complaint = " ".join(str(word) for word in told if word)

    def _event(self, event: object) -> list[Event]:
        """One event of a message that is being written."""
        match at(event, ("type",)):
            case "message_start":
                self._message = string(at(event, ("message", "id")))
            case "content_block_delta":
                kind = string(at(event, ("delta", "type"))).removesuffix("_delta")
                text = string(at(event, ("delta", _FIELDS.get(kind, ""))))
                if text:
                    self._streamed.add((self._message, kind))
                    return self._say(kind, text, self._message)
            case "ping" | None:
                self.moved = False
        return []

    def _whole(self, document: Mapping[str, Any]) -> list[Event]:
        """A message, or one block of it."""
        blocks = dicts(at(document, ("message", "content")))
        self._error = string(document.get("error"))
        if self._error or at(document, ("message", "model")) == _OWN:
            self.complaint = "".join(string(block.get("text")) for block in blocks)
            return []
        self.complaint = ""
        id_ = string(at(document, ("message", "id")))
        events: list[Event] = []
        for block in blocks:
            kind = string(block.get("type"))
            if kind in _FIELDS and (id_, kind) not in self._streamed:
                events += self._say(kind, string(block.get(_FIELDS[kind])), id_)
        return events

    def _result(self, document: Mapping[str, Any]) -> list[Event]:
        """The end."""
        subtype, text = string(document.get("subtype")), string(document.get("result"))
        if document.get("is_error") is True or subtype.startswith("error") or self._error:
            listed = document.get("errors")
            errors = [_words(error) for error in listed] if isinstance(listed, list) else []
            words = text or "; ".join(error for error in errors if error) or self.complaint
            status = count(document, ("api_error_status",))
            raise self._complaints.refusal(
                words or subtype.replace("_", " "), status=status, kind=KINDS.get(self._error)
            )
        self.over = True
        self._usage = _usage(document, self._resumed)
        self._reason = string(document.get("stop_reason"))
        return [] if "text" in self._told else self._say("text", text, "")

    def _say(self, kind: str, text: str, id_: str) -> list[Event]:
        """More words of a kind; an empty line stands between those of two messages."""
        if text and self._told.get(kind, id_) != id_:
            text = f"{self._pieces[kind].finish()}\n\n{text}"
        if text:
            self._told[kind] = id_
        shown = self._pieces[kind].feed(text)
        return [_delta(kind, shown)] if shown else []

    def end(self) -> list[Event]:
        """The last events."""
        rests = {kind: pieces.finish() for kind, pieces in self._pieces.items()}
        events = [_delta(kind, rest) for kind, rest in rests.items() if rest]
        if self._session:
            self.opaque = {"session": self._session}
        if self._usage:
            events.append(self._usage)
        return [*events, Finished(REASONS.get(self._reason, "stop"))]


def _delta(kind: str, text: str) -> Event:
    return TextDelta(text) if kind == "text" else ReasoningDelta(text)


def _words(error: object) -> str:
    """An error that may be a text or a document."""
    return string(error) or string(at(error, ("message",))) or string(at(error, ("error", "message")))


def _usage(document: Mapping[str, Any], resumed: bool) -> Usage | None:
    """Tokens of all requests of the turn, and what they cost, by the agent's own estimate."""
    used = document.get("usage")
    cached = count(used, ("cache_read_input_tokens",))
    written = count(used, ("cache_creation_input_tokens",))
    fresh = count(used, ("input_tokens",))
    usage = Usage(
        input_tokens=None if fresh is None else fresh + (cached or 0) + (written or 0),
        output_tokens=count(used, ("output_tokens",)),
        cached_tokens=cached,
        reasoning_tokens=count(used, ("output_tokens_details", "thinking_tokens")),
        cache_write_tokens=written,
        cost=_cost(document, resumed),
    )
    return usage if usage != Usage() else None


def _cost(document: Mapping[str, Any], resumed: bool) -> float | None:
    """What this turn cost, if that can be told from what the session cost."""
    models = document.get("model_usage_since_last_result")
    if isinstance(models, dict):
        costs = [_dollars(at(model, ("costUSD",))) for model in models.values()]
        return sum(cost for cost in costs if cost is not None) if None not in costs else None
    return None if resumed else _dollars(document.get("total_cost_usd"))


def _dollars(value: object) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and math.isfinite(value) and value >= 0 else None  # type: ignore[arg-type,operator]
