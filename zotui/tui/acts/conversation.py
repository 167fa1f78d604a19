"""What is done with the open conversation as a whole."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from zotui.errors import UsageError

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.conversations import Conversation
    from zotui.tui.desk import Desk

ESCAPE_TWICE_S = 0.8  # within which a second escape edits the last message


async def new_chat(desk: Desk, words: str = "") -> None:
    """A new conversation."""
    await desk.open_chat(None)


async def stop(desk: Desk, words: str = "") -> None:
    """Step back where there is something to step back from; else stop the answer; twice: edit the last message."""
    pane = desk.current
    if pane is not desk.conversation:
        if pane.step_back():
            return
        if desk.arrangement.zoomed:
            desk.act("zoom")
        else:
            desk.go_to(desk.conversation)
    elif desk.conversation.step_back():
        return
    elif desk.focused is not desk.conversation.composer:
        desk.conversation.composer.focus()
    elif not await _stop_turns(desk):
        await _escaped(desk)


async def stop_answer(desk: Desk, words: str = "") -> None:
    """Stop the answer, wherever the focus is."""
    if not await _stop_turns(desk):
        raise UsageError("nothing is being answered here")


async def stop_everything(desk: Desk, words: str = "") -> None:
    """Stop all that runs, at once."""
    ran = await (await desk.ready()).stop_everything()
    desk.app.notify("everything is stopped" if ran else "nothing runs", markup=False)


async def _stop_turns(desk: Desk) -> bool:
    """Stop what runs; where nothing does, take back the last that is queued. False where nothing was to stop."""
    conversation = desk.conversation.conversation
    if conversation is None:
        return False
    computer = await desk.ready()
    turns = await computer.chats.turns(conversation, only_open=True)
    now = [turn for turn in turns if turn.status != "queued"] or turns[-1:]
    for turn in now:  # what is queued behind it goes on
        await computer.turns.stop(turn.id)
    return bool(now)


async def _escaped(desk: Desk) -> None:
    """Nothing was to stop: the second time within a moment, edit the last message."""
    pane, now = desk.conversation, time.monotonic()
    if now - pane.escaped_at < ESCAPE_TWICE_S and not pane.composer.text:
        pane.escaped_at = 0.0
        desk.act("edit_last")
    else:
        pane.escaped_at = now


def send_now(desk: Desk, words: str = "") -> None:
    """Send what is written, or what is queued first, and stop what is being answered."""
    desk.conversation.composer.action_send_now()


async def again(desk: Desk, words: str = "") -> None:
    """Put the last request once more."""
    computer, chat = await chat_of(desk)
    turns = await computer.chats.turns(chat.id)
    if turns and turns[-1].finished_at is None:
        raise UsageError("it is still being answered", "esc stops it")
    if turns:
        await computer.turns.again(turns[-1].id)
        computer.background.want()


async def rename_chat(desk: Desk, words: str = "") -> None:
    """Give the conversation another title."""
    from zotui.tui.dialogs import Prompt

    computer, chat = await chat_of(desk)
    title = words or await desk.app.push_screen_wait(Prompt("Title", chat.title))
    if title and title.strip():
        await computer.chats.rename(chat.id, title)


async def pin_chat(desk: Desk, words: str = "") -> None:
    """Pin the conversation, or unpin it."""
    computer, chat = await chat_of(desk)
    await computer.chats.pin(chat.id, chat.pinned_at is None)
    desk.tell("pinned" if chat.pinned_at is None else "no longer pinned")


async def archive_chat(desk: Desk, words: str = "") -> None:
    """Archive the conversation, or take it back."""
    computer, chat = await chat_of(desk)
    await computer.chats.archive(chat.id, chat.archived_at is None)
    desk.tell("archived" if chat.archived_at is None else "back from the archive")


def plan(desk: Desk, words: str = "") -> None:
    """Show the plan whole, or as one line."""
    desk.arrangement.plan = not desk.arrangement.plan
    desk.conversation.show_plan(desk.arrangement.plan)
    desk.rearranged()


async def context(desk: Desk, words: str = "") -> None:
    """Show what the model is sent for this conversation."""
    from zotui.tui.dialogs import Reading

    computer, chat = await chat_of(desk)
    sent = await computer.context(chat.id)
    if sent is not None:
        desk.app.push_screen(Reading("What the model is sent", sent))


async def compact(desk: Desk, words: str = "") -> None:
    """Show the summaries of this conversation: to propose, apply, undo one."""
    from zotui.tui.summary_dialog import SummaryDialog

    computer, chat = await chat_of(desk)
    place = await desk.app.push_screen_wait(SummaryDialog(computer, chat.id))
    if place:
        await desk.conversation.reading.to_position(place)


async def continue_chat(desk: Desk, words: str = "") -> None:
    """Go on in a new chat that begins with a summary of this one."""
    computer, chat = await chat_of(desk)
    asked = await computer.summaries.sequel(chat.id)
    computer.background.want()
    desk.tell("the summary is being written …")
    desk.conversation.await_sequel(asked)


async def export_chat(desk: Desk, words: str = "") -> None:
    """Write the conversation into a file: ``/export [md|jsonl] [FILE]``."""
    from zotui.tui.dialogs import Prompt

    computer, chat = await chat_of(desk)
    form, _, name = words.partition(" ")
    if form not in ("md", "jsonl"):
        form, name = "", words
    if not name:
        proposed = f"{computer.home.workspace}/{_file_name(chat.title)}.{form or 'md'}"
        name = await desk.app.push_screen_wait(Prompt("Export to", proposed)) or ""
    if name.strip():
        path, written = await computer.exchange.export(chat.id, name.strip(), form)
        desk.app.notify(f"{written:,} messages are in {path}", markup=False)


async def import_chat(desk: Desk, words: str = "") -> None:
    """Read a conversation from a file that was exported, and open it."""
    from zotui.tui.dialogs import Prompt

    computer = await desk.ready()
    name = words or await desk.app.push_screen_wait(Prompt("Import from", f"{computer.home.workspace}/"))
    if name and name.strip():
        await desk.open_chat(await computer.exchange.import_file(name.strip()))


async def chat_of(desk: Desk) -> tuple[Computer, Conversation]:
    """The computer and the conversation shown. Raises UsageError where there is none yet."""
    computer = await desk.ready()
    if desk.conversation.conversation is None:
        raise UsageError("nothing was said here yet", "write a message first")
    return computer, await computer.chats.find(desk.conversation.conversation)


def _file_name(title: str) -> str:
    """A title as a file's name."""
    kept = "".join(c if c.isalnum() else "-" for c in title.lower())
    return "-".join(filter(None, kept.split("-")))[:60] or "conversation"
