"""The shelves: bundled skills and the home's."""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from zotui.errors import NotFound
from zotui.skills.skill import Skill, load_skill
from zotui.text import clean, one_line


class Shelf:
    """The skills of one home. Each call looks at the folders as they are now."""

    def __init__(self, folder: Path) -> None:
        self._folders = [("bundled", bundled()), ("home", folder)]

    def list(self) -> list[Skill]:
        """All skills by name; a home's skill hides the bundled one of its name. Blocks."""
        found: dict[str, Skill] = {}
        for source, folder in self._folders:
            found.update((skill.name, skill) for skill in _apart(_in_folder(folder, source)))
        return [found[name] for name in sorted(found)]

    def find(self, name: str) -> Skill:
        """Raises NotFound."""
        for skill in self.list():
            if skill.name == name:
                return skill
        raise NotFound(f"no skill {one_line(name, 60)!r}", "zotui skills list shows them")


def load_skills(folders: Iterable[str | os.PathLike[str]]) -> list[Skill]:
    """The skills in these folders, in order; nothing of a skill runs."""
    return [skill for folder in folders for skill in _in_folder(Path(folder), os.fspath(folder))]


def bundled() -> Path:
    """The folder of the skills that come with zotui: in the wheel, or in the source tree."""
    package = Path(__file__).parent / "bundled"
    return package if package.is_dir() else Path(__file__).parents[2] / "skills"


def _apart(skills: list[Skill]) -> list[Skill]:
    """No two of one name: it belongs to the skill whose folder is named so, the others are called by their folders."""
    skills = sorted(skills, key=lambda skill: skill.name != os.path.basename(skill.path))
    taken: dict[str, str] = {}
    apart = []
    for skill in skills:
        if skill.name in taken:
            problem = f"{taken[skill.name]} has the name {skill.name!r} already"
            name = one_line(os.path.basename(skill.path), 200)
            skill = msgspec.structs.replace(skill, name=name, problems=[*skill.problems, problem])
        taken[skill.name] = clean(skill.path)
        apart.append(skill)
    return apart


def _in_folder(folder: Path, source: str) -> list[Skill]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    except OSError:
        return []
    return [load_skill(folder / name, source) for name in names if _has_skill(folder / name)]


def _has_skill(folder: Path) -> bool:
    """Whether there is a ``SKILL.md``; also where that cannot be looked at, so that it is listed with the reason."""
    try:
        os.lstat(folder / "SKILL.md")
    except PermissionError:
        return True
    except OSError:
        return False
    return True
