"""What stands at a path: nothing, a file, a folder, a link."""

import os
import stat
from typing import Literal

import msgspec

Kind = Literal["file", "folder", "link", "other"]
CACHES = frozenset({".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"})
"""Folders that programs fill by themselves, whatever is in them: they go with the folder that they are in."""
UNCOVERED = CACHES | {".tox", ".venv", "node_modules", "venv"}
"""Folders whose content can be had again: nothing in them is looked at, copied or changed."""


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """A path's state. ``hash``: the SHA-256 of a file's bytes, empty where they were not copied; ``target``: where a
    link leads; ``mode``: its permissions; ``size`` in bytes."""

    kind: Kind
    mode: int = 0
    size: int = 0
    hash: str = ""
    target: str = ""

    @property
    def can_come_back(self) -> bool:
        """Whether enough is known to make it again."""
        return self.kind == "folder" or bool(self.hash or self.target)


def kind_of(mode: int) -> Kind:
    """What a mode of ``stat`` says."""
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"


def packed(state: State | None) -> str:
    """A state as JSON; ``null`` for nothing."""
    return msgspec.json.encode(state).decode()


def unpacked(text: str) -> State | None:
    """The state that :func:`packed` gave."""
    return msgspec.json.decode(text, type=State | None)


def is_text(name: str) -> bool:
    """Whether a name is text, as only such names can be kept."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_of_git(path: str) -> bool:
    """Whether a path lies in a repository's own folder: what is lost there is brought back, all else left as it is."""
    return ".git" in path.split("/")


def below(path: str, folder: str) -> bool:
    """Whether a path is this folder or lies in it; all lie in the root, which is empty."""
    return not folder or path == folder or path.startswith(folder + "/")


def open_folder(root: int, path: str) -> int:
    """A descriptor of a folder below one, no link followed. Raises OSError."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.dup(root)
    for part in filter(None, path.split("/")):
        try:
            inner = os.open(part, flags, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor
