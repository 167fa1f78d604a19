"""What a provider is: one turn of a model as a stream of typed events.

Messages and tools are given in the OpenAI chat shape, the lingua franca of the field; each dialect translates:

* ``{"role": "system" | "user" | "assistant" | "tool", "content": str | [part], "tool_calls"?: [...], "tool_call_id"?: str}``
  with ``tool_calls = [{"id": str, "type": "function", "function": {"name": str, "arguments": JSON text}}]``
  and ``part = {"type": "text", "text": str} | {"type": "image_url", "image_url": {"url": "data:image/…;base64,…"}}``
* an assistant's message may carry ``"opaque"``: what its provider wants back with it (see ``Stream.opaque``)
* ``{"type": "function", "function": {"name": str, "description": str, "parameters": JSON schema}}``
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from zotui.errors import ZotuiError

FinishReason = Literal["stop", "tool_calls", "length", "refusal", "content_filter", "pause", "cancelled"]
ErrorKind = Literal[
    "auth",
    "billing",
    "rate_limit",
    "overloaded",
    "server",
    "timeout",
    "truncated",
    "protocol",
    "connection",
    "context_overflow",
    "model_not_found",
    "request_too_large",
    "tool_use_failed",
    "unsupported",
    "bad_request",
]


class TextDelta(msgspec.Struct, frozen=True):
    """More text of the answer, as the model sent it (not yet cleaned)."""

    text: str


class ReasoningDelta(msgspec.Struct, frozen=True):
    """More of the model's visible reasoning."""

    text: str


class ToolCall(msgspec.Struct, frozen=True):
    """One whole tool call. ``arguments`` is None where ``raw`` is no JSON object."""

    id: str
    name: str
    arguments: dict[str, Any] | None
    raw: str


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens and cost of one request. ``input_tokens`` includes those read from a cache (``cached_tokens``) and those
    written to one; None is unknown; cost in US dollars, as the provider states it."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cache_write_tokens: int | None = None
    cost: float | None = None


class Finished(msgspec.Struct, frozen=True):
    """The model is done, and why. Always the last event of a whole answer."""

    reason: FinishReason


Event = TextDelta | ReasoningDelta | ToolCall | Usage | Finished


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A model a provider offers. ``context_window`` and ``max_output`` in tokens, prices in US dollars per million
    tokens, ``vision``, ``tools`` and ``reasoning`` whether it has them; None is unknown."""

    id: str
    context_window: int | None = None
    max_output: int | None = None
    input_price: float | None = None
    output_price: float | None = None
    vision: bool | None = None
    tools: bool | None = None
    reasoning: bool | None = None


class Persona(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody a provider can be: ``id`` is what a request names, ``model`` the one it prefers, if any."""

    id: str
    name: str = ""
    prompt: str = ""
    model: str = ""


class ProviderError(ZotuiError):
    """A request that gave no whole answer.

    ``kind`` is the class of fault, ``status`` the HTTP status if there was one, ``retry_after_s`` what the server
    asked for, ``retryable`` whether the same request may succeed later, ``partial`` whether text was already shown.
    No message ever contains a key.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        retryable: bool = False,
        partial: bool = False,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint)
        self.kind: ErrorKind = kind
        self.status = status
        self.retry_after_s = retry_after_s
        self.retryable = retryable
        self.partial = partial


class Stream(Protocol):
    """One turn of a model, as an async iterator of events. Iterating raises ProviderError."""

    @property
    def last_raw(self) -> str:
        """The last raw words of the server, not cleaned, so that a blank answer can be shown honestly."""
        ...

    @property
    def opaque(self) -> dict[str, Any] | None:
        """Once finished: JSON that only this provider understands and wants back with the message (signatures, a
        conversation of its own); nobody else may be sent it."""
        ...

    @property
    def sent(self) -> bytes:
        """The body of the last request, as it went out."""
        ...

    def __aiter__(self) -> AsyncIterator[Event]: ...

    async def __anext__(self) -> Event: ...

    async def aclose(self) -> None:
        """End the turn and close its connection at once."""
        ...


class Provider(Protocol):
    """Somebody who answers."""

    def stream(
        self,
        *,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] = (),
        schema: Mapping[str, Any] | None = None,
    ) -> Stream:
        """One turn; the request is made when it is iterated. ``schema``: the answer is to be JSON of this schema."""
        ...

    async def models(self) -> list[ModelInfo]:
        """The models on offer. Raises ProviderError."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
