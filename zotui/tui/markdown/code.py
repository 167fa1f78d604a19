"""Code blocks: coloured lines behind a bar."""

from collections import OrderedDict
from dataclasses import replace
from functools import lru_cache
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from zotui.tui.markdown.diff import LANGUAGES, diff_rows
from zotui.tui.markdown.growth import left_open
from zotui.tui.markdown.palette import Palette
from zotui.tui.markdown.piece import Code
from zotui.tui.markdown.words import GLUED, Line, cuts, pad

BAR = "▎"
KEPT_GROWING = 16  # blocks that grow at once
_ROOM_TO_HANG = 8  # cells from which what is left of a changed line stands in from its sign


def code_height(code: Code, width: int) -> int:
    """How many lines the code takes, without colouring it."""
    room = width - bar_width(width)
    hang = _hangs(code, room)
    return _has_title(code) + sum(len(_cuts(line, room, hang)) + 1 for line in _rows(code))


def code_lines(code: Code, width: int, palette: Palette) -> list[Line]:
    """The code at a width: a bar on the left, the language above, long lines broken."""
    base = palette.text + palette.block
    side = bar_width(width)
    bar = [Segment(f"{BAR} "[:side], base + palette.line)] if side else []
    room = width - side
    lines: list[Line] = []
    if _has_title(code):
        name = set_cell_size(code.language, min(room, cell_len(code.language)))
        lines.append([Segment(name, base + palette.muted)])
    hang = _hangs(code, room)
    colour = _growing if code.open and not _is_diff(code) else coloured
    for line in colour(code, palette, base):
        lines += _broken(line, room, hang)
    return [pad([*bar, *line], width, base) for line in lines]


def bar_width(width: int) -> int:
    """The bar and the space after it, as far as a wide character still fits beside them."""
    return max(0, min(2, width - 2))


def _has_title(code: Code) -> bool:
    return bool(code.first and code.language)


def _rows(code: Code) -> tuple[str, ...]:
    return code.lines or ("",)


def _hangs(code: Code, room: int) -> int:
    """Cells that what goes on from a line stands in: one in a difference, below the sign."""
    return int(_is_diff(code) and room >= _ROOM_TO_HANG)


def _is_diff(code: Code) -> bool:
    return code.language.lower() in LANGUAGES


def _cuts(text: str, width: int, hang: int) -> list[int]:
    """Where a line of code is cut."""
    return [hang + cut for cut in cuts(text[hang:], width - hang)] if hang else cuts(text, width)


def _broken(line: Line, width: int, hang: int) -> list[Line]:
    """A line of code cut into lines that fit; the cuts depend on its text only."""
    ends = [*_cuts("".join(segment.text for segment in line), width, hang), None]
    if len(ends) == 1:
        return [line]
    made: list[Line] = [[]]
    at = 0
    for text, style, _ in line:
        while text:
            room = None if ends[0] is None else ends[0] - at
            head, text = text[:room], text[len(text) if room is None else room :]
            if head:
                made[-1].append(Segment(head, style))
            at += len(head)
            if at == ends[0]:
                ends.pop(0)
                made.append([GLUED, *([Segment(" ", style)] if hang else [])])
    return made


def coloured(code: Code, palette: Palette, base: Style) -> list[Line]:
    """A line of segments for each line of code, as its language and the pygments style colour it."""
    rows, syntax = _rows(code), palette.syntax
    if _is_diff(code):
        return diff_rows(rows, palette, base)
    lexer = _lexer(code.language) if syntax and code.language else None
    if lexer is None:
        return [[Segment(row, base)] for row in rows]
    lines: list[Line] = [[]]
    lead = 1 if code.inside else 0
    for kind, value in lexer.get_tokens("\n".join((code.inside,) * lead + rows)):
        style = _style(syntax, kind, base)
        first, *others = value.split("\n")
        if first:
            lines[-1].append(Segment(first, style))
        for other in others:
            lines.append([Segment(other, style)] if other else [])
    found = lines[lead:] + [[]] * (len(rows) - len(lines) + lead)
    return [
        line if "".join(segment.text for segment in line) == row else [Segment(row, base)]
        for line, row in zip(found, rows, strict=False)
    ]


_Key = tuple[str, str, Style, str, tuple[str, ...]]
_grown: OrderedDict[_Key, tuple[tuple[str, ...], list[Line]]] = OrderedDict()


def _growing(code: Code, palette: Palette, base: Style) -> list[Line]:
    """The same of a block that grows: each row is coloured once, but for the last, and all anew when it is whole."""
    rows = _rows(code)
    key = (code.language, palette.syntax, base, code.inside, rows[:1])
    known, made = _grown.get(key, ((), []))
    kept = max(0, min(len(known), len(rows)) - 1)
    if not kept or rows[:kept] != known[:kept]:
        kept, made = 0, []
    inside = left_open(list(rows[:kept]), code.language, code.inside)
    lines = made[:kept] + coloured(replace(code, lines=rows[kept:], inside=inside), palette, base)
    _grown[key] = (rows, lines)
    while len(_grown) > KEPT_GROWING:
        _grown.popitem(last=False)
    return lines


@lru_cache(64)
def _lexer(language: str) -> Any:
    """The pygments lexer of a language, or nothing."""
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]

    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None


@lru_cache(1024)
def _style(syntax: str, kind: Any, base: Style) -> Style:
    """How a pygments style shows a kind of token; its backgrounds are left out."""
    from pygments.styles import get_style_by_name  # type: ignore[import-untyped]

    look = get_style_by_name(syntax).style_for_token(kind)
    colour = f"#{look['color']}" if look["color"] else None
    return base + Style(color=colour, bold=look["bold"] or None, italic=look["italic"] or None)
