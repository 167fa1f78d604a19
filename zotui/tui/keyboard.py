"""What comes in from the terminal: bad bytes are replaced, its replies are no keys, and a paste is text.

Textual's parser takes an escape sequence within a bracketed paste for keys, so that pasting a coloured log would send,
quit or jump; and it takes a terminal's word on its colours for typing. Here the inside of a paste is cleaned, and such
a reply is taken out, before the parser sees them. All may be split anywhere.
"""

import re
from collections.abc import Iterable
from time import monotonic

from textual import constants
from textual._xterm_parser import XTermParser
from textual.message import Message

from zotui.text import Cleaner
from zotui.tui.terminal import is_dark

START, END = "\x1b[200~", "\x1b[201~"
REPLY_PATIENCE_S = 1.0  # for the rest of a reply that has begun; nobody types the beginning of one
_REPLY = re.compile(r"\x1b\]1([01]);([^\x07\x1b]{0,60})(?:\x07|\x1b\\)|\x1b\[\?997;([12])n")
_BEGINS = re.compile(
    r"\x1b(?:\](?:1(?:[01](?:;[^\x07\x1b]{0,60}\x1b?)?)?)?|\[(?:\?(?:9(?:9(?:7(?:;[12]?)?)?)?)?|20{0,2})?)?$"
)
"""What may be the beginning of a reply or of a paste, at the end of what came in."""
_OF_REPLY = re.compile(r"\x1b(?:\]1[01]|\[\?9)")
_LONGEST_REPLY = 80


class BackgroundKnown(Message):
    """The terminal said what its background is."""

    def __init__(self, dark: bool) -> None:
        super().__init__()
        self.dark = dark


class Keyboard(XTermParser):
    """Textual's parser behind the filters."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._cleaner: Cleaner | None = None  # of the paste under way
        self._begun = ""  # the last characters outside of a paste, where a reply or a paste may have begun
        self._until = 0.0  # when these are waited for no longer
        self._held = ""  # the last characters of a paste, where its END may have begun
        self._told: list[Message] = []

    def feed(self, data: str) -> Iterable[Message]:
        """The messages that these characters complete. To Textual's parser, nothing at all would be the end."""
        safe = self._filtered(data)
        told, self._told = self._told, []
        return [*told, *(super().feed(safe) if safe else ())]

    def tick(self) -> Iterable[Message]:
        """The messages of what is waited for no longer, as escape alone. Of a reply that broke off, none."""
        if self._begun and monotonic() >= self._until:
            begun, self._begun = self._begun, ""
            if not _OF_REPLY.match(begun):
                yield from super().feed(begun)
                if self._timeout_time is not None:
                    self._timeout_time = 0.0  # Textual's parser need not wait for it once more
        yield from super().tick()

    def _filtered(self, data: str) -> str:
        safe = ""
        while data:
            if self._cleaner is None:
                outside, start, data = (self._begun + data).partition(START)
                self._begun = ""
                outside = _REPLY.sub(self._note, outside)
                safe += outside + start if start else self._but_what_begins(outside)
                self._cleaner = Cleaner() if start else None
            else:
                inside, end, data = (self._held + data).partition(END)
                self._held = "" if end else _beginning(inside)
                inside = inside[: len(inside) - len(self._held)]
                safe += self._cleaner.feed(inside)
                if end:
                    safe += self._cleaner.finish() + END
                    self._cleaner = None
        return safe

    def _note(self, reply: re.Match[str]) -> str:
        dark = reply[3] == "1" if reply[3] else is_dark(reply[2])
        if dark is not None and reply[1] != "0":
            self._told.append(BackgroundKnown(dark))
        return ""

    def _but_what_begins(self, outside: str) -> str:
        """All but the end, where it may be the beginning of something: that is kept back for a moment."""
        begun = _BEGINS.search(outside[-_LONGEST_REPLY:])
        if begun is None:
            return outside
        self._begun = begun[0]
        patience = REPLY_PATIENCE_S if _OF_REPLY.match(self._begun) else constants.ESCAPE_DELAY
        self._until = monotonic() + patience
        return outside[: len(outside) - len(self._begun)]


def _beginning(text: str) -> str:
    """The longest end of a text with which END begins."""
    for length in range(len(END) - 1, 0, -1):
        if text.endswith(END[:length]):
            return text[-length:]
    return ""
