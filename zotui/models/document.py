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


def decoded(body: bytes) -> object:
    """A JSON document, or the text it is instead."""
    text = body.decode("utf-8-sig", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
