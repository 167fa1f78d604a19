"""Going to where a search result or a notice leads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from zotui.errors import NotFound
from zotui.tui.panes.listing import ListingPane

if TYPE_CHECKING:
    from zotui.tui.desk import Desk

PANES = {"memory": "#memory", "skill": "#skills", "automation": "#schedule"}


async def go(desk: Desk, place: str) -> None:
    """Go to a place, as ``zotui.notices`` and ``zotui.search`` name them. Raises NotFound."""
    kind, _, name = place.partition(":")
    computer = desk.computer
    if computer is None:
        return
    if kind == "chat":
        conversation, _, message = name.partition("/")
        await desk.open_chat(conversation, message)
    elif kind == "run":
        view = await computer.turns.view(name)
        await desk.open_chat(view.turn.conv_id, view.messages[0].id if view.messages else "")
    elif kind in PANES:
        pane = desk.query_one(PANES[kind], ListingPane)
        desk.go_to(pane)
        await pane.seek(name)
    elif kind == "file":
        await _show_file(desk, name)
    elif kind == "facts":
        desk.act("facts")
    elif kind == "log":
        await _show_log(desk, name)
    else:
        raise NotFound(f"this leads nowhere: {place}")


async def _show_file(desk: Desk, name: str) -> None:
    from zotui.tui.panes.files import FilesPane

    pane = desk.query_one(FilesPane)
    await pane.seek(name)
    desk.go_to(pane)
    if not pane.whole:
        desk.act("zoom")


async def _show_log(desk: Desk, name: str) -> None:
    from zotui.tui.dialogs import Reading

    assert desk.computer is not None
    log, _, line = name.rpartition(":")
    text = await asyncio.to_thread(desk.computer.home.read_log, log)
    desk.app.push_screen(Reading(log, text, line=int(line) if line.isdigit() else 0))
