"""One turn: context → model → tools → reply, until the model stops."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from zotui.agent import structured
from zotui.agent.answer import Answer
from zotui.agent.context import Context, Earlier, build, estimate
from zotui.agent.journal import Journal
from zotui.conversations import Message, ToolCallRecord, TurnOptions
from zotui.conversations.chats import messages as chat_messages
from zotui.conversations.turns import TurnView
from zotui.errors import Fenced, ZotuiError
from zotui.images import TOKENS
from zotui.models.ledger import Bill, SpendingCap
from zotui.models.provider import ProviderError
from zotui.models.registry import OFFLINE
from zotui.models.router import Router, Wanted
from zotui.store import Reader, Store
from zotui.text import one_line
from zotui.toolbox import FIND, Ask, Toolbox, ToolContext, ToolError, found_in

HISTORY = 400  # messages looked at for one request
WINDOW_SHARE = 0.75  # of a model's window, for the request; the rest is for the answer
BROKEN_OFF = ("truncated", "timeout", "connection", "protocol", "server", "overloaded")

Recall = Callable[[str, str], Awaitable[Sequence[str]]]  # conversation, request -> memories
SkillIndex = Callable[[], Awaitable[str]]  # -> the skills there are, in a few lines


class Limits(msgspec.Struct, frozen=True):
    """The limits of one turn."""

    max_steps: int = 24
    tool_timeout_s: float = 120.0
    context_tokens: int = 32_000


class Agent(msgspec.Struct, frozen=True):
    """All that turns have in common."""

    store: Store
    router: Router
    toolbox: Toolbox
    recall: Recall
    skills: SkillIndex
    workspace: str
    limits: Callable[[], Limits]  # as config.toml has them now

    async def context(self, view: TurnView, history: Sequence[Message], model: str) -> Context:
        """What ``model`` would be sent for a turn now. Raises ProviderError when it cannot fit."""
        options = _options(view)
        memories = await self.recall(view.turn.conv_id, view.turn.input) if options.memory else []
        tools = estimate(msgspec.json.encode(self.tools(view, history, model)).decode())
        before = history[0].position if history else 0
        earlier = await self.store.read(lambda db: requests_before(db, view.turn.conv_id, before))
        budget = await self._budget(model) - tools
        return build(
            history,
            system=options.system,
            memories=memories,
            skills=await self.skills() if options.tools else "",
            schema=options.schema,
            workspace=self.workspace,
            budget=budget,
            earlier=earlier,
            images=await self.store.read(lambda db: encoded_images(db, history, most=1 + max(0, budget) // TOKENS)),
        )

    def tools(self, view: TurnView, history: Sequence[Message], model: str) -> list[dict[str, Any]]:
        """The tools a turn is offered: the core ones, and those that were found or used in what it can see.

        The offline provider reads all of them: its grammar is made for them, and nothing is sent anywhere.
        """
        if not _options(view).tools:
            return []
        if (model or self.router.models.default).partition("/")[0] == OFFLINE:
            return self.toolbox.all_schemas()
        calls = [call for message in history for call in message.tool_calls]
        found = {call.name for call in calls}
        found.update(name for call in calls if call.name == FIND for name in found_in(call.result or ""))
        return self.toolbox.schemas(found)

    async def _budget(self, model: str) -> int:
        """Tokens of one request: what the configuration says, or less where the model's window is smaller."""
        info = await self.router.offers.info(self.router.models.full_name(model))
        window = info.context_window if info else None
        limit = self.limits().context_tokens
        return min(limit, int(window * WINDOW_SHARE)) if window else limit


