"""Tables and notebooks as text."""

import csv
import io
import json
from typing import Any

MOST_ROWS = 500
OUTPUT = 2_000  # characters of a cell's output


def csv_text(text: str) -> str:
    """A table with bars between the columns, its first rows; as it is where it is no table."""
    sample = text[:8192]
    try:
        dialect: type[csv.Dialect] | str = csv.Sniffer().sniff(sample, ",;\t|")
    except csv.Error:
        dialect = "excel-tab" if "\t" in sample.partition("\n")[0] else "excel"
    try:
        rows = [row for row in csv.reader(io.StringIO(text), dialect) if row]
    except csv.Error:
        return text
    lines = [" | ".join(cell.strip().replace("\n", " ") for cell in row) for row in rows[:MOST_ROWS]]
    head = f"{len(rows):,} rows, {max(map(len, rows), default=0)} columns"
    more = [f"[{len(rows) - MOST_ROWS:,} more rows]"] if len(rows) > MOST_ROWS else []
    return "\n".join([head, *lines, *more])


def notebook_text(text: str) -> str:
    """The cells of a notebook in order, with what they put out; as it is where it is none."""
    try:
        cells = json.loads(text)["cells"]
        return "\n\n".join(_cell(number, cell) for number, cell in enumerate(cells, 1))
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
