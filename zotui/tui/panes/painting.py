"""A conversation as it stands in the transcript: painted whole, then only what has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zotui.tui.panes.entries import entries_of, queued

if TYPE_CHECKING:
    from zotui.tui.panes.conversation import ConversationPane
    from zotui.tui.widgets.entry import Entry


class Painting:
    """Brings the transcript of a pane up to what its reel says."""

    def __init__(self, pane: ConversationPane) -> None:
        self._pane = pane
        self._tail: list[str] = []  # the entries painted for what is not settled

    def all(self) -> None:
        """Paint everything that is at hand; nothing where there is no conversation."""
        reel, transcript = self._pane.reel, self._pane.transcript
        transcript.display = reel is not None
        if reel is None:
            self._tail = []
            transcript.clear()
        else:
            transcript.show(self._entries(0), older=reel.has_older)
            self._tail = [entry.id for entry in self._entries(reel.settled)]

    def news(self, first: int) -> None:
        """Bring the transcript up to date from message ``first`` on: replace what changed, append what is new."""
        reel, transcript = self._pane.reel, self._pane.transcript
        assert reel is not None
        entries = self._entries(first)
        ids = [entry.id for entry in entries]
        for gone in set(self._tail) - set(ids):
            transcript.drop(gone)
        old = [id_ for id_ in self._tail if id_ in set(ids)]
        if ids[: len(old)] != old:  # something was put in between
            transcript.show(self._entries(0), older=reel.has_older)
        else:
            for entry in entries:
                transcript.append(entry)
        self._tail = [entry.id for entry in self._entries(reel.settled)]

    def _entries(self, first: int) -> list[Entry]:
        """The entries of the messages from ``first`` on, and of what is queued."""
        reel = self._pane.reel
        assert reel is not None
        entries = entries_of(reel.messages[first:], reel.ended, reel.cited)
        known = {message.turn_id or "" for message in reel.messages[first:]}
        return entries + queued(reel.turns, known)
