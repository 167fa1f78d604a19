"""One turn: context → model → tools → reply, until the model stops."""

import asyncio
import base64
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from zotui.agent import structured
from zotui.agent.answer import Answer
from zotui.agent.context import NOTHING_EARLIER, Context, Earlier, build, estimate
from zotui.agent.guard import Guard, Unguarded
from zotui.agent.guidance import UNGUIDED, Guidance
from zotui.agent.holding import MOST, held
from zotui.agent.journal import Journal, Notify, unheard
from zotui.agent.leave import leave, words
from zotui.conversations import Message, ToolCallRecord, TurnOptions
from zotui.conversations.reads import messages as chat_messages
from zotui.conversations.summaries import Summary, applied, queue
from zotui.conversations.turns import ALLOWING, DENYING, TurnView
from zotui.errors import Fenced, NotFound, StoreError, UsageError, ZotuiError
from zotui.images import TOKENS
from zotui.models.ledger import Bill, SpendingCap
from zotui.models.provider import ProviderError
from zotui.models.registry import OFFLINE
from zotui.models.router import Router, Wanted
from zotui.policy import GUARDED, Decision, allowed, by_effect
from zotui.policy.personas import persona_of
from zotui.store import Reader, Store, Transaction
from zotui.text import one_line
from zotui.toolbox import FIND, Ask, Tool, Toolbox, ToolContext, ToolError, found_in

HISTORY = 400  # messages looked at for one request
WINDOW_SHARE = 0.75  # of a model's window, for the request; the rest is for the answer
LOOKED_AT = 3_000  # requests that no longer fit in which is looked for what must hold
FULL = 0.7  # of what a request may hold: from here on a summary is proposed
TURNS_OF_PEACE = 10  # after a summary was dropped or undone, before another is proposed
BROKEN_OFF = ("truncated", "timeout", "connection", "protocol", "server", "overloaded")

Recall = Callable[[str, str], Awaitable[Sequence[str]]]  # conversation, request -> memories
SkillIndex = Callable[[], Awaitable[str]]  # -> the skills there are, in a few lines
Compaction = Literal["ask", "auto", "off"]


class Limits(msgspec.Struct, frozen=True):
    """The limits of one turn."""

    max_steps: int = 24
    tool_timeout_s: float = 120.0
    context_tokens: int = 32_000
    compaction: Compaction = "ask"


