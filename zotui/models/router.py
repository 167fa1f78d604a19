"""A request to the first of several models that answers: retries, fallback, limits, and every attempt in the ledger."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

import zotui.images
from zotui.errors import ConfigError, UsageError, ZotuiError
from zotui.models import ledger
from zotui.models.directory import Choice, Models
from zotui.models.gate import Gate
from zotui.models.ledger import Bill, Cost
from zotui.models.offers import Offers
from zotui.models.provider import (
    Event,
    Finished,
    ModelInfo,
    ProviderError,
    ReasoningDelta,
    Stream,
    TextDelta,
    Usage,
)
from zotui.models.retries import Retries
from zotui.vault import VaultError

THE_REQUESTS = frozenset({"context_overflow", "request_too_large", "bad_request", "content_filter"})
"""Kinds of fault that lie in the request: another provider would find them too."""

BYTES_A_TOKEN = 4


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A request, whoever answers. An assistant's message may name its ``maker``: only that model is sent its opaque."""

    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]] = ()
    schema: Mapping[str, Any] | None = None


class Routed(AsyncIterator[Event]):
    """One request on its way. ``aclose`` closes the connection and leaves the last row of the ledger to its owner."""

    def __init__(self, router: "Router", candidates: Sequence[str], wanted: Wanted, bill: Bill, private: bool) -> None:
        self._router = router
        self._candidates = candidates
        self._wanted = wanted
        self._bill = bill
        self._private = private
        self._events = self._run()
        self._stream: Stream | None = None
        self.model = candidates[0]
        """Who is asked now, and in the end has answered."""
        self.passed_over: list[str] = []
        """Who did not answer, and why, a line each."""
        self.usage_id: str | None = None
        """The ledger's row of the attempt that runs, or that answered: whoever keeps the answer ends it."""
        self.cost = Cost(None)

    @property
    def last_raw(self) -> str:
        """The server's last raw words."""
        return self._stream.last_raw if self._stream else ""

    @property
    def opaque(self) -> dict[str, Any] | None:
        """What the model's provider wants back with the message."""
        return self._stream.opaque if self._stream else None

    @property
    def sent(self) -> bytes:
        """The body of the last request, as it went out."""
        return self._stream.sent if self._stream else b""

    async def __anext__(self) -> Event:
        return await anext(self._events)

    async def aclose(self) -> None:
        """Stop asking; the connection closes at once."""
        await self._events.aclose()

    async def _run(self) -> AsyncGenerator[Event, None]:
        """Candidate after candidate. Raises the last one's error."""
        last = len(self._candidates) - 1
        for place, name in enumerate(self._candidates):
            self.model = name
            try:
                if place < last and (why := await self._router.gate.closed_to(self._router.models.full_name(name))):
                    self.passed_over.append(f"{name} is left alone for a while: {why}")
                    continue
                async with contextlib.aclosing(self._ask(name)) as events:
                    async for event in events:
                        yield event
                return
            except ProviderError as error:
                if place == last or error.partial or error.kind in THE_REQUESTS:
                    raise
                self.passed_over.append(f"{self.model}: {error.message}")
            except (ConfigError, UsageError, VaultError) as error:
                if place == last or isinstance(error, ledger.SpendingCap):
                    raise
                self.passed_over.append(f"{self.model}: {error.message}")

    async def _ask(self, name: str) -> AsyncGenerator[Event, None]:
        """One candidate, as often as makes sense."""
        router = self._router
        choice = await router.models.resolve(name, private=self._private)
        self.model = choice.name
        info = await router.offers.info(choice.name)
        messages = fitted(self._wanted.messages, choice, info)
        price, said_by = ledger.price_of(choice.name, choice.row, info, router.models.config.prices)
        tokens = weighed(messages, self._wanted.tools)
        attempt = 0
        while True:
            self.usage_id = await router.gate.enter(
                choice.name, choice.row, self._bill, price, tokens, router.models.config.spending
            )
            stream = choice.provider.stream(
                model=choice.model, messages=messages, tools=self._wanted.tools, schema=self._wanted.schema
            )
            self._stream = stream
            shown, usage, self.cost = False, None, Cost(None)
            try:
                async with contextlib.aclosing(stream) as events:
                    async for event in events:
                        if isinstance(event, TextDelta | ReasoningDelta):
                            shown = True
                        elif isinstance(event, Usage):
                            usage = event
                            self.cost = ledger.cost_of(usage, price, said_by)
                            event = msgspec.structs.replace(event, cost=self.cost.dollars)
                        elif (
                            isinstance(event, Finished) and usage is None and choice.row is not None and choice.row.free
                        ):
                            self.cost = Cost(0.0, "free")
                        yield event
                return
            except ProviderError as error:
                error = await router.explained(choice, error)
                await router.gate.failed(self.usage_id, choice.name, error, usage, self.cost)
                self.usage_id = None
                wait = None if shown else router.retries.wait(error, attempt)
                if wait is None:
                    raise error from None
            await asyncio.sleep(wait)
            attempt += 1


class Router:
    """Sends requests, for one process."""

    def __init__(self, models: Models, gate: Gate, offers: Offers, retries: Retries | None = None) -> None:
        self.models = models
        self.gate = gate
        self.offers = offers
        self.retries = retries or Retries()

    def stream(self, model: str, wanted: Wanted, bill: Bill, *, private: bool = False) -> Routed:
        """Ask ``model``, or else those that the configuration names; the default for an empty name.

        Raises, when iterated, ProviderError, SpendingCap, ConfigError, VaultError, UsageError.
        """
        return Routed(self, self.models.candidates(model), wanted, bill, private)

    async def explained(self, choice: Choice, error: ProviderError) -> ProviderError:
        """An error with what we know more of: models called alike, where one is not found."""
        if error.kind == "model_not_found" and choice.row is not None:
            with contextlib.suppress(ZotuiError):
                if near := await self.offers.near(choice.name):
                    error.hint = f"did you mean {' or '.join(near)}?"
        return error


def weighed(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> int:
    """About how many tokens a request has. An image is a number of them, however many bytes it has."""
    images, said = 0, []
    for message in messages:
        if isinstance(content := message.get("content"), list):
            words = [part for part in content if part.get("type") != "image_url"]
            images += len(content) - len(words)
            message = {**message, "content": words}
        said.append(message)
    return (
        len(json.dumps([said, tools], ensure_ascii=False, default=str)) // BYTES_A_TOKEN + images * zotui.images.TOKENS
    )


def fitted(messages: Sequence[Mapping[str, Any]], choice: Choice, info: ModelInfo | None) -> list[Mapping[str, Any]]:
    """Messages as this model may be sent them: nobody else's opaque data, and pictures only where it has eyes.

    Raises ProviderError ("unsupported") where the last request shows a picture to a model that cannot see.
    """
    blind = info is not None and info.vision is False
    last = max((place for place, message in enumerate(messages) if message["role"] == "user"), default=-1)
    found: list[Mapping[str, Any]] = []
    for place, message in enumerate(messages):
        maker = message.get("maker")
        kept = {name: value for name, value in message.items() if name != "maker"}
        if maker != choice.name:
            kept.pop("opaque", None)
        if blind and isinstance(content := message.get("content"), list):
            texts = [part for part in content if part.get("type") == "text"]
            if len(texts) < len(content):
                if place == last:
                    raise ProviderError(
                        "unsupported", f"{choice.name} cannot see images", hint="choose a model with vision"
                    )
                kept["content"] = [*texts, {"type": "text", "text": "\n[an image was here]"}]
        found.append(kept)
    return found
