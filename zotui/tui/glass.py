"""What the terminal shows, as far as it was written: of a frame, only what differs is sent, in few changes of style.

Textual paints whole lines of a widget, each piece with its style and a reset, whether it was there before or not; a
key that is typed into a bordered box costs the box. Bytes are dear over ssh, so this stands behind the guard and
compares. Whatever it is not sure of, as text that terminals disagree on the width of, it sends as it came.
"""

import re
from functools import lru_cache
from itertools import compress, count, groupby
from operator import itemgetter, ne
from typing import NamedTuple

CLEARING = ("\x1b[?1049h", "\x1b[?1049l", "\x1b[2J", "\x1b[J")
"""Writes after which the terminal shows something else."""
_MOVE = re.compile(r"\x1b\[([0-9]{1,5});([0-9]{1,5})H")
_TOKEN = re.compile(r"\x1b\[([0-9;]*)m|([^\x1b]+)")
_SURE = re.compile(  # one cell each, in every terminal: Latin, Greek, Cyrillic, punctuation, arrows, boxes, plain marks
    r"[ -~\xa1-\xac\xae-\u02ff\u0370-\u0373\u0384-\u03ff\u0400-\u0482\u048a-\u04ff"
    r"\u2010-\u2027\u2030-\u203b\u2190-\u2193\u2500-\u259f\u25a0-\u25a9\u25b2-\u25b5\u25b8-\u25bf\u25c0-\u25fa"
    r"\u2610-\u2612\u2713-\u2718\u2800-\u28ff]*"
)
_JOINED = 9  # cells that are the same between two changes, up to which they are sent along: a move costs as much
_CHARACTER_OF, _PEN_OF = itemgetter(0), itemgetter(1)
_SEEN_ON_BLANKS = frozenset({"4", "7", "9", "21", "53"})  # underline, reverse, strike, double underline, overline

Pen = str
Cell = tuple[str, Pen]
_NOBODY_KNOWS: Cell = ("\0", "")


class Glass:
    """The cells of a terminal. Forget them when somebody else may have written there."""

    def __init__(self) -> None:
        self._lines: dict[int, list[Cell]] = {}
        self._cursor = ""

    def forget(self) -> None:
        """The terminal may show anything: all is to be sent again."""
        self._lines.clear()
        self._cursor = ""

    def lessen(self, frame: str) -> str:
        """What brings the terminal from what it shows to what this frame would make it show; maybe nothing."""
        begins, *parts = _MOVE.split(frame)
        if begins:
            return self._unread(frame)
        out: list[str] = []
        pen = shown = cursor = ""
        for line, column, content in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            cursor = "" if content else f"\x1b[{line};{column}H"
            stroke = _read(content, pen)
            if stroke is None:
                return self._unread(frame)
            pen = stroke.pen
            if content:
                shown = self._draw(int(line), int(column) - 1, stroke, shown, out)
        if shown:
            out.append("\x1b[0m")
        if out or cursor != self._cursor:
            out.append(cursor)
        self._cursor = cursor
        return "".join(out)

    def _unread(self, frame: str) -> str:
        self.forget()
        return frame

    def _draw(self, line: int, column: int, stroke: "_Stroke", pen: Pen, out: list[str]) -> Pen:
        """Add what a stroke changes; the pen afterwards."""
        if not stroke.sure:
            self._lines.pop(line, None)
            return _write(line, column, stroke.cells, pen, out)
        end = column + len(stroke.cells)
        shown = self._lines.setdefault(line, [])
        if (missing := end - len(shown)) > 0:
            shown += [_NOBODY_KNOWS] * missing
        before = shown[column:end]
        if before == stroke.cells:
            return pen
        for first, last in _changes(before, stroke.cells):
            pen = _write(line, column + first, stroke.cells[first:last], pen, out)
        shown[column:end] = stroke.cells
        return pen


def is_frame(data: str) -> bool:
    """Whether a write is a frame: it begins with a move."""
    return _MOVE.match(data) is not None


class _Stroke(NamedTuple):
    """What is written from one place on: its cells, the pen afterwards, and whether each character is one cell."""

    cells: list[Cell]
    pen: Pen
    sure: bool


