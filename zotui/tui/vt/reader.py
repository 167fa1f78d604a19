"""Tells text from controls and sequences, as a program prints them, and has a screen do what they say.

What is not known is left out. Of strings (titles, clipboards, queries) nothing is kept, however long they are.
"""

import re
from codecs import getincrementaldecoder
from collections.abc import Callable

from zotui.tui.vt.screen import LARGEST, Screen

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\[(?P<codes>[0-?]*+)(?P<final>[ -/]*+[@-~])"
    r"|(?P<string>\x1b[\]PX^_])"
    r"|\x1b(?P<escape>[ -/]*+[0-OQ-WYZ\\`-~])"
    r"|\x1b(?:\[[0-?]*+[ -/]*+)?"  # one that is broken
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
)
_BEGUN = re.compile(r"\x1b(?:\[[0-?]{0,200}[ -/]{0,8}|[ -/]{0,8})?\Z")
"""What may be the beginning of a sequence, at the end of what came."""
_ENDS = re.compile(r"[\x07\x18\x1a]|\x1b\\|\x1b(?=[^\\])")
"""What ends a string: its terminator, or what breaks it off."""
_LONGEST_BEGUN = 220
_WHO, _WHO_ELSE = "\x1b[?62;22c", "\x1b[>1;10;0c"
"""What this is: a VT220 with colours; and asked for more, nothing that could be told from others."""

Do = Callable[[Screen, list[int]], None]


