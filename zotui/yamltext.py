"""YAML at the head of a Markdown file, read leniently: every value as text; no aliases, which can blow up."""

from collections.abc import Sequence
from typing import Any

DEEPEST = 40  # maps and lists within each other


def parse(front: Sequence[str], start: int) -> dict[str, Any]:
    """The fields of the lines after line ``start``, counted from 0. Raises ValueError with the line."""
    import yaml

    try:
        found = _composed(yaml.parse("\n".join(front), getattr(yaml, "CBaseLoader", yaml.BaseLoader)), start + 2)
    except yaml.MarkedYAMLError as error:
        line = f"line {start + error.problem_mark.line + 2}: " if error.problem_mark else ""
        raise ValueError(f"{line}{error.problem or error}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"the front matter cannot be read: {error}") from None
    if len(found) != 1 or not isinstance(found[0], dict):
        raise ValueError("the front matter is no list of 'field: value'")
    return found[0]


def _composed(events: Any, first: int) -> list[Any]:
    """What the parser's events make up, a value for each document: maps, lists and texts, no booleans, dates or numbers;
    and no aliases, which can blow up. Raises ValueError."""
    import yaml

    documents: list[Any] = []
    open_: list[Any] = [documents]
    keys: list[str | None] = [None]  # of each map that is open, the key whose value comes next

    def add(value: Any, line: int) -> None:
        within = open_[-1]
        if isinstance(within, list):
            within.append(value)
        elif keys[-1] is not None:
            within[keys[-1]] = value
            keys[-1] = None
        elif isinstance(value, str):
            keys[-1] = value
        else:
            raise ValueError(f"line {first + line}: the name of a field is no text")

    for event in events:
        line = event.start_mark.line
        if isinstance(event, yaml.AliasEvent):
            raise ValueError(f"line {first + line}: aliases are not allowed in the front matter")
        if isinstance(event, yaml.ScalarEvent):
            add(event.value, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            add(value, line)
            open_.append(value)
            if len(open_) > DEEPEST:
                raise ValueError(f"line {first + line}: the front matter is nested too deeply")
            keys.append(None)
        elif isinstance(event, yaml.CollectionEndEvent):
            open_.pop()
            keys.pop()
    return documents
