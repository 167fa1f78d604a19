"""One turn of a model as a stream: its events, and the last raw words of the server."""

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from zotui.models.faults import Host
from zotui.models.provider import Event, ProviderError, ReasoningDelta, TextDelta

RAW_CHARS = 4096
"""How much of the last raw texts an answer keeps."""
_RAW_TEXTS, _RAW_BYTES = 64, 4 * RAW_CHARS


class Tail:
    """The last raw texts of a stream; read without the key in them."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._texts: deque[bytes] = deque(maxlen=_RAW_TEXTS)

    def add(self, text: bytes) -> None:
        """Keep ``text``, or the end of it, and forget what is too old."""
        self._texts.append(text if len(text) <= _RAW_BYTES else text[-_RAW_BYTES:])

    @property
    def text(self) -> str:
        """At most 4096 characters."""
        last = b"".join(text + b"\n" for text in self._texts)
        return self._host.scrub(last.decode("utf-8", "replace"))[-RAW_CHARS:]


class Trace:
    """What is kept of a turn beside its events."""

    def __init__(self, host: Host) -> None:
        self.tail = Tail(host)
        self.sent = b""
        self.opaque: dict[str, Any] | None = None


class Turn(AsyncIterator[Event]):
    """One turn of a model, as its events, which come in batches. ``aclose``, or cancelling, closes the connection."""

    def __init__(self, batches: AsyncGenerator[list[Event], None], trace: Trace) -> None:
        self._batches = batches
        self._trace = trace  # not the other way round: a turn that is forgotten must close at once
        self._events: deque[Event] = deque()

    @property
    def last_raw(self) -> str:
        """The last raw texts the server sent, at most 4096 characters, not cleaned: for a blank answer."""
        return self._trace.tail.text

    @property
    def opaque(self) -> dict[str, Any] | None:
        """Once finished: what the server wants back with the message."""
        return self._trace.opaque

    @property
    def sent(self) -> bytes:
        """The body of the last request."""
        return self._trace.sent

    async def __anext__(self) -> Event:
        while not self._events:
            try:
                self._events.extend(await anext(self._batches))
            except ProviderError as error:
                raise without_frames(error) from None
        return self._events.popleft()

    async def aclose(self) -> None:
        """End the turn and close its connection."""
        self._events.clear()
        await self._batches.aclose()


def without_frames(error: ProviderError) -> ProviderError:
    """``error`` without the frames it came through: a traceback may show what they hold, and a server said: our key."""
    return error.with_traceback(None)


def merged(events: list[Event]) -> list[Event]:
    """Neighbouring deltas of one kind as one: what arrived together is shown together."""
    if len(events) < 2:
        return events
    out: list[Event] = []
    texts: list[str] = []
    kind: type[TextDelta] | type[ReasoningDelta] | None = None
    for event in events:
        if kind is not type(event) and texts and kind:
            out.append(kind("".join(texts)))
            texts = []
        if isinstance(event, TextDelta | ReasoningDelta):
            kind = type(event)
            texts.append(event.text)
        else:
            kind = None
            out.append(event)
    return [*out, kind("".join(texts))] if texts and kind else out
