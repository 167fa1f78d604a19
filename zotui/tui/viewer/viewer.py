"""The viewer: a file's name and what it is, and below its content."""

from __future__ import annotations

import asyncio
import os

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from zotui.errors import ZotuiError
from zotui.text import one_line
from zotui.tui.viewer.content import Said
from zotui.tui.viewer.opening import Opened, open_file
from zotui.tui.viewer.view import View
from zotui.workspace import Folder
from zotui.workspace.viewing.source import stamp_of

SETTLE_S = 0.04  # of quiet before a file is opened: one may be on the way to another


class Viewer(Vertical):
    """Shows a file of the workspace; what is said above it is its name, its kind, its size."""

    DEFAULT_CSS = """
    Viewer {
        & > #title { height: 1; padding: 0 1; color: $foreground 70%; text-overflow: ellipsis; text-wrap: nowrap; }
    }
    """

    def __init__(self, folder: Folder) -> None:
        super().__init__(id="full")
        self._folder = folder
        self.shown = ("", "")
        """The path and the table that are shown, or on their way."""
        self._opened = Opened(Said(""), "", None)
        self._notice = ""

    def compose(self) -> ComposeResult:
        yield Static("", id="title", markup=False)
        yield View()

    @property
    def view(self) -> View:
        """What the content is in."""
        return self.query_one(View)

    @property
    def title(self) -> str:
        """The line above the content."""
        return str(self.query_one("#title", Static).content)

    def show(self, path: str, table: str = "") -> None:
        """Show a file, and of a database one of its tables."""
        if self.shown != (path, table):
            self.shown = (path, table)
            self._open(keep=False, notice="")

    def say(self, path: str, sentence: str) -> None:
        """Show a sentence in the place of a file."""
        self.workers.cancel_group(self, "viewer")
        self.shown, self._opened, self._notice = ("", ""), Opened(Said(sentence), "", None), ""
        self.query_one("#title", Static).update(one_line(path, 200))
        self.view.show(self._opened.content)

    def forget(self) -> None:
        """The file that is shown is not asked for any more: whoever moves it knows."""
        self._opened = self._opened._replace(stamp=None)

    @work(exclusive=True, group="viewer", exit_on_error=False)
    async def _open(self, keep: bool, notice: str) -> None:
        await asyncio.sleep(SETTLE_S)
        path, table = self.shown
        self._opened = await asyncio.to_thread(open_file, self._folder, path, table)
        self._notice = notice
        self._entitle()
        self.view.show(self._opened.content, keep=keep)

    async def look_again(self) -> str:
        """Show the file as it is now, if it has changed; a sentence where it is gone, else nothing."""
        path, _ = self.shown
        if not path or self._opened.stamp is None:
            return ""
        try:
            stamp = await asyncio.to_thread(lambda: stamp_of(os.stat(self._folder.real(path))))
        except (ZotuiError, OSError):
            self._notice = "it is gone"
            self._entitle()
            return f"{one_line(path, 80)} is gone"
        if stamp != self._opened.stamp and self.shown[0] == path:
            self._open(keep=True, notice="it has changed")
        return ""

    @on(View.Counted)
    def _entitle(self) -> None:
        path, table = self.shown
        if not path:
            return
        name = one_line(path, 120) + (f" · {one_line(table, 80)}" if table else "")
        words = (name, self._opened.words, self._opened.content.words, self._notice)
        self.query_one("#title", Static).update(" · ".join(filter(None, words)))