class TurnRun:
    """One claimed turn. Cancelling :meth:`run` closes the connection at once; the caller settles the rows."""

    def __init__(self, agent: Agent, journal: Journal) -> None:
        self._agent = agent
        self._journal = journal

    async def run(self) -> None:
        """From where the turn stands to its end, or until it waits for the person. Raises Fenced."""
        journal = self._journal
        try:
            view = await journal.begin()
            while True:
                last = view.replies[-1] if view.replies else None
                open_calls = [call for call in view.tool_calls if call.status in ("queued", "running")]
                if open_calls:
                    await self._run_calls(view, open_calls)
                elif any(call.status == "waiting" for call in view.tool_calls):
                    if await journal.park():
                        return None
                elif last is not None and not last.tool_calls and last is view.messages[-1]:
                    if await self._fits(view, last):
                        return await journal.finish(last.status, None if last.status == "done" else last.reason)
                elif len(view.replies) >= self._agent.limits().max_steps:
                    return await journal.finish(
                        "failed",
                        "max_steps",
                        f"stopped after {len(view.replies)} requests to the model (max_steps under [agent] in config.toml)",
                    )
                else:
                    await self._request(view)
                view = await journal.view()
        except ProviderError as error:
            shown = any(message.content for message in (await journal.view()).replies if message.status != "done")
            broken_off = error.kind in BROKEN_OFF and (error.partial or shown)
            await journal.finish("interrupted" if broken_off else "failed", error.kind, one_line(str(error), 1000))
        except Fenced:
            raise
        except (SpendingCap, structured.NeverFits) as error:
            await journal.finish("failed", error.reason, one_line(str(error), 1000))
        except ZotuiError as error:
            await journal.finish("failed", "error", one_line(str(error), 1000))

    async def _fits(self, view: TurnView, last: Message) -> bool:
        """Whether the turn is over: always, unless its answer must fit a schema and does not; then the model is told so.

        Raises NeverFits when it was told often enough.
        """
        options = _options(view)
        if options.schema is None or last.status != "done":
            return True
        if last.model == OFFLINE:
            raise ZotuiError(
                "no model is connected, and so no answer fits a schema", "zotui models default MODEL, or F5"
            )
        try:
            structured.parsed(last.content, options.schema)
        except structured.Mismatch as mismatch:
            tries = 1 + sum(message.role == "system" for message in view.messages)
            if tries > options.repairs:
                raise structured.NeverFits(mismatch, tries) from None
            await self._journal.correct(structured.correction(mismatch))
            return False
        return True

    async def _request(self, view: TurnView) -> None:
        """Ask the model once, its answer streaming into the file."""
        conversation = view.turn.conv_id
        limit = HISTORY + len(view.messages)
        history = await self._agent.store.read(lambda db: chat_messages(db, conversation, limit=limit))
        history = [message for message in history if message.status != "running"]
        agent, options = self._agent, _options(view)
        await agent.router.models.refresh()
        chosen = view.turn.model or await self._conversation_model(conversation)
        context = await agent.context(view, history, chosen)
        message = await self._journal.open_message(chosen or agent.router.models.default)
        wanted = Wanted(messages=context.messages, tools=agent.tools(view, history, chosen), schema=options.schema)
        bill = Bill(conversation=conversation, turn=view.turn.id, message=message, origin=options.origin)
        routed = agent.router.stream(chosen, wanted, bill, private=options.private)
        answer = Answer(self._journal, message, routed)
        try:
            await answer.take()
        except ZotuiError as error:
            kind = error.kind if isinstance(error, ProviderError) else getattr(error, "reason", "error")
            status = "interrupted" if kind in BROKEN_OFF and answer.said else "failed"
            await self._journal.seal(message, status=status, reason=kind, answered=await answer.answered(context))
            raise
        await self._journal.seal(
            message,
            reason=answer.reason,
            calls=answer.calls,
            raw=answer.raw_if_blank,
            answered=await answer.answered(context),
        )

    async def _conversation_model(self, conversation: str) -> str:
        row = await self._agent.store.read(
            lambda db: db.execute("SELECT model FROM conversations WHERE id = ?", (conversation,)).get
        )
        return str(row or "")

    async def _run_calls(self, view: TurnView, calls: list[ToolCallRecord]) -> None:
        """Run tool calls side by side; each ends with an outcome in the file."""
        try:
            async with asyncio.TaskGroup() as group:
                for call in calls:
                    group.create_task(self._run_call(view, call))
        except ExceptionGroup as group_of_errors:  # of the file alone: all else is a call's outcome
            raise group_of_errors.exceptions[0] from None

    async def _run_call(self, view: TurnView, call: ToolCallRecord) -> None:
        journal, options = self._journal, _options(view)
        context = ToolContext(view.turn.conv_id, view.turn.id, call.id, options.attended)
        try:
            if not options.tools:
                raise ToolError("tools are off for this turn", "answer without them")
            tool = self._agent.toolbox.find(call.name)
            await journal.start_call(call.id, tool.effect)
            outcome = await self._agent.toolbox.run(call.name, call.given, context, self._agent.limits().tool_timeout_s)
        except ToolError as error:
            await journal.end_call(call.id, "failed", f"error: {error}", one_line(error.message, 60), "error")
            return
        if isinstance(outcome, Ask):
            await journal.ask(call.id, outcome)
        else:
            await journal.end_call(call.id, "done", outcome.text, outcome.summary)


def requests_before(db: Reader, conversation: str, position: int) -> Earlier:
    """The first request of a conversation, and how many there are, before a position."""
    where = "FROM messages WHERE conv_id = ? AND role = 'user' AND position < ?"
    count = db.execute(f"SELECT count(*) {where}", (conversation, position)).get
    first = db.execute(f"SELECT content {where} ORDER BY position LIMIT 1", (conversation, position)).get
    return Earlier(str(first or ""), int(count))


def encoded_images(db: Reader, history: Sequence[Message], most: int) -> dict[str, str]:
    """The images that messages show, by their hash, as base64: the last ``most``, as no more have room in a request."""
    shown = [image.content for message in reversed(history) for image in message.attachments]
    found = [
        (digest, db.execute("SELECT content FROM blobs WHERE hash = ?", (digest,)).get) for digest in set(shown[:most])
    ]
    return {digest: base64.b64encode(content).decode("ascii") for digest, content in found if content is not None}


def _options(view: TurnView) -> TurnOptions:
    return msgspec.json.decode(view.turn.options, type=TurnOptions)
