"""The tree of the workspace as a list: folders that open and close, a cursor, files found by name."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from zotui.tui.panes.file_rows import FoundRows, TreeRows
from zotui.tui.panes.listing import ListingPane

if TYPE_CHECKING:
    from pathlib import Path

    from zotui.computer import Computer
    from zotui.tui.desk import Desk
    from zotui.workspace.finder import Finder
    from zotui.workspace.viewing import Leaf, Tree


class FileTree(ListingPane):
    """A pane around the tree of the workspace."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.folders: Tree | None = None
        self._finder: Finder | None = None
        self._rows: TreeRows | FoundRows | None = None

    async def attach(self, computer: Computer) -> None:
        from zotui.workspace.finder import Finder
        from zotui.workspace.viewing import Tree

        self.folders = Tree(computer.workspace, lambda path: _tables(computer.workspace.real(path)))
        self._finder = Finder(computer.home.workspace)
        await super().attach(computer)

    def source(self, search: str) -> TreeRows | FoundRows:
        assert self.folders is not None
        assert self._finder is not None
        self._rows = FoundRows(self._finder, search) if search.strip() else TreeRows(self.folders)
        return self._rows

    @property
    def desk(self) -> Desk:
        """The screen that this is on."""
        return cast("Desk", self.app.screen_stack[0])

    @property
    def leaf(self) -> Leaf | None:
        """What is under the cursor, but for what only says something."""
        row = self.rows.current
        leaf = self._rows.known.get(row.id) if row is not None and self._rows is not None else None
        return None if leaf is None or leaf.kind == "note" else leaf

    async def place(self, id: str) -> int | None:
        assert self.folders is not None
        self.folders.reveal(id)
        await asyncio.to_thread(self.folders.read)
        return self.folders.place(id)

    async def seek(self, id: str) -> None:
        """Put the cursor on a file, its folders open. Raises NotFound, UsageError where there is none."""
        computer = await self.desk.ready()
        real = await asyncio.to_thread(computer.workspace.real, id)
        root = await asyncio.to_thread(computer.workspace.root.resolve)
        self.step_back()
        place = await self.place(str(real.relative_to(root)))
        if place is not None:
            self.rows.show(self.source(""), start=place)

    def action_fold(self, opening: bool) -> None:
        """Open the folder under the cursor, or go into it; close it, or go to the one that it is in."""
        leaf = self.leaf
        if leaf is None or self.folders is None or self.search:
            return
        if opening and leaf.can_open:
            self.rows.action_move(1) if leaf.is_open else self._toggle(leaf)
        elif not opening and leaf.is_open:
            self._toggle(leaf)
        elif not opening and leaf.depth:
            above = leaf.file if leaf.table else leaf.path.rpartition("/")[0]
            if (place := self.folders.place(above)) is not None:
                self.rows.go(place)

    def _toggle(self, leaf: Leaf) -> None:
        assert self.folders is not None
        (self.folders.close if leaf.is_open else self.folders.open)(leaf.path)
        self.rows.reload()


def _tables(path: Path) -> list[str]:
    """The names of the tables of a database. Blocks. Raises StoreError."""
    from zotui.store import foreign

    return [table.name for table in foreign.tables(path)]
