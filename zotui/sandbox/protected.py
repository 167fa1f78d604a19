"""What a command may read in the workspace, but never write: the future inputs of programs that nobody walls in.

Hooks and configuration that git runs, start files of shells, folders from which editors and agents take commands. A
command that could plant something there would have it run later, outside of the wall.
"""

import os
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

FILES = (
    ".bash_login", ".bash_logout", ".bash_profile", ".bashrc", ".envrc", ".gitmodules", ".inputrc", ".mcp.json",
    ".profile", ".zlogin", ".zprofile", ".zshenv", ".zshrc",
)  # fmt: skip
FOLDERS = (".agents", ".claude", ".devcontainer", ".husky", ".idea", ".vscode", ".zotui", "skills")
OF_GIT = ("config", "config.worktree", "hooks", "info")
NAMED = 5  # repositories, in words
DEEPEST, MOST = 3, 400
"""How far repositories within the workspace are looked for, and in how many folders at most."""


def is_protected(parts: Sequence[str]) -> bool:
    """Whether a path of the workspace, by its parts, is or lies in what must not be written, whether it is there or
    not."""
    first, last = parts[0].lower(), len(parts) == 1
    if (last and first in FILES) or first in FOLDERS:
        return True
    lowered = [part.lower() for part in parts]
    if ".git" not in lowered:
        return False
    behind = lowered[lowered.index(".git") + 1 :]
    return not behind or behind[0] in OF_GIT or "hooks" in behind


def held(root: Path) -> list[Path]:
    """Folders that may be written, but must stay where they are: else one could be put aside, and another in its place.
    Those of repositories, and those above them. Blocks."""
    found: dict[Path, None] = {}
    for git in repositories(root):
        above = [folder for folder in git.parents if root in folder.parents]
        found.update(dict.fromkeys([*reversed(above), *([git] if git.is_dir() else [])]))
    return list(found)


class Kept(NamedTuple):
    """What is held and what is read-only, as paths from the root."""

    held: list[str]
    read_only: list[str]


def kept(root: Path) -> Kept:
    """All that is protected now. Blocks."""
    prepare(root)
    return Kept(
        [os.path.relpath(path, root) for path in held(root)], [os.path.relpath(path, root) for path in read_only(root)]
    )


def absent(root: Path) -> list[str]:
    """The names of this kind that are not there. Blocks."""
    return [name for name in (*FILES, *FOLDERS) if not os.path.lexists(root / name)]


def read_only(root: Path) -> list[Path]:
    """All that is there of this kind, links left out. Blocks."""
    found = [root / name for name in (*FILES, *FOLDERS)]
    for git in repositories(root):
        found += [git / name for name in OF_GIT] if git.is_dir() else [git]
    return [path for path in found if path.exists() and not path.is_symlink()]


def prepare(root: Path) -> None:
    """A repository without a folder of hooks gets an empty one, as only what is there can be protected. Blocks."""
    for git in repositories(root):
        hooks = git / "hooks"
        if not git.is_dir():
            continue
        if not os.path.lexists(hooks):
            try:
                hooks.mkdir()
            except OSError:
                continue


def told_new(root: Path, known: Container[Path]) -> str:
    """What a person should know of repositories that were not known: git obeys what a command wrote there. Blocks."""
    new = [os.path.relpath(git, root) for git in repositories(root) if git not in known]
    more = f" and {len(new) - NAMED} more" if len(new) > NAMED else ""
    return f"new, and obeyed by git outside of the sandbox: {', '.join(new[:NAMED])}{more}" if new else ""


def repositories(root: Path) -> Iterator[Path]:
    """Every ``.git`` of the workspace and of what lies in it, near its top."""
    level, seen = [root], 0
    for _ in range(DEEPEST):
        below: list[Path] = []
        for folder in level:
            seen += 1
            if seen > MOST:
                return
            try:
                with os.scandir(folder) as entries:
                    names = [entry for entry in entries if entry.is_dir(follow_symlinks=False) or entry.name == ".git"]
            except OSError:
                continue
            for entry in names:
                if entry.name == ".git" and not entry.is_symlink():
                    yield Path(entry.path)
                elif entry.name not in ("node_modules", ".venv", "__pycache__"):
                    below.append(Path(entry.path))
        level = below
