"""One skill: a folder whose ``SKILL.md`` begins with YAML front matter (the Agent Skills format).

Name problems are said, a missing description or unreadable front matter makes the skill invalid; either way it
is listed. https://agentskills.io/specification
"""

import re
from pathlib import Path
from typing import Any

import msgspec

from zotui.regular import NotRegular, TooLarge, read_regular
from zotui.text import clean, one_line

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_NAME = 64
LONGEST_DESCRIPTION = 1024
LARGEST = 1_000_000  # bytes of a SKILL.md


class Skill(msgspec.Struct, frozen=True):
    """A skill as found on disk. ``source`` says on which shelf: bundled, home or a folder's path."""

    name: str
    description: str
    triggers: list[str]
    path: str
    source: str
    enabled: bool
    valid: bool
    problems: list[str]
    body: str = ""


def load_skill(folder: Path, source: str) -> Skill:
    """Read one skill folder; never raises for what is in it."""
    problems: list[str] = []
    try:
        text = clean(read_regular(folder / "SKILL.md", LARGEST).decode("utf-8-sig"))
        fields, body = _read_front(text, problems)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return _invalid(folder, source, f"line {line}: SKILL.md is not UTF-8")
    except NotRegular as error:
        return _invalid(folder, source, f"SKILL.md: {error}")
    except TooLarge:
        return _invalid(folder, source, f"SKILL.md is larger than {LARGEST:,} bytes")
    except (OSError, ValueError) as error:
        return _invalid(folder, source, getattr(error, "strerror", None) or str(error))
    name = one_line(str(fields.get("name") or folder.name), 200)
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        problems.append(f"the name {name!r} is not 1 to 64 of a-z, 0-9 and single hyphens")
    if name != folder.name:
        problems.append(f"the name {name!r} is not the folder's, {one_line(folder.name, 200)!r}")
    said = fields.get("description")
    description = one_line(said, 10 * LONGEST_DESCRIPTION) if isinstance(said, str) else ""
    if not description:
        problems.append("there is no description")
    elif len(description) > LONGEST_DESCRIPTION:
        problems.append(f"the description is longer than {LONGEST_DESCRIPTION} characters")
    return Skill(name, description, _triggers(fields), str(folder), source, True, bool(description), problems, body)


def _invalid(folder: Path, source: str, problem: str) -> Skill:
    return Skill(one_line(folder.name, 200), "", [], str(folder), source, True, False, [one_line(problem, 200)])


def _read_front(text: str, problems: list[str]) -> tuple[dict[str, Any], str]:
    """The fields of the front matter, and the body. Raises ValueError with the line."""
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
    """The front matter's fields, every scalar as text. Raises ValueError with the line."""
    import yaml

    class Plain(yaml.BaseLoader):
        """Text stays text: no booleans, dates or numbers, and no aliases, which can blow up."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                line = self.peek_event().start_mark.line  # type: ignore[no-untyped-call]
                raise ValueError(f"line {start + line + 2}: aliases are not allowed in the front matter")
            return super().compose_node(parent, index)

    try:
        fields = yaml.load("\n".join(front), Loader=Plain)
    except yaml.MarkedYAMLError as error:
        line = f"line {start + error.problem_mark.line + 2}: " if error.problem_mark else ""
        raise ValueError(f"{line}{error.problem or error}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"the front matter cannot be read: {error}") from None
    if not isinstance(fields, dict):
        raise ValueError("the front matter is no list of 'field: value'")
    return fields


def _triggers(fields: dict[str, Any]) -> list[str]:
    """ZoClone's triggers: a comma string or a list, at the top or under metadata."""
    metadata = fields.get("metadata")
    found = fields.get("triggers") or (metadata.get("triggers") if isinstance(metadata, dict) else None) or []
    items = found.split(",") if isinstance(found, str) else found if isinstance(found, list) else []
    return [one_line(str(item), 100) for item in items if str(item).strip()]
