"""Bytes into server-sent events, as https://html.spec.whatwg.org/multipage/server-sent-events.html has them.

Lines are split as bytes, on CR, LF and CRLF alone, so that neither a character cut in two nor U+2028 matters.
"""

from typing import NamedTuple

LONGEST = 8 << 20
"""The most bytes one line, or the data of one event, may have."""

_BOM = b"\xef\xbb\xbf"


class TooLong(Exception):
    """A line or an event has more bytes than allowed: whatever this is, it is not meant for us."""


class ServerEvent(NamedTuple):
    """One event: its type (empty if none was given) and its data lines, joined with newlines, as UTF-8."""

    type: str
    data: bytes


class Parser:
    """Takes bytes as they come and gives the events that are whole."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._line = bytearray()  # the start of a line whose end has not come
        self._data: list[bytes] = []
        self._size = 0
        self._type = b""
        self._first = True  # no line was whole yet: a BOM may stand before it
        self._after_cr = False  # the last byte was CR: an LF now belongs to it

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """The events that ``chunk`` makes whole. Raises TooLong."""
        if not chunk:
            return []
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")
        self._after_cr = chunk.endswith(b"\r")
        events: list[ServerEvent] = []
        lines = chunk.splitlines()  # of bytes: splits on CR, LF and CRLF only
        rest = b"" if chunk[-1:] in b"\r\n" else lines.pop()
        if self._line and lines:
            lines[0] = bytes(self._line) + lines[0]
            self._line.clear()
        for line in lines:
            self._take(line, events)
        if rest:
            self._line += rest
            self._bound(len(self._line))
        return events

    def close(self) -> list[ServerEvent]:
        """The event that lacks only its last newlines, if there is one."""
        events: list[ServerEvent] = []
        if self._line:
            self._take(bytes(self._line), events)
            self._line.clear()
        self._take(b"", events)
        return events

    def _take(self, line: bytes, events: list[ServerEvent]) -> None:
        """One whole line: a field, a comment, or the end of an event."""
        if self._first:
            line = line.removeprefix(_BOM)
            self._first = False
        if line:
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            self._size += len(line) + 1
            self._bound(self._size)
            if field == b"data":
                self._data.append(value)
            elif field == b"event":
                self._type = value
            return
        if self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            events.append(ServerEvent(self._type.decode("utf-8", "replace") if self._type else "", data))
            self._data = []
        self._size, self._type = 0, b""

    def _bound(self, size: int) -> None:
        """Refuse what would fill the memory."""
        if size > self._longest:
            raise TooLong(f"more than {self._longest} bytes in one event")
