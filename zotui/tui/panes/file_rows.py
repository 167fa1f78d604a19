"""Files as rows of a list: the tree, and what was found by name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zotui.text import size
from zotui.tui.widgets.rows import Row

if TYPE_CHECKING:
    from zotui.workspace.finder import Finder
    from zotui.workspace.viewing import Leaf, Seen, Tree

FOUND = 300  # files that are shown of those that fit
STEP = 2  # cells that what is in a folder stands in
_ELSEWHERE = re.compile(r"^(?:[/~]|\.{1,2}/)+")  # with which a path begins that is not of the workspace


class TreeRows:
    """The tree; the leaves of the pages read last stay known."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.known: dict[str, Leaf] = {}

    async def count(self) -> int:
        """Look at the open folders again, and return how many rows there are."""
        return await asyncio.to_thread(self._tree.read)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        found = await asyncio.to_thread(self._tree.page, offset, limit)
        self.known = {**dict(list(self.known.items())[-3000:]), **{one.leaf.path: one.leaf for one in found}}
        return [_row(one) for one in found]


class FoundRows:
    """The files whose names fit the words, the best first."""

    def __init__(self, finder: Finder, words: str) -> None:
        self._finder = finder
        self._words = words
        self._found: Sequence[str] = ()
        self.known: dict[str, Leaf] = {}

    async def count(self) -> int:
        """Find, and return how many there are."""
        from zotui.workspace.viewing import Leaf

        hits = await asyncio.to_thread(self._finder.find, _ELSEWHERE.sub("", self._words), FOUND)
        paths = [(hit.path.rstrip("/"), hit.folder) for hit in hits]
        self.known = {path: Leaf(path, path, "folder" if folder else "file", 0) for path, folder in paths}
        self._found = list(self.known)
        return len(self._found)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        leaves = [self.known[path] for path in self._found[offset : offset + limit]]
        return [Row(leaf.path, f"{leaf.path}/" if leaf.kind == "folder" else leaf.path) for leaf in leaves]


def _row(seen: Seen) -> Row:
    leaf, indent = seen.leaf, STEP * seen.leaf.depth
    if leaf.can_open:
        text = f"{'▾' if leaf.is_open else '▸'} {leaf.name}{'/' * (leaf.kind == 'folder')}"
    else:
        text, indent = leaf.name, indent + STEP
    if leaf.kind == "link":
        text = f"{text} → {seen.target}"
    weighs = leaf.kind in ("file", "database") and not seen.problem
    aside = (
        size(seen.size) if weighs else seen.problem.removeprefix("it is ") or ("link" if leaf.kind == "link" else "")
    )
    return Row(leaf.path, text, aside, "", "dim" if seen.is_dim else "", indent)
