"""The OpenAI dialect: streamed chat completions of any server that speaks them, well or badly.

From the top: what is known of servers (tables), the one line a person reads when one fails, the pieces an
answer is put together from, and ``OpenAI`` itself. What differs between servers is a row of a table.
"""

import asyncio
import contextlib
import json
import random
import re
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Container, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

import msgspec

from zotui import http
from zotui.models import sse
from zotui.models.provider import (
    ErrorKind,
    Event,
    Finished,
    FinishReason,
    ModelInfo,
    ProviderError,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    Usage,
)
from zotui.text import clean, one_line

# --- What is known of servers ----------------------------------------------------------------------


class Quirk(NamedTuple):
    """What one provider does otherwise.

    ``drop`` names request fields it refuses, ``echo`` fields of its messages that it wants back with the tool
    calls they led to, ``id_prefix`` what stands before the names in its list of models.
    """

    host: str
    source: str
    drop: tuple[str, ...] = ()
    echo: tuple[str, ...] = ()
    id_prefix: str = ""


QUIRKS = (
    Quirk(
        "api.mistral.ai",  # 422 extra_forbidden; usage comes unasked
        source="https://github.com/openai/openai-agents-python/issues/442",
        drop=("stream_options",),
    ),
    Quirk(
        "api.deepseek.com",  # 400 unless the reasoning before a tool call comes back with it
        source="https://github.com/Zoo-Code-Org/Zoo-Code/issues/201",
        echo=("reasoning_content",),
    ),
    Quirk(
        "generativelanguage.googleapis.com",  # lists models/NAME, answers to NAME
        source="https://github.com/chatboxai/chatbox/issues/2318",
        id_prefix="models/",
    ),
)

REFUSABLE = ("stream_options",)
"""Request fields that are left out from then on where an error names them."""

OPAQUE = ("reasoning_details",)
"""Fields of messages that every server that sends them wants back, like those to ``echo`` (OpenRouter)."""

OPAQUE_IN_CALL = ("extra_content",)
"""The same of one tool call: Gemini's ``thought_signature``."""

USAGE_PATHS: tuple[tuple[str | int, ...], ...] = (
    ("usage",),
    ("x_groq", "usage"),  # https://github.com/Portkey-AI/gateway/issues/1072
    ("choices", 0, "usage"),  # Moonshot: https://github.com/earendil-works/pi/issues/2017
)
CACHED_PATHS: tuple[tuple[str | int, ...], ...] = (
    ("prompt_tokens_details", "cached_tokens"),
    ("prompt_cache_hit_tokens",),  # DeepSeek
    ("cached_tokens",),  # Moonshot
)
WINDOW_PATHS: tuple[tuple[str | int, ...], ...] = (
    ("context_window",),  # Groq
    ("context_length",),  # OpenRouter, Together
    ("max_model_len",),  # vLLM
    ("max_context_length",),  # Mistral, LM Studio
    ("meta", "n_ctx_train"),  # llama.cpp
)
REASONING = ("reasoning_content", "reasoning")
"""DeepSeek and llama.cpp; OpenRouter, vLLM and Groq. Some send both, with the same text."""

FINISH: dict[str, FinishReason] = {
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",  # Mistral
    "content_filter": "content_filter",
    "safety": "content_filter",  # Gemini
    "sensitive": "content_filter",  # Zhipu
    "refusal": "refusal",
}
"""Anything else is "stop": a reason nobody has heard of is still an end."""

FAILED: dict[str, ErrorKind] = {
    "error": "server",  # OpenRouter
    "abort": "truncated",  # vLLM, SGLang
    "insufficient_system_resource": "overloaded",  # DeepSeek
    "malformed_function_call": "tool_use_failed",  # Gemini: https://github.com/googleapis/python-genai/issues/1836
}
"""Reasons to finish that are faults."""


class Rule(NamedTuple):
    """Errors with one of these statuses (or none, in mid-stream) whose words match are of this kind."""

    kind: ErrorKind
    statuses: Container[int]
    words: str


