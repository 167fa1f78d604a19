"""Where skills may lie: with zotui, in the home, in the person's own folders, and in a project."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from zotui.home import Home

FOLDERS = (".agents/skills", ".claude/skills", ".zotui/skills")
"""Below a project and below the person's home directory; a later one hides an earlier one."""
DEEPEST, MOST = 5, 2_000
"""How far skills are looked for below such a folder, and in how many folders at most."""
_PASSED = frozenset({"__pycache__", "node_modules"})


class Place(NamedTuple):
    """A folder of skills. ``own``: only the person puts something there, so that it is the person's wish."""

    source: str
    folder: Path
    own: bool


def places(home: Path, within: Sequence[Path] = ()) -> list[Place]:
    """All places; of skills with one name, that of a later place hides the others. ``home`` is the home's folder of
    skills, ``within`` are the folders of projects."""
    person, _ = surroundings()
    found = [Place("bundled", bundled(), True)]
    found += [Place("user", person / name, True) for name in FOLDERS]
    found.append(Place("home", home, True))
    for project in within:
        found += [Place("project", project / name, False) for name in FOLDERS]
    return found


def surroundings() -> tuple[Path, Path]:
    """The person's home directory, and the folder that this process was started in."""
    try:
        return Path.home(), Path.cwd()
    except OSError:  # it is gone
        return Path.home(), Path("/")


def projects(home: Home) -> list[Path]:
    """The folders whose own skills count: that which this process was started in, where it is none of the home's, and the
    workspace."""
    person, here = surroundings()
    inside = here in (home.path, person, Path(here.anchor)) or home.path in here.parents
    return [home.workspace] if inside else [here, home.workspace]


def bundled() -> Path:
    """The folder of the skills that come with zotui: in the wheel, or in the source tree."""
    package = Path(__file__).parent / "bundled"
    return package if package.is_dir() else Path(__file__).parents[2] / "skills"


def skills_below(top: str | os.PathLike[str]) -> Iterator[tuple[str, str]]:
    """The folders of skills below a folder, or that folder where it is one, each as it is called and by its real path;
    links to folders are followed. Blocks."""
    top = os.fspath(top)
    real = os.path.realpath(top)
    if not (_is_utf8(top) and _is_utf8(real)):
        return
    if _has_skill(top):
        yield top, real
        return
    level, left, known = [(top, real)], MOST, set[str]()
    for _ in range(DEEPEST):
        below: list[tuple[str, str]] = []
        for folder, real in level:
            if real in known:
                continue  # links lead in a circle
            known.add(real)
            for name, is_link in _folders_in(folder):
                if (left := left - 1) < 0:
                    return
                inner = f"{folder}/{name}"
                its = os.path.realpath(inner) if is_link else f"{real}/{name}"
                if not _is_utf8(its):
                    continue
                if _has_skill(inner):
                    yield inner, its
                else:
                    below.append((inner, its))
        level = below


def _folders_in(folder: str) -> list[tuple[str, bool]]:
    """The names of the folders in one, and whether they are links."""
    try:
        with os.scandir(folder) as entries:
            return sorted(
                (one.name, one.is_symlink()) for one in entries if _is_looked_at(one.name) and _is_folder(one)
            )
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _is_looked_at(name: str) -> bool:
    return not name.startswith(".") and name not in _PASSED and _is_utf8(name)


def _is_utf8(name: str) -> bool:
    """Whether it can be kept and shown: not all names of files can."""
    return name.isascii() or name == name.encode(errors="replace").decode()


def _has_skill(folder: str) -> bool:
    """Whether there is a ``SKILL.md``; also where that cannot be looked at, so that it is listed with the reason."""
    try:
        os.lstat(f"{folder}/SKILL.md")
    except PermissionError:
        return True
    except OSError:
        return False
    return True
