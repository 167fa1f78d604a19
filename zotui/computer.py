"""The computer: one object that opens a home, with one attribute per subsystem."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Literal

import msgspec

from zotui.background import Background
from zotui.config import Config
from zotui.conversations import Chats, TurnOptions, Turns, TurnView
from zotui.home import Home
from zotui.memory import Memories
from zotui.models.provider import Event, Finished, Usage
from zotui.replies import Reply, Told, ToolResult, TurnFailed, reply_of
from zotui.skills import Shelf
from zotui.store import Notes, Store
from zotui.workspace import Files, Folder

if TYPE_CHECKING:
    from zotui.agent import Worker
    from zotui.background import Post

Workers = Literal["auto", "background", "own", "none", "all"]
LINGER_S = 3.0  # how long an unneeded background process stays, for the next command of a script

log = logging.getLogger(__name__)


class Computer:
    """One person's computer. Open it with :meth:`open`; nothing happens before."""

    def __init__(self, home: Home, config: Config, store: Store) -> None:
        self.home = home
        self.config = config
        self.store = store
        self.chats = Chats(store)
        self.turns = Turns(store)
        self.memory = Memories(store)
        self.skills = Shelf(home.skills)
        self.files = Files(store)
        self.workspace = Folder(home.workspace)
        self.desk = Notes(store)
        self.background = Background(home)
        self.worker: Worker | None = None
        self.listener: Callable[[str], None] | None = None
        self.owns_its_work = False
        self._ready = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, home: str | Home | None = None, *, workers: Workers = "auto") -> "AsyncIterator[Computer]":
        """The computer of a home, created where there is none. Starts no UI.

        ``workers``: who does the work. ``auto``: the background process where one runs, else this process, for its
        own requests. ``background``: a background process, started where there is none. ``own``: this process.
        ``none``: nobody is needed. ``all``: this process is the background process.
        Raises HomeError, ConfigError, StoreError.
        """
        place = home if isinstance(home, Home) else Home(home)
        await asyncio.to_thread(place.prepare)
        config = await asyncio.to_thread(place.config)
        store = await asyncio.to_thread(Store.open, place.database, run=place.run, backups=place.backups)
        computer = cls(place, config, store)
        try:
            await computer._start(workers)
            yield computer
        finally:
            await computer._stop()
            await asyncio.to_thread(store.close)

    async def ask(
        self,
        text: str,
        conversation_id: str | None = None,
        model: str | None = None,
        tools: bool = True,
        *,
        system: str = "",
        memory: bool = True,
        attended: bool = False,
    ) -> Reply:
        """One turn, to its end. Raises TurnFailed with what came, UsageError for a bad request."""
        turn = await self.submit(
            text, conversation_id, model, tools=tools, system=system, memory=memory, attended=attended
        )
        async for view in self.turns.follow(turn):
            last = view
        return self.reply(last)

    async def stream(
        self,
        text: str,
        conversation_id: str | None = None,
        model: str | None = None,
        tools: bool = True,
        *,
        system: str = "",
        memory: bool = True,
        attended: bool = False,
    ) -> AsyncIterator[Event | ToolResult]:
        """The same turn as its events come; raises like :meth:`ask` after the last one."""
        turn = await self.submit(
            text, conversation_id, model, tools=tools, system=system, memory=memory, attended=attended
        )
        async for event in self.events(turn):
            yield event

    async def submit(
        self,
        text: str,
        conversation_id: str | None = None,
        model: str | None = None,
        *,
        tools: bool = True,
        system: str = "",
        memory: bool = True,
        attended: bool = True,
    ) -> str:
        """Put a turn; its id, acknowledged. Raises UsageError, NotFound."""
        if model:
            self.check_model(model)
        options = TurnOptions(system=system, tools=tools, memory=memory, attended=attended)
        self.background.want()
        turn = await self.turns.submit(
            text, conversation=conversation_id, model=model or "", options=options, own=self.owns_its_work
        )
        return turn.id

    async def events(self, turn_id: str) -> AsyncIterator[Event | ToolResult]:
        """A turn's events from its beginning to its end. Raises TurnFailed after the last one."""
        told = Told()
        async for view in self.turns.follow(turn_id):
            for event in told.news(view):
                yield event
        self.reply(view)
        yield Usage(**msgspec.to_builtins(view.spent))
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
        from zotui.models.registry import BUILT_IN, OFFLINE

        provider = model.strip().partition("/")[0]
        if provider not in {OFFLINE, *BUILT_IN, *self.config.providers}:
            from zotui.errors import UsageError
            from zotui.text import one_line

            names = ", ".join([OFFLINE, *BUILT_IN, *self.config.providers])
            raise UsageError(f"no provider {one_line(provider, 40)!r}", f"there are: {names}")

    async def handed_over(self) -> None:
        """Wait until a background process is there for what was written, where this door starts one."""
        if self._keeper is not None:
            await self._ready.wait()

    async def context(self, conversation: str) -> str | None:
        """What the model was sent for the conversation's last request, with what each part costs; None without one."""
        from zotui.workers import agent

        turns = await self.chats.turns(conversation)
        if not turns:
            return None
        view = await self.turns.view(turns[-1].id)
        history = await self.chats.messages(conversation, limit=400)
        context = await agent(self).context(view, [message for message in history if message.status != "running"])
        rows = [f"{part.name:<14} {part.tokens:>7,} tokens" for part in context.parts]
        rows.append(f"{'conversation':<14} {context.tokens - sum(part.tokens for part in context.parts):>7,} tokens")
        rows.append(f"{'in all':<14} {context.tokens:>7,} of {self.config.agent.context_tokens:,} (estimated)")
        texts = [f"── {part.name} ──\n{part.text}" for part in context.parts]
        return "\n".join(rows) + "\n\n" + "\n\n".join(texts)

    async def work(self) -> dict[str, int]:
        """How many turns are queued and running."""
        rows = await self.store.read(
            lambda db: db.execute(
                "SELECT status, count(*) FROM turns WHERE status IN ('queued','running') GROUP BY status"
            ).fetchall()
        )
        return {"queued": 0, "running": 0, **dict(rows)}

    async def serve(self, post: "Post") -> None:
        """Be the background process until told to leave, or, when detached, until nobody needs it."""
        await post.listen()
        if not post.detached:
            await post.leaving.wait()
            return
        while not post.leaving.is_set():
            idle = asyncio.create_task(post.until_idle(LINGER_S))
            leaving = asyncio.create_task(post.leaving.wait())
            await asyncio.wait({idle, leaving}, return_when=asyncio.FIRST_COMPLETED)
            idle.cancel()
            leaving.cancel()
            gone = not await asyncio.to_thread(self.home.database.exists)
            if post.leaving.is_set() or gone or not any((await self.work()).values()):
                return
            await asyncio.sleep(1)

    async def _start(self, workers: Workers) -> None:
        if workers == "auto":
            workers = "background" if await self.background.look() else "own"
        if workers == "background":
            self._keeper = asyncio.create_task(self.background.keep(self._ready, self._tell))
        elif workers in ("own", "all"):
            self.owns_its_work = workers == "own"
            self._start_worker()

    def _start_worker(self) -> None:
        from zotui.workers import agent_worker

        self.worker = agent_worker(self)
        self.worker.start()

    def _tell(self, line: str) -> None:
        if self.listener is not None:
            self.listener(line)
        log.info("%s", line)

    async def _stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        if self.worker is not None:
            await self.worker.stop()