_REQUEST = {400, 403, 404, 409, 410, 413, 422}
RULES = (
    Rule("tool_use_failed", _REQUEST, "tool_use_failed"),  # Groq
    # 429 with it: more in one request than a minute allows will never pass
    Rule("request_too_large", _REQUEST | {429}, "(request|body|payload|entity) too large|tokens_limit_reached"),
    Rule(
        "context_overflow",
        _REQUEST | {500},
        "context_length_exceeded|exceed_context_size|maximum (context|prompt length)|context limit"
        "|(exceed|larger|longer|greater)[^.]{0,80}context|context[^.]{0,40}(exceed|overflow|too (long|small))"
        "|(prompt|input|conversation) (is )?too long|input token count[^.]{0,60}exceeds"
        "|too many (input |prompt )?tokens|model token limit|maximum model length"
        "|tokens.{0,30} must be <=|must have less than \\d+ tokens"
        "|reduce the length of the (messages|prompt|input)",
    ),
    Rule(
        "billing",
        _REQUEST | {401, 429},
        "insufficient[_ ](account )?(quota|credit|balance|fund)|exceeded your current quota|billing|payment required"
        "|credit balance|(out of|not enough|no) credits|spend(ing)? limit",
    ),
    Rule(
        "unsupported",
        _REQUEST,
        "(does not|doesn't|not) support (tool|function|image|vision|stream|chat)"
        "|no endpoints found that support|unsupported_country|(country|region),? [^.]{0,30}not supported",
    ),
    Rule(
        "auth",
        _REQUEST | {401},
        "(invalid|incorrect|expired|missing|wrong|no)[_ ](x-)?api[_ -]?key|no auth credentials|authenticat"
        "|api[_ -]?key [^.]{0,30}(not valid|invalid|expired|missing|not found)|unauthori[sz]ed"
        "|invalid (access )?token",
    ),
    Rule(
        "model_not_found",
        _REQUEST,
        "model_not_found|model.{0,120}(not (be )?found|(does not|doesn't|not) exist)|decommissioned"
        "|not a valid model|(unknown|invalid|no such) model|(unable to access|could not find) .{0,20}model",
    ),
    Rule(
        "overloaded",
        {429, *range(500, 600)},
        "overloaded|(at|over|no|out of) capacity|high demand|loading model|model is [^.]{0,20}loading",
    ),
    Rule("rate_limit", {429}, "rate.?limit|too many requests|resource_?exhausted|throttl"),
)
STATUSES: dict[int, ErrorKind] = {
    401: "auth",
    402: "billing",
    403: "auth",
    404: "unsupported",
    405: "unsupported",
    408: "timeout",
    413: "request_too_large",
    429: "rate_limit",
    501: "unsupported",
    529: "overloaded",
}
"""What a status means where the words say nothing; other 4xx are bad_request, 5xx and none server."""

RETRYABLE = {"rate_limit", "overloaded", "server", "timeout", "truncated", "tool_use_failed"}

FAULTS: tuple[tuple[type[http.HttpFault], ErrorKind, bool], ...] = (
    (http.CutOff, "truncated", True),
    (http.TimedOut, "timeout", True),
    (http.Unreachable, "connection", True),
    (http.NoSuchHost, "connection", True),
    (http.Garbled, "protocol", False),
    (http.TooLarge, "protocol", False),
    (http.HttpFault, "connection", False),
)
"""Faults on the way: their kind and whether the same request may pass later.

The rest is the address, the proxy or the certificate: none of them mends itself.
"""

SAYINGS: dict[ErrorKind, tuple[str, str]] = {
    "auth": ("refuses the key", "set the right one, see `zotui keys`"),
    "billing": ("wants to be paid first", "add credit there or choose another model"),
    "rate_limit": ("asks for fewer requests", "wait a little or choose another model"),
    "overloaded": ("is busy, or still loading the model", "try again in a moment"),
    "server": ("failed", "try again, or choose another model"),
    "timeout": ("took too long", "try again, or choose a faster model"),
    "truncated": ("stopped before the answer was whole", "try again"),
    "protocol": ("did not answer as an OpenAI-compatible server does", "check its base_url"),
    "connection": ("cannot be reached", "check its base_url and your connection"),
    "context_overflow": ("finds the conversation too long", "start a new one, or choose a larger model"),
    "model_not_found": ("does not have the model", "`zotui models list` shows those it has"),
    "request_too_large": ("finds the request too large", "shorten it or choose another model"),
    "tool_use_failed": ("says the model botched a tool call", "ask again, or choose another model"),
    "unsupported": ("does not offer this", "check its base_url, or choose another model"),
    "bad_request": ("refuses the request", "choose another model, or report this"),
}
"""What a person reads: what the host did, and what to do next."""

ERROR_BYTES = 64 << 10
"""How much of the body of an error is read."""

RAW_CHARS = 4096
"""How much of the last raw texts an answer keeps."""

_GRACE_S = 5.0  # for usage and [DONE] after the last word, when a server neither sends them nor hangs up
_DRAIN_S = 0.05  # for the end of the body after [DONE], so that the connection can be used again
_MEMORY = 512  # tool calls whose opaque data is remembered
_PAGES = 50  # of a list of models


# --- When a server fails ---------------------------------------------------------------------------


