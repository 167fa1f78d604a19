"""The person's shells and commands: behind the wall, and outside of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zotui.errors import UsageError

if TYPE_CHECKING:
    from zotui.tui.desk import Desk


async def run(desk: Desk, words: str = "") -> None:
    """Run a command of the person in the terminal, which has the whole screen until it ends and the person goes on."""
    from zotui.tui.dialogs import Prompt

    await desk.ready()
    command = words or await desk.app.push_screen_wait(Prompt("Run in the sandbox", ""))
    if command and command.strip():
        pane = desk.terminal
        pane.run(command, desk.arrangement.zoomed)
        desk.arrangement.zoomed = True
        desk.go_to(pane)


async def terminal(desk: Desk, words: str = "") -> None:
    """Go to the terminal; a shell begins there where none runs."""
    await desk.ready()
    pane = desk.terminal
    desk.go_to(pane)
    pane.open()


async def end_terminal(desk: Desk, words: str = "") -> None:
    """End what runs in the terminal, and all that it started."""
    await desk.ready()
    if not desk.terminal.stop():
        raise UsageError("nothing runs in the terminal")


async def own_shell(desk: Desk, words: str = "") -> None:
    """Leave the screen to the person's own shell, as it is outside of every wall, until it ends."""
    from zotui.tui.outside import shell

    computer = await desk.ready()
    await shell(desk.app, computer.home.workspace, computer.keys.variables(computer.models.rows.values()))
