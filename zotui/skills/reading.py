"""Reading one skill's folder: what it is, the hash of each of its files, and how it looked. Nothing of it runs.

Name problems are said, a missing description or unreadable front matter makes the skill invalid; either way it is listed.
"""

import os
import re
import stat
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from zotui.regular import NotRegular, TooLarge
from zotui.skills.environments import mistake
from zotui.skills.front import line_of, read_front
from zotui.skills.hidden import MOST as MOST_HIDDEN
from zotui.skills.hidden import hidden_in
from zotui.skills.opened import MAIN, Opened, Seen, TooMuch, hash_of, hashes
from zotui.skills.scripts import LARGEST as LARGEST_SCRIPT
from zotui.skills.scripts import dependencies_in, script_in
from zotui.skills.skill import Script, Skill
from zotui.text import clean, one_line

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_NAME = 64
LONGEST_DESCRIPTION = 1024
LONGEST_COMPATIBILITY = 500
LARGEST = 1_000_000  # bytes of a SKILL.md
CODE = (".bat", ".cjs", ".js", ".mjs", ".pl", ".ps1", ".py", ".rb", ".sh", ".so", ".ts")
_BETWEEN = r"[,\n](?![^\[]*\])(?!\s*[<>=!~])"  # dependencies: what is between them, not between their versions
_TOOL = re.compile(r"[^\s,(]+(?:\([^)]*\))?")


class Read(NamedTuple):
    """A folder as it was read. ``files`` is empty where not all could be read: then nobody can trust it."""

    skill: Skill
    files: dict[str, str]
    seen: list[Seen]
    contents: list[tuple[Seen, bytes]]


def load_skill(folder: str | os.PathLike[str], source: str = "") -> Skill:
    """Read one skill's folder; never raises for what is in it."""
    place = Path(folder)
    return read_skill(place, source or os.fspath(place.parent)).skill


def read_skill(folder: Path, source: str) -> Read:
    """The same, with what its files were. Never raises for what is in it."""
    try:
        with Opened(folder) as opened:
            return _read(folder, source, opened)
    except OSError as error:
        return Read(_invalid(folder, source, error.strerror or str(error)), {}, [], [])


def _read(folder: Path, source: str, opened: Opened) -> Read:
    problems: list[str] = []
    seen: list[Seen] = []
    contents: list[tuple[Seen, bytes]] = []
    try:
        seen = opened.seen()
        contents = list(opened.contents(seen))
    except TooMuch as error:
        problems.append(f"it cannot be trusted: {error}")
    except OSError as error:
        problems.append(f"it cannot be trusted: {one_line(str(error.filename or ''), 200)} {error.strerror or error}")
    whole = not problems
    files = hashes(contents) if whole else {}
    skill = _skill(folder, source, opened, problems)
    if not skill.valid:
        return Read(skill, files, seen, contents)
    hidden = (said for one, content in contents for said in hidden_in(one_line(one.path, 200), content))
    scripts, dependencies = _scripts(contents, skill)
    skill = msgspec.structs.replace(
        skill,
        hash=hash_of(files) if whole else "",
        scripts=scripts,
        files=tuple(one_line(one.path, 300) for one, _ in contents),
        code=tuple(one_line(one.path, 200) for one, content in contents if _could_run(one, content)),
        hidden=tuple(islice(hidden, MOST_HIDDEN)),
        dependencies=tuple(dict.fromkeys([*skill.dependencies, *dependencies])),
    )
    if scripts:
        wrong = [(one, mistake(one)) for one in skill.dependencies]
        skill.problems.extend(f"{_where(contents, one)}{said}" for one, said in wrong if said)
    return Read(skill, files, seen, contents if whole else [])