class _Host:
    """One server: writes the one line a person reads when it fails, never with the key in it."""

    def __init__(self, name: str, key: str) -> None:
        self.name = one_line(name, 100)
        self._key = key

    def scrub(self, text: str) -> str:
        """``text`` without the key; a word of three letters ("x", for a local server) is none."""
        return text.replace(self._key, "[key]") if len(self._key) > 3 else text

    def error(
        self,
        kind: ErrorKind,
        saying: str = "",
        *,
        status: int | None = None,
        quoting: str = "",
        hint: str = "",
        retry_after_s: float | None = None,
        retryable: bool | None = None,
    ) -> ProviderError:
        """The error of a kind; what is not given is what the tables say."""
        said, do = SAYINGS[kind]
        if kind == "auth" and not self._key:
            said = "wants a key"
        message = f"{self.name} {saying or said}" + (f" ({status})" if status else "")
        if quoted := one_line(self.scrub(clean(quoting)), 300):
            message += f': "{quoted}"'
        retryable = kind in RETRYABLE if retryable is None else retryable
        if retry_after_s and retryable:
            do = f"it asks to wait {_span(retry_after_s)}"
        return ProviderError(
            kind,
            message,
            status=status,
            retry_after_s=retry_after_s,
            retryable=retryable,
            hint=hint or do,
        )

    def fault(self, fault: http.HttpFault) -> ProviderError:
        """The error for a fault on the way."""
        kind, retryable = next(row[1:] for row in FAULTS if isinstance(fault, row[0]))
        return ProviderError(kind, clean(fault.message), retryable=retryable, hint=fault.hint or SAYINGS[kind][1])

    def refusal(self, document: object, status: int | None, headers: Mapping[str, str]) -> ProviderError:
        """The error a server describes: ``document`` is decoded JSON in any of its shapes, or text."""
        if status and 300 <= status < 400:
            place = self.scrub(headers.get("location", "").partition("?")[0])
            saying = one_line(f"sends us elsewhere, to {place or 'an unknown place'}", 200)
            return self.error("protocol", saying, status=status, hint="if you trust it, make it the base_url")
        error = _complaint(document)
        quoting, words = _words(error)
        code = status or _status(error)
        kind = _kind(code, words)
        delay, delay_inside = http.retry_after(headers), _retry_info(error)
        if delay_inside is not None:
            delay = delay_inside if delay is None else delay
            kind = "rate_limit" if kind == "billing" else kind  # Gemini calls its rate limits a quota
        retryable = {"true": True, "false": False}.get(headers.get("x-should-retry", "").lower())
        return self.error(kind, status=code, quoting=quoting, retry_after_s=delay, retryable=retryable)


def _complaint(document: object) -> object:
    """What is inside an error document: its ``error``, ``detail`` or itself; Gemini puts it into a list."""
    if isinstance(document, list):
        document = document[0] if document else ""
    if isinstance(document, dict):
        return document.get("error") or document.get("detail") or document.get("errors") or document
    return document


def _words(error: object) -> tuple[str, str]:
    """What to quote of an error, and all its words to judge it by, in lower case."""
    if isinstance(error, str):
        text = error[:4000]
        if text.lstrip().startswith("<"):
            text = re.sub(r"(?s)<(script|style).*?</\1>|<[^>]*>", " ", text)
        return text, text.lower()
    message = _at(error, ("message",)) or _at(error, ("msg",)) or error
    if not isinstance(message, str):
        message = json.dumps(message, ensure_ascii=False)
    if raw := _string(_at(error, ("metadata", "raw"))):  # OpenRouter: what the provider behind it said
        message = f"{message}: {raw}"
    marks = [str(_at(error, (name,)) or "") for name in ("code", "type", "status")]
    return message[:4000], " ".join([*marks, message[:4000]]).lower()


def _status(error: object) -> int | None:
    """The HTTP status an error in mid-stream carries as its code."""
    code = error.get("code") if isinstance(error, dict) else None
    return int(str(code)) if re.fullmatch(r"[45]\d\d", str(code)) else None


def _kind(status: int | None, words: str) -> ErrorKind:
    """The kind of an error: by its words if a rule has its status, else by its status alone."""
    for rule in RULES:
        if (status is None or status in rule.statuses) and re.search(rule.words, words):
            return rule.kind
    if status is None or status >= 500:
        return STATUSES.get(status or 0, "server")
    return STATUSES.get(status, "bad_request")


