"""The OpenAI dialect: streamed chat completions of any server that speaks them, well or badly."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult

from zotui.models.calls import Calls
from zotui.models.catalogue import info_of
from zotui.models.dialect import Request, arguments_of, name_of, versioned
from zotui.models.document import at, count, dicts, string
from zotui.models.faults import Host
from zotui.models.pieces import Text, Think, joined
from zotui.models.provider import Event, Finished, ModelInfo, ReasoningDelta, TextDelta, Usage
from zotui.models.quirks import (
    CACHED_PATHS,
    FAILED,
    FINISH,
    OPAQUE,
    REASONING,
    REFUSABLE,
    USAGE_PATHS,
    quirk_of,
)
from zotui.secret import Secret

_MOST_COST = 1e6  # dollars for one request; more is no price


class OpenAI:
    """Chat completions, as the host at ``base_url`` is known to speak them."""

    server = "an OpenAI-compatible server"
    framing = "events"
    endpoint = "/chat/completions"
    embeddings = "/embeddings"
    refusable = REFUSABLE
    listing = ("/models", "data", "models")
    busy: Mapping[int, float] = {}

    def __init__(self, base_url: str) -> None:
        self._quirk = quirk_of(self.base(base_url).hostname or "")

    def base(self, address: str) -> SplitResult:
        """The address with ``/v1``, unless it has a version of its own."""
        return versioned(address, self.endpoint)

    def headers(self, key: Secret) -> dict[str, str | Secret]:
        """The key as a bearer token."""
        return {"authorization": Secret(f"Bearer {key.reveal()}")} if key else {}

    def body(self, request: Request) -> dict[str, Any]:
        """The request. Text in parts is sent as one: many servers' templates know nothing else."""
        document: dict[str, Any] = {
            "model": request.model,
            "messages": [_message(message) for message in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.tools:
            document["tools"] = list(request.tools)
        if request.schema is not None:
            document["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": request.schema},
            }
        return {name: value for name, value in document.items() if name not in self._quirk.drop}

    def answer(self, host: Host, headers: Mapping[str, str]) -> "Answer":
        """An answer that is to be put together."""
        return Answer(host, self._quirk.echo)

    def model(self, item: object) -> ModelInfo | None:
        """One model of the list."""
        return info_of(item, self._quirk.id_prefix)


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message with what its server wants back in it."""
    opaque = message.get("opaque") or {}
    sent: dict[str, Any] = {name: value for name, value in message.items() if name != "opaque"}
    sent |= opaque.get("message", {})
    if isinstance(content := sent.get("content"), list) and all(part.get("type") == "text" for part in content):
        sent["content"] = "".join(part["text"] for part in content)
    if calls := dicts(message.get("tool_calls")):
        known = opaque.get("calls") or {}
        sent["tool_calls"] = [{**_call(call), **known.get(call.get("id"), {})} for call in calls]
    return sent


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    """A tool call as it may be sent back: with a name that may be one, and arguments that are an object.

    With others in its history a conversation is refused from then on: https://github.com/vllm-project/vllm/pull/48922.
    """
    function = call["function"]
    given = arguments_of(call)
    raw = string(function.get("arguments"))
    arguments = raw if raw.strip() and "_raw" not in given else json.dumps(given, ensure_ascii=False)
    return {**call, "function": {**function, "name": name_of(call), "arguments": arguments}}


class Answer:
    """One answer that is being put together from the documents of a stream."""

    over = False  # it ends with [DONE], which is no document

    def __init__(self, host: Host, echo: tuple[str, ...] = ()) -> None:
        self.finish = ""
        self.moved = False
        self.opaque: dict[str, Any] | None = None
        self._host = host
        self._echoed_names = (*OPAQUE, *echo)
        self._echoed: dict[str, list[Any]] = {}
        self._started = False
        self._refused = False
        self._text, self._thought, self._think = Text(), Text(), Think()
        self._calls = Calls()
        self._usage: Usage | None = None

    def take(self, document: Mapping[str, Any], type_: str = "") -> list[Event]:
        """What one document adds. Raises ProviderError if it reports an error."""
        self.moved = False
        for path in USAGE_PATHS:
            if path[0] in document and isinstance(found := at(document, path), dict) and found:
                self._usage = _usage(found)
        choices = document.get("choices")
        if not choices or "error" in document or type_ == "error":
            self._look_for_error(document, type_, bool(choices))
        events: list[Event] = []
        for choice in dicts(choices):
            if choice.get("index") in (0, None):
                events += self._choice(choice)
        self.moved = self.moved or bool(events)
        return events

    def _look_for_error(self, document: Mapping[str, Any], type_: str, choices: bool) -> None:
        if document.get("error") or document.get("object") == "error" or type_ == "error":
            if not self.finish:
                raise self._host.refusal(document, None, {})
        elif "detail" in document and not choices and "object" not in document:  # FastAPI
            raise self._host.refusal(document, None, {})

    def _choice(self, choice: Mapping[str, Any]) -> list[Event]:
        """What the first choice of a document adds."""
        delta, message = choice.get("delta"), choice.get("message")
        reason = string(choice.get("finish_reason"))
        if "usage" in choice and isinstance(found := choice["usage"], dict) and found:  # Moonshot
            self._usage = _usage(found)
        if isinstance(message, dict) and not isinstance(delta, dict):  # a whole completion
            delta, reason = message, reason or "stop"
        events = self._delta(delta) if isinstance(delta, dict) else []
        if reason:
            self.finish = reason.rpartition(": ")[2].lower()  # Gemini: "function_call_filter: MALFORMED_FUNCTION_CALL"
            self.moved = True
            if self.finish in FAILED:
                kind = FAILED[self.finish]
                self.finish = ""
                if error := choice.get("error"):
                    raise self._host.refusal({"error": error}, None, {})
                raise self._host.error(kind)
        if not self._started:
            self._started = self.moved = True
        return events

    def _delta(self, delta: Mapping[str, Any]) -> list[Event]:
        """What a delta adds: reasoning, text, a refusal, fragments of tool calls."""
        events: list[Event] = []
        content = delta.get("content")
        if len(delta) == 1 and self._think.passed and isinstance(content, str):  # nearly all there are
            self.moved = bool(content)
            text = self._text.feed(content)
            return [TextDelta(text)] if text else []
        thought = next((text for name in REASONING if (text := string(delta.get(name)))), "")
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
        for name in self._echoed_names:
            if value := delta.get(name):
                self._echoed.setdefault(name, []).append(value)
        return events

    def end(self) -> list[Event]:
        """The last events of a whole answer: what was held back, the tool calls, usage and why it ended."""
        events: list[Event] = []
        if thought := self._thought.finish():
            events.append(ReasoningDelta(thought))
        events += self._think.feed(self._text.finish())
        events += self._think.finish()
        reason = FINISH.get(self.finish, "stop")
        calls, extras = self._calls.finish(cut=reason in ("length", "content_filter"))
        in_calls = {call.id: extra for call, extra in zip(calls, extras, strict=True) if extra}
        if calls and (in_calls or self._echoed):  # wanted back with the calls they led to
            echoed = {name: _whole(values) for name, values in self._echoed.items()}
            self.opaque = {"message": echoed, "calls": in_calls}
        events += calls
        if self._usage is not None:
            events.append(self._usage)
        if reason in ("stop", "tool_calls"):
            reason = "tool_calls" if calls else "refusal" if self._refused else "stop"
        events.append(Finished(reason))
        return events


def _whole(values: list[Any]) -> Any:
    """A field that came in pieces: texts and lists are joined, of all else the last counts."""
    last = values[-1]
    if isinstance(last, str):
        return joined("".join(value for value in values if isinstance(value, str)))
    if isinstance(last, list):
        return [item for value in values if isinstance(value, list) for item in value]
    return last


def _usage(document: Mapping[str, Any]) -> Usage:
    """Usage as reported; cached tokens are among the input tokens."""
    cost = document.get("cost")
    if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost < _MOST_COST:
        cost = None
    return Usage(
        input_tokens=count(document, ("prompt_tokens",)),
        output_tokens=count(document, ("completion_tokens",)),
        cached_tokens=count(document, *CACHED_PATHS),
        reasoning_tokens=count(document, ("completion_tokens_details", "reasoning_tokens")),
        cost=None if cost is None else float(cost),
    )
