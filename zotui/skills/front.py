"""The front matter of a ``SKILL.md``: YAML read leniently, every value as text.

https://agentskills.io/specification
"""

import re
from typing import Any

DEEPEST = 40  # maps and lists within each other


def read_front(text: str, problems: list[str]) -> tuple[dict[str, Any], str]:
    """The fields of the front matter, and the body; what was put right is added to ``problems``. Raises ValueError with
    the line."""
    lines = text.split("\n")
    if lines[0].strip() != "---":
        raise ValueError("line 1: SKILL.md does not begin with '---'")
    end = _end(lines, 0)
    fields = _fields(lines, 0, end, problems)
    second = next((number for number in range(end + 1, len(lines)) if lines[number].strip()), len(lines))
    if "description" not in fields and lines[second : second + 1] == ["---"]:  # some skills of Zo's have two
        try:
            last = _end(lines, second)
            fields = {**_fields(lines, second, last, problems), **fields}
        except ValueError:
            pass  # it was a rule in the text
        else:
            problems.append(f"line {second + 1}: the front matter is in two parts")
            end = last
    return fields, "\n".join(lines[end + 1 :]).strip("\n")


def _end(lines: list[str], start: int) -> int:
    """The line that closes the front matter begun at ``start``. Raises ValueError."""
    for number in range(start + 1, len(lines)):
        if lines[number].rstrip() == "---":
            return number
    raise ValueError(f"line {start + 1}: the front matter has no closing '---'")


def _fields(lines: list[str], start: int, end: int, problems: list[str]) -> dict[str, Any]:
    """The fields between two lines; where a colon lacks its quotes they are put, and that is said. Raises ValueError."""
    front = lines[start + 1 : end]
    try:
        return _parse(front, start)
    except ValueError:
        quoted = [re.sub(r"^([\w-]+): +([^\s\"'|>\[{&*!].*:(?:\s.*)?)$", _quote, line) for line in front]
        if quoted == front:
            raise
        try:
            fields = _parse(quoted, start)
        except ValueError:
            pass
        else:
            number = next(n for n, line in enumerate(front) if line != quoted[n])
            problems.append(f"line {start + number + 2}: a value with a colon needs quotes")
            return fields
        raise


def _quote(line: re.Match[str]) -> str:
    value = line[2].rstrip().replace("'", "''")
    return f"{line[1]}: '{value}'"


def _parse(front: list[str], start: int) -> dict[str, Any]:
    """The front matter's fields. Raises ValueError with the line."""
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
