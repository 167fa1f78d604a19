"""Asking the computer: turns put, followed and answered, of a conversation or of several models at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Unpack

import msgspec

from zotui.conversations import Comparisons, Given, TurnOptions, Turns, TurnView
from zotui.crew import Crew
from zotui.models.directory import Models
from zotui.models.provider import Event, Finished, Usage
from zotui.policy.offers import check as check_grant
from zotui.policy.scopes import check as check_scope
from zotui.replies import Reply, Told, ToolResult, TurnFailed, reply_of
from zotui.wishes import Options, Wishes


class Asking:
    """What a computer can be asked."""

    turns: Turns
    comparisons: Comparisons
    models: Models
    crew: Crew

    async def ask(
        self,
        text: str,
        conversation_id: str | None = None,
        model: str | None = None,
        tools: bool = True,
        **wishes: Unpack[Wishes],
    ) -> Reply:
        """One turn, to its end, with nobody there to answer questions unless it is ``attended``.

        Raises TurnFailed with what came, UsageError for a bad request.
        """
        wishes.setdefault("attended", False)
        turn = await self.submit(text, conversation_id, model, tools=tools, **wishes)
        async for view in self.turns.follow(turn):
            last = view
        return self.reply(last)

    async def stream(
        self,
        text: str,
        conversation_id: str | None = None,
        model: str | None = None,
        tools: bool = True,
        **wishes: Unpack[Wishes],
    ) -> AsyncIterator[Event | ToolResult]:
        """The same turn as its events come; raises like :meth:`ask` after the last one."""
        wishes.setdefault("attended", False)
        turn = await self.submit(text, conversation_id, model, tools=tools, **wishes)
        async for event in self.events(turn):
            yield event

    async def submit(
        self,
        text: str,
        conversation_id: str | None = None,
        model: str | None = None,
        *,
        tools: bool = True,
        images: Sequence[tuple[str, bytes]] = (),
        files: Sequence[Given] = (),
        **wishes: Unpack[Options],
    ) -> str:
        """Put a turn; its id, acknowledged. ``wishes`` are those of ``Wishes``. Raises UsageError, NotFound."""
        schema = wishes.get("schema")
        if model:
            self.check_model(model)
        if schema is not None:
            from zotui.agent.structured import check_schema

            await asyncio.to_thread(check_schema, schema)
        wishes["scope"] = check_scope(wishes.get("scope", "all"))
        wishes["grants"] = tuple(map(check_grant, wishes.get("grants", ())))
        options = TurnOptions(tools=tools, **wishes)
        await self.crew.want()
        turn = await self.turns.submit(
            text,
            conversation=conversation_id,
            model=model or "",
            options=options,
            own=self.crew.owns_its_work,
            images=images,
            files=files,
        )
        return turn.id

    async def edit(
        self, conversation: str, message: str, text: str, *, files: Sequence[Given] = (), **wishes: Unpack[Options]
    ) -> tuple[str, str]:
        """Put an earlier request in other words, in a branch: the branch's id and the turn's. Raises UsageError, NotFound.

        It runs as it did before, but for ``wishes`` that are not as usual.
        """
        await self.crew.want()
        turn = await self.turns.edit(
            conversation, message, text, options=TurnOptions(**wishes), own=self.crew.owns_its_work, files=files
        )
        return turn.conv_id, turn.id

    async def compare(
        self,
        text: str,
        models: Sequence[str],
        conversation: str | None = None,
        *,
        files: Sequence[Given] = (),
        **wishes: Unpack[Options],
    ) -> str:
        """Put one prompt to several models at once; the comparison's id. Raises UsageError, NotFound."""
        for model in models:
            self.check_model(model)
        await self.crew.want()
        return await self.comparisons.start(
            text, models, conversation, options=TurnOptions(**wishes), files=files, own=self.crew.owns_its_work
        )

    async def events(self, turn_id: str) -> AsyncIterator[Event | ToolResult]:
        """A turn's events from its beginning to its end. Raises TurnFailed after the last one."""
        told = Told()
        async for view in self.turns.follow(turn_id):
            for event in told.news(view):
                yield event
        self.reply(view)
        spent = view.spent
        yield Usage(input_tokens=spent.input_tokens, output_tokens=spent.output_tokens, cost=spent.cost)
        last = view.replies[-1].reason if view.replies else None
        yield Finished(msgspec.convert(last or "stop", str))

    def reply(self, view: TurnView) -> Reply:
        """An ended turn as a reply. Raises TurnFailed when it did not end well."""
        reply = reply_of(view)
        if view.turn.status != "done":
            raise TurnFailed(reply.error or f"the turn is {reply.status}", reply)
        return reply

    def check_model(self, model: str) -> None:
        """Raises UsageError when no such provider is known."""
        self.models.split(model)
