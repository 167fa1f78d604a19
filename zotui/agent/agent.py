"""The agent: what all turns have in common, and what a model is sent for one."""

import base64
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from zotui.agent.context import NOTHING_EARLIER, Context, Earlier, build, estimate
from zotui.agent.ending import Notify, unheard
from zotui.agent.guard import Guard, Unguarded
from zotui.agent.guidance import UNGUIDED, Guidance
from zotui.agent.holding import MOST, held
from zotui.agent.knowledge import OF_MEMORY, UNKNOWING, Knowledge, room, telling, unknowing
from zotui.agent.learning import Learn, remembers
from zotui.conversations import Message, TurnOptions
from zotui.conversations.summaries import Summary, applied
from zotui.conversations.turns import TurnView
from zotui.images import TOKENS
from zotui.models.registry import OFFLINE
from zotui.models.router import Router
from zotui.policy import Case, Decision, allowed, by_effect
from zotui.policy.personas import persona_of
from zotui.store import Reader, Store, Transaction
from zotui.toolbox import FIND, Tool, Toolbox, found_in

WINDOW_SHARE = 0.75  # of a model's window, for the request; the rest is for the answer
LOOKED_AT = 3_000  # requests that no longer fit in which is looked for what must hold
Recall = Callable[[TurnView, int], Awaitable[Knowledge]]  # a turn, and how many bytes there is room for
News = Callable[[str, str], Awaitable[Sequence[str]]]  # conversation, turn -> what goes on in the background
AtHand = Callable[[str], Awaitable[Sequence[str]]]  # conversation -> tools that it needs now
# names of skills that are followed, a tool, what it is called with -> why that may not be, or nothing
Bounded = Callable[[Sequence[str], Tool, Mapping[str, Any]], Awaitable[str]]
SkillIndex = Callable[[str], Awaitable[str]]  # request -> the skills there are, in a few lines
Compaction = Literal["ask", "auto", "off"]


class Limits(msgspec.Struct, frozen=True):
    """The limits of one turn."""

    max_steps: int = 24
    tool_timeout_s: float = 120.0
    context_tokens: int = 32_000
    compaction: Compaction = "ask"


async def unbounded(names: Sequence[str], tool: Tool, given: Mapping[str, Any]) -> str:
    """No skill that is followed keeps from any call."""
    return ""


def unlearnt(db: Transaction, turn: str) -> None:
    """Nothing is learned from a turn."""


async def nothing(*of: str) -> Sequence[str]:
    """Nothing goes on, and nothing is needed."""
    return ()


_WORD = re.compile(r"[a-z]+_[a-z_]+")  # as tools are called


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
    decide: Callable[[Tool, Mapping[str, Any], Case], Decision] = by_effect
    guard: Guard = Unguarded()
    guidance: Guidance | None = None
    at_hand: AtHand = nothing
    news: News = nothing
    learn: Learn = unlearnt
    bounded: Bounded = unbounded

    async def context(self, view: TurnView, history: Sequence[Message], model: str, *, ask: bool = True) -> Context:
        """What ``model`` would be sent for a turn now. ``ask``: models may be asked whether rules hold.

        Raises ProviderError when it cannot fit.
        """
        options = options_of(view)
        knows = await self.store.read(lambda db: remembers(db, view.turn.conv_id, options))
        if not knows:
            history = unknowing(history, await self.store.read(lambda db: telling(db, view.turn.conv_id)))
        tools = estimate(msgspec.json.encode(await self.tools(view, history, model)).decode())
        before = history[0].position if history else 0
        earlier = await self.store.read(lambda db: requests_before(db, view.turn.conv_id, before))
        summaries = await self.store.read(lambda db: applied(db, view.turn.conv_id))
        whole = history
        history = [message for message in history if not any(covers(one, message) for one in summaries)]
        budget = await self.budget(model) - tools
        knowledge = await self.recall(view, room(budget)) if knows else UNKNOWING
        guided = await self.guidance.of(view, whole, model, budget, ask=ask) if self.guidance else UNGUIDED
        return build(
            history,
            system=options.system,
            knowledge=knowledge,
            skills=await self.skills(view.turn.input) if options.tools else "",
            schema=options.schema,
            workspace=self.workspace,
            budget=budget,
            earlier=earlier,
            summary=[line for one in summaries for line in one.lines],
            images=await self.store.read(lambda db: encoded_images(db, history, most=1 + max(0, budget) // TOKENS)),
            guided=guided,
            news=await self.news(view.turn.conv_id, view.turn.id),
        )

    async def toolbox_of(self, view: TurnView) -> Toolbox:
        """The tools that a turn may have: by its options, and by its conversation's persona."""
        options = options_of(view)
        persona = await self.store.read(lambda db: persona_of(db, view.turn.conv_id))
        knows = await self.store.read(lambda db: remembers(db, view.turn.conv_id, options))
        scopes = [options.scope if options.tools else "chat", persona.tools if persona else "all"]
        if scopes == ["all", "all"] and knows:
            return self.toolbox
        return self.toolbox.only(
            lambda tool: all(allowed(scope, tool) for scope in scopes) and (knows or tool.name not in OF_MEMORY)
        )

    async def tools(self, view: TurnView, history: Sequence[Message], model: str) -> list[dict[str, Any]]:
        """The tools a turn is offered: the core ones, those that its conversation needs now or its request names, and those
        that were found or used in what it can see.

        The offline provider reads all of them: its grammar is made for them, and nothing is sent anywhere.
        """
        toolbox = await self.toolbox_of(view)
        if (model or self.router.models.default).partition("/")[0] == OFFLINE:
            return toolbox.all_schemas()
        calls = [call for message in history for call in message.tool_calls]
        found = {call.name for call in calls}
        found.update(name for call in calls if call.name == FIND for name in found_in(call.result or ""))
        found.update(await self.at_hand(view.turn.conv_id))
        found.update(_WORD.findall(view.turn.input))
        return toolbox.schemas(found)

    async def budget(self, model: str) -> int:
        """Tokens of one request: what the configuration says, or less where the model's window is smaller."""
        info = await self.router.offers.info(self.router.models.full_name(model))
        window = info.context_window if info else None
        limit = self.limits().context_tokens
        return min(limit, int(window * WINDOW_SHARE)) if window else limit


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


def encoded_images(db: Reader, history: Sequence[Message], most: int) -> dict[str, str]:
    """The images that messages show, by their hash, as base64: the last ``most``, as no more have room in a request."""
    shown = [file.content for message in reversed(history) for file in message.attachments if file.is_image]
    found = [
        (digest, db.execute("SELECT content FROM blobs WHERE hash = ?", (digest,)).get) for digest in set(shown[:most])
    ]
    return {digest: base64.b64encode(content).decode("ascii") for digest, content in found if content is not None}


def options_of(view: TurnView) -> TurnOptions:
    """How a turn shall run."""
    return msgspec.json.decode(view.turn.options, type=TurnOptions)
