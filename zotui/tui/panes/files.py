"""The files of the workspace: a tree, and beside it the file under the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on, work
from textual.binding import Binding
from textual.widget import Widget

from zotui.errors import UsageError
from zotui.text import one_line
from zotui.tui.pane import bindings
from zotui.tui.panes.file_tree import FileTree
from zotui.tui.panes.listing import ROOM_FOR_BOTH

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.tui.viewer import Viewer
    from zotui.workspace.viewing import Leaf, Tree

BESIDE = 100  # columns from which the file stands beside the tree


class FilesPane(FileTree):
    """Folders first; ▸ can be opened, what is dim is hidden or ignored, and a link is shown as one."""

    letter = "f"
    heading = "Files"
    empty = "The workspace is empty. What the agent writes is here."
    tables: ClassVar[frozenset[str]] = frozenset({"file_changes", "binned", "turns", "audit"})
    BINDINGS: ClassVar = [
        *bindings("files"),
        Binding("left", "fold(False)", "Close the folder", show=False),
        Binding("right", "fold(True)", "Open the folder", show=False),
    ]
    DEFAULT_CSS = """
    FilesPane {
        & > Viewer#full { height: 2fr; padding: 0; }
        &.-whole.-beside {
            layout: horizontal;
            & > #search { dock: top; }
            & > Rows { width: 34%; min-width: 30; max-width: 60; }
            & > Viewer#full { width: 1fr; height: 1fr; border-top: none; border-left: solid $foreground 15%; }
        }
        &.-reading > Rows { display: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__("files")

    async def attach(self, computer: Computer) -> None:
        self.empty = f"{computer.home.workspace} is empty. What the agent writes is here."  # type: ignore[misc]
        await super().attach(computer)

    async def read(self) -> None:
        if self.folders is not None:
            await super().read()
            self._look_again(self.folders)

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _look_again(self, tree: Tree) -> None:
        """What is not in the file: nobody else waits for a slow disk."""
        await asyncio.to_thread(tree.read)
        self.note(f"{tree.at_root:,}")
        if self.viewer is not None and (gone := await self.viewer.look_again()):
            self.desk.tell(gone)

    @on(events.DescendantFocus)
    async def _focused(self) -> None:
        """See what others did meanwhile."""
        await self.refresh_from_file()

    # The viewer

    @property
    def viewer(self) -> Viewer | None:
        """What shows the file under the cursor, once the pane was whole."""
        return cast("Viewer | None", next(iter(self.query("Viewer")), None))

    def full(self) -> Widget:
        from zotui.tui.viewer import Viewer

        assert self.computer is not None
        return Viewer(self.computer.workspace)

    async def _mount_full(self) -> None:
        await self.desk.ready()
        await super()._mount_full()

    def _give_room(self) -> None:
        width, height = self.app.size
        self.set_class(width >= BESIDE, "-beside")
        reads = self.whole and (height >= ROOM_FOR_BOTH or self.has_class("-reading"))
        self.set_class(self.has_class("-reading") and self.whole and height < ROOM_FOR_BOTH, "-reading")
        for part in self.query("#full"):
            part.display = reads

    def on_resize(self) -> None:
        """There may be room for both now."""
        self._give_room()

    def stops(self) -> list[Widget]:
        view = self.viewer.view if self.viewer is not None else None
        return [widget for widget in super().stops() if widget is not view or self._is_shown]

    @property
    def _is_shown(self) -> bool:
        return self.whole and self.viewer is not None and bool(self.viewer.display)

    def _show_full(self) -> None:
        viewer, leaf = self.viewer, self.leaf
        if not self.whole or viewer is None or leaf is None:
            return
        if leaf.kind in ("folder", "other"):
            viewer.say(leaf.path, "A folder." if leaf.kind == "folder" else "No file: it is not opened.")
        else:
            viewer.show(leaf.file, leaf.table)

    def action_open_row(self) -> None:
        """Open or close the folder; show the file, and go to it where it is shown already."""
        leaf = self.leaf
        if leaf is None:
            return
        if self.search and leaf.kind == "folder":
            self._go(leaf.path)
        elif leaf.can_open and (self.whole or leaf.kind == "folder"):
            self._toggle(leaf)
        elif not self.whole:
            self.post_message(self.WantsRoom())
        else:
            if not self._is_shown:
                self.add_class("-reading")
                self._give_room()
            if self.viewer is not None:
                self.viewer.view.focus()

    @work(exclusive=True, group="go")
    async def _go(self, path: str) -> None:
        await self.seek(path)

    def step_back(self) -> bool:
        """From the file to the tree; then close the search line; False where there is nothing to go back from."""
        if self.viewer is not None and self.viewer.view.has_focus:
            self.remove_class("-reading")
            self._give_room()
            self.rows.focus()
            return True
        return super().step_back()

    # What is done with a file

    @work
    async def action_edit_file(self) -> None:
        """Edit the file under the cursor."""
        from zotui.tui.outside import open_file

        leaf, computer = self._chosen_file(), await self.desk.ready()
        await open_file(self.app, await asyncio.to_thread(computer.workspace.real, leaf.file))
        await self.refresh_from_file()

    def action_file_timeline(self) -> None:
        """What turns did to the file."""
        if self.leaf is not None:
            self.desk.act("timeline", self.leaf.file)

    @work
    async def action_file_chats(self) -> None:
        """The conversations that touched the file; the chosen one is gone to, at the turn."""
        from zotui.tui.places import go
        from zotui.tui.touches import Touches

        leaf, computer = self._chosen_leaf(), await self.desk.ready()
        found = await computer.chats.touching(*computer.workspace.names(leaf.file))
        place = await self.app.push_screen_wait(Touches(leaf.file, found))
        if place:
            await go(self.desk, place)

    @work
    async def action_mention_file(self) -> None:
        """Put a mention of the file into the message."""
        from zotui.mentions import written
        from zotui.workspace.walking import can_be_written

        leaf = self._chosen_leaf()
        if not can_be_written(leaf.file):
            raise UsageError("this name cannot be written in a message", "rename it first")
        name = f"{leaf.file}/" if leaf.kind == "folder" else leaf.file
        self.desk.go_to(self.desk.conversation)
        self.desk.conversation.composer.mention(written(name))
        self.desk.conversation.composer.focus()

    @work
    async def action_copy_path(self) -> None:
        """Copy the whole path."""
        from zotui.tui.clipboard import copy

        leaf, computer = self._chosen_leaf(), await self.desk.ready()
        self.desk.tell(await copy(self.app, str(computer.workspace.root / leaf.file), computer.home))

    @work
    async def action_move_file(self) -> None:
        """Ask for another path."""
        from zotui.tui.dialogs import Prompt

        leaf, computer = self._chosen_leaf(), await self.desk.ready()
        to = await self.app.push_screen_wait(Prompt("Rename or move to", leaf.file))
        if to and to.strip() and to != leaf.file:
            await self._done(lambda: computer.bin.move(leaf.file, to.strip()), f"it is {one_line(to, 80)} now")
            await self.seek(to.strip())

    @work
    async def action_delete_file(self) -> None:
        """Put the file or folder into the bin, when the person is sure."""
        from zotui.tui.dialogs import Confirm

        leaf, computer = self._chosen_leaf(), await self.desk.ready()
        words = f"Put “{one_line(leaf.file, 60)}” into the bin{', with all that is in it' * (leaf.kind == 'folder')}?"
        if await self.app.push_screen_wait(Confirm(words, "Delete")):
            await self._done(lambda: computer.bin.delete(leaf.file), "it is in the bin; zotui bin brings it back")

    async def _done(self, do: Callable[[], object], said: str) -> None:
        """Do something to a file in a thread, say so, and look again."""
        await asyncio.to_thread(do)
        if self.viewer is not None:
            self.viewer.forget()
        self.desk.tell(said)
        await self.refresh_from_file()

    def _chosen_leaf(self) -> Leaf:
        """What is under the cursor. Raises UsageError where nothing is."""
        if (leaf := self.leaf) is None:
            raise UsageError("there is no file under the cursor")
        return leaf

    def _chosen_file(self) -> Leaf:
        """The same, a file. Raises UsageError."""
        leaf = self._chosen_leaf()
        if leaf.kind in ("folder", "other"):
            raise UsageError(f"{one_line(leaf.name, 80)} is no file")
        return leaf