class Agent(msgspec.Struct, frozen=True):
    """All that turns have in common."""

    store: Store
    router: Router
    toolbox: Toolbox
    recall: Recall
    skills: SkillIndex
    workspace: str
    limits: Callable[[], Limits]  # as config.toml has them now
    notify: Notify = unheard
    decide: Callable[[Tool, Mapping[str, Any], bool], Decision] = by_effect  # of a call, and whether it is tainted
    guard: Guard = Unguarded()
    guidance: Guidance | None = None

    async def context(self, view: TurnView, history: Sequence[Message], model: str, *, ask: bool = True) -> Context:
        """What ``model`` would be sent for a turn now. ``ask``: models may be asked whether rules hold.

        Raises ProviderError when it cannot fit.
        """
        options = _options(view)
        memories = await self.recall(view.turn.conv_id, view.turn.input) if options.memory else []
        tools = estimate(msgspec.json.encode(await self.tools(view, history, model)).decode())
        before = history[0].position if history else 0
        earlier = await self.store.read(lambda db: requests_before(db, view.turn.conv_id, before))
        summaries = await self.store.read(lambda db: applied(db, view.turn.conv_id))
        whole = history
        history = [message for message in history if not any(covers(one, message) for one in summaries)]
        budget = await self.budget(model) - tools
        guided = await self.guidance.of(view, whole, model, budget, ask=ask) if self.guidance else UNGUIDED
        return build(
            history,
            system=options.system,
            memories=memories,
            skills=await self.skills() if options.tools else "",
            schema=options.schema,
            workspace=self.workspace,
            budget=budget,
            earlier=earlier,
            summary=[line for one in summaries for line in one.lines],
            images=await self.store.read(lambda db: encoded_images(db, history, most=1 + max(0, budget) // TOKENS)),
            guided=guided,
        )

    async def toolbox_of(self, view: TurnView) -> Toolbox:
        """The tools that a turn may have: by its options, and by its conversation's persona."""
        options = _options(view)
        persona = await self.store.read(lambda db: persona_of(db, view.turn.conv_id))
        scopes = [options.scope if options.tools else "chat", persona.tools if persona else "all"]
        if scopes == ["all", "all"]:
            return self.toolbox
        return self.toolbox.only(lambda tool: all(allowed(scope, tool) for scope in scopes))

    async def tools(self, view: TurnView, history: Sequence[Message], model: str) -> list[dict[str, Any]]:
        """The tools a turn is offered: the core ones, and those that were found or used in what it can see.

        The offline provider reads all of them: its grammar is made for them, and nothing is sent anywhere.
        """
        toolbox = await self.toolbox_of(view)
        if (model or self.router.models.default).partition("/")[0] == OFFLINE:
            return toolbox.all_schemas()
        calls = [call for message in history for call in message.tool_calls]
        found = {call.name for call in calls}
        found.update(name for call in calls if call.name == FIND for name in found_in(call.result or ""))
        return toolbox.schemas(found)

    async def budget(self, model: str) -> int:
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
        journal, options = self._journal, _options(view)

        async def progress(text: str) -> None:
            await journal.progress(call.id, text)

        context = ToolContext(view.turn.conv_id, view.turn.id, call.id, options.attended, progress)
        try:
            if not options.tools:
                raise ToolError("tools are off for this turn", "answer without them")
            toolbox = await self._agent.toolbox_of(view)
            tool = toolbox.find(call.name)
            if not await self._may_run(tool, call, options):
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
            tainted = call.name if outcome.tainted else ""
            await journal.end_call(call.id, "done", outcome.text, outcome.summary, taints=tainted)

    async def _guard(self, tool: Tool, call: ToolCallRecord, context: ToolContext) -> None:
        """Have a checkpoint of what a call may change; what it could not bring back is said before the call acts.

        Raises ToolError where there can be no checkpoint.
        """
        if call.given is None:
            return
        paths = None if tool.effect == "run" else tool.touches(tool.parse(call.given))
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

    async def _may_run(self, tool: Tool, call: ToolCallRecord, options: TurnOptions) -> bool:
        """Whether the policy lets a call run now; False where the person is asked first. Raises ToolError for no."""
        tainted = await self._journal.tainted_by()
        decision = self._agent.decide(tool, call.given or {}, bool(tainted))
        if decision == "deny":
            raise ToolError(
                f"the policy forbids this call of {tool.name}", "do without it, or say what you would have done"
            )
        if decision == "allow" or await self._journal.is_allowed(call.id):
            return True
        if not options.attended:
            refused = f"{tool.name} needed your leave, and nobody was there; [policy] in config.toml can give it"
            await self._journal.refuse_unattended(call.id, f"{refused}\n{words(call)}")
            raise ToolError(f"{tool.name} needs the person's leave, and nobody is there", "do without it")
        question = await leave(tool, call, tainted if tool.effect in GUARDED else "")
        await self._journal.ask(call.id, Ask(question, [ALLOWING[0], DENYING[0]]), "approval")
        return False


def requests_before(db: Reader, conversation: str, position: int) -> Earlier:
    """What was asked before a position and no summary stands for: the first request, how many, and what must hold."""
    where = (
        "FROM messages m WHERE conv_id = ?1 AND role = 'user' AND position < ?2 AND NOT EXISTS (SELECT 1 FROM summaries s"
        " WHERE s.conv_id = ?1 AND s.purpose = 'compact' AND s.status = 'done'"
        " AND m.position BETWEEN s.first_position AND s.last_position)"
    )
    count = db.execute(f"SELECT count(*) {where}", (conversation, position)).get
    if not count:
        return NOTHING_EARLIER
    first = db.execute(f"SELECT content {where} ORDER BY position LIMIT 1", (conversation, position)).get
    said = db.execute(f"SELECT content {where} ORDER BY position DESC LIMIT ?3", (conversation, position, LOOKED_AT))
    holding = [sentence for (content,) in reversed(said.fetchall()) for sentence in held(content)]
    return Earlier(str(first or ""), int(count), holding[-MOST:])


def covers(summary: Summary, message: Message) -> bool:
    """Whether a summary stands for a message."""
    return summary.first_position <= message.position <= summary.last_position


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


def encoded_images(db: Reader, history: Sequence[Message], most: int) -> dict[str, str]:
    """The images that messages show, by their hash, as base64: the last ``most``, as no more have room in a request."""
    shown = [file.content for message in reversed(history) for file in message.attachments if file.is_image]
    found = [
        (digest, db.execute("SELECT content FROM blobs WHERE hash = ?", (digest,)).get) for digest in set(shown[:most])
    ]
    return {digest: base64.b64encode(content).decode("ascii") for digest, content in found if content is not None}


def _options(view: TurnView) -> TurnOptions:
    return msgspec.json.decode(view.turn.options, type=TurnOptions)
