"""One turn: context → model → tools → reply, until the model stops."""

import asyncio
import contextlib

from zotui.agent import structured
from zotui.agent.agent import Agent, options_of
from zotui.agent.answer import Answer
from zotui.agent.journal import Journal
from zotui.agent.permit import Permit
from zotui.conversations import Message, ToolCallRecord
from zotui.conversations.reads import messages as chat_messages
from zotui.conversations.summaries import queue
from zotui.conversations.turns import TurnView
from zotui.errors import Fenced, NotFound, StoreError, UsageError, ZotuiError
from zotui.models.ledger import Bill, SpendingCap
from zotui.models.provider import ProviderError
from zotui.models.registry import OFFLINE
from zotui.models.router import Wanted
from zotui.store import Transaction
from zotui.text import one_line
from zotui.toolbox import Ask, Tool, ToolContext, ToolError

HISTORY = 400  # messages looked at for one request
FULL = 0.7  # of what a request may hold: from here on a summary is proposed
TURNS_OF_PEACE = 10  # after a summary was dropped or undone, before another is proposed
BROKEN_OFF = ("truncated", "timeout", "connection", "protocol", "server", "overloaded")


class TurnRun:
    """One claimed turn. Cancelling :meth:`run` closes the connection at once; the caller settles the rows."""

    def __init__(self, agent: Agent, journal: Journal) -> None:
        self._agent = agent
        self._journal = journal
        self._permit = Permit(agent, journal)
        self._fullness = 0.0  # of the last request: its tokens, of those that it may have

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
                        await self._agent.guard.settle(journal.turn)  # who sees it done can undo it
                        await journal.finish(last.status, None if last.status == "done" else last.reason)
                        return await self._propose_summary(view.turn.conv_id)
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

    async def _propose_summary(self, conversation: str) -> None:
        """Where requests have become long, have older turns summarised, unless the person wanted none just now."""
        if self._agent.limits().compaction != "off" and self._fullness > FULL:
            await self._agent.store.write(lambda db: propose(db, conversation))

    async def _fits(self, view: TurnView, last: Message) -> bool:
        """Whether the turn is over: always, unless its answer must fit a schema and does not; then the model is told so.

        Raises NeverFits when it was told often enough.
        """
        options = options_of(view)
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
        agent, options = self._agent, options_of(view)
        await agent.router.models.refresh()
        chosen = view.turn.model or await self._conversation_model(conversation)
        context = await agent.context(view, history, chosen)
        self._fullness = context.tokens / max(1, await agent.budget(chosen))
        message = await self._journal.open_message(chosen or agent.router.models.default)
        wanted = Wanted(
            messages=context.messages, tools=await agent.tools(view, history, chosen), schema=options.schema
        )
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
        journal, options = self._journal, options_of(view)

        async def progress(text: str) -> None:
            await journal.progress(call.id, text)

        tainted = await journal.tainted_by()
        context = ToolContext(view.turn.conv_id, view.turn.id, call.id, options.attended, progress, bool(tainted))
        try:
            if not options.tools:
                raise ToolError("tools are off for this turn", "answer without them")
            toolbox = await self._agent.toolbox_of(view)
            tool = toolbox.find(call.name)
            if not await self._permit.may_run(tool, call, options, tainted):
                return
            await journal.start_call(call.id, tool.effect)
            await self._guard(tool, call, context)
            outcome = await toolbox.run(call.name, call.given, context, self._agent.limits().tool_timeout_s)
        except ToolError as error:
            await journal.end_call(call.id, "failed", f"error: {error}", one_line(error.message, 60), "error")
            return
        if isinstance(outcome, Ask):
            await journal.ask(call.id, outcome)
        else:
            taints = call.name if outcome.tainted else ""
            text = await self._permit.with_the_persons_words(call.id, outcome.text)
            await journal.end_call(call.id, "done", text, outcome.summary, taints=taints)

    async def _guard(self, tool: Tool, call: ToolCallRecord, context: ToolContext) -> None:
        """Have a checkpoint of what a call may change; what it could not bring back is said before the call acts.

        Raises ToolError where there can be no checkpoint.
        """
        if call.given is None:
            return
        paths = tool.touches(tool.parse(call.given))
        if paths is not None and not paths:
            return
        loop = asyncio.get_running_loop()

        async def say(words: str) -> None:
            with contextlib.suppress(ZotuiError):
                await context.progress(words)

        def told(done: int, of: int) -> None:
            words = f"copying the workspace, so that this can be undone: {done:,} of {of:,} files"
            asyncio.run_coroutine_threadsafe(say(words), loop)

        try:
            gaps = await self._agent.guard.before(self._journal.turn, context.conversation, paths, told)
        except (OSError, StoreError) as error:
            raise ToolError(f"no checkpoint could be made first: {one_line(str(error), 200)}") from None
        if gaps:
            await context.progress(f"undo would not bring back: {', '.join(gaps)}")


def propose(db: Transaction, conversation: str) -> None:
    """Queue a summary of older turns, unless there is nothing to summarise or one was dropped a few turns ago."""
    dropped = db.execute(
        "SELECT max(created_at) FROM summaries WHERE conv_id = ? AND purpose = 'compact' AND status = 'cancelled'",
        (conversation,),
    ).get
    since = db.execute(
        "SELECT count(*) FROM turns WHERE conv_id = ? AND created_at > ?", (conversation, dropped or 0)
    ).get
    if dropped is None or since >= TURNS_OF_PEACE:
        with contextlib.suppress(UsageError, NotFound):
            queue(db, conversation, "compact")
