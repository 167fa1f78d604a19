"""A command of the person in the sandbox, watched while it runs."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from zotui.errors import SandboxError
from zotui.sandbox import Child, Outcome, Output, shell
from zotui.text import clean, one_line
from zotui.tui.dialogs import Dialog

if TYPE_CHECKING:
    from zotui.sandbox import Sandbox

SHOWN = 20_000  # characters of its end
LOOK_S = 0.1
LONGEST_S = 86_400.0


class RunView(Dialog):
    """Shows what the command puts out. Escape stops it; when it has ended, escape goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Stop, then back", show=False),
        Binding("enter", "close", "Back", show=False),
    ]
    DEFAULT_CSS = """
    RunView > .box.tall { width: 90%; max-width: 140; }
    RunView VerticalScroll { height: 1fr; }
    """

    def __init__(self, sandbox: Sandbox, command: str) -> None:
        super().__init__()
        self._sandbox = sandbox
        self._command = command
        self._out: Output = sandbox.output()
        self._child: Child | None = None
        self._ended = False
        self._put_right = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall") as box:
            box.border_title = one_line(f"$ {self._command}", 100)
            box.border_subtitle = "starting"
            with VerticalScroll():
                yield Static("", id="output", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self._run()

    @work
    async def _run(self) -> None:
        """Run it to its end, and show that."""
        try:
            self._child = await self._sandbox.start(shell(self._command, timeout_s=LONGEST_S), self._out, self._out)
        except SandboxError as error:
            self._ended = True
            self._say("it did not run · esc: back")
            self.query_one("#output", Static).update(str(error))
            return
        showing = asyncio.create_task(self._show())
        try:
            outcome = await self._child.wait()
        finally:
            showing.cancel()
        self._ended = True
        self._put_right = outcome.put_right
        self._paint()
        self._say(f"{_how(outcome)} · {_took(outcome)} · {outcome.wall} · esc: back")

    async def _show(self) -> None:
        began, shown = time.monotonic(), -1
        while True:
            if self._out.size != shown:
                shown = self._out.size
                self._paint()
            self._say(f"running · {time.monotonic() - began:.0f} s · esc: stop")
            await asyncio.sleep(LOOK_S)

    def _paint(self) -> None:
        """Show what has come; whoever looks at the end goes on doing so."""
        scroll = self.query_one(VerticalScroll)
        at_end = scroll.scroll_offset.y >= scroll.max_scroll_y
        self.query_one("#output", Static).update(clean(self._out.text[-SHOWN:]) + self._end())
        if at_end:
            scroll.scroll_end(animate=False)

    def _end(self) -> str:
        """What was put right after it, on a line of its own."""
        return f"\n{one_line(self._put_right, 1000)}" if self._put_right else ""

    def _say(self, words: str) -> None:
        box = self.query_one(".box")
        if box.border_subtitle != words:
            box.border_subtitle = words

    def action_leave(self) -> None:
        """Stop it, or go back."""
        if self._child is not None and not self._ended:
            self._child.stop("you stopped it")
        elif self._ended:
            self.dismiss(None)

    def action_close(self) -> None:
        """Go back, if it has ended."""
        if self._ended:
            self.dismiss(None)

    async def on_unmount(self) -> None:
        if self._child is not None:
            self._child.stop()
        self._out.close()


def _took(outcome: Outcome) -> str:
    seconds = outcome.duration_s
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _how(outcome: Outcome) -> str:
    return outcome.said or f"exit code {outcome.exit_code}"
