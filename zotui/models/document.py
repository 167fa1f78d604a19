"""Reading decoded JSON of any shape: what is missing or of another type is not there."""

import json
from collections.abc import Iterable
from typing import Any

MOST = 1 << 50


def at(document: object, path: Iterable[str | int]) -> Any:
    """What is at ``path`` in decoded JSON; None where anything on the way is missing or of another type."""
    for step in path:
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and isinstance(step, int) and step < len(document):
            document = document[step]
        else:
            return None
    return document


def dicts(value: object) -> list[dict[str, Any]]:
    """The objects in a JSON list; none where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def count(document: object, *paths: tuple[str | int, ...]) -> int | None:
    """The first number of things found at one of the paths; no server counts further than ``MOST``."""
    for path in paths:
        value = at(document, path)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST:
            return value
    return None


def string(value: object) -> str:
    """A string, where there is one."""
    return value if isinstance(value, str) else ""


def vectors(document: object) -> list[list[float]]:
    """The vectors of an answer, in the order of the texts: OpenAI's form, or Ollama's. Empty where it is neither, or any of them
    has anything but numbers."""
    listed = at(document, ("embeddings",))
    if not isinstance(listed, list):
        rows = dicts(at(document, ("data",)))
        listed = [row.get("embedding") for row in sorted(rows, key=lambda row: count(row, ("index",)) or 0)]
    return listed if all(map(_is_vector, listed)) else []


def _is_vector(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_number, value))


def _is_number(value: object) -> bool:
    """JSON as it is read has NaN and numbers without end, too."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -MOST <= value <= MOST


def decoded(body: bytes) -> object:
    """A JSON document, or the text it is instead."""
    text = body.decode("utf-8-sig", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
