"""What is remembered, and what waits to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zotui.errors import UsageError
from zotui.tui.panes.memory import MemoryPane

if TYPE_CHECKING:
    from zotui.tui.desk import Desk


async def memory(desk: Desk, words: str = "") -> None:
    """Remember these words; without any, go to what is remembered."""
    if not words:
        desk.go_to(desk.query_one(MemoryPane))
    else:
        await (await desk.ready()).memory.memorize(words, {"source": "me"})
        desk.tell("remembered")


async def profile(desk: Desk, words: str = "") -> None:
    """What the person says of themselves, which every conversation knows."""
    from zotui.memory.knowing import PROFILE
    from zotui.tui.dialogs import Editor

    computer = await desk.ready()
    now = await computer.memory.get(PROFILE) or ""
    written = words or await desk.app.push_screen_wait(Editor("What every conversation knows of you", now))
    if written and written.strip() and written.strip() != now:
        await computer.memory.set(PROFILE, written, {"source": "me"})
        desk.tell("every conversation knows it now")


async def facts(desk: Desk, words: str = "") -> None:
    """The facts of conversations that wait for the person's word; goes to where one was said, if they want that."""
    from zotui.tui.facts_dialog import FactsDialog
    from zotui.tui.places import go

    place = await desk.app.push_screen_wait(FactsDialog(await desk.ready()))
    if place:
        await go(desk, place)


async def chat_memory(desk: Desk, words: str = "") -> None:
    """Have this conversation know nothing of what is remembered, and be learned nothing from; or both again."""
    if words not in ("", "on", "off"):
        raise UsageError("it is on or off", "/memory off")
    await desk.ready()
    on = await desk.conversation.answering.remember(words)
    desk.tell("memory is on here" if on else "memory is off here: nothing is recalled, and nothing learned")
