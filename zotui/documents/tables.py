"""Tables and notebooks as text."""

import csv
import io
import json
import re
from typing import Any

from zotui.text import clean

MOST_ROWS = 500
OUTPUT = 2_000  # characters of a cell's output


def csv_text(text: str, delimiter: str = "") -> str:
    """A table with bars between the columns: its first rows, and how many there are; as it is where it is no table."""
    lines, count, columns = list[str](), 0, 0
    try:
        for row in filter(None, csv.reader(io.StringIO(text), delimiter=delimiter or _delimiter(text))):
            count, columns = count + 1, max(columns, len(row))
            if count <= MOST_ROWS:
                lines.append(" | ".join(cell.strip().replace("\n", " ") for cell in row))
    except csv.Error:
        return text
    more = [f"[{count - MOST_ROWS:,} more rows]"] if count > MOST_ROWS else []
    return "\n".join([f"{count:,} rows, {columns} columns", *lines, *more])


def _delimiter(text: str) -> str:
    """What stands between the columns of the first row, most often."""
    first = re.sub(r'"[^"]*"', "", text.lstrip().partition("\n")[0])
    return max(",;\t|", key=first.count)


def notebook_text(text: str) -> str:
    """The cells of a notebook in order, with what they put out, what colours that taken away; as it is where it is none."""
    try:
        cells = json.loads(text)["cells"]
        return clean("\n\n".join(_cell(number, cell) for number, cell in enumerate(cells, 1)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return text


def _cell(number: int, cell: dict[str, Any]) -> str:
    source = _joined(cell.get("source", ""))
    if cell.get("cell_type") != "code":
        return source
    outputs = [out for output in cell.get("outputs", []) if (out := _output(output))]
    return "\n".join([f"[{number}]", "```", source, "```", *outputs])


def _output(output: dict[str, Any]) -> str:
    data = output.get("data", {})
    text = _joined(output.get("text", "")) or _joined(data.get("text/plain", ""))
    if output.get("output_type") == "error":
        text = f"{output.get('ename', 'error')}: {output.get('evalue', '')}"
    pictures = [f"[{kind}]" for kind in data if kind.startswith("image/")]
    shown = text if len(text) <= OUTPUT else f"{text[:OUTPUT]}\n[{len(text) - OUTPUT:,} characters more]"
    return "\n".join(["→ " + shown, *pictures] if shown else pictures)


def _joined(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)
