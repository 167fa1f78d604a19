"""What a command in the background puts out, followed while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from zotui.errors import ZotuiError
from zotui.text import one_line
from zotui.tui.dialogs import Dialog, Prompt

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.workspace.background import BackgroundCommand

SHOWN = 20_000  # bytes of its end
LOOK_S = 1.0  # between two looks where nothing comes


class OutputView(Dialog):
    """Shows the end of what it puts out. ``i`` feeds it a line, ``s`` stops it; escape goes back, and it goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "feed", "Feed a line", show=False),
        Binding("s", "stop", "Stop", show=False),
        Binding("q,enter", "leave", "Back", show=False),
    ]
    DEFAULT_CSS = """
    OutputView > .box.tall { width: 90%; max-width: 140; }
    OutputView VerticalScroll { height: 1fr; }
    """

    def __init__(self, computer: Computer, one: BackgroundCommand) -> None:
        super().__init__()
        self._computer = computer
        self._one = one

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall") as box:
            box.border_title = Content(one_line(f"$ {self._one.command}", 100))
            with VerticalScroll():
                yield Static("", id="output", markup=False)

    def on_mount(self) -> None:
        scroll = self.query_one(VerticalScroll)
        scroll.anchor()  # whoever looks at the end goes on doing so
        scroll.focus()
        self._follow()

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        """Show what has come, again and again until it ends."""
        commands, shown = self._computer.commands, -1
        while True:
            try:
                piece = await commands.tail(self._one, SHOWN)
                if piece.end != shown or self._one.over:
                    shown = piece.end
                    self.query_one("#output", Static).update(piece.text)
                self._say()
                if self._one.over:
                    return
                self._one = await commands.wait(self._one.id, LOOK_S, beyond=shown)
            except ZotuiError as error:  # its conversation was deleted
                self.query_one(".box").border_subtitle = Content(one_line(str(error), 100))
                return

    def _say(self) -> None:
        keys = [] if self._one.over else [*(["i: feed a line"] if self._one.fed else []), "s: stop"]
        self.query_one(".box").border_subtitle = Content(one_line(" · ".join([self._one.end, *keys, "esc: back"]), 120))

    @work
    async def action_feed(self) -> None:
        """Give it a line."""
        await feed(self, self._computer, self._one)

    @work
    async def action_stop(self) -> None:
        """End it."""
        await stop(self, self._computer, self._one)


async def feed(dialog: Dialog, computer: Computer, one: BackgroundCommand) -> None:
    """Ask for a line, and give it to a command."""
    try:
        if one.fed and not one.over:
            line = await dialog.app.push_screen_wait(Prompt(f"A line for {one_line(one.command, 50)}", ""))
            if line is None:
                return
            await computer.commands.feed(one.id, line)
        else:
            await computer.commands.feed(one.id, "")  # it says why not
    except ZotuiError as error:
        dialog.app.notify(str(error), severity="warning", markup=False)


async def stop(dialog: Dialog, computer: Computer, one: BackgroundCommand) -> None:
    """End a command, once the person is sure."""
    from zotui.tui.dialogs import Confirm

    try:
        if one.over or await dialog.app.push_screen_wait(Confirm(f"Stop {one_line(one.command, 200)}?", "Stop")):
            await computer.commands.stop(one.id)
    except ZotuiError as error:
        dialog.app.notify(str(error), severity="warning", markup=False)