def _retry_info(error: object) -> float | None:
    """The wait Google's APIs put into the body: ``{"retryDelay": "34s"}``."""
    for detail in _dicts(error.get("details") if isinstance(error, dict) else None):
        if found := re.fullmatch(r"(\d+(?:\.\d+)?)s", str(detail.get("retryDelay"))):
            return float(found[1])
    return None


def _span(seconds: float) -> str:
    """A time to wait, as a person says it."""
    if seconds < 120:
        return f"{seconds:.0f} s" if seconds >= 1 else "a moment"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


# --- Pieces of an answer ---------------------------------------------------------------------------


def _at(document: object, path: Iterable[str | int]) -> Any:
    """What is at ``path`` in decoded JSON; None where anything on the way is missing or of another type."""
    for step in path:
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and isinstance(step, int) and step < len(document):
            document = document[step]
        else:
            return None
    return document


def _dicts(value: object) -> list[dict[str, Any]]:
    """The objects in a JSON list; none where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _count(document: object, *paths: tuple[str | int, ...]) -> int | None:
    """The first number of things found at one of the paths."""
    for path in paths:
        value = _at(document, path)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return None


def _usage(document: Mapping[str, Any]) -> Usage:
    """Usage as reported; cached tokens are among the input tokens."""
    cost = document.get("cost")
    return Usage(
        input_tokens=_count(document, ("prompt_tokens",)),
        output_tokens=_count(document, ("completion_tokens",)),
        cached_tokens=_count(document, *CACHED_PATHS),
        reasoning_tokens=_count(document, ("completion_tokens_details", "reasoning_tokens")),
        cost=float(cost) if isinstance(cost, int | float) and not isinstance(cost, bool) and cost >= 0 else None,
    )


def _whole(text: str) -> str:
    """``text`` with halves of surrogate pairs joined, and those left alone replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class _Text:
    """Text in pieces: holds back half a surrogate pair until its other half comes."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, text: str) -> str:
        """The next piece, as far as it can be shown."""
        if text.isascii() and not self._half:
            return text
        text = self._half + text
        cut = len(text) - ("\ud800" <= text[-1:] <= "\udbff")
        self._half = text[cut:]
        return _whole(text[:cut])

    def finish(self) -> str:
        """What was held back, if nothing came to join it."""
        half, self._half = self._half, ""
        return _whole(half)


class _Think:
    """Takes reasoning in ``<think>`` tags out of the start of an answer, where a server left it there."""

    OPEN, SHUT = "<think>", "</think>"

    def __init__(self) -> None:
        self._state = "start"  # then "think", "after" (spaces before the text) and "text"; or "text" at once
        self._held = ""

    def feed(self, text: str) -> list[Event]:
        """The next piece of content."""
        if self._state == "text":
            return [TextDelta(text)] if text else []
        self._held += text
        events: list[Event] = []
        if self._state == "start":
            head = self._held.lstrip()
            if len(head) < len(self.OPEN) and self.OPEN.startswith(head):
                return []
            if head.startswith(self.OPEN):
                self._state, self._held = "first thought", head.removeprefix(self.OPEN)
            else:
                self._state = "text"
        if self._state == "first thought":
            self._held = self._held.lstrip()
            self._state = "think" if self._held else self._state
        if self._state == "think":
            thought, shut, rest = self._held.partition(self.SHUT)
            if shut:
                self._state, self._held = "after", rest
            else:
                cut = len(thought) - _overlap(thought, self.SHUT)
                thought, self._held = thought[:cut], thought[cut:]
            events += [ReasoningDelta(thought)] if thought else []
        if self._state == "after":
            self._held = self._held.lstrip()
            self._state = "text" if self._held else self._state
        if self._state == "text" and self._held:
            events.append(TextDelta(self._held))
            self._held = ""
        return events

    def finish(self) -> list[Event]:
        """What was held back."""
        held, self._held = self._held, ""
        if not held:
            return []
        return [ReasoningDelta(held) if self._state == "think" else TextDelta(held)]


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of ``text`` may be the start of ``tag``."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if tag.startswith(text[-size:])), 0)


class _Slot:
    """A tool call that is being put together."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.raw = ""
        self.opaque: dict[str, Any] = {}

    def add(self, piece: Mapping[str, Any], function: Mapping[str, Any]) -> None:
        """Take a fragment: id and name count once, arguments are joined."""
        self.id = self.id or _string(piece.get("id"))
        self.name = self.name or _string(function.get("name"))
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            self.raw += arguments
        elif arguments is not None and not self.raw:  # an object instead of its text: several local servers
            self.raw = json.dumps(arguments, ensure_ascii=False)
        self.opaque.update({name: piece[name] for name in OPAQUE_IN_CALL if name in piece})

    def arguments(self) -> dict[str, Any] | None:
        """The arguments as far as they came, if they are a JSON object; none at all are an empty one."""
        try:
            return msgspec.json.decode(_whole(self.raw).strip() or "{}", type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError):
            return None

    def ended_by(self, function: Mapping[str, Any]) -> bool:
        """Whether a fragment that does not say whose it is starts another call: named, after a whole one."""
        name = _string(function.get("name"))
        if not name or not self.name:
            return False
        whole = bool(self.raw.strip()) and self.arguments() is not None
        return (whole or not self.raw) if name != self.name else (whole and bool(function.get("arguments")))


