"""What becomes of what a person sends: a message, an answer, an edit, a command; and what completes it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from zotui.conversations.turns import EDITED, INSTEAD
from zotui.errors import UsageError, ZotuiError
from zotui.text import one_line
from zotui.tui import slash
from zotui.tui.widgets.completions import Candidate
from zotui.tui.widgets.composer import Composer, Draft
from zotui.tui.widgets.question import QuestionPanel

if TYPE_CHECKING:
    from zotui.conversations import Given, Message, Question
    from zotui.tui.panes.conversation import ConversationPane

MARKS = {"file": "▤", "folder": "▸", "skill": "✦", "tool": "◇", "memory": "◆", "chat": "›"}


class Sending:
    """Writes what the person sent into the file; where that fails, it goes back into the composer."""

    def __init__(self, pane: ConversationPane) -> None:
        self._pane = pane
        self._early: list[Composer.Sent] = []

    async def put(self, event: Composer.Sent) -> None:
        """Write it; before the file is open it is kept until then."""
        if self._pane.computer is None:
            self._early.append(event)
            return
        try:
            if event.at_once and not event.text.strip():
                await self._steer_queued()
            else:
                await self._write(event)
        except ZotuiError as error:
            self._give_back(event, str(error))

    async def put_early(self) -> None:
        """What was sent before the file was open."""
        early, self._early = self._early, []
        for event in early:
            await self.put(event)

    def _give_back(self, event: Composer.Sent | Composer.Commanded, why: str) -> None:
        if not self._pane.composer.text:
            self._pane.composer.draft = event.draft
        self._pane.app.notify(why, severity="warning", markup=False)

    async def _write(self, event: Composer.Sent) -> None:
        pane, computer = self._pane, self._pane.computer
        assert computer is not None
        if pane.question is not None and not event.edits and not event.at_once:
            if not pane.query_one(QuestionPanel).is_seen:
                raise UsageError("a question has just come up", "enter sends this as its answer")
            answer = choice(pane.question, event.text)
            if answer == EDITED:
                pane.composer.draft = Draft(f"{INSTEAD}{pane.question.command}")
                pane.app.notify("edit the command and send it: then it may run, once", markup=False)
                return
            await computer.turns.answer(pane.question.id, answer)
            computer.background.want()
            return
        files = await self.files_of(event.text, event.draft.foreign)
        if event.edits and pane.reel is not None:
            made, _ = await computer.edit(pane.reel.id, event.edits, event.text, files=files, private=pane.private)
            await self._sent(made)
            return
        who, conversation = pane.answering, pane.conversation
        model = who.next_model if pane.reel is None else None
        if pane.reel is None and who.persona is not None:
            conversation, model = await computer.begin_as(who.persona.id, who.next_model), None
        conversation = await who.begin_apart(conversation)
        turn = await computer.submit(event.text, conversation, model, files=files, private=pane.private)
        if event.at_once:
            await computer.turns.steer(turn)
        await who.begun()
        await self._sent((await computer.turns.view(turn)).turn.conv_id if pane.reel is None else pane.reel.id)

    async def _sent(self, conversation: str) -> None:
        """Show the conversation with what was said in it now, from its end."""
        pane, computer = self._pane, self._pane.computer
        assert computer is not None
        await pane.drafts.forget()
        await self.remember()
        if conversation != pane.conversation:
            await pane.show(conversation)
            await computer.desk.set("conversation", conversation)
        else:
            pane.transcript.action_end()
            await pane.refresh_from_file()

    async def _steer_queued(self) -> None:
        """What is queued first goes first, and what is being answered stops."""
        assert self._pane.computer is not None
        turns = self._pane.reel.turns if self._pane.reel else []
        queued = [turn for turn in turns if turn.status == "queued"]
        if not queued:
            raise UsageError("nothing is queued here", "write a message, then ^s sends it at once")
        await self._pane.computer.turns.steer(queued[0].id)
        self._pane.computer.background.want()

    async def remember(self) -> None:
        """Have the composer know what was said last; what was no mention then is none when it is said again."""
        from zotui.mentions import left_as_text

        assert self._pane.computer is not None
        recent = await self._pane.computer.turns.recent_inputs()
        self._pane.composer.remember([Draft(text, quoted=left_as_text(text, paths)) for text, paths in recent])

    def quoted_in(self, message: Message) -> list[str]:
        """What was no mention when a message was sent."""
        from zotui.mentions import left_as_text

        return left_as_text(message.content, [file.path for file in message.attachments])

    async def files_of(self, text: str, foreign: Collection[str]) -> Sequence[Given]:
        """What the mentions of a text stand for, but for foreign names; what names nothing stays plain text, and the
        person is told."""
        assert self._pane.computer is not None
        mentions = self._pane.computer.mentions
        names = [name for name in mentions.found_in(text) if name not in foreign]
        if not names:
            return []
        files, unknown = await mentions.given(names)
        if unknown:
            self._pane.app.notify(
                f"sent as plain text: {one_line(', '.join('@' + name for name in unknown), 100)}", markup=False
            )
        return files

    # Commands

    def command(self, event: Composer.Commanded) -> None:
        """Do what a slash command says; an unknown one comes back with the nearest."""
        from zotui.tui.desk import Desk

        command = slash.find(event.name)
        desk = self._pane.screen
        if command is None:
            near = ", ".join(f"/{name}" for name in slash.nearest(event.name))
            self._give_back(
                event, f"no command /{event.name}" + (f"; nearest: {near}" if near else "; /help shows all")
            )
        elif command.missing:
            self._give_back(event, f"/{event.name}: {command.missing}")
        elif isinstance(desk, Desk):
            desk.act(command.action, event.rest)

    def passes(self, name: str) -> bool:
        """Whether words behind a slash go to the model as they are: the offline one understands some."""
        from zotui.models.phrases import SLASH_WORDS

        return self._pane.model == "offline" and name in SLASH_WORDS and slash.find(name) is None

    # What the composer asks for

    async def complete(self, trigger: str, words: str) -> list[Candidate]:
        """What could be meant by the words behind ``@`` or ``/``."""
        if trigger == "/":
            return slash.candidates(words)
        if self._pane.computer is None:
            return []
        found = await self._pane.computer.mentions.complete(words)
        return [Candidate(mention.text, mention.name, mention.detail, MARKS.get(mention.kind, "")) for mention in found]

    async def attachments(self, pasted: str) -> list[str]:
        """The mentions of the files whose paths were pasted; empty for any other text."""
        if self._pane.computer is None:
            return []
        from zotui.documents import attach_paths
        from zotui.mentions import mention_of

        return [mention_of(path) for path in await asyncio.to_thread(attach_paths, pasted)]


def choice(question: Question, text: str) -> str:
    """The answer that a person's words give: a choice by its number, or the words. Raises UsageError."""
    said = text.strip()
    if not said.isdigit() or not question.choices:
        return text
    if not 0 < int(said) <= len(question.choices):
        raise UsageError(
            f"there is no choice {one_line(said, 20)}", f"choose 1 to {len(question.choices)}, or use words"
        )
    return question.choices[int(said) - 1]
