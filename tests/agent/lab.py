"""Agents and workers on a real file against a real server, put together as ``zotui.workers`` does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from tests.openai_server import OpenAIServer
from tests.processes import opened
from tests.waiting import wait_for
from zotui.agent import Agent, Limits, Worker
from zotui.agent.guidance import Guidance
from zotui.agent.knowledge import Knowledge
from zotui.agent.tools import tools as agent_tools
from zotui.config import Config, ProviderConfig
from zotui.conversations import Chats, Question, TurnOptions, Turns, TurnView
from zotui.home import Home
from zotui.memory import Memories
from zotui.memory.tools import tools as memory_tools
from zotui.models.directory import Models
from zotui.models.gate import Gate
from zotui.models.keys import Keys
from zotui.models.offers import Offers
from zotui.models.offline import Offline
from zotui.models.retries import Retries
from zotui.models.router import Router
from zotui.policy import decide
from zotui.store import Store
from zotui.toolbox import Ask, Effect, Result, Tool, Toolbox, ToolContext
from zotui.vault import Vault
from zotui.workers import knowledge_of

DEFAULTS = Config()


class Word(Struct, forbid_unknown_fields=True):
    """The arguments of the laboratory's tools."""

    word: str


Run = Callable[[Word, ToolContext], Awaitable[Result | Ask]]


def tool(name: str, run: Run, effect: Effect = "read") -> Tool:
    """A tool of the test's own, with one argument ``word``."""
    return Tool(name, f"A tool of the test: {name}.", Word, effect, run)


class Lab:
    """Everything one test of the agent needs."""

    def __init__(self, home: Home, store: Store, server: OpenAIServer) -> None:
        self.home = home
        self.store = store
        self.server = server
        self.turns = Turns(store)
        self.chats = Chats(store)
        self.memory = Memories(store)
        self._workers: list[Worker] = []

    def worker(
        self,
        *tools: Tool,
        store: Store | None = None,
        own_only: bool = False,
        config: Config | None = None,
        **limits: Any,
    ) -> Worker:
        """A worker that has started, with the agent's own tools and these."""
        store = store or self.store
        worker = Worker(
            agent(store, self.server.url, tools, self.home, config or DEFAULTS, **limits), own_only=own_only
        )
        worker.start()
        self._workers.append(worker)
        return worker

    @contextlib.asynccontextmanager
    async def another_store(self) -> AsyncIterator[Store]:
        """The same file, opened once more."""
        store = await asyncio.to_thread(opened, self.home)
        try:
            yield store
        finally:
            await asyncio.to_thread(store.close)

    async def close(self) -> None:
        """Stop all workers."""
        for worker in self._workers:
            await worker.stop()

    async def submit(
        self, text: str, conversation: str | None = None, model: str = "", own: bool = False, **options: Any
    ) -> str:
        """Put a turn; its id."""
        turn = await self.turns.submit(
            text, conversation=conversation, model=model, own=own, options=TurnOptions(**options) if options else None
        )
        return turn.id

    async def ask(self, text: str, conversation: str | None = None, **more: Any) -> TurnView:
        """Put a turn and wait for its end."""
        return await self.over(await self.submit(text, conversation, **more))

    async def over(self, turn: str) -> TurnView:
        """A turn at its end."""
        async with asyncio.timeout(60):
            async for view in self.turns.follow(turn):
                last = view
        return last

    async def shows(self, turn: str, text: str) -> TurnView:
        """A turn as soon as its answer holds this text."""

        async def look() -> TurnView | None:
            view = await self.turns.view(turn)
            return view if text in view.output else None

        found: TurnView = await wait_for(look)
        return found

    async def is_in(self, turn: str, *statuses: str) -> TurnView:
        """A turn as soon as it has one of these states."""

        async def look() -> TurnView | None:
            view = await self.turns.view(turn)
            return view if view.turn.status in statuses else None

        found: TurnView = await wait_for(look)
        return found

    async def question(self) -> Question:
        """The open question, as soon as there is one whose turn waits."""

        async def look() -> Question | None:
            found = await self.turns.questions()
            return found[0] if found else None

        found: Question = await wait_for(look)
        await self.is_in(found.turn_id, "waiting")
        return found


def agent(store: Store, url: str, tools: Sequence[Tool], home: Home, config: Config = DEFAULTS, **limits: Any) -> Agent:
    """An agent that asks ``lab/tiny`` unless told otherwise."""
    memory = Memories(store)

    async def recall(view: TurnView, room: int) -> Knowledge:
        found = await memory.know(view.turn.conv_id, view.turn.input, room)
        await memory.use([one.memory for one in found.told if one.reason != "profile"], view.turn.id)
        return knowledge_of(found)

    async def no_skills(request: str) -> str:
        return ""

    table = {"lab": ["tiny"], "other": ["large"]}
    rows = {name: ProviderConfig(base_url=url, key="none", models=ids) for name, ids in table.items()}
    models = Models(
        msgspec.structs.replace(
            config, model=config.model if config.model != "offline" else "lab", providers={**rows, **config.providers}
        ),
        Offline(nothing_found),
        Keys(Vault(home.vault, home.run / "vault.lock"), {}),
    )
    router = Router(models, Gate(store), Offers(store, models), Retries(backoff_s=0.05))
    workspace = str(home.workspace)
    return Agent(
        store=store,
        router=router,
        skills=no_skills,
        toolbox=Toolbox([*memory_tools(memory), *agent_tools(store, Chats(store)), *tools]),
        recall=recall,
        workspace=workspace,
        limits=lambda: Limits(**limits),
        guidance=Guidance(store, router, workspace),
        decide=lambda tool, arguments, case: decide(config.policy, tool, arguments, case),
    )


async def nothing_found() -> list[Any]:
    """No server is looked for."""
    return []
