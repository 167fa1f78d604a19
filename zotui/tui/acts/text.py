"""What is done with what was said: going through it, copying, reading and writing it elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from zotui.errors import UsageError
from zotui.tui.widgets.draft import names_in

if TYPE_CHECKING:
    from zotui.tui.desk import Desk


def previous_turn(desk: Desk, words: str = "") -> None:
    """To the request before the one at the top."""
    desk.conversation.transcript.jump_turn(-1)


def next_turn(desk: Desk, words: str = "") -> None:
    """To the request after the one at the top."""
    desk.conversation.transcript.jump_turn(1)


async def copy_block(desk: Desk, words: str = "") -> None:
    """Copy the block under the cursor, or the message where none was chosen."""
    await _copy(desk, "block")


async def copy_code(desk: Desk, words: str = "") -> None:
    """Copy the code block at the cursor, or the last one of the message."""
    await _copy(desk, "code")


async def copy_message(desk: Desk, words: str = "") -> None:
    """Copy the whole message."""
    await _copy(desk, "message")


async def copy_answer(desk: Desk, words: str = "") -> None:
    """Copy the last answer."""
    from zotui.tui.clipboard import copy

    reel = desk.conversation.reel
    answers = [message.content for message in reel.messages if message.role == "assistant"] if reel else []
    if not answers:
        raise UsageError("there is no answer to copy")
    desk.tell(await copy(desk.app, answers[-1], (await desk.ready()).home))


async def _copy(desk: Desk, what: Literal["block", "code", "message"]) -> None:
    from zotui.tui.clipboard import copy

    text = desk.conversation.transcript.copyable(what)
    if not text:
        raise UsageError("there is no code here" if what == "code" else "there is nothing to copy here")
    desk.tell(await copy(desk.app, text, (await desk.ready()).home))


async def open_editor(desk: Desk, words: str = "") -> None:
    """Open the block in the person's editor; what is changed there goes into the composer."""
    from zotui.tui.outside import edit

    computer = await desk.ready()
    text = desk.conversation.transcript.copyable("block")
    changed = await edit(desk.app, text, ".md", computer.home)
    if changed is not None and changed != text:
        desk.conversation.composer.rewrite(changed, names_in(text))
        desk.conversation.composer.focus()


async def open_pager(desk: Desk, words: str = "") -> None:
    """Read the message, or the whole output of a tool, in the person's pager."""
    from zotui.tui.outside import page

    computer = await desk.ready()
    text = await desk.conversation.reading.whole_text()
    if not text:
        raise UsageError("there is nothing to read here")
    await page(desk.app, text, computer.home)


async def edit_draft(desk: Desk, words: str = "") -> None:
    """Write the message in the person's editor."""
    from zotui.tui.outside import edit

    computer, composer = await desk.ready(), desk.conversation.composer
    foreign = composer.draft.foreign
    written = await edit(desk.app, composer.expanded(), ".md", computer.home)
    if written is not None:
        composer.rewrite(written.rstrip("\n"), foreign)
    composer.focus()
