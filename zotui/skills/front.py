"""The front matter of a ``SKILL.md``: YAML read leniently, every value as text.

https://agentskills.io/specification
"""

import re
from typing import Any

from zotui.yamltext import parse


def read_front(text: str, problems: list[str]) -> tuple[dict[str, Any], str]:
    """The fields of the front matter, and the body; what was put right is added to ``problems``. Raises ValueError with
    the line."""
    lines = text.split("\n")
    if lines[0].strip() != "---":
        raise ValueError("line 1: it does not begin with '---'")
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


def line_of(text: str, field: str) -> int:
    """The line in which a field of the front matter stands; the first where it has none."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith((f"{field}:", f'"{field}":')):
            return number
        if number > 1 and line.rstrip() == "---":
            break
    return 1


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
        return parse(front, start)
    except ValueError:
        quoted = [re.sub(r"^([\w-]+): +([^\s\"'|>\[{&*!].*:(?:\s.*)?)$", _quote, line) for line in front]
        if quoted == front:
            raise
        try:
            fields = parse(quoted, start)
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
