"""The body of an answer: bytes into JSON documents."""

import json
import re
from collections.abc import Iterator
from typing import Any

from zotui.models import sse
from zotui.models.document import dicts
from zotui.models.faults import Host, words_of
from zotui.models.provider import ProviderError
from zotui.models.turn import Tail


class Body:
    """Bytes into JSON documents: server-sent events, or one where ``stream: true`` is ignored."""

    def __init__(self, host: Host, tail: Tail) -> None:
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
            for item in dicts(document if isinstance(document, list) else [document]):
                yield event.type, item

    def _events(self, chunk: bytes | None) -> list[sse.ServerEvent]:
        """The events that ``chunk`` makes whole; a JSON document is one."""
        if self._parser is None and self._json is None:
            self._head = (self._head + (chunk or b"")).lstrip(b"\xef\xbb\xbf \t\r\n")
            if not self._head:
                return []
            if self._head.startswith(b"<"):
                page = self._head.decode("utf-8", "replace")
                raise self._host.error("protocol", "answered with a web page", quoting=words_of(page)[0])
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
