"""The sheets of a spreadsheet: what stands in the cells, not how it is reckoned."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import TYPE_CHECKING

from zotui.documents.length import LONGEST
from zotui.documents.packed import tell
from zotui.documents.tables import MOST_ROWS

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

ENOUGH = LONGEST - 1_000  # characters, after which no more sheets are read
MOST_COLUMNS = 200
FARTHEST = 1_048_576  # rows that a sheet may have, the empty ones too
_NAMED = 20  # sheets of those that are left out


def main() -> None:
    """Read, or exit with one line of what is wrong."""
    tell("spreadsheet", _text)


def _text(content: io.BytesIO) -> str:
    """The sheets in their order, each under its name, until it is enough; the others are named."""
    from openpyxl import load_workbook

    sheets: list[ReadOnlyWorksheet] = load_workbook(content, read_only=True, data_only=True).worksheets  # type: ignore[assignment]
    told, length = list[str](), 0
    while len(told) < len(sheets) and length <= ENOUGH:
        told.append(_sheet(sheets[len(told)]))
        length += len(told[-1])
    whole = "\n\n".join(told)
    if length > ENOUGH:
        whole = f"{whole[:ENOUGH]}\n[the rest of this sheet is left out]"
    if left := [_line(sheet.title) for sheet in sheets[len(told) :]]:
        more = ", …" if len(left) > _NAMED else ""
        whole += f"\n[{len(left)} of {len(sheets)} sheets are left out: {', '.join(left[:_NAMED])}{more}]"
    return whole


def _sheet(sheet: "ReadOnlyWorksheet") -> str:
    """A sheet's first rows with bars between the columns."""
    sheet.reset_dimensions()  # what a file says of them is often wrong
    rows = _rows(sheet)
    lines = list(islice(rows, MOST_ROWS))
    hidden = "" if sheet.sheet_state == "visible" else " (hidden)"
    more = ["[there are more rows]"] if next(rows, None) is not None else []
    return "\n".join([f"## {_line(sheet.title)}{hidden}", *(lines or ["(empty)"]), *more])


def _rows(sheet: "ReadOnlyWorksheet") -> Iterator[str]:
    """The rows that hold anything."""
    for row in islice(sheet.values, FARTHEST):
        cells = [_shown(value) for value in row[:MOST_COLUMNS]]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield " | ".join(cells) + (" | …" if len(row) > MOST_COLUMNS else "")


def _shown(value: object) -> str:
    """A value as a person reads it."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float():
            return f"{value:.15g}"  # as many digits as a spreadsheet has
        case datetime():
            return value.isoformat(" ", "seconds") if value.time() != time() else value.date().isoformat()
        case date():
            return value.isoformat()
    return _line(str(value))


def _line(text: str) -> str:
    return " ".join(text.split())
