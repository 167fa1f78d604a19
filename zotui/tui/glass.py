"""What the terminal shows, as far as it was written: of a frame, only what differs is sent, in few changes of style.

Textual paints whole lines of a widget, each piece with its style and a reset, whether it was there before or not; a
key that is typed into a bordered box costs the box. Bytes are dear over ssh, so this stands behind the guard and
compares. Whatever it is not sure of, as text that terminals disagree on the width of, it sends as it came.
"""

import re
from functools import lru_cache
from itertools import groupby

CLEARING = ("\x1b[?1049h", "\x1b[?1049l", "\x1b[2J", "\x1b[J")
"""Writes after which the terminal shows something else."""
_TOKEN = re.compile(r"\x1b\[([0-9;]*)m|\x1b\[([0-9]{1,5});([0-9]{1,5})H|([^\x1b]+)")
_BEGINS = re.compile(r"\x1b\[[0-9]{1,5};[0-9]{1,5}H")
_SURE = re.compile(  # one cell each, in every terminal: Latin, Greek, Cyrillic, punctuation, arrows, boxes, plain marks
    r"[ -~\xa1-\xac\xae-\u02ff\u0370-\u0373\u0384-\u03ff\u0400-\u0482\u048a-\u04ff"
    r"\u2010-\u2027\u2030-\u203b\u2190-\u2193\u2500-\u259f\u25a0-\u25a9\u25b2-\u25b5\u25b8-\u25bf\u25c0-\u25fa"
    r"\u2610-\u2612\u2713-\u2718\u2800-\u28ff]*"
)
_UNKNOWN = "\0"  # a cell of which nobody knows what it shows
_JOINED = 9  # cells that are the same between two changes, up to which they are sent along: a move costs as much
_SEEN_ON_BLANKS = frozenset({"4", "7", "9", "21", "53"})  # underline, reverse, strike, double underline, overline

Pen = str
Stroke = tuple[int, int, str, list[Pen]]
"""Line, column, text and the pens of its cells."""


class Glass:
    """The cells of a terminal. Forget them when somebody else may have written there."""

    def __init__(self) -> None:
        self._texts: dict[int, str] = {}
        self._pens: dict[int, list[Pen]] = {}
        self._cursor = ""

    def forget(self) -> None:
        """The terminal may show anything: all is to be sent again."""
        self._texts.clear()
        self._pens.clear()
        self._cursor = ""

    def lessen(self, frame: str) -> str:
        """What brings the terminal from what it shows to what this frame would make it show; maybe nothing."""
        strokes, cursor = _strokes(frame)
        if strokes is None:
            self.forget()
            return frame
        out: list[str] = []
        pen = ""
        for stroke in strokes:
            pen = self._draw(stroke, pen, out)
        if pen:
            out.append("\x1b[0m")
        if out or cursor != self._cursor:
            out.append(cursor)
        self._cursor = cursor
        return "".join(out)

    def _draw(self, stroke: Stroke, pen: Pen, out: list[str]) -> Pen:
        """Add what a stroke changes; the pen afterwards."""
        line, column, text, pens = stroke
        if not _SURE.fullmatch(text):
            self._texts.pop(line, None)
            self._pens.pop(line, None)
            return _write(line, column, text, pens, pen, out)
        end = column + len(text)
        shown, shown_pens = self._line(line, end)
        changes = _changes(shown[column:end], shown_pens[column:end], text, pens)
        for first, last in changes:
            pen = _write(line, column + first, text[first:last], pens[first:last], pen, out)
        if changes:
            self._texts[line] = shown[:column] + text + shown[end:]
            shown_pens[column:end] = pens
        return pen

    def _line(self, line: int, width: int) -> tuple[str, list[Pen]]:
        """What a line shows, at least so wide."""
        shown, pens = self._texts.get(line, ""), self._pens.setdefault(line, [])
        if (missing := width - len(shown)) > 0:
            shown += _UNKNOWN * missing
            pens.extend([""] * missing)
            self._texts[line] = shown
        return shown, pens


def is_frame(data: str) -> bool:
    """Whether a write is a frame: it begins with a move."""
    return _BEGINS.match(data) is not None


def _strokes(frame: str) -> tuple[list[Stroke] | None, str]:
    """The strokes of a frame, and the move that ends it; None where it is none that is understood."""
    strokes: list[Stroke] = []
    line = column = taken = 0
    pen = cursor = ""
    for found in _TOKEN.finditer(frame):
        if found.start() != taken:
            return None, ""
        taken = found.end()
        kind = found.lastindex
        if kind == 4:
            text = found[4]
            cells = _cells(text, pen)
            if strokes and not cursor:
                *where, before, pens = strokes[-1]
                strokes[-1] = (where[0], where[1], before + text, pens + cells)
            else:
                strokes.append((line, column, text, cells))
            cursor = ""
        elif kind == 3:
            line, column, cursor = int(found[2]), int(found[3]) - 1, found[0]
        else:
            pen = _after(pen, found[1])
    if taken != len(frame) or (strokes and not strokes[0][0]):
        return None, ""
    return strokes, cursor


def _cells(text: str, pen: Pen) -> list[Pen]:
    """The pen of each cell. On the blanks at the end, only what is seen of it."""
    inked = len(text.rstrip(" "))
    blank = len(text) - inked
    return [pen] * inked + [_on_blanks(pen)] * blank if blank else [pen] * inked


def _changes(old: str, old_pens: list[Pen], new: str, pens: list[Pen]) -> list[tuple[int, int]]:
    """Where a line differs from what is shown: its first cell, and the one behind its last, of each change."""
    if old == new and old_pens == pens:
        return []
    changes: list[tuple[int, int]] = []
    first = last = -1
    for at, (before, after, pen, new_pen) in enumerate(zip(old, new, old_pens, pens, strict=True)):
        if before == after and pen == new_pen:
            continue
        if first < 0:
            first = at
        elif at - last > _JOINED:
            changes.append((first, last + 1))
            first = at
        last = at
    return [*changes, (first, last + 1)]


def _write(line: int, column: int, text: str, pens: list[Pen], pen: Pen, out: list[str]) -> Pen:
    """Add the writing of a text at a place; the pen afterwards."""
    out.append(f"\x1b[{line};{column + 1}H")
    at = 0
    for wanted, cells in groupby(pens):
        end = at + sum(1 for _ in cells)
        run = text[at:end]
        at = end
        if not (run.isspace() and _on_blanks(pen) == wanted):
            out.append(_change(pen, wanted))
            pen = wanted
        out.append(run)
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