class Reader:
    """Feeds what a program prints to a screen. A sequence may come in pieces."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._begun = ""
        self._in_string = False

    def feed(self, data: bytes) -> bytes:
        """Have this done; what the program is to be told, as it has asked."""
        text = self._begun + self._decode(data)
        begun = _BEGUN.search(text, max(0, len(text) - _LONGEST_BEGUN))
        end = begun.start() if begun else len(text)
        self._begun = text[end:]
        at = 0
        while at < end:
            at = self._skip(text, at, end) if self._in_string else self._take(text, at, end)
        replies = bytes(self.screen.replies)
        self.screen.replies.clear()
        return replies

    def _take(self, text: str, at: int, end: int) -> int:
        """Do what is said up to the end or to where a string begins; how far that is."""
        screen = self.screen
        for found in _TOKEN.finditer(text, at, end):
            kind = found.lastgroup
            if kind == "text":
                screen.write(found[0])
            elif kind == "control":
                if (control := _CONTROLS.get(found[0])) is not None:
                    control(screen, [])
            elif kind == "final":
                _sequence(screen, found["codes"], found["final"])
            elif kind == "escape":
                if (escape := _ESCAPES.get(found["escape"])) is not None:
                    escape(screen, [])
            elif kind == "string":
                self._in_string = True
                return found.end()
        return end

    def _skip(self, text: str, at: int, end: int) -> int:
        """To the end of a string, or of what there is of it."""
        found = _ENDS.search(text, at)
        if found is None or found.start() >= end:
            return end
        self._in_string = False
        return found.start() if found[0] == "\x1b" else found.end()


def _sequence(screen: Screen, codes: str, final: str) -> None:
    """Do what a control sequence says."""
    if final == "m" and codes[:1] not in ("<", "=", ">", "?"):
        screen.dip(codes)
        return
    private = codes[:1] if codes[:1] in ("<", "=", ">", "?") else ""
    do = _SEQUENCES.get(private + final)
    if do is not None:
        parts = codes[len(private) :].split(";")[:32]
        do(screen, [min(int(part), 9_999) if part.isascii() and part.isdigit() else 0 for part in parts])


def _one(numbers: list[int]) -> int:
    """The first number, which is 1 where it is 0 or left out."""
    return numbers[0] or 1


def _two(numbers: list[int]) -> tuple[int, int]:
    return numbers[0] or 1, (numbers[1] or 1) if len(numbers) > 1 else 1


def _modes(on: bool) -> Do:
    def do(screen: Screen, numbers: list[int]) -> None:
        for number in numbers:
            screen.switch(number, on)

    return do


def _inserting(on: bool) -> Do:
    def do(screen: Screen, numbers: list[int]) -> None:
        if 4 in numbers:
            screen.switch(-4, on)

    return do


def _to_column(screen: Screen, numbers: list[int]) -> None:
    screen.grid.go(_one(numbers) - 1, screen.grid.y)


def _report(screen: Screen, numbers: list[int]) -> None:
    """Whether it is well, and where the cursor is."""
    grid = screen.grid
    if numbers[0] == 5:
        screen.answer("\x1b[0n")
    elif numbers[0] == 6:
        first = grid.top if 6 in screen.modes else 0
        screen.answer(f"\x1b[{grid.y - first + 1};{min(grid.x, grid.columns - 1) + 1}R")


def _stop_tabs(screen: Screen, numbers: list[int]) -> None:
    if numbers[0] == 3:
        screen.tabs.clear()
    elif numbers[0] == 0:
        screen.tabs.discard(screen.grid.x)


def _line_start(screen: Screen, numbers: list[int]) -> None:
    screen.grid.x = 0


def _next_line(screen: Screen, numbers: list[int]) -> None:
    screen.grid.x = 0
    screen.feed()


def _soft_reset(screen: Screen, numbers: list[int]) -> None:
    screen.modes = {7, 25} | screen.modes & {47, 1047, 1049}
    screen.grid.top, screen.grid.bottom = 0, screen.rows - 1
    screen.dip("0")


def _alphabet(which: int, lined: bool) -> Do:
    def do(screen: Screen, numbers: list[int]) -> None:
        screen.alphabets[which] = lined

    return do


def _shift(which: int) -> Do:
    def do(screen: Screen, numbers: list[int]) -> None:
        screen.alphabet = which

    return do


_CONTROLS: dict[str, Do] = {
    "\b": lambda screen, _: screen.back(),
    "\t": lambda screen, _: screen.tab(1),
    "\n": lambda screen, _: screen.feed(),
    "\v": lambda screen, _: screen.feed(),
    "\f": lambda screen, _: screen.feed(),
    "\r": _line_start,
    "\x0e": _shift(1),
    "\x0f": _shift(0),
}
_ESCAPES: dict[str, Do] = {
    "7": lambda screen, _: screen.save(),
    "8": lambda screen, _: screen.restore(),
    "c": lambda screen, _: screen.reset(),
    "D": lambda screen, _: screen.feed(),
    "E": _next_line,
    "H": lambda screen, _: screen.tabs.add(min(screen.grid.x, LARGEST)),
    "M": lambda screen, _: screen.grid.feed_back(screen.blank),
    "(0": _alphabet(0, True),
    "(B": _alphabet(0, False),
    ")0": _alphabet(1, True),
    ")B": _alphabet(1, False),
}
_SEQUENCES: dict[str, Do] = {
    "@": lambda screen, ns: screen.insert(_one(ns)),
    "A": lambda screen, ns: screen.grid.up(_one(ns)),
    "B": lambda screen, ns: screen.grid.down(_one(ns)),
    "C": lambda screen, ns: screen.grid.go(screen.column + _one(ns), screen.grid.y),
    "D": lambda screen, ns: screen.grid.go(screen.column - _one(ns), screen.grid.y),
    "E": lambda screen, ns: screen.grid.down(_one(ns), x=0),
    "F": lambda screen, ns: screen.grid.up(_one(ns), x=0),
    "G": _to_column,
    "H": lambda screen, ns: screen.home(*_two(ns)),
    "I": lambda screen, ns: screen.tab(_one(ns)),
    "J": lambda screen, ns: screen.erase(ns[0]),
    "K": lambda screen, ns: screen.erase_in_row(ns[0]),
    "L": lambda screen, ns: screen.grid.insert_rows(_one(ns), screen.blank),
    "M": lambda screen, ns: screen.grid.delete_rows(_one(ns), screen.blank),
    "P": lambda screen, ns: screen.delete(_one(ns)),
    "S": lambda screen, ns: screen.grid.scroll(_one(ns), screen.blank),
    "T": lambda screen, ns: screen.grid.scroll_back(_one(ns), screen.blank),
    "X": lambda screen, ns: screen.erase_cells(_one(ns)),
    "Z": lambda screen, ns: screen.tab(-_one(ns)),
    "`": _to_column,
    "a": lambda screen, ns: screen.grid.go(screen.column + _one(ns), screen.grid.y),
    "b": lambda screen, ns: screen.repeat(_one(ns)),
    "c": lambda screen, ns: screen.answer(_WHO) if not ns[0] else None,
    "d": lambda screen, ns: screen.home(_one(ns), screen.column + 1),
    "e": lambda screen, ns: screen.grid.down(_one(ns)),
    "f": lambda screen, ns: screen.home(*_two(ns)),
    "g": _stop_tabs,
    "h": _inserting(True),
    "l": _inserting(False),
    "n": _report,
    "r": lambda screen, ns: screen.scroll_between(ns[0], ns[1] if len(ns) > 1 else 0),
    "s": lambda screen, _: screen.save(),
    "u": lambda screen, _: screen.restore(),
    "?J": lambda screen, ns: screen.erase(ns[0]),
    "?K": lambda screen, ns: screen.erase_in_row(ns[0]),
    "?h": _modes(True),
    "?l": _modes(False),
    ">c": lambda screen, ns: screen.answer(_WHO_ELSE) if not ns[0] else None,
    "!p": _soft_reset,
}