def _skill(folder: Path, source: str, opened: Opened, problems: list[str]) -> Skill:
    """What its SKILL.md says."""
    told: list[str] = []
    try:
        text = clean(opened.read(MAIN, LARGEST).decode("utf-8-sig"))
        fields, body = read_front(text, told)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return _invalid(folder, source, f"{MAIN}: line {line}: it is not UTF-8")
    except NotRegular as error:
        return _invalid(folder, source, f"SKILL.md: {error}")
    except TooLarge:
        return _invalid(folder, source, f"SKILL.md is larger than {LARGEST:,} bytes")
    except OSError as error:
        return _invalid(folder, source, error.strerror or str(error))
    except ValueError as error:
        return _invalid(folder, source, f"{MAIN}: {error}")

    def wrong(field: str, said: str) -> None:
        told.append(f"line {line_of(text, field)}: {said}")

    name = one_line(str(fields.get("name") or folder.name), 200)
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        wrong("name", f"the name {name!r} is not 1 to 64 of a-z, 0-9 and single hyphens")
    if name != folder.name:
        wrong("name", f"the name {name!r} is not the folder's, {one_line(folder.name, 200)!r}")
    said = fields.get("description")
    description = one_line(said, 10 * LONGEST_DESCRIPTION) if isinstance(said, str) else ""
    if not description:
        wrong("description", "there is no description")
    elif len(description) > LONGEST_DESCRIPTION:
        wrong("description", f"the description is longer than {LONGEST_DESCRIPTION} characters")
    compatibility = _text(fields.get("compatibility"))
    if len(compatibility) > LONGEST_COMPATIBILITY:
        wrong("compatibility", f"the compatibility is longer than {LONGEST_COMPATIBILITY} characters")
    problems += [f"{MAIN}: {one}" for one in told]
    metadata = fields["metadata"] if isinstance(fields.get("metadata"), dict) else {}
    valid = bool(description)
    return Skill(
        name,
        description,
        _list(_field(fields, "triggers"), ","),
        str(folder),
        source,
        True,
        valid,
        problems,
        body,
        state="ready" if valid else "invalid",
        allowed_tools=_tools(fields.get("allowed-tools")),
        hosts=tuple(_list(_field(fields, "hosts"))),
        keys=tuple(dict.fromkeys([*_list(_field(fields, "keys")), *_wanted(metadata)])),
        dependencies=tuple(_list(_field(fields, "dependencies"), _BETWEEN)),
        license=_text(fields.get("license")),
        compatibility=compatibility,
        version=one_line(_text(_field(fields, "version")), 60),
        metadata=metadata,
    )


def _invalid(folder: Path, source: str, problem: str) -> Skill:
    name = one_line(folder.name, 200)
    return Skill(name, "", [], str(folder), source, True, False, [one_line(problem, 200)], state="invalid")


def _field(fields: Mapping[str, Any], name: str) -> Any:
    """A field at the top, or under metadata, where the specification wants those that it does not know."""
    metadata = fields.get("metadata")
    return fields.get(name) or (metadata.get(name) if isinstance(metadata, dict) else None)


def _text(found: Any) -> str:
    return one_line(found, 2_000) if isinstance(found, str) else ""


def _list(found: Any, apart: str | None = None) -> list[str]:
    """A list, or a text whose items stand apart by such a pattern, or by blanks and commas where none is named."""
    if isinstance(found, str):
        items: Iterable[Any] = re.split(apart, found) if apart else found.replace(",", " ").split()
    else:
        items = found if isinstance(found, list) else []
    return [one_line(str(item), 200 if apart is None else 100) for item in items if str(item).strip()]


def _tools(found: Any) -> tuple[str, ...]:
    """Names of tools, some with a pattern in brackets."""
    text = " ".join(map(str, found)) if isinstance(found, list) else found if isinstance(found, str) else ""
    return tuple(one_line(one, 200) for one in _TOOL.findall(text))


def _wanted(metadata: Mapping[str, Any]) -> list[str]:
    """The variables that skills of OpenClaw say they need: ``metadata.NAME.requires.env``."""
    needs = [one["requires"] for one in metadata.values() if isinstance(one, dict) and "requires" in one]
    return [key for one in needs if isinstance(one, dict) for key in _list(one.get("env"))]


def _scripts(contents: list[tuple[Seen, bytes]], skill: Skill) -> tuple[tuple[Script, ...], list[str]]:
    """The scripts, that which is called like the skill first; and what they declare to need."""
    found: list[Script] = []
    dependencies: list[str] = []
    for one, content in contents:
        above, _, name = one.path.rpartition("/")
        if above != "scripts" or not name.endswith(".py") or not stat.S_ISREG(one.mode):
            continue
        if len(content) > LARGEST_SCRIPT:
            skill.problems.append(f"{one_line(one.path, 200)} is larger than {LARGEST_SCRIPT:,} bytes")
            continue
        if script := script_in(one_line(one.path, 300), content, skill.problems):
            found.append(script)
            dependencies += dependencies_in(content)
    found.sort(key=lambda script: (script.name.replace("_", "-") != skill.name, script.name))
    return tuple(found), dependencies


def _where(contents: list[tuple[Seen, bytes]], word: str) -> str:
    """The first file and line with a word, as a problem begins; nothing where none has it as it is."""
    for one, content in contents:
        if (one.path == MAIN or one.path.endswith(".py")) and (at := content.find(word.encode())) >= 0:
            line = content.count(b"\n", 0, at) + 1
            return f"{one_line(one.path, 200)}: line {line}: "
    return ""


def _could_run(one: Seen, content: bytes) -> bool:
    """Whether a file may be a program."""
    if not stat.S_ISREG(one.mode):
        return False
    return one.path.startswith("scripts/") or one.path.endswith(CODE) or one.mode & 0o111 != 0 or content[:2] == b"#!"
