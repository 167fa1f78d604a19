"""One answer, put together from the JSON documents of a stream."""

from collections.abc import Mapping
from typing import Any

from zotui.models.calls import Calls
from zotui.models.document import at, count, dicts, string
from zotui.models.faults import Host
from zotui.models.pieces import Text, Think
from zotui.models.provider import Event, Finished, ReasoningDelta, Usage
from zotui.models.quirks import CACHED_PATHS, FAILED, FINISH, OPAQUE, REASONING, USAGE_PATHS


class Answer:
    """One answer that is being put together from the documents of a stream."""

    def __init__(self, host: Host, echo: tuple[str, ...] = ()) -> None:
        self.finish = ""  # the reason given, once there is one
        self.moved = False  # whether the last document brought the answer on, rather than only kept it alive
        self.opaque: dict[str, dict[str, Any]] = {}  # by the id of a tool call, once finished
        self._host = host
        self._echo = echo
        self._echoed: dict[str, Any] = {}
        self._started = False
        self._refused = False
        self._text, self._thought, self._think = Text(), Text(), Think()
        self._calls = Calls()
        self._usage: Usage | None = None

    def take(self, document: Mapping[str, Any], type_: str = "") -> list[Event]:
        """What one document adds. Raises ProviderError if it reports an error."""
        self.moved = False
        for path in USAGE_PATHS:
            if isinstance(found := at(document, path), dict) and found:
                self._usage = _usage(found)
        choices = dicts(document.get("choices"))
        if document.get("error") or document.get("object") == "error" or type_ == "error":
            if not self.finish:
                raise self._host.refusal(document, None, {})
        elif "detail" in document and not choices and "object" not in document:  # FastAPI
            raise self._host.refusal(document, None, {})
        events: list[Event] = []
        for choice in choices:
            if choice.get("index") in (0, None):
                events += self._choice(choice)
        self.moved |= bool(events)
        return events

    def _choice(self, choice: Mapping[str, Any]) -> list[Event]:
        """What the first choice of a document adds."""
        delta, message = choice.get("delta"), choice.get("message")
        reason = string(choice.get("finish_reason"))
        if isinstance(message, dict) and not isinstance(delta, dict):  # a whole completion
            delta, reason = message, reason or "stop"
        events = self._delta(delta if isinstance(delta, dict) else {})
        if reason:
            self.finish = reason.rpartition(": ")[2].lower()  # Gemini: "function_call_filter: MALFORMED_FUNCTION_CALL"
            self.moved = True
            if self.finish in FAILED:
                kind = FAILED[self.finish]
                self.finish = ""
                if error := choice.get("error"):
                    raise self._host.refusal({"error": error}, None, {})
                raise self._host.error(kind)
        self.moved |= not self._started
        self._started = True
        return events

    def _delta(self, delta: Mapping[str, Any]) -> list[Event]:
        """What a delta adds: reasoning, text, a refusal, fragments of tool calls."""
        events: list[Event] = []
        thought = next((text for name in REASONING if (text := string(delta.get(name)))), "")
        content = delta.get("content")
        if isinstance(content, list):  # Mistral: parts
            thought += "".join(string(part.get("text")) for p in dicts(content) for part in dicts(p.get("thinking")))
            content = "".join(string(part.get("text")) for part in dicts(content))
        if thought and (thought := self._thought.feed(thought)):
            events.append(ReasoningDelta(thought))
        refusal = string(delta.get("refusal"))
        self._refused |= bool(refusal)
        if text := string(content) + refusal:
            self.moved = True
            events += self._think.feed(self._text.feed(text))
        for piece in dicts(delta.get("tool_calls")):
            self.moved = True
            self._calls.add(piece)
        if isinstance(function := delta.get("function_call"), dict):
            self.moved = True
            self._calls.add_legacy(function)
        for name in (*OPAQUE, *self._echo):
            if value := delta.get(name):
                known = self._echoed.get(name)
                joins = isinstance(value, str | list) and type(known) is type(value)
                self._echoed[name] = known + value if joins else value
        return events

    def end(self) -> list[Event]:
        """The last events of a whole answer: what was held back, the tool calls, usage and why it ended."""
        events: list[Event] = []
        if thought := self._thought.finish():
            events.append(ReasoningDelta(thought))
        events += self._think.feed(self._text.finish())
        events += self._think.finish()
        reason = FINISH.get(self.finish, "stop")
        calls, opaque = self._calls.finish(cut=reason in ("length", "content_filter"))
        for place, call in enumerate(calls):
            self.opaque[call.id] = {"call": opaque[place], "message": {} if place else self._echoed}
        events += calls
        if self._usage is not None:
            events.append(self._usage)
        if reason in ("stop", "tool_calls"):
            reason = "tool_calls" if calls else "refusal" if self._refused else "stop"
        events.append(Finished(reason))
        return events


def _usage(document: Mapping[str, Any]) -> Usage:
    """Usage as reported; cached tokens are among the input tokens."""
    cost = document.get("cost")
    return Usage(
        input_tokens=count(document, ("prompt_tokens",)),
        output_tokens=count(document, ("completion_tokens",)),
        cached_tokens=count(document, *CACHED_PATHS),
        reasoning_tokens=count(document, ("completion_tokens_details", "reasoning_tokens")),
        cost=float(cost) if isinstance(cost, int | float) and not isinstance(cost, bool) and cost >= 0 else None,
    )
