"""The conversation: what was said, what is being said, and where to say more."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.message import Message as TextualMessage
from textual.widget import Widget
from textual.widgets import Static

from zotui.errors import UsageError
from zotui.tui.pane import Pane, bindings
from zotui.tui.panes.answering import Answering
from zotui.tui.panes.drafts import Drafts
from zotui.tui.panes.entries import MEMORY
from zotui.tui.panes.painting import Painting
from zotui.tui.panes.reading import Reading
from zotui.tui.panes.sending import Sending
from zotui.tui.panes.telling import Telling
from zotui.tui.widgets.completions import Completions
from zotui.tui.widgets.composer import Composer, Draft
from zotui.tui.widgets.find_line import FindLine
from zotui.tui.widgets.plan_panel import PlanPanel
from zotui.tui.widgets.question import QuestionPanel
from zotui.tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.conversations import Message, Question, Reel


class ConversationPane(Pane):
    """Shows one conversation, or the place for a new one."""

    letter = "c"
    heading = "Conversation"
    tables: ClassVar[frozenset[str]] = frozenset(
        {"conversations", "messages", "parts", "turns", "tool_calls", "approvals", "plans", "summaries", "personas"}
    )
    BINDINGS = bindings("transcript")
    DEFAULT_CSS = """
    ConversationPane {
        & > #welcome { height: 1fr; padding: 1 2; color: $foreground 60%; }
        & > Transcript { height: 1fr; padding: 0 1; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="conversation")
        self.reel: Reel | None = None
        self.question: Question | None = None
        self.private = False
        """Whether only models on this machine may be asked; set by the app."""
        self.escaped_at = 0.0
        self.answering = Answering(self)
        self.drafts = Drafts(self)
        self.sending = Sending(self)
        self.reading = Reading(self)
        self.telling = Telling(self)
        self._painting = Painting(self)
        self._sequel = ""  # the summary whose conversation is to be opened

    def compose(self) -> ComposeResult:
        yield Static("", id="welcome", markup=False)
        yield Transcript()
        yield FindLine()
        yield PlanPanel()
        yield QuestionPanel()
        popup = Completions()
        yield popup
        yield Composer(popup)

    def on_mount(self) -> None:
        super().on_mount()
        self.transcript.display = False
        self.composer.completer = self.sending
        self.composer.passes = self.sending.passes

    @property
    def composer(self) -> Composer:
        """Where the person writes."""
        return self.query_one(Composer)

    @property
    def transcript(self) -> Transcript:
        """What was said."""
        return self.query_one(Transcript)

    @property
    def conversation(self) -> str | None:
        """The id of the conversation shown; None for a new one."""
        return self.reel.id if self.reel else None

    def stops(self) -> list[Widget]:
        """The transcript, where something was said, and the composer."""
        return [self.transcript, self.composer] if self.reel is not None else [self.composer]

    def focus_inside(self) -> None:
        """Focus the composer: whoever comes here wants to say something."""
        self.composer.focus()

    async def attach(self, computer: Computer) -> None:
        await self.answering.begin(computer)
        await super().attach(computer)
        await self.sending.remember()
        if computer.config.model == "offline":
            self.look_around()

    @work(exclusive=True, group="discovery")
    async def look_around(self) -> None:
        """Look once, in the background, for what could answer here."""
        await self.telling.look_around()
        if self.reel is None:
            self.paint_all()

    @property
    def model(self) -> str:
        """Who answers here: the conversation's own model, or the default."""
        return self.answering.model

    # Which conversation

    async def open(self, conversation: str | None) -> None:
        """Show a conversation where it was left, with its draft; None for a new one."""
        await self.keep_draft()
        await self.drafts.keep_scroll()
        await self.show(conversation)
        self.composer.draft = await self.drafts.kept() or Draft()
        await self.drafts.scroll_back()

    async def begin(self, conversation: str | None) -> None:
        """The conversation that was open last, and its draft behind what was typed before the file was open."""
        typed = self.composer.draft
        await self.show(conversation)
        kept = await self.drafts.kept()
        if kept and not typed.text:
            self.composer.draft = kept
        await self.drafts.scroll_back()
        await self.sending.put_early()

    async def show(self, conversation: str | None) -> None:
        """Show a conversation's end, the composer untouched."""
        from zotui.conversations import Reel

        assert self.computer is not None
        reel = Reel(self.computer.store, conversation) if conversation else None
        if reel is not None:
            await reel.open()
        there = reel is not None and reel.conversation is not None and reel.conversation.deleted_at is None
        self.reel = reel if there else None
        await self.answering.refresh()
        self.query_one(FindLine).close()
        self.paint_all()
        await self._read_plan()

    async def keep_draft(self) -> None:
        """Write what is in the composer into the file."""
        await self.drafts.keep()

    async def keep_scroll(self) -> None:
        """Write where the reader is into the file."""
        await self.drafts.keep_scroll()

    # What the file says

    async def read(self) -> None:
        await self.answering.refresh()
        if self.reel is None:
            self.paint_all()
            return
        settled = self.reel.settled
        before = self.reel.messages[settled - 1].position if settled else 0
        await self.reel.refresh()
        if self.reel.conversation is None or self.reel.conversation.deleted_at is not None:  # here or elsewhere
            self.reel = None
            self.paint_all()
            return
        first = len(self.reel.messages)  # a page may have come in front meanwhile: count from the end
        while first and self.reel.messages[first - 1].position > before:
            first -= 1
        self._paint_news(first)
        await self._read_plan()
        await self._look_for_sequel()

    async def _read_plan(self) -> None:
        panel = self.query_one(PlanPanel)
        if self.computer is not None:
            panel.show(await self.computer.plans.plan(self.reel.id) if self.reel else None)

    def show_plan(self, whole: bool) -> None:
        """The plan whole, or as one line."""
        self.query_one(PlanPanel).unfold(whole)

    def await_sequel(self, summary: str) -> None:
        """Open the conversation that goes on from this one, as soon as its summary is written."""
        self._sequel = summary

    async def _look_for_sequel(self) -> None:
        if not self._sequel or self.computer is None or self.reel is None:
            return
        found = next((one for one in await self.computer.summaries.of(self.reel.id) if one.id == self._sequel), None)
        if found is not None and found.sequel_id:
            self._sequel = ""
            self.post_message(self.Sequel(found.sequel_id))
        elif found is not None and found.status in ("failed", "cancelled"):
            self._sequel = ""
            raise UsageError(f"no summary was written: {found.error or found.status}")

    class Sequel(TextualMessage):
        """The conversation that goes on from the one shown is there."""

        def __init__(self, conversation: str) -> None:
            super().__init__()
            self.conversation = conversation

    def state(self) -> str:
        """What goes on, in a word or two."""
        return self.telling.state()

    def begin_edit(self, message: Message) -> None:
        """Have the composer edit a request of the person."""
        self.composer.begin_edit(message.id, message.content, self.sending.quoted_in(message))
        self.composer.focus()

    # Messages of the parts

    @on(Composer.Sent)
    async def _sent(self, event: Composer.Sent) -> None:
        event.stop()
        await self.sending.put(event)

    @on(Composer.Commanded)
    def _commanded(self, event: Composer.Commanded) -> None:
        event.stop()
        self.sending.command(event)

    @on(Completions.Taken)
    def _taken(self, event: Completions.Taken) -> None:
        event.stop()
        self.composer.take(event.candidate)

    @on(Composer.Paged)
    def _paged(self, event: Composer.Paged) -> None:
        event.stop()
        self.transcript.action_page(event.pages)

    @on(Transcript.OlderWanted)
    @work(exclusive=True, group="older")
    async def _older(self) -> None:
        await self.reading.older()

    @on(Transcript.Chosen)
    def _chosen(self, event: Transcript.Chosen) -> None:
        if event.entry.id.startswith(MEMORY):
            self.post_message(self.Led(event.entry.id.rpartition(":")[0]))

    class Led(TextualMessage):
        """Something in the conversation leads to another place."""

        def __init__(self, place: str) -> None:
            super().__init__()
            self.place = place

    @on(Transcript.UnseenChanged)
    def _unseen(self, event: Transcript.UnseenChanged) -> None:
        more = f" ({event.count})" if event.count > 1 else ""
        self.note(f"↓ new below{more}" if event.unseen else "")

    @on(Transcript.Selected)
    @work(exclusive=True, group="copy")
    async def _selected(self, event: Transcript.Selected) -> None:
        """What the mouse selected is copied, as terminals do it."""
        from zotui.tui.clipboard import copy

        if self.computer is not None:
            self.note(await copy(self.app, event.text, self.computer.home))

    def open_find(self, words: str = "") -> None:
        """Open the line that finds in the conversation."""
        if self.reel is not None:
            self.query_one(FindLine).open(words)

    def find_step(self, step: int) -> None:
        """The next match, or the one before."""
        self.query_one(FindLine).step(step)

    def step_back(self) -> bool:
        """Close the find line, or leave the editing of a message; False where there is neither."""
        if self.query_one(FindLine).close():
            (self.transcript if self.transcript.display else self.composer).focus()
            return True
        if self.composer.editing and self.composer.has_focus:
            self.composer.leave_edit()
            return True
        return False

    # Painting

    def paint_all(self) -> None:
        self.query_one("#welcome").display = self.reel is None
        if self.reel is None:
            self.query_one("#welcome", Static).update(self.telling.welcome())
        self._painting.all()
        self._paint_rest()

    def _paint_news(self, first: int) -> None:
        self._painting.news(first)
        self._paint_rest()

    def _paint_rest(self) -> None:
        """The question, and the status line."""
        self.question = self.reel.question if self.reel else None
        self.query_one(QuestionPanel).show(self.question)
        self.post_message(self.telling.changed())

    def show_problem(self, problem: str) -> None:
        """Say what is wrong: in the transcript's place where nothing is shown yet, else as a notice."""
        self.note("! not up to date")
        if self.reel is None:
            self.query_one("#welcome", Static).update(f"✗ {problem}")
        else:
            self.app.notify(problem, severity="error", markup=False)
