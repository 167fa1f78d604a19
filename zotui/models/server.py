"""A model server, asked over HTTP in its dialect: attempts, deadlines, what is sent back to whom."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from zotui import http
from zotui.addresses import host_of
from zotui.models.body import Body
from zotui.models.credential import basic, fault_of, unwrapped, without_login
from zotui.models.dialect import Detailing, Dialect, Embedding, Impersonating, Request
from zotui.models.document import at, count, decoded, string, vectors
from zotui.models.faults import Host, words_of
from zotui.models.opaque import Opaque, keepable
from zotui.models.provider import Event, ModelInfo, Persona, ProviderError, Stream
from zotui.models.retries import Retries
from zotui.models.turn import Trace, Turn, merged, without_frames
from zotui.secret import Secret

ERROR_BYTES = 64 << 10
"""How much of the body of an error is read."""

EMBED_S = 60.0  # for the vectors of a batch of texts
GRACE_S = 5.0  # for usage and the last word, when a server neither sends them nor hangs up
_DRAIN_S = 0.05  # for the end of the body after the last word, so that the connection can be used again
_AT_ONCE_S = 0.0005  # what comes faster was not waited for
_PAGES = 50  # of a list of models
_VECTOR_BYTES = 64 << 20
_MOST_DETAILS, _DETAIL_BYTES = 100, 4 << 20


class Server:
    """One server. Keeps its connections until ``close``."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        base_url: str,
        key: str | Secret | None = None,
        retries: int = 2,
        backoff_s: float = 0.5,
        max_retry_after_s: float = 60,
        first_event_timeout_s: float = 120,
        idle_timeout_s: float = 60,
        pace_s: float = 0.05,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """``pace_s``: what a server says within it is read at once, so that many slow streams cost little.
        ``extra``: fields of every request, ``headers``: headers of every request, over those of the dialect. A user and
        password in ``base_url`` are sent as HTTP has it, unless the key takes that place.
        """
        self._dialect = dialect
        self._key = unwrapped(key or "")
        self._base, login = without_login(dialect.base(base_url))
        self._login: dict[str, str | Secret] = {"authorization": basic(*login)} if login else {}
        self.host = Host(host_of(base_url), self._key, dialect.server, dialect.busy, hidden=login[1:])
        self._retries = Retries(retries, backoff_s, max_retry_after_s)
        self._first_event_timeout_s = first_event_timeout_s
        self._idle_timeout_s = idle_timeout_s
        self._pace_s = pace_s
        self._client = http.Client()
        self._extra = dict(extra or {})
        self._more_headers = {name: Secret(value) for name, value in (headers or {}).items()}
        self._refused: set[str] = set()
        self._opaque = Opaque()

    def __repr__(self) -> str:
        return f"<{type(self._dialect).__name__} at {self.host.name}>"

    def stream(
        self,
        *,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] = (),
        schema: Mapping[str, Any] | None = None,
    ) -> Stream:
        """One turn. Closing the iterator closes the connection at once. Raises ProviderError."""
        recalled = [self._opaque.recalled(model, message) for message in messages]
        request = Request(model=model, messages=recalled, tools=tools, schema=schema)
        trace = Trace(self.host)
        return Turn(self._batches(request, trace), trace)

    async def models(self) -> list[ModelInfo]:
        """The models on offer, in the server's order. Raises ProviderError, "unsupported" without a list."""
        try:
            return await self._detailed(await self._listed())
        except ProviderError as error:
            raise without_frames(error) from None

    async def embed(self, model: str, texts: Sequence[str]) -> tuple[list[list[float]], int | None]:
        """A vector for each text, and how many tokens that took, where the server says so. Raises ProviderError, "unsupported"
        for a dialect without."""
        if not isinstance(self._dialect, Embedding):
            raise self.host.error("unsupported", "makes no vectors of texts")
        body = json.dumps({"model": model, "input": list(texts)}).encode("utf-8", "replace")
        try:
            async with asyncio.timeout(EMBED_S):
                response = await self._client.post(self._url(self._dialect.embeddings), body, self._headers())
                async with response:
                    if not 200 <= response.status < 300:
                        raise await self._refusal(response)
                    document = decoded(await response.read(_VECTOR_BYTES))
        except http.HttpFault as fault:
            raise without_frames(self.host.fault(fault)) from None
        except TimeoutError:
            raise self.host.error("timeout", f"made no vectors within {EMBED_S:g} s") from None
        except ProviderError as error:
            raise without_frames(error) from None
        found = vectors(document)
        if len(found) != len(texts):
            raise self.host.error("protocol", "answered with something that is no list of vectors")
        return found, count(document, ("usage", "prompt_tokens"), ("prompt_eval_count",))

    async def personas(self) -> list[Persona]:
        """The personas that a request may name. Raises ProviderError, "unsupported" for a dialect without."""
        if not isinstance(self._dialect, Impersonating):
            raise self.host.error("unsupported", "has no personas")
        path, name = self._dialect.personas
        try:
            listed = at(await self._get(path), (name,))
        except ProviderError as error:
            raise without_frames(error) from None
        if not isinstance(listed, list):
            raise self.host.error("protocol", "answered with something that is no list of personas")
        return [persona for item in listed if (persona := self._dialect.persona(item))]

    async def check(self, path: str) -> None:
        """Fetch what only a good key may. Raises ProviderError."""
        try:
            await self._get(path)
        except ProviderError as error:
            raise without_frames(error) from None

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()

    async def _listed(self) -> list[ModelInfo]:
        """The models as they are listed, page by page."""
        found: dict[str, ModelInfo] = {}
        path, *names = self._dialect.listing
        after = ""
        for _ in range(_PAGES):
            document = await self._get(path, f"after_id={quote(after)}" if after else "")
            listed = document
            if isinstance(document, dict):
                listed = next((document[name] for name in names if name in document), None)
            if not isinstance(listed, list):
                raise self.host.error("protocol", "answered with something that is no list of models")
            for item in listed:
                info = self._dialect.model(item)
                if info is not None:
                    found.setdefault(info.id, info)
            more = at(document, ("has_more",)) is True
            last, after = after, string(at(document, ("last_id",)))
            if not more or after in ("", last):
                break
        return list(found.values())

    async def _batches(self, request: Request, trace: Trace) -> AsyncGenerator[list[Event], None]:
        """The events of a turn: attempts, until one has something to show."""
        attempt = 0
        while True:
            shown, refused = False, frozenset(self._refused)
            try:
                async with contextlib.aclosing(self._attempt(request, refused, trace)) as batches:
                    async for events in batches:
                        shown = True
                        yield events
                return
            except ProviderError as error:
                if shown:
                    error.partial, error.retryable = True, False
                elif self._drops(error, request, refused):
                    continue
                wait = self._retries.wait(error, attempt)
                if shown or wait is None:
                    raise
            await asyncio.sleep(wait)
            attempt += 1

    def _drops(self, error: ProviderError, request: Request, refused: frozenset[str]) -> bool:
        """Whether the server refuses a field of ``request`` that it can be asked without from now on.

        ``refused``: what the request went without already.
        """
        if error.kind not in ("bad_request", "unsupported"):
            return False
        said = error.message.removeprefix(self.host.name)  # which may be a thinkpad
        for name in self._dialect.refusable:
            if name not in refused and re.search(rf"\b{name}", said):
                without = self._fields(request, refused | {name})
                if without != self._fields(request, refused):
                    self._refused.add(name)
                    return True
        return False

    def _fields(self, request: Request, refused: frozenset[str]) -> dict[str, Any]:
        """The document that asks for a turn, without what the server refuses."""
        asked = laid_over(self._dialect.body(msgspec.structs.replace(request, refused=refused)), self._extra)
        return {name: value for name, value in asked.items() if name not in refused}

    async def _attempt(
        self, request: Request, refused: frozenset[str], trace: Trace
    ) -> AsyncGenerator[list[Event], None]:
        """One request and its answer."""
        clock = asyncio.get_running_loop().time
        limit = self._first_event_timeout_s
        deadline = clock() + limit
        trace.sent = json.dumps(self._fields(request, refused), ensure_ascii=False).encode("utf-8", "replace")
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._client.post(self._url(self._dialect.endpoint), trace.sent, self._headers())
            async with response:
                if not 200 <= response.status < 300:
                    raise await self._refusal(response)
                answer = self._dialect.answer(self.host, response.headers)
                body = Body(self.host, trace.tail, self._dialect.framing)
                chunks = response.chunks()
                while not (body.ended or answer.over):
                    asked_at = clock()
                    try:
                        async with asyncio.timeout_at(deadline):
                            chunk = await anext(chunks, None)
                    except (TimeoutError, http.CutOff):
                        if answer.finish:
                            break  # the answer is whole; what was to follow it is not missed
                        raise
                    events: list[Event] = []
                    moved = False
                    try:
                        for type_, document in body.feed(chunk):
                            events += answer.take(document, type_)
                            moved = moved or answer.moved
                    except ProviderError:
                        if events:  # what came before the fault is shown
                            yield merged(events)
                        raise
                    if events:
                        yield merged(events)
                    if moved:  # unlike what only keeps the connection alive
                        limit = GRACE_S if answer.finish else self._idle_timeout_s
                        deadline = clock() + limit
                        waited = clock() - asked_at > _AT_ONCE_S  # else more of what came with it is at hand
                        if waited and self._pace_s and not answer.finish:
                            await asyncio.sleep(self._pace_s)
                if not answer.finish:
                    raise body.unfinished()
                events = answer.end()
                trace.opaque = keepable(answer.opaque)
                self._opaque.remember(request.model, events, trace.opaque)
                yield merged(events)
                with contextlib.suppress(TimeoutError, http.HttpFault):
                    async with asyncio.timeout(_DRAIN_S):
                        async for _ in chunks:
                            pass
        except http.HttpFault as fault:
            raise self.host.fault(fault) from None
        except TimeoutError:
            raise self.host.error("timeout", f"sent nothing new for {limit:g} s") from None

    async def _detailed(self, models: list[ModelInfo]) -> list[ModelInfo]:
        """The models with what the server says of each, where it is asked for each alone."""
        if not isinstance(self._dialect, Detailing):
            return models
        dialect = self._dialect

        async def look(info: ModelInfo) -> ModelInfo | None:
            body = json.dumps({"model": info.id}).encode()
            try:
                async with asyncio.timeout(GRACE_S):
                    async with await self._client.post(self._url(dialect.details), body, self._headers()) as response:
                        told = await response.read(_DETAIL_BYTES)
            except (http.HttpFault, TimeoutError):
                return info
            return dialect.detailed(info, decoded(told))

        found = await asyncio.gather(*map(look, models[:_MOST_DETAILS]))
        return [info for info in found if info] + models[_MOST_DETAILS:]

    async def _refusal(self, response: http.Answer) -> ProviderError:
        """The error behind a status that is not 2xx."""
        body = b""
        with contextlib.suppress(TimeoutError, http.HttpFault):
            async with asyncio.timeout(GRACE_S):
                body = await response.read(ERROR_BYTES)
        return self.host.refusal(decoded(body), response.status, response.headers)

    async def _get(self, path: str, query: str = "") -> object:
        """Fetch a JSON document."""
        try:
            page = await self._client.get(self._url(path, query), self._headers())
        except http.HttpFault as fault:
            raise self.host.fault(fault) from None
        document = decoded(page.body)
        if page.status in (404, 405):
            raise self.host.error("unsupported", "has no list of models", status=page.status)
        if not 200 <= page.status < 300:
            raise self.host.refusal(document, page.status, page.headers)
        if isinstance(document, str):
            raise self.host.error("protocol", "answered with no JSON", quoting=words_of(document)[0])
        return document

    def _headers(self) -> dict[str, str | Secret]:
        """The headers of a request. Raises ProviderError for a key that cannot be sent."""
        headers: dict[str, str | Secret] = {
            "content-type": "application/json",
            "accept": "text/event-stream, application/x-ndjson, application/json",
        }
        if self._key and (fault := fault_of(self._key)):
            raise self.host.error("auth", f"cannot be asked: its key has {fault}", hint="copy the key again, alone")
        return headers | self._login | self._dialect.headers(self._key) | self._more_headers

    def _url(self, path: str, query: str = "") -> str:
        """The address of an endpoint."""
        query = "&".join(part for part in (self._base.query, query) if part)
        return self._base._replace(path=self._base.path + path, query=query).geturl()


def laid_over(document: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """``document`` with the fields of ``extra``; where both have an object, one with the fields of both."""
    over = {
        name: {**document[name], **value} if isinstance(value, dict) and isinstance(document.get(name), dict) else value
        for name, value in extra.items()
    }
    return {**document, **over}
