"""The conversation: what was said, what is being said, and where to say more."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.message import Message as TextualMessage
from textual.widgets import Static

from zotui.errors import UsageError, ZotuiError
from zotui.text import one_line
from zotui.tui.pane import Pane
from zotui.tui.panes.entries import entries_of, queued
from zotui.tui.widgets.composer import Composer, Draft
from zotui.tui.widgets.entry import Entry
from zotui.tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.conversations import Question, Reel, Spent, Turn

NEW = "new"  # the draft of a conversation that is not begun yet
NEXT_MODEL = "next_model"


class ConversationPane(Pane):
    """Shows one conversation, or the place for a new one."""

    letter = "c"
    private = False
    """Whether only models on this machine may be asked."""
    heading = "Conversation"
    tables: ClassVar[frozenset[str]] = frozenset(
        {"conversations", "messages", "parts", "turns", "tool_calls", "approvals"}
    )
    DEFAULT_CSS = """
    ConversationPane {
        & > #welcome { height: 1fr; padding: 1 2; color: $foreground 60%; }
        & > #question { height: auto; max-height: 12; padding: 0 2; color: $text-warning; }
        & > Transcript { height: 1fr; padding: 0 1; }
    }
    """

    class Changed(TextualMessage):
        """Another conversation, or another state of it, for the status line."""

        def __init__(
            self,
            title: str = "",
            model: str = "",
            spent: Spent | None = None,
            state: str = "",
            today: Spent | None = None,
        ) -> None:
            super().__init__()
            self.today = today
            self.title = title
            self.model = model
            self.spent = spent
            self.state = state

    def __init__(self) -> None:
        super().__init__(id="conversation")
        self.reel: Reel | None = None
        self.question: Question | None = None
        self._tail: list[str] = []  # the entries painted for what is not settled
        self._early: list[Composer.Sent] = []
        self._next_model = ""  # of the conversation that is not begun yet
        self._offer = ""  # what could be connected here

    def compose(self) -> ComposeResult:
        yield Static("", id="welcome", markup=False)
        yield Transcript()
        yield Static("", id="question", markup=False)
        yield Composer()

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Transcript).display = False
        self.query_one("#question").display = False

    @property
    def composer(self) -> Composer:
        """Where the person writes."""
        return self.query_one(Composer)

    @property
    def conversation(self) -> str | None:
        """The id of the conversation shown; None for a new one."""
        return self.reel.id if self.reel else None

    async def attach(self, computer: Computer) -> None:
        self.composer.remember(await computer.turns.recent_inputs())
        self._next_model = await computer.desk.get(NEXT_MODEL) or ""
        await super().attach(computer)
        if computer.config.model == "offline":
            self._look_around()

    @work(exclusive=True, group="discovery")
    async def _look_around(self) -> None:
        """Look once, in the background, for what could answer here; it is offered, and used only when it is chosen."""
        await asyncio.to_thread(import_module, "zotui.http")
        from zotui.models.discovery import discover

        found = await discover()
        self._offer = f"{found[0].what}: F5 connects it." if found else ""
        if self.reel is None:
            self._paint_all()

    @property
    def model(self) -> str:
        """Who answers here: the conversation's own model, or the default."""
        own = self.reel.conversation.model if self.reel and self.reel.conversation else self._next_model
        return own or (self.computer.models.default if self.computer else "")

    async def answer_with(self, model: str) -> None:
        """Have a model answer in this conversation from now on, or in the one that is begun next; empty: the default."""
        assert self.computer is not None
        if self.reel is not None:
            await self.computer.chats.set_model(self.reel.id, model)
            await self.refresh_from_file()
        else:
            await self.computer.desk.set(NEXT_MODEL, model or None)  # first: what is shown is in the file
            self._next_model = model
            self._paint_all()

    async def open(self, conversation: str | None) -> None:
        """Show a conversation from its end, with its draft; None for a new one."""
        assert self.computer is not None
        await self.keep_draft()
        await self._show(conversation)
        self.composer.draft = await self._kept_draft() or Draft()

    async def begin(self, conversation: str | None) -> None:
        """The conversation that was open last, and its draft behind what was typed before the file was open."""
        typed = self.composer.draft
        await self._show(conversation)
        assert self.computer is not None
        kept = await self._kept_draft()
        if kept and not typed.text:
            self.composer.draft = kept
        for event in self._early:
            await self._put(event)
        self._early.clear()

    async def _show(self, conversation: str | None) -> None:
        """Show a conversation's end, the composer untouched."""
        from zotui.conversations import Reel

        assert self.computer is not None
        reel = Reel(self.computer.store, conversation) if conversation else None
        if reel is not None:
            await reel.open()
        self.reel = reel if reel is not None and reel.conversation is not None else None
        self._paint_all()

    async def keep_draft(self) -> None:
        """Write what is in the composer into the file."""
        if self.computer is not None:
            draft = self.composer.draft
            await self.computer.desk.set(self._draft_key, json.dumps(asdict(draft)) if draft.text else None)

    async def _kept_draft(self) -> Draft | None:
        assert self.computer is not None
        kept = await self.computer.desk.get(self._draft_key)
        return Draft(**json.loads(kept)) if kept else None

    async def read(self) -> None:
        if self.reel is None:
            self._paint_all()
            return
        settled = self.reel.settled
        before = self.reel.messages[settled - 1].position if settled else 0
        await self.reel.refresh()
        if self.reel.conversation is None:  # deleted, here or elsewhere
            self.reel = None
            self._paint_all()
            return
        first = len(self.reel.messages)  # a page may have come in front meanwhile: count from the end
        while first and self.reel.messages[first - 1].position > before:
            first -= 1
        self._paint_news(first)

    def state(self) -> str:
        """What goes on, in a word or two."""
        if self.reel is None:
            return ""
        running = [turn for turn in self.reel.turns if turn.status == "running"]
        waiting = [turn for turn in self.reel.turns if turn.status == "queued"]
        if self.reel.question:
            return "? waits for you"
        if not running and not waiting and (last := self._last_turn()) is not None and last.status != "done":
            return "" if last.status == "cancelled" else f"■ {last.status} · ^r runs it again"
        words = "● answering" if running else ""
        if waiting:
            words = f"{words} · {len(waiting)} queued" if words else f"○ {len(waiting)} queued"
        return words

    def _last_turn(self) -> Turn | None:
        """The turn of the last message, where it is over."""
        assert self.reel is not None
        last = self.reel.messages[-1].turn_id if self.reel.messages else None
        return self.reel.ended.get(last or "")

    @on(Composer.Sent)
    async def _sent(self, event: Composer.Sent) -> None:
        event.stop()
        if self.computer is None:
            self._early.append(event)  # it is sent as soon as the file is open
        else:
            await self._put(event)

    async def _put(self, event: Composer.Sent) -> None:
        """Write what the person said into the file; where that fails, it goes back into the composer."""
        try:
            await self._write(event.text)
        except ZotuiError as error:
            if not self.composer.text:
                self.composer.draft = event.draft
            self.app.notify(str(error), severity="warning", markup=False)

    async def _write(self, text: str) -> None:
        assert self.computer is not None
        if self.reel is not None and self.question is not None:
            await self.computer.turns.answer(self.question.id, _choice(self.question, text))
            self.computer.background.want()
            return
        turn_id = await self.computer.submit(
            text, self.conversation, self._next_model if self.reel is None else None, private=self.private
        )
        self._next_model = ""
        await self.computer.desk.set(NEXT_MODEL, None)
        await self.computer.desk.set(self._draft_key, None)
        self.composer.remember(await self.computer.turns.recent_inputs())
        if self.reel is None:
            view = await self.computer.turns.view(turn_id)
            await self._show(view.turn.conv_id)
            await self.computer.desk.set("conversation", view.turn.conv_id)
        else:
            self.query_one(Transcript).action_end()
            await self.refresh_from_file()

    @on(Composer.Paged)
    def _paged(self, event: Composer.Paged) -> None:
        event.stop()
        self.query_one(Transcript).action_page(event.pages)

    @on(Transcript.OlderWanted)
    @work(exclusive=True, group="older")
    async def _older(self) -> None:
        if self.reel is not None:
            older = await self.reel.older()
            self.query_one(Transcript).prepend(entries_of(older, self.reel.ended), older=self.reel.has_older)

    @on(Transcript.UnseenChanged)
    def _unseen(self, event: Transcript.UnseenChanged) -> None:
        self.note("↓ new below" if event.unseen else "")

    @property
    def _draft_key(self) -> str:
        return f"draft:{self.conversation or NEW}"

    def _entries(self, first: int) -> list[Entry]:
        """The entries of the messages from ``first`` on, and of what is queued."""
        assert self.reel is not None
        entries = entries_of(self.reel.messages[first:], self.reel.ended)
        known = {message.turn_id or "" for message in self.reel.messages[first:]}
        return entries + queued(self.reel.turns, known)

    def _paint_all(self) -> None:
        transcript, welcome = self.query_one(Transcript), self.query_one("#welcome", Static)
        transcript.display, welcome.display = self.reel is not None, self.reel is None
        if self.reel is None:
            self._tail = []
            transcript.clear()
            welcome.update(self._welcome())
        else:
            transcript.show(self._entries(0), older=self.reel.has_older)
            self._tail = [entry.id for entry in self._entries(self.reel.settled)]
        self._paint_rest()

    def _paint_news(self, first: int) -> None:
        """Bring the transcript up to date from message ``first`` on: replace what changed, append what is new."""
        assert self.reel is not None
        transcript = self.query_one(Transcript)
        entries = self._entries(first)
        ids = [entry.id for entry in entries]
        for gone in set(self._tail) - set(ids):
            transcript.drop(gone)
        old = [id_ for id_ in self._tail if id_ in set(ids)]
        if ids[: len(old)] != old:  # something was put in between
            transcript.show(self._entries(0), older=self.reel.has_older)
        else:
            for entry in entries:
                transcript.append(entry)
        self._tail = [entry.id for entry in self._entries(self.reel.settled)]
        self._paint_rest()

    def _paint_rest(self) -> None:
        """The question, and the status line."""
        self.question = self.reel.question if self.reel else None
        asked = self.query_one("#question", Static)
        asked.display = self.question is not None
        if self.question is not None:
            asked.update(_asked(self.question))
        if self.reel is not None and self.reel.conversation is not None:
            conversation = self.reel.conversation
            model = conversation.model or (self.reel.messages[-1].model if self.reel.messages else "")
            self.post_message(self.Changed(conversation.title, model, self.reel.spent, self.state(), self.reel.today))
        else:
            self.post_message(self.Changed(model=self.model))

    def _welcome(self) -> str:
        if self.computer is None:
            return "Opening the file …"
        model = self.model
        if model == "offline":
            offer = f"\n\n{self._offer}" if self._offer else ""
            return (
                'A new conversation.\n\nNo model is connected (model = "offline"): type help for what works without one,\n'
                f"or connect one: F5 chooses a model, F8 keeps a key.{offer}"
            )
        return f"A new conversation with {model}."

    def show_problem(self, problem: str) -> None:
        """Say what is wrong: in the transcript's place where nothing is shown yet, else as a notice."""
        self.note("! not up to date")
        if self.reel is None:
            self.query_one("#welcome", Static).update(f"✗ {problem}")
        else:
            self.app.notify(problem, severity="error", markup=False)


def _asked(question: Question) -> str:
    choices = "".join(f"\n  {number}  {choice}" for number, choice in enumerate(question.choices, 1))
    how = "a number or your own words" if question.choices else "write the answer"
    return f"? {question.text}{choices}\n  ({how}, then enter; esc stops the turn)"


def _choice(question: Question, text: str) -> str:
    said = text.strip()
    if not said.isdigit() or not question.choices:
        return text
    if not 0 < int(said) <= len(question.choices):
        raise UsageError(
            f"there is no choice {one_line(said, 20)}", f"choose 1 to {len(question.choices)}, or use words"
        )
    return question.choices[int(said) - 1]