class _Calls:
    """The tool calls of an answer, fragment by fragment.

    A fragment belongs to the call at its index if that has its id; else a new id is a new call, and without
    an id it continues the last. A name and arguments after a call that is whole start the next one.
    """

    def __init__(self) -> None:
        self._slots: list[_Slot] = []
        self._at: dict[int, _Slot] = {}
        self._legacy = _Slot()

    def add(self, piece: Mapping[str, Any]) -> None:
        """Take one item of ``delta.tool_calls``."""
        function = piece.get("function")
        function = function if isinstance(function, dict) else {}
        self._slot(piece, function).add(piece, function)

    def add_legacy(self, function: Mapping[str, Any]) -> None:
        """Take ``delta.function_call``, for where no tool call comes (llama-cpp-python sends both)."""
        self._legacy.add({}, function)

    def _slot(self, piece: Mapping[str, Any], function: Mapping[str, Any]) -> _Slot:
        """The call a fragment belongs to."""
        index, id_ = piece.get("index"), _string(piece.get("id"))
        at = self._at.get(index) if isinstance(index, int) else None
        if id_:
            if at is not None and at.id in ("", id_):
                return at
            same = next((slot for slot in self._slots if slot.id == id_), None)
            if same is not None and not same.ended_by(function):
                return same
        elif isinstance(index, int):
            if at is not None and not at.ended_by(function):
                return at
        elif self._slots and not self._slots[-1].ended_by(function):
            return self._slots[-1]
        slot = _Slot()
        self._slots.append(slot)
        if isinstance(index, int):
            self._at[index] = slot
        return slot

    def finish(self, *, cut: bool) -> tuple[list[ToolCall], list[dict[str, Any]]]:
        """The calls, each with an id of its own, and the opaque data of each.

        ``cut``: the answer was ended by force, so arguments that never came are not none.
        """
        slots = self._slots or [self._legacy]
        calls: list[ToolCall] = []
        opaque: list[dict[str, Any]] = []
        seen: set[str] = set()
        for slot in slots:
            if not (slot.name or slot.raw or slot.id):
                continue
            if not slot.id or slot.id in seen:
                slot.id = f"call_{uuid.uuid4().hex[:24]}"
            seen.add(slot.id)
            arguments = None if cut and not slot.raw.strip() else slot.arguments()
            calls.append(ToolCall(slot.id, _whole(slot.name), arguments, _whole(slot.raw)))
            opaque.append(slot.opaque)
        return calls, opaque


def _string(value: object) -> str:
    """A string, where there is one."""
    return value if isinstance(value, str) else ""


class _Answer:
    """One answer that is being put together from the documents of a stream."""

    def __init__(self, host: _Host, echo: tuple[str, ...] = ()) -> None:
        self.finish = ""  # the reason given, once there is one
        self.moved = False  # whether the last document brought the answer on, rather than only kept it alive
        self.opaque: dict[str, dict[str, Any]] = {}  # by the id of a tool call, once finished
        self._host = host
        self._echo = echo
        self._echoed: dict[str, Any] = {}
        self._started = False
        self._refused = False
        self._text, self._thought, self._think = _Text(), _Text(), _Think()
        self._calls = _Calls()
        self._usage: Usage | None = None

    def take(self, document: Mapping[str, Any], type_: str = "") -> list[Event]:
        """What one document adds. Raises ProviderError if it reports an error."""
        self.moved = False
        for path in USAGE_PATHS:
            if isinstance(found := _at(document, path), dict) and found:
                self._usage = _usage(found)
        choices = _dicts(document.get("choices"))
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
        reason = _string(choice.get("finish_reason"))
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
        thought = next((text for name in REASONING if (text := _string(delta.get(name)))), "")
        content = delta.get("content")
        if isinstance(content, list):  # Mistral: parts
            thought += "".join(_string(part.get("text")) for p in _dicts(content) for part in _dicts(p.get("thinking")))
            content = "".join(_string(part.get("text")) for part in _dicts(content))
        if thought and (thought := self._thought.feed(thought)):
            events.append(ReasoningDelta(thought))
        refusal = _string(delta.get("refusal"))
        self._refused |= bool(refusal)
        if text := _string(content) + refusal:
            self.moved = True
            events += self._think.feed(self._text.feed(text))
        for piece in _dicts(delta.get("tool_calls")):
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


