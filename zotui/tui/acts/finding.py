"""Finding: in the conversation, in everything; what waits for the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zotui.tui.desk import Desk


async def search(desk: Desk, words: str = "") -> None:
    """Search everything, and go to what is chosen."""
    from zotui.tui.places import go
    from zotui.tui.search_dialog import SearchDialog

    place = await desk.app.push_screen_wait(SearchDialog(await desk.ready(), words))
    if place:
        await go(desk, place)


async def inbox(desk: Desk, words: str = "") -> None:
    """Questions that wait, and notices; the chosen one is answered, or gone to."""
    from zotui.tui.inbox import Inbox
    from zotui.tui.places import go

    place = await desk.app.push_screen_wait(Inbox(await desk.ready()))
    if place:
        await go(desk, place)


def find(desk: Desk, words: str = "") -> None:
    """Open the line that finds in this conversation."""
    desk.go_to(desk.conversation)
    desk.conversation.open_find(words)


def find_next(desk: Desk, words: str = "") -> None:
    """The next match."""
    desk.conversation.find_step(1)


def find_previous(desk: Desk, words: str = "") -> None:
    """The match before."""
    desk.conversation.find_step(-1)
