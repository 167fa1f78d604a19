"""Tables: columns fitted to the width, cells that wrap, box lines; a list of fields where no table fits."""

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from zotui.tui.markdown.palette import Palette
from zotui.tui.markdown.piece import Rows, Table
from zotui.tui.markdown.words import STRONG, Line, blank, cells, runs_of, wrap

NARROWEST = 4
"""Cells below which a column is not squeezed; a table that would need it is shown as a list."""
_TOP, _MIDDLE, _BOTTOM = ("┌", "┬", "┐"), ("├", "┼", "┤"), ("└", "┴", "┘")


def table_lines(rows: Rows, width: int, palette: Palette) -> list[Line]:
    """Rows of a table at a width."""
    table = rows.table
    columns = _fitted(table, width)
    if columns is None:
        return _listed(rows, width, palette)
    lines: list[Line] = []
    if rows.first:
        lines.append(_border(_TOP, columns, palette))
        lines += _row(table.head, table.aligns, columns, palette, palette.text + STRONG)
        lines.append(_border(_MIDDLE, columns, palette))
    for row in rows.rows:
        lines += _row(row, table.aligns, columns, palette, palette.text)
    if rows.last:
        lines.append(_border(_BOTTOM, columns, palette))
    return lines


@lru_cache(64)
def _natural(table: Table) -> tuple[int, ...]:
    """How wide each column would like to be, by the header and the first rows."""
    plain = Palette()
    widths = [2] * len(table.head)
    for row in (table.head, *table.sample):
        for at, cell in enumerate(row):
            text = "".join(text for text, _ in runs_of(cell, plain, plain.text))
            widths[at] = max(widths[at], cell_len(text))
    return tuple(widths)


@lru_cache(64)
def _fitted(table: Table, width: int) -> tuple[int, ...] | None:
    """The widths of the columns in a table of at most ``width`` cells, the widest giving way first."""
    natural = _natural(table)
    room = width - 3 * len(natural) - 1
    if sum(natural) <= room:
        return natural
    if sum(min(want, NARROWEST) for want in natural) > room:
        return None
    cap = max(natural)
    while sum(min(want, cap) for want in natural) > room:
        cap -= 1
    columns = [min(want, cap) for want in natural]
    for at, want in enumerate(natural):  # what is left over goes to the first that want more
        if want > cap and sum(columns) < room:
            columns[at] += 1
    return tuple(columns)


def _border(ends: tuple[str, str, str], columns: tuple[int, ...], palette: Palette) -> Line:
    left, middle, right = ends
    text = left + middle.join("─" * (column + 2) for column in columns) + right
    return [Segment(text, palette.text + palette.line)]


def _row(
    row: tuple[str, ...], aligns: tuple[str, ...], columns: tuple[int, ...], palette: Palette, style: Style
) -> list[Line]:
    """One row, as many lines high as its highest cell."""
    bar, base = palette.text + palette.line, palette.text
    wrapped = [wrap(runs_of(cell, palette, style), column) for cell, column in zip(row, columns, strict=True)]
    lines: list[Line] = []
    for level in range(max(map(len, wrapped))):
        line = [Segment("│ ", bar)]
        for at, (cell, column) in enumerate(zip(wrapped, columns, strict=True)):
            words = [segment for segment in cell[level] if segment.text] if level < len(cell) else []
            spare = column - cells(words)
            left = {"left": 0, "center": spare // 2, "right": spare}[aligns[at]]
            line += [blank(left, base)] if left else []
            line += words
            line += [blank(spare - left, base)] if spare > left else []
            line.append(Segment(" │ " if at < len(columns) - 1 else " │", bar))
        lines.append(line)
    return lines


def _listed(rows: Rows, width: int, palette: Palette) -> list[Line]:
    """The rows as fields under each other: "header: cell"."""
    lines: list[Line] = []
    rule = [Segment("─" * width, palette.text + palette.line)]
    for row in rows.rows:
        lines.append(rule)
        for name, cell in zip(rows.table.head, row, strict=True):
            label = runs_of(name, palette, palette.text + STRONG)
            lines += wrap([*label, (": ", palette.text), *runs_of(cell, palette, palette.text)], width)
    if rows.first and not rows.rows:
        lines.append(rule)
        lines += wrap(runs_of(" · ".join(rows.table.head), palette, palette.text + STRONG), width)
    return [*lines, rule] if rows.last else lines