class _Tail:
    """The last raw texts of a stream, without the key."""

    def __init__(self, host: _Host) -> None:
        self.text = ""
        self._host = host

    def add(self, text: str) -> None:
        """Keep ``text`` and forget what is too old."""
        self.text = (self.text + self._host.scrub(text) + "\n")[-RAW_CHARS:]


class _Body:
    """Bytes into JSON documents: server-sent events, or one where ``stream: true`` is ignored."""

    def __init__(self, host: _Host, tail: _Tail) -> None:
        self.ended = False  # [DONE], or the last byte
        self._host = host
        self._tail = tail
        self._head = b""  # the first bytes that are no space, until they tell which of the two it is
        self._json: bytearray | None = None
        self._parser: sse.Parser | None = None

    def feed(self, chunk: bytes | None) -> Iterator[tuple[str, dict[str, Any]]]:
        """The events that ``chunk`` makes whole, as type and JSON; None is the end. Raises ProviderError."""
        self.ended = self.ended or chunk is None
        for event in self._events(chunk):
            self._tail.add(event.data)
            data = event.data.strip()
            if data == "[DONE]":
                self.ended = True
                return
            if not data:
                continue
            try:
                document = json.loads(data)
            except (ValueError, RecursionError):
                if event.type == "error":
                    raise self._host.refusal(data, None, {}) from None
                if event.type not in ("", "message"):
                    continue  # a ping, or whatever it is
                if chunk is None:
                    raise self._host.error("truncated") from None
                raise self._host.error("protocol", "sent an event that is no JSON", quoting=data) from None
            for item in _dicts(document if isinstance(document, list) else [document]):
                yield event.type, item

    def _events(self, chunk: bytes | None) -> list[sse.ServerEvent]:
        """The events that ``chunk`` makes whole; a JSON document is one."""
        if self._parser is None and self._json is None:
            self._head = (self._head + (chunk or b"")).lstrip(b"\xef\xbb\xbf \t\r\n")
            if not self._head:
                return []
            if self._head.startswith(b"<"):
                page = self._head.decode("utf-8", "replace")
                raise self._host.error("protocol", "answered with a web page", quoting=_words(page)[0])
            chunk = self._head if chunk is not None else None
            if self._head[:1] in b"{[":
                self._json = bytearray()
            else:
                self._parser = sse.Parser()
        if self._json is not None:
            if chunk is None:
                return [sse.ServerEvent("", self._json.decode("utf-8", "replace"))]
            self._json += chunk
            if len(self._json) > sse.LONGEST:
                raise self._host.error("protocol", "sent an endless JSON document")
            return []
        assert self._parser
        try:
            return self._parser.close() if chunk is None else self._parser.feed(chunk)
        except sse.TooLong as error:
            raise self._host.error("protocol", f"sent {error}") from None

    def unfinished(self) -> ProviderError:
        """The error where the body ended and the answer had not."""
        if self._json is not None:
            return self._host.error("protocol", quoting=self._tail.text)
        if self._head and not re.match(rb":|data|event|id|retry", self._head):
            text = self._head.decode("utf-8", "replace")
            return self._host.error("protocol", "answered with neither events nor JSON", quoting=text)
        return self._host.error("truncated")


class Turn(AsyncIterator[Event]):
    """One turn of a model, as its events. ``aclose``, or cancelling, closes the connection at once."""

    def __init__(self, events: AsyncGenerator[Event, None], tail: _Tail) -> None:
        self._events = events
        self._tail = tail

    @property
    def last_raw(self) -> str:
        """The last raw texts the server sent, at most 4096 characters, not cleaned: for a blank answer."""
        return self._tail.text

    async def __anext__(self) -> Event:
        return await anext(self._events)

    async def aclose(self) -> None:
        """End the turn and close its connection."""
        await self._events.aclose()


# --- The provider ----------------------------------------------------------------------------------


