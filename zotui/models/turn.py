"""One turn of a model as a stream: its events, and the last raw words of the server."""

from collections.abc import AsyncGenerator, AsyncIterator

from zotui.models.faults import Host
from zotui.models.provider import Event

RAW_CHARS = 4096
"""How much of the last raw texts an answer keeps."""


class Tail:
    """The last raw texts of a stream, without the key."""

    def __init__(self, host: Host) -> None:
        self.text = ""
        self._host = host

    def add(self, text: str) -> None:
        """Keep ``text`` and forget what is too old."""
        self.text = (self.text + self._host.scrub(text) + "\n")[-RAW_CHARS:]


class Turn(AsyncIterator[Event]):
    """One turn of a model, as its events. ``aclose``, or cancelling, closes the connection at once."""

    def __init__(self, events: AsyncGenerator[Event, None], tail: Tail) -> None:
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
