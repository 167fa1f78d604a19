"""What is everywhere: the palette, jumping, help, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zotui.tui.actions import ACTIONS, key_of
from zotui.tui.panes.chats import ChatsPane
from zotui.tui.panes.skills import SkillsPane
from zotui.tui.panes.terminal import TerminalPane

if TYPE_CHECKING:
    from zotui.tui.desk import Desk

JUMP = next(action for action in ACTIONS if action.id == "jump")
WITHOUT = """No sandbox can stand here: {}

Without one, commands run as you: they can read, change and delete your files, and use your network and keys.
The agent asks before each of them. Nothing runs while nobody is there. It ends when you leave the app."""


def palette(desk: Desk, words: str = "") -> None:
    """Open the command palette."""
    desk.app.action_command_palette()


async def jump(desk: Desk, words: str = "") -> None:
    """Show the panes' letters; the next key goes to one. The same key again is for the program of the terminal."""
    from zotui.tui.dialogs import Letter

    desk.arranging.letter(True)
    key = await desk.app.push_screen_wait(Letter())
    desk.arranging.letter(False)
    if isinstance(desk.current, TerminalPane) and key in key_of(JUMP, desk.keys_bound).split(","):
        desk.current.type_key(key)
    for pane in desk.panes:
        if pane.letter == key:
            desk.go_to(pane)


def help(desk: Desk, words: str = "") -> None:
    """Show all keys and commands."""
    from zotui.tui.dialogs import Reading, room
    from zotui.tui.help import help_text

    desk.app.push_screen(Reading("Keys and commands", help_text(desk.keys_bound, room(desk.app.size.width))))


async def commands(desk: Desk, words: str = "") -> None:
    """What goes on in the background."""
    from zotui.tui.background_dialog import BackgroundDialog

    desk.app.push_screen(BackgroundDialog(await desk.ready()))


async def no_sandbox(desk: Desk, words: str = "") -> None:
    """Have commands run without a wall until the app is left, where none can stand; or no more."""
    from zotui.tui.dialogs import Confirm

    computer = await desk.ready()
    wall = await computer.standing.wall() or await computer.sandbox.look()
    if wall.kind != "none":
        desk.tell(f"{wall.name} stands: commands run behind it")
        return
    wanted = not await computer.standing.is_unwanted()
    if wanted and not await desk.app.push_screen_wait(Confirm(WITHOUT.format(wall.mend or wall.gaps), "Run without")):
        return
    await computer.standing.allow_no_wall(wanted)
    computer.sandbox.allow_no_wall(wanted)
    desk.tell("commands run without a sandbox; each of the agent's asks first" if wanted else "commands are refused")


async def quit(desk: Desk, words: str = "") -> None:
    """Leave; the background process goes on with what runs."""
    try:
        await desk.conversation.keep_draft()
        await desk.keep_place()
    finally:
        desk.app.exit()


async def status(desk: Desk, words: str = "") -> None:
    """What goes on here, in a few lines."""
    from zotui.tui.dialogs import Reading
    from zotui.tui.help import status_text

    computer = await desk.ready()
    text = await status_text(computer, desk.conversation.conversation, desk.conversation.model)
    desk.app.push_screen(Reading("Status", text))


def conversations(desk: Desk, words: str = "") -> None:
    """Go to the list of conversations."""
    desk.go_to(desk.query_one(ChatsPane))


async def skill(desk: Desk, words: str = "") -> None:
    """Go to the skills; with a name, have the next words follow that skill. ``new NAME`` has one made of the conversation."""
    name, _, rest = words.partition(" ")
    if not name:
        desk.go_to(desk.query_one(SkillsPane))
        return
    composer = desk.conversation.composer
    if name == "new" and rest:
        from zotui.skills.drafting import REQUEST
        from zotui.skills.making import check_name

        check_name(rest)
        composer.rewrite(REQUEST.format(name=rest))
    else:
        composer.rewrite(f"@skill:{name} {rest}")
    if rest:
        composer.action_send()
