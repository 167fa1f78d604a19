"""What the conversation pane tells beside the transcript: what goes on, whom one talks with, what could answer here."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

from textual.message import Message as TextualMessage

if TYPE_CHECKING:
    from zotui.conversations import Spent, Turn
    from zotui.policy import Persona
    from zotui.tui.panes.conversation import ConversationPane


class Changed(TextualMessage):
    """Another conversation, or another state of it, for the status line."""

    def __init__(
        self,
        title: str = "",
        model: str = "",
        spent: Spent | None = None,
        state: str = "",
        today: Spent | None = None,
        persona: Persona | None = None,
    ) -> None:
        super().__init__()
        self.persona = persona
        self.today = today
        self.title = title
        self.model = model
        self.spent = spent
        self.state = state


class Telling:
    """Words for the conversation of a pane."""

    def __init__(self, pane: ConversationPane) -> None:
        self._pane = pane
        self.offer = ""
        """What could be connected here; empty where nothing was found."""

    async def look_around(self) -> None:
        """See what could answer here; it is offered, and used only when it is chosen."""
        await asyncio.to_thread(import_module, "zotui.http")
        from zotui.models.discovery import discover

        found = await discover()
        self.offer = f"{found[0].what}: F5 connects it." if found else ""

    def state(self) -> str:
        """What goes on, in a word or two."""
        reel = self._pane.reel
        if reel is None:
            return ""
        running = [turn for turn in reel.turns if turn.status == "running"]
        waiting = [turn for turn in reel.turns if turn.status == "queued"]
        if reel.question:
            return "? waits for you"
        if not running and not waiting and (last := self._last_turn()) is not None and last.status != "done":
            return "" if last.status == "cancelled" else f"■ {last.status} · ^r runs it again"
        words = "● answering" if running else ""
        if waiting:
            words = f"{words} · {len(waiting)} queued" if words else f"○ {len(waiting)} queued"
        return words

    def _last_turn(self) -> Turn | None:
        """The turn of the last message, where it is over."""
        reel = self._pane.reel
        assert reel is not None
        last = reel.messages[-1].turn_id if reel.messages else None
        return reel.ended.get(last or "")

    def changed(self) -> Changed:
        """What the status line shows of the conversation."""
        pane, reel = self._pane, self._pane.reel
        persona = pane.answering.persona
        if reel is None or reel.conversation is None:
            return Changed(model=pane.model, persona=persona)
        model = reel.conversation.model or (reel.messages[-1].model if reel.messages else "")
        return Changed(reel.conversation.title, model, reel.spent, self.state(), reel.today, persona)

    def welcome(self) -> str:
        """What stands where nothing was said yet."""
        pane = self._pane
        if pane.computer is None:
            return "Opening the file …"
        if pane.model == "offline":
            offer = f"\n\n{self.offer}" if self.offer else ""
            return (
                'A new conversation.\n\nNo model is connected (model = "offline"): type help for what works without one,\n'
                f"or connect one: F5 chooses a model, F8 keeps a key.{offer}"
            )
        persona = pane.answering.persona
        return f"A new conversation with {f'{persona.name}, by {pane.model}' if persona else pane.model}."
