"""The body of an answer: bytes into JSON documents."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from zotui.models import sse
from zotui.models.dialect import Framing
from zotui.models.document import dicts
from zotui.models.faults import Host, words_of
from zotui.models.provider import ProviderError
from zotui.models.turn import Tail

_decode = msgspec.json.decode


class Body:
    """Bytes into JSON documents: as the dialect frames them, or one where streaming is ignored."""

    def __init__(self, host: Host, tail: Tail, framing: Framing = "events") -> None:
        self.ended = False  # [DONE], or the last byte
        self._host = host
        self._tail = tail
        self._lines = framing == "lines"
        self._head = b""  # the first bytes that are no space, until they tell what this is
        self._json: bytearray | None = None  # a document that is one JSON; or the start of a line
        self._parser: sse.Parser | None = None

    def feed(self, chunk: bytes | None) -> Iterator[tuple[str, dict[str, Any]]]:
        """The events that ``chunk`` makes whole, as type and JSON; None is the end. Raises ProviderError."""
        if chunk is None:
            self.ended = True
        for type_, data in self._events(chunk):
            self._tail.add(data)
            try:
                document = _decode(data)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                data = data.strip()
                if data == b"[DONE]":
                    self.ended = True
                    return
                document = self._other(type_, data, last=chunk is None)
            if isinstance(document, dict):
                yield type_, document
            else:
                for item in dicts(document):
                    yield type_, item

    def _other(self, type_: str, data: bytes, *, last: bool) -> object:
        """What strict JSON is not: nothing, halves of surrogate pairs, or something else altogether."""
        text = data.decode("utf-8", "replace")
        if not text:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            if type_ in ("error", "Error"):
                raise self._host.refusal(text, None, {}) from None
            if type_ not in ("", "message"):
                return None  # a ping, or whatever it is
            if last:
                raise self._host.error("truncated") from None
            raise self._host.error("protocol", "sent an event that is no JSON", quoting=text) from None

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
                self._lines = False
                self._parser = sse.Parser()
        if self._json is not None:
            return self._documents(self._json, chunk)
        assert self._parser
        try:
            return self._parser.close() if chunk is None else self._parser.feed(chunk)
        except sse.TooLong as error:
            raise self._host.error("protocol", f"sent {error}") from None

    def _documents(self, held: bytearray, chunk: bytes | None) -> list[sse.ServerEvent]:
        """The JSON documents that ``chunk`` makes whole: one a line, or all of it."""
        found: list[sse.ServerEvent] = []
        if chunk is None:
            found = [sse.ServerEvent("", bytes(held))] if held.strip() else []
            held.clear()
            return found
        held += chunk
        if self._lines and b"\n" in chunk:
            *lines, rest = bytes(held).split(b"\n")
            found = [sse.ServerEvent("", line) for line in lines if line.strip()]
            held[:] = rest
        if len(held) > sse.LONGEST:
            raise self._host.error("protocol", "sent an endless JSON document")
        return found

    def unfinished(self) -> ProviderError:
        """The error where the body ended and the answer had not."""
        if self._json is not None and not self._lines:
            return self._host.error("protocol", quoting=self._tail.text)
        if self._head and not self._lines and not re.match(rb":|data|event|id|retry", self._head):
            text = self._head.decode("utf-8", "replace")
            return self._host.error("protocol", "answered with neither events nor JSON", quoting=text)
        return self._host.error("truncated")