class OpenAI:
    """A server that speaks OpenAI's chat completions. Keeps its connections until ``close``."""

    def __init__(
        self,
        *,
        base_url: str,
        key: str | None = None,
        retries: int = 2,
        backoff_s: float = 0.5,
        max_retry_after_s: float = 60,
        first_event_timeout_s: float = 120,
        idle_timeout_s: float = 60,
    ) -> None:
        self._key = _unwrapped(key or "")
        self._host = _Host(http.host_of(base_url), self._key)
        self._base = _base(base_url)
        self._retries = retries
        self._backoff_s = backoff_s
        self._max_retry_after_s = max_retry_after_s
        self._first_event_timeout_s = first_event_timeout_s
        self._idle_timeout_s = idle_timeout_s
        self._client = http.Client()
        self._quirk = next((row for row in QUIRKS if (self._base.hostname or "") == row.host), Quirk("", ""))
        self._dropped = set(self._quirk.drop)
        self._opaque: dict[tuple[str, str], dict[str, Any]] = {}  # by model and the id of a tool call

    def __repr__(self) -> str:
        return f"<OpenAI at {self._host.name}>"

    def stream(self, *, model: str, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = ()) -> Turn:
        """One turn. Closing the iterator closes the connection at once. Raises ProviderError."""
        request: dict[str, Any] = {
            "model": model,
            "messages": [self._recalled(model, message) for message in messages],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if tools:
            request["tools"] = list(tools)
        tail = _Tail(self._host)
        return Turn(self._events(request, tail), tail)

    async def models(self) -> list[ModelInfo]:
        """The models on offer, in the server's order. Raises ProviderError, "unsupported" without a list."""
        found: dict[str, ModelInfo] = {}
        after = ""
        for _ in range(_PAGES):
            document = await self._get("/models", f"after_id={quote(after)}" if after else "")
            listed = document
            if isinstance(document, dict):
                listed = document.get("data", document.get("models"))
            if not isinstance(listed, list):
                raise self._host.error("protocol", "answered with something that is no list of models")
            for item in listed:
                info = _model(item, self._quirk.id_prefix)
                if info is not None:
                    found.setdefault(info.id, info)
            more = _at(document, ("has_more",)) is True
            last, after = after, _string(_at(document, ("last_id",)))
            if not more or after in ("", last):
                break
        return list(found.values())

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()

    async def _events(self, request: Mapping[str, Any], tail: _Tail) -> AsyncGenerator[Event, None]:
        """The events of a turn: attempts, until one has something to show."""
        for attempt in range(self._retries + 1):
            shown = False
            try:
                async with contextlib.aclosing(self._attempt(request, tail)) as events:
                    async for event in events:
                        shown = True
                        yield event
                return
            except ProviderError as error:
                wait = self._wait(error, attempt)
                if shown or wait is None:
                    error.partial = shown
                    error.retryable = error.retryable and not shown
                    raise
            await asyncio.sleep(wait)

    def _wait(self, error: ProviderError, attempt: int) -> float | None:
        """How long to wait before the next attempt; None where there is to be none."""
        if attempt >= self._retries:
            return None
        for name in REFUSABLE:
            if error.kind == "bad_request" and name in error.message and name not in self._dropped:
                self._dropped.add(name)
                return 0.0
        if not error.retryable or (error.kind == "tool_use_failed" and attempt):
            return None
        if error.retry_after_s is not None:
            return error.retry_after_s if error.retry_after_s <= self._max_retry_after_s else None
        return min(self._backoff_s * 2.0**attempt, self._max_retry_after_s) * random.uniform(0.75, 1.0)

    async def _attempt(self, request: Mapping[str, Any], tail: _Tail) -> AsyncGenerator[Event, None]:
        """One request and its answer."""
        clock = asyncio.get_running_loop().time
        limit = self._first_event_timeout_s
        deadline = clock() + limit
        answer, body = _Answer(self._host, self._quirk.echo), _Body(self._host, tail)
        fields = {name: value for name, value in request.items() if name not in self._dropped}
        data = json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._client.post(self._url("/chat/completions"), data, self._headers())
            async with response:
                if not 200 <= response.status < 300:
                    raise await self._refused(response)
                chunks = response.chunks()
                while not body.ended:
                    try:
                        async with asyncio.timeout_at(deadline):
                            chunk = await anext(chunks, None)
                    except (TimeoutError, http.CutOff):
                        if answer.finish:
                            break  # the answer is whole; what was to follow it is not missed
                        raise
                    for type_, document in body.feed(chunk):
                        for event in answer.take(document, type_):
                            yield event
                        if answer.moved:  # unlike what only keeps the connection alive
                            limit = _GRACE_S if answer.finish else self._idle_timeout_s
                            deadline = clock() + limit
                if not answer.finish:
                    raise body.unfinished()
                events = answer.end()
                self._remember(str(request["model"]), answer.opaque)
                for event in events:
                    yield event
                with contextlib.suppress(TimeoutError, http.HttpFault):
                    async with asyncio.timeout(_DRAIN_S):
                        async for _ in chunks:
                            pass
        except http.HttpFault as fault:
            raise self._host.fault(fault) from None
        except TimeoutError:
            raise self._host.error("timeout", f"sent nothing new for {limit:g} s") from None

    def _recalled(self, model: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """``message`` with the opaque data of its tool calls."""
        calls = _dicts(message.get("tool_calls"))
        known = [self._opaque.get((model, _string(call.get("id")))) for call in calls]
        if not any(known):
            return dict(message)
        whole = {
            **message,
            "tool_calls": [{**c, **k["call"]} if k else c for c, k in zip(calls, known, strict=True)],
        }
        for entry in known:
            whole.update(entry["message"] if entry else {})
        return whole

    def _remember(self, model: str, opaque: Mapping[str, dict[str, Any]]) -> None:
        """Keep the opaque data of tool calls for the next request; it goes to no other server."""
        for id_, entry in opaque.items():
            self._opaque.pop((model, id_), None)
            if entry["call"] or entry["message"]:
                self._opaque[model, id_] = entry
        while len(self._opaque) > _MEMORY:
            del self._opaque[next(iter(self._opaque))]

    async def _refused(self, response: http.Answer) -> ProviderError:
        """The error behind a status that is not 2xx."""
        body = b""
        with contextlib.suppress(TimeoutError, http.HttpFault):
            async with asyncio.timeout(_GRACE_S):
                body = await response.read(ERROR_BYTES)
        return self._host.refusal(_decoded(body), response.status, response.headers)

    async def _get(self, path: str, query: str = "") -> object:
        """Fetch a JSON document."""
        try:
            page = await self._client.get(self._url(path, query), self._headers())
        except http.HttpFault as fault:
            raise self._host.fault(fault) from None
        document = _decoded(page.body)
        if page.status in (404, 405):
            raise self._host.error("unsupported", "has no list of models", status=page.status)
        if not 200 <= page.status < 300:
            raise self._host.refusal(document, page.status, page.headers)
        if isinstance(document, str):
            raise self._host.error("protocol", "answered with no JSON", quoting=_words(document)[0])
        return document

    def _headers(self) -> dict[str, str]:
        """The headers of a request. Raises ProviderError for a key that cannot be sent."""
        headers = {"content-type": "application/json", "accept": "text/event-stream, application/json"}
        if self._key:
            if not (self._key.isascii() and self._key.isprintable()):
                saying = "cannot be asked: its key has characters that no key has (control or non-ASCII)"
                raise self._host.error("auth", saying, hint="copy the key again, without anything around it")
            headers["authorization"] = f"Bearer {self._key}"
        return headers

    def _url(self, path: str, query: str = "") -> str:
        """The address of an endpoint."""
        query = "&".join(part for part in (self._base.query, query) if part)
        return self._base._replace(path=self._base.path + path, query=query).geturl()


def _unwrapped(key: str) -> str:
    """A key without the spaces and quotes it was copied with."""
    key = key.strip()
    return key[1:-1].strip() if len(key) > 1 and key[0] == key[-1] and key[0] in "\"'" else key


def _base(base_url: str) -> SplitResult:
    """What endpoints are appended to: ``…/v1`` unless another version, or a whole endpoint, is given."""
    try:
        parts = urlsplit(base_url.strip())
    except ValueError:
        parts = SplitResult("", "", base_url.strip(), "", "")  # the request will say what is wrong
    path = parts.path.rstrip("/")
    root = path.removesuffix("/chat/completions")
    if root == path and not re.search(r"/v\d", path):
        root += "/v1"
    return parts._replace(path=root, fragment="")


def _decoded(body: bytes) -> object:
    """A JSON document, or the text it is instead."""
    text = body.decode("utf-8-sig", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _model(item: object, prefix: str) -> ModelInfo | None:
    """One item of a list of models, in any of the shapes they have."""
    if isinstance(item, str):
        item = {"id": item}
    id_ = next((text for key in ("id", "name", "model") if (text := _string(_at(item, (key,))))), "")
    if not id_:
        return None
    return ModelInfo(
        id=id_.removeprefix(prefix),
        context_window=_count(item, *WINDOW_PATHS),
        input_price=_price(item, "prompt", "input"),
        output_price=_price(item, "completion", "output"),
    )


def _price(item: object, per_token: str, per_million: str) -> float | None:
    """US dollars per million tokens: OpenRouter states them per token, as text, Together per million."""
    for name, factor in ((per_token, 1_000_000), (per_million, 1)):
        try:
            price = Decimal(str(_at(item, ("pricing", name)))) * factor
        except InvalidOperation:
            continue
        if price.is_finite() and price >= 0:
            return float(price)
    return None
