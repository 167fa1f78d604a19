"""The OpenAI dialect: streamed chat completions of any server that speaks them, well or badly."""

import asyncio
import contextlib
import json
import random
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from zotui import http
from zotui.models.answer import Answer
from zotui.models.body import Body
from zotui.models.catalogue import info_of
from zotui.models.document import at, decoded, dicts, string
from zotui.models.faults import Host, words_of
from zotui.models.provider import Event, ModelInfo, ProviderError, Stream
from zotui.models.quirks import REFUSABLE, quirk_of
from zotui.models.turn import Tail, Turn

ERROR_BYTES = 64 << 10
"""How much of the body of an error is read."""

GRACE_S = 5.0  # for usage and [DONE] after the last word, when a server neither sends them nor hangs up
_DRAIN_S = 0.05  # for the end of the body after [DONE], so that the connection can be used again
_MEMORY = 512  # tool calls whose opaque data is remembered
_PAGES = 50  # of a list of models


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
        self._key = unwrapped(key or "")
        self._host = Host(http.host_of(base_url), self._key)
        self._base = base_of(base_url)
        self._retries = retries
        self._backoff_s = backoff_s
        self._max_retry_after_s = max_retry_after_s
        self._first_event_timeout_s = first_event_timeout_s
        self._idle_timeout_s = idle_timeout_s
        self._client = http.Client()
        self._quirk = quirk_of(self._base.hostname or "")
        self._dropped = set(self._quirk.drop)
        self._opaque: dict[tuple[str, str], dict[str, Any]] = {}  # by model and the id of a tool call

    def __repr__(self) -> str:
        return f"<OpenAI at {self._host.name}>"

    def stream(
        self, *, model: str, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = ()
    ) -> Stream:
        """One turn. Closing the iterator closes the connection at once. Raises ProviderError."""
        request: dict[str, Any] = {
            "model": model,
            "messages": [self._recalled(model, message) for message in messages],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if tools:
            request["tools"] = list(tools)
        tail = Tail(self._host)
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
                info = info_of(item, self._quirk.id_prefix)
                if info is not None:
                    found.setdefault(info.id, info)
            more = at(document, ("has_more",)) is True
            last, after = after, string(at(document, ("last_id",)))
            if not more or after in ("", last):
                break
        return list(found.values())

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()

    async def _events(self, request: Mapping[str, Any], tail: Tail) -> AsyncGenerator[Event, None]:
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

    async def _attempt(self, request: Mapping[str, Any], tail: Tail) -> AsyncGenerator[Event, None]:
        """One request and its answer."""
        clock = asyncio.get_running_loop().time
        limit = self._first_event_timeout_s
        deadline = clock() + limit
        answer, body = Answer(self._host, self._quirk.echo), Body(self._host, tail)
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
                            limit = GRACE_S if answer.finish else self._idle_timeout_s
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
        calls = dicts(message.get("tool_calls"))
        known = [self._opaque.get((model, string(call.get("id")))) for call in calls]
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
            async with asyncio.timeout(GRACE_S):
                body = await response.read(ERROR_BYTES)
        return self._host.refusal(decoded(body), response.status, response.headers)

    async def _get(self, path: str, query: str = "") -> object:
        """Fetch a JSON document."""
        try:
            page = await self._client.get(self._url(path, query), self._headers())
        except http.HttpFault as fault:
            raise self._host.fault(fault) from None
        document = decoded(page.body)
        if page.status in (404, 405):
            raise self._host.error("unsupported", "has no list of models", status=page.status)
        if not 200 <= page.status < 300:
            raise self._host.refusal(document, page.status, page.headers)
        if isinstance(document, str):
            raise self._host.error("protocol", "answered with no JSON", quoting=words_of(document)[0])
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


def unwrapped(key: str) -> str:
    """A key without the spaces and quotes it was copied with."""
    key = key.strip()
    return key[1:-1].strip() if len(key) > 1 and key[0] == key[-1] and key[0] in "\"'" else key


def base_of(base_url: str) -> SplitResult:
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
