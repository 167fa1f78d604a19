"""What comes in from the terminal: bad bytes are replaced, and a paste is text, whatever is in it.

Textual's parser takes an escape sequence within a bracketed paste for keys, so that pasting a coloured log would send,
quit or jump. Here the inside of a paste is cleaned before the parser sees it.
"""

import re
from collections.abc import Iterable

from textual._xterm_parser import XTermParser
from textual.message import Message

from zotui.text import Cleaner
from zotui.tui.terminal import is_dark

START, END = "\x1b[200~", "\x1b[201~"
_REPLY = re.compile(r"\x1b\](?:10|11);([^\x07\x1b]{0,60})(?:\x07|\x1b\\)|\x1b\[\?997;([12])n")
_REPLY_BEGINS = re.compile(r"\x1b(?:\]1[01]?(?:;[^\x07\x1b]{0,60}\x1b?)?|\[\?9(?:9(?:7(?:;[12]?)?)?)?)$")
_LONGEST_REPLY = 80


class BackgroundKnown(Message):
    """The terminal said what its background is."""

    def __init__(self, dark: bool) -> None:
        super().__init__()
        self.dark = dark


class Keyboard(XTermParser):
    """Textual's parser behind a filter for pastes; they may be split anywhere."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._cleaner: Cleaner | None = None  # of the paste under way
        self._seen = ""  # the last characters outside of a paste, where a START may have begun
        self._held = ""  # the last characters of a paste, where its END may have begun
        self._reply = ""  # what may be the beginning of the terminal's reply

    def feed(self, data: str) -> Iterable[Message]:
        """The messages that these characters complete. To Textual's parser, nothing at all would be the end."""
        told, data = self._replies(data)
        safe = self._filtered(data)
        return [*told, *(super().feed(safe) if safe else ())]

    def _replies(self, data: str) -> tuple[list[Message], str]:
        """What the terminal told of its background, and the rest; a reply may be split, but is not waited for long."""
        data, self._reply = self._reply + data, ""
        told: list[Message] = []
        for found in _REPLY.finditer(data):
            dark = found[2] == "1" if found[2] else is_dark(found[1])
            if dark is not None and not found[0].startswith("\x1b]10"):
                told.append(BackgroundKnown(dark))
        data = _REPLY.sub("", data)
        begun = _REPLY_BEGINS.search(data[-_LONGEST_REPLY:])
        if begun is not None and self._cleaner is None:
            self._reply = begun[0]
            data = data[: len(data) - len(begun[0])]
        return told, data

    def _filtered(self, data: str) -> str:
        safe = ""
        while data:
            if self._cleaner is None:
                joined = self._seen + data
                place = joined.find(START)
                taken = len(data) if place < 0 else place + len(START) - len(self._seen)
                self._seen = joined[-(len(START) - 1) :] if place < 0 else ""
                self._cleaner = None if place < 0 else Cleaner()
                safe, data = safe + data[:taken], data[taken:]
            else:
                inside, end, data = (self._held + data).partition(END)
                self._held = "" if end else _beginning(inside)
                inside = inside[: len(inside) - len(self._held)]
                safe += self._cleaner.feed(inside)
                if end:
                    safe += self._cleaner.finish() + END
                    self._cleaner = None
        return safe


def _beginning(text: str) -> str:
    """The longest end of a text with which END begins."""
    for length in range(len(END) - 1, 0, -1):
        if text.endswith(END[:length]):
            return text[-length:]
    return ""
