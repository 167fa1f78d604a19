"""A piece of Markdown painted at a width."""

from rich.segment import Segment

from zotui.tui.markdown.code import bar_width, code_height, code_lines
from zotui.tui.markdown.palette import Palette
from zotui.tui.markdown.piece import Box, Code, Piece, Prose, Rows
from zotui.tui.markdown.pieces import Pieces
from zotui.tui.markdown.table import table_lines
from zotui.tui.markdown.words import Line, blank, plain, runs_of, wrap

NARROWEST = 4
"""The narrowest that is painted; a smaller width is taken for this."""
_BULLETS = "•◦▪"
_TICKS = {"[ ] ": "☐", "[x] ": "☑", "[X] ": "☑"}


def markdown_lines(source: str, width: int, palette: Palette) -> list[Line]:
    """A whole text, painted."""
    pieces = Pieces(source)
    return [line for piece in pieces.sealed + pieces.tail() for line in paint(piece, width, palette)]


def height(piece: Piece, width: int) -> int | None:
    """How many lines a piece takes, where that is known without painting it; that is so for code."""
    if not isinstance(piece.leaf, Code):
        return None
    return piece.gap + code_height(piece.leaf, _room(piece, width))


def paint(piece: Piece, width: int, palette: Palette) -> list[Line]:
    """The lines of a piece, none wider than ``width``, which is at least ``NARROWEST``."""
    room = _room(piece, width)
    edge = max(NARROWEST, width) - room
    lines = _leaf(piece, room, palette)
    if edge:
        heads = _edge(piece, palette, edge, fresh=True)
        rests = _edge(piece, palette, edge, fresh=False)
        lines = [[*(heads if at == 0 else rests), *line] for at, line in enumerate(lines)]
    if piece.gap:
        lines.insert(0, _edge(piece, palette, edge, fresh=False, inside=piece.shared))
    return lines


def margin(piece: Piece, width: int, goes_on: bool = False) -> int:
    """The cells at the left of a line that are no text: bars and what stands before code; markers where it goes on."""
    room = _room(piece, width)
    edge = max(NARROWEST, width) - room
    if isinstance(piece.leaf, Code):
        return edge + bar_width(room)
    if goes_on:
        return edge
    quotes = next((at for at, box in enumerate(piece.boxes) if box.marker != ">"), len(piece.boxes))
    return min(edge, 2 * quotes)


def _room(piece: Piece, width: int) -> int:
    """The width left for what is inside of the boxes: half of it at least."""
    width = max(NARROWEST, width)
    return width - min(sum(_marker_width(box) for box in piece.boxes), width // 2)


def _marker_width(box: Box) -> int:
    return len(box.marker) + 1 if box.marker[0].isdigit() else 2


def _edge(piece: Piece, palette: Palette, width: int, fresh: bool, inside: int | None = None) -> Line:
    """What stands left of a line: bars of quotes, and on the first line of an item its marker."""
    line: Line = []
    base, depth = palette.text, -1
    for at, box in enumerate(piece.boxes[:inside]):
        depth += box.marker != ">"
        size = min(_marker_width(box), width)
        width -= size
        if box.marker == ">":
            line.append(Segment("▎ "[:size], base + palette.line))
        elif fresh and at >= piece.shared:
            line.append(Segment(f"{_mark(piece, at, depth)} "[:size], base + palette.muted))
        else:
            line.append(blank(size, base))
    return [segment for segment in line if segment.text]


def _mark(piece: Piece, at: int, depth: int) -> str:
    """The marker of an item: its number, its tick box, or a bullet by depth."""
    if piece.boxes[at].marker[0].isdigit():
        return piece.boxes[at].marker
    ticked = _ticked(piece) if at == len(piece.boxes) - 1 else ""
    return ticked or _BULLETS[depth % len(_BULLETS)]


def _ticked(piece: Piece) -> str:
    """The tick box that a task begins with, or nothing."""
    leaf = piece.leaf
    if not isinstance(leaf, Prose) or leaf.level or piece.shared == len(piece.boxes):
        return ""
    return _TICKS.get(leaf.text[:4], "") if piece.boxes[-1].marker in "-+*" else ""


def _leaf(piece: Piece, width: int, palette: Palette) -> list[Line]:
    leaf, base = piece.leaf, palette.text
    if isinstance(leaf, Code):
        return code_lines(leaf, width, palette)
    if isinstance(leaf, Rows):
        return table_lines(leaf, width, palette)
    if not isinstance(leaf, Prose):
        return [[Segment("─" * width, base + palette.line)]]
    if leaf.literal:
        return plain(leaf.text, width, base + palette.muted)
    if leaf.level:
        return wrap(runs_of(leaf.text, palette, base + palette.heading), width)
    text = leaf.text[4:] if _ticked(piece) else leaf.text
    return wrap(runs_of(text, palette, base), width)
