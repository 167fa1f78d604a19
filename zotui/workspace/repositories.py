"""Which files of the workspace are of a repository in it: others wrote them, until the person says otherwise."""

import os
from pathlib import Path


def repository(root: Path, path: Path) -> str:
    """The folder below the root, with a ``.git`` of its own, that a path is in, the outermost; empty where it is in none.

    Both are real paths, so that no link leads past it. Blocks.
    """
    if not path.is_relative_to(root):
        return ""
    folders = [folder for folder in (*reversed(path.parents), path) if folder != root and folder.is_relative_to(root)]
    return next((str(one.relative_to(root)) for one in folders if os.path.lexists(one / ".git")), "")
