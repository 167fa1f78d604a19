"""When a server fails: the kind of the fault, and the one line a person reads. Any dialect may use it."""

import json
import re
from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from zotui import http
from zotui.models.document import at, dicts, string
from zotui.models.provider import ErrorKind, ProviderError
from zotui.secret import Secret
from zotui.text import clean, one_line


class Rule(NamedTuple):
    """Errors with one of these statuses (or none, in mid-stream) whose words match are of this kind."""

    kind: ErrorKind
    statuses: Container[int]
    words: str


_REQUEST = {400, 403, 404, 409, 410, 413, 422}
RULES = (
    Rule("tool_use_failed", _REQUEST, "tool_use_failed"),  # Groq
    # 429 with it: more in one request than a minute allows will never pass
    Rule("request_too_large", _REQUEST | {429}, "(request|body|payload|entity)[ _]too[ _]large|tokens_limit_reached"),
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
        "|credit balance|(out of|not enough|no) credits|spend(ing)? limit|specified api usage limit",
    ),
    Rule(
        "unsupported",
        _REQUEST,
        "(does not|doesn't|not) support (tool|function|image|vision|stream|chat|think|reason)"
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
        "|not a valid model|(unknown|invalid|no such) model|(unable to access|could not find) .{0,20}model"
        "|not_found_error\\s+model:",  # Anthropic, which says no more than its name
    ),
    Rule(
        "overloaded",
        {429, *range(500, 600)},
        "overloaded|(at|over|no|out of) capacity|high demand|loading model|model is [^.]{0,20}loading|(server|engine)( is)? busy",
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

TYPES: dict[str, ErrorKind] = {
    "invalid_request_error": "bad_request",
    "authentication_error": "auth",
    "billing_error": "billing",
    "permission_error": "auth",
    "not_found_error": "model_not_found",
    "request_too_large": "request_too_large",
    "rate_limit_error": "rate_limit",
    "timeout_error": "timeout",
    "overloaded_error": "overloaded",
}
"""What the type of an error in mid-stream means where its words say nothing: https://docs.claude.com/en/api/errors."""

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
    "protocol": ("did not answer as {server} does", "check its base_url"),
    "connection": ("cannot be reached", "check its base_url and your connection"),
    "context_overflow": ("finds the conversation too long", "start a new one, or choose a larger model"),
    "model_not_found": ("does not have the model", "`zotui models list` shows those it has"),
    "request_too_large": ("finds the request too large", "shorten it or choose another model"),
    "tool_use_failed": ("says the model botched a tool call", "ask again, or choose another model"),
    "unsupported": ("does not offer this", "check its base_url, or choose another model"),
    "bad_request": ("refuses the request", "choose another model, or report this"),
}
"""What a person reads: what the host did, and what to do next."""


class Host:
    """One server: writes the one line a person reads when it fails, never with the key in it, or another secret."""

    def __init__(
        self,
        name: str,
        key: Secret,
        server: str = "a model server",
        busy: Mapping[int, float] = {},
        hidden: Iterable[Secret] = (),
    ) -> None:
        self.name = one_line(name, 100)
        self._key = key
        self._hidden = (key, *hidden)
        self._server = server
        self._busy = busy

    def scrub(self, text: str) -> str:
        """``text`` without the key; a word of three letters ("x", for a local server) is none."""
        for secret in self._hidden:
            if len(key := secret.reveal()) > 3:
                text = text.replace(key, "[key]")
        return text

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
        message = f"{self.name} {saying or said.format(server=self._server)}" + (f" ({status})" if status else "")
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
        quoting, words = words_of(error)
        code = status or _status(error)
        kind = "overloaded" if code in self._busy else _kind(code, words, string(at(error, ("type",))))
        delay, delay_inside = http.retry_after(headers), _retry_info(error)
        if delay_inside is not None:
            delay = delay_inside if delay is None else delay
            kind = "rate_limit" if kind == "billing" else kind  # Gemini calls its rate limits a quota
        if delay is None:
            delay = self._busy.get(code or 0)
        retryable = {"true": True, "false": False}.get(headers.get("x-should-retry", "").lower())
        return self.error(kind, status=code, quoting=quoting, retry_after_s=delay, retryable=retryable)


def _complaint(document: object) -> object:
    """What is inside an error document: its ``error``, ``detail`` or itself; Gemini puts it into a list."""
    if isinstance(document, list):
        document = document[0] if document else ""
    if isinstance(document, dict):
        return document.get("error") or document.get("detail") or document.get("errors") or document
    return document


def words_of(error: object) -> tuple[str, str]:
    """What to quote of an error, and all its words to judge it by, in lower case."""
    if isinstance(error, str):
        text = error[:4000]
        if text.lstrip().startswith("<"):
            text = re.sub(r"(?s)<(script|style).*?</\1>|<[^>]*>", " ", text)
        return text, text.lower()
    message = at(error, ("message",)) or at(error, ("msg",)) or _fields_wrong(error) or error
    if not isinstance(message, str):
        message = json.dumps(message, ensure_ascii=False)
    if raw := string(at(error, ("metadata", "raw"))):  # OpenRouter: what the provider behind it said
        message = f"{message}: {raw}"
    marks = [str(at(error, (name,)) or "") for name in ("code", "type", "status")]
    return message[:4000], " ".join([*marks, message[:4000]]).lower()


def _fields_wrong(error: object) -> str:
    """What FastAPI says of each field of a request: ``[{"loc": ["body", "input"], "msg": "Field required"}]``."""
    said = [(string(at(item, ("msg",))), at(item, ("loc",))) for item in dicts(error)]
    places = [".".join(map(str, place)) if isinstance(place, list) else "" for _, place in said]
    return "; ".join(f"{place}: {words}" if place else words for place, (words, _) in zip(places, said, strict=True))


def _status(error: object) -> int | None:
    """The HTTP status an error in mid-stream carries as its code."""
    code = error.get("code") if isinstance(error, dict) else None
    return int(str(code)) if re.fullmatch(r"[45]\d\d", str(code)) else None


def _kind(status: int | None, words: str, type_: str) -> ErrorKind:
    """The kind of an error: by its words if a rule has its status, else by its status alone, or its type."""
    for rule in RULES:
        if (status is None or status in rule.statuses) and re.search(rule.words, words):
            return rule.kind
    if status is None:
        return TYPES.get(type_, "server")
    return STATUSES.get(status, "server" if status >= 500 else "bad_request")


def _retry_info(error: object) -> float | None:
    """The wait Google's APIs put into the body: ``{"retryDelay": "34s"}``."""
    for detail in dicts(error.get("details") if isinstance(error, dict) else None):
        if found := re.fullmatch(r"(\d+(?:\.\d+)?)s", str(detail.get("retryDelay"))):
            return float(found[1])
    return None


def _span(seconds: float) -> str:
    """A time to wait, as a person says it."""
    if seconds < 120:
        return f"{seconds:.0f} s" if seconds >= 1 else "a moment"
    if seconds < 172_800:
        return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
    return f"{seconds / 86_400:.0f} days" if seconds < 86_400_000 else "for ever"
