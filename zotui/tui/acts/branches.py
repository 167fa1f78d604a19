"""Branches: going back and on another way, with nothing lost; several models at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zotui.errors import UsageError
from zotui.tui.acts.conversation import chat_of
from zotui.tui.widgets.draft import Draft

if TYPE_CHECKING:
    from zotui.tui.desk import Desk


async def branches(desk: Desk, words: str = "") -> None:
    """The branches of this conversation, two of them side by side."""
    from zotui.tui.branch_view import BranchView

    computer, chat = await chat_of(desk)
    chosen = await desk.app.push_screen_wait(BranchView(computer, chat.id))
    if chosen:
        await desk.open_chat(chosen)


async def compare(desk: Desk, words: str = "") -> None:
    """Put one prompt to several models: the draft, or the words; the answer that is kept becomes the turn."""
    from zotui.tui.compare_dialog import CompareDialog
    from zotui.tui.compare_view import CompareView

    computer, pane = await desk.ready(), desk.conversation
    running = await computer.comparisons.of(pane.conversation) if pane.conversation else []
    asked = next((found.id for found in running if found.kept is None and found.finished_at is None), None)
    if asked is None:
        draft = Draft(words) if words else pane.composer.draft
        wish = await desk.app.push_screen_wait(CompareDialog(computer, draft))
        if wish is None:
            return
        files = await pane.sending.files_of(wish.text, wish.foreign)
        conversation = await pane.answering.begin_apart(pane.conversation, wish.text)
        asked = await computer.compare(wish.text, wish.models, conversation, files=files)
        pane.composer.rewrite("")
    kept = await desk.app.push_screen_wait(CompareView(computer, asked))
    if kept:
        await pane.answering.begun()
        await desk.open_chat(kept)


async def fork(desk: Desk, words: str = "") -> None:
    """A branch that ends with the message under the cursor, or with the last one."""
    computer, chat = await chat_of(desk)
    message = desk.conversation.reading.message_at_cursor() or desk.conversation.reading.last_message()
    if message is None:
        raise UsageError("nothing was said here yet")
    await desk.open_chat(await computer.chats.fork(chat.id, message))
    desk.tell("a branch: what you say here is said here alone; F6 shows all")


async def undo_turn(desk: Desk, words: str = "") -> None:
    """A branch without the last turn; its request is in the composer again."""
    computer, chat = await chat_of(desk)
    message = desk.conversation.reading.last_request()
    if message is None:
        raise UsageError("there is no turn to take back")
    await desk.open_chat(await computer.chats.fork(chat.id, message.id, before=True))
    desk.conversation.composer.rewrite(message.content, desk.conversation.sending.quoted_in(message))
    desk.tell("the last turn is taken back; F6 shows the branch that has it")


async def edit_last(desk: Desk, words: str = "") -> None:
    """Edit the last request; sending it runs it again in a branch."""
    await chat_of(desk)
    message = desk.conversation.reading.last_request()
    if message is None:
        raise UsageError("there is no message to edit")
    desk.conversation.begin_edit(message)


async def edit_here(desk: Desk, words: str = "") -> None:
    """Edit the request under the cursor; sending it runs it again in a branch."""
    await chat_of(desk)
    message = desk.conversation.reading.request_at_cursor()
    if message is None:
        raise UsageError("no request of yours is here", "up and down move to one")
    desk.conversation.begin_edit(message)