@lru_cache(2048)
def _read(content: str, pen: Pen) -> _Stroke | None:
    """What stands between two moves, begun with a pen; None where it is not understood. Lines that scroll come again."""
    cells: list[Cell] = []
    taken, sure = 0, True
    for found in _TOKEN.finditer(content):
        if found.start() != taken:
            return None
        taken = found.end()
        if (text := found[2]) is None:
            pen = _after(pen, found[1])
            continue
        sure = sure and _SURE.fullmatch(text) is not None
        inked = len(text.rstrip(" "))
        cells += [(character, pen) for character in text[:inked]]
        if blank := len(text) - inked:  # of a pen, only what is seen of it there
            cells += [(" ", _on_blanks(pen))] * blank
    return _Stroke(cells, pen, sure) if taken == len(content) else None


def _changes(old: list[Cell], new: list[Cell]) -> list[tuple[int, int]]:
    """Where a line differs from what is shown: its first cell, and the one behind its last, of each change."""
    changes: list[tuple[int, int]] = []
    first = last = -1
    for at in compress(count(), map(ne, old, new)):
        if first < 0:
            first = at
        elif at - last > _JOINED:
            changes.append((first, last + 1))
            first = at
        last = at
    return [*changes, (first, last + 1)]


def _write(line: int, column: int, cells: list[Cell], pen: Pen, out: list[str]) -> Pen:
    """Add the writing of cells at a place; the pen afterwards."""
    out.append(f"\x1b[{line};{column + 1}H")
    for wanted, run in groupby(cells, _PEN_OF):
        text = "".join(map(_CHARACTER_OF, run))
        if pen != wanted and not (text.isspace() and _on_blanks(pen) == wanted):
            out.append(_change(pen, wanted))
            pen = wanted
        out.append(text)
    return pen


@lru_cache(4096)
def _after(pen: Pen, codes: str) -> Pen:
    """A pen after more codes of style."""
    parts = _parts(codes)
    if "0" in parts or "" in parts:
        last = max(at for at, part in enumerate(parts) if part in ("0", ""))
        return ";".join(parts[last + 1 :])
    return f"{pen};{codes}" if pen else codes


@lru_cache(4096)
def _parts(codes: str) -> list[str]:
    """The codes of a style one by one; a colour is one of them."""
    parts: list[str] = []
    numbers = codes.split(";")
    while numbers:
        length = 1
        if numbers[0] in ("38", "48") and len(numbers) > 1:
            length = 5 if numbers[1] == "2" else 3
        parts.append(";".join(numbers[:length]))
        del numbers[:length]
    return parts


@lru_cache(4096)
def _laid_out(pen: Pen) -> tuple[str, str, frozenset[str]]:
    """Foreground, background and the other attributes of a pen."""
    ink = ground = ""
    others = set()
    for part in _parts(pen):
        number = part.partition(";")[0]
        if number in ("38", "39") or (number[:1] in ("3", "9") and len(number) == 2):
            ink = "" if number == "39" else part
        elif (
            number in ("48", "49")
            or (number[:1] == "4" and len(number) == 2)
            or (number[:2] == "10" and len(number) == 3)
        ):
            ground = "" if number == "49" else part
        else:
            others.add(part)
    return ink, ground, frozenset(others)


@lru_cache(4096)
def _on_blanks(pen: Pen) -> Pen:
    """What is seen of a pen where nothing is written."""
    if not pen:
        return ""
    _ink, ground, others = _laid_out(pen)
    if others & _SEEN_ON_BLANKS:
        return pen
    return ground


@lru_cache(4096)
def _change(pen: Pen, wanted: Pen) -> str:
    """The shortest change from one pen to another."""
    ink, ground, others = _laid_out(pen)
    new_ink, new_ground, new_others = _laid_out(wanted)
    if (ink, ground, others) == (new_ink, new_ground, new_others):
        return ""
    whole = f"\x1b[0;{wanted}m" if wanted else "\x1b[0m"
    if not pen:
        return f"\x1b[{wanted}m"
    if others - new_others:
        return whole
    codes = sorted(new_others - others)
    codes += [new_ink or "39"] if ink != new_ink else []
    codes += [new_ground or "49"] if ground != new_ground else []
    return min(f"\x1b[{';'.join(codes)}m", whole, key=len)
