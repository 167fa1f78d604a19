"""The computer: one object that opens a home, with one attribute per subsystem."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zotui import notices
from zotui.asking import Asking
from zotui.automations.automations import Automations
from zotui.background import Background
from zotui.config import Config
from zotui.conversations import Chats, Comparisons, Turns
from zotui.conversations.files import Exchange
from zotui.conversations.grants import Grants
from zotui.conversations.plans import Plans
from zotui.conversations.summaries import Summaries
from zotui.crew import Crew, Workers
from zotui.embedding import NONE, embedder_of, lacking
from zotui.forgetting import Forgetting
from zotui.home import Home
from zotui.memory import Memories
from zotui.memory.meaning import Vectors
from zotui.memory.proposals import Proposals
from zotui.mentions import Mentions
from zotui.models.directory import Models
from zotui.models.discovery import discover
from zotui.models.keys import Keys, keys_of, record_of
from zotui.models.offers import Offers
from zotui.models.offline import Offline
from zotui.models.spending import Spending
from zotui.notices import Notices, tell
from zotui.policy import Personas, Rules
from zotui.sandbox.settings import sandbox_of
from zotui.sandbox.standing import Standing
from zotui.search import Search
from zotui.secret import Secret
from zotui.skills import Shelf
from zotui.skills.adding import Adding
from zotui.skills.drafting import Drafting, Talk
from zotui.skills.environments import Environments
from zotui.skills.granting import Grants as SkillKeys
from zotui.skills.places import projects
from zotui.skills.running import Running
from zotui.skills.runs import Runs
from zotui.store import Notes, Store, is_ready
from zotui.workspace import Files, Folder
from zotui.workspace.background import Commands
from zotui.workspace.moving import Bin
from zotui.workspace.undo import Checkpoints

if TYPE_CHECKING:
    from zotui.automations.automation import Action
    from zotui.memory.mirror import Mirror
    from zotui.policy.conditions import Judged

log = logging.getLogger(__name__)


class Computer(Asking):
    """One person's computer. Open it with :meth:`open`; nothing happens before."""

    def __init__(self, home: Home, config: Config, store: Store, keys: Keys | None = None) -> None:
        self.home = home
        self.config = config
        self.store = store
        self.chats = Chats(store)
        self.turns = Turns(store)
        self.comparisons = Comparisons(store)
        self.exchange = Exchange(store)
        self.summaries = Summaries(store)
        self.plans = Plans(store)
        self.notices = Notices(store)
        self.rules = Rules(store)
        self.personas = Personas(store)
        self.grants = Grants(store)
        self.memory = Memories(store)
        self.proposals = Proposals(store)
        self.skills = Shelf(home.skills, store, projects(home))
        self.files = Files(store)
        self.workspace = Folder(home.workspace)
        self.bin = Bin(store, self.workspace, home.bin)
        self.checkpoints = Checkpoints(store, home.workspace, home.run / "workspace.lock", self._room_for_copies)
        self.sandbox = sandbox_of(home, lambda: self.models.config)
        self.commands = Commands(store, tell)
        self.standing = Standing(store, self.sandbox)
        self.skill_runs = Runs(store)
        self.skill_source = Adding(self.skills, home.skills)
        self.automations = Automations(store, self._check_action)
        self.keys = keys or keys_of(home)
        self.skill_keys = SkillKeys(store, self.keys.vault, self.keys.unlock)
        environments = Environments(home.cache / "packages", lambda: self.models.config.skills.index)
        self.drafting = Drafting(self.skill_source, self._talk)
        self.skills.running = Running(self.skills, self.sandbox, self.skill_runs, environments, self.skill_keys)
        self.mentions = Mentions(self)
        self.search = Search(self)
        self.forgetting = Forgetting(self)
        self.desk = Notes(store)
        self.models = Models(config, Offline(discover), self.keys, load=home.changed_config, workspace=home.workspace)
        self.offers = Offers(store, self.models)
        self.embedder = embedder_of(self)
        if config.memory.embedder != NONE:
            self.memory.mean_by(Vectors(self.embedder, lacking(config)))
        self.spending = Spending(store)
        self.background = Background(home, lambda: self.keys.hand_over(self.models.rows.values()))
        self.crew = Crew(self)
        self.listener: Callable[[str], None] | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, home: str | Home | None = None, *, workers: Workers = "auto", keys: Keys | None = None
    ) -> "AsyncIterator[Computer]":
        """The computer of a home, created where there is none. Starts no UI.

        ``workers``: who does the work. ``auto``: the background process where one runs, else this process, for its
        own requests. ``background``: a background process, started where there is none. ``own``: this process.
        ``none``: nobody is needed. ``all``: this process is the background process. ``keys``: those of the process,
        where it has been handed some already.
        Raises HomeError, ConfigError, StoreError.
        """
        place = home if isinstance(home, Home) else Home(home)
        await asyncio.to_thread(place.prepare)
        config = await asyncio.to_thread(place.config)
        if workers != "all" and place.database.exists() and not await asyncio.to_thread(is_ready, place.database):
            await Background(place).make_way()
        store = await asyncio.to_thread(Store.open, place.database, run=place.run, backups=place.backups)
        computer = cls(place, config, store, keys)
        try:
            await computer.crew.start(workers)
            yield computer
        finally:
            await computer.crew.stop()
            await computer.sandbox.close()
            await computer.models.close()
            await asyncio.to_thread(store.close)

    @property
    def mirror(self) -> "Mirror":
        """Memories as Markdown files in a folder."""
        from zotui.memory.mirror import Mirror

        home, sandbox = self.home, self.config.sandbox
        ours = (home.workspace, home.skills, home.logs, home.backups, home.bin, home.outputs, home.run)
        return Mirror(self.store, home.run, notices.add, (*ours, *map(Path, sandbox.writable)))

    def _room_for_copies(self) -> int:
        return self.models.config.undo.copies_mb * 1_000_000

    def _check_action(self, action: "Action") -> "Action":
        from zotui.automating import check

        return check(self, action)

    async def keep_key(self, provider: str, secret: Secret) -> None:
        """Keep a provider's key in the vault, which must be there and open. Raises VaultError, UsageError."""
        from zotui.models.gate import forgive

        row = self.models.rows.get(provider)
        await asyncio.to_thread(self.keys.vault.set, record_of(provider, row) if row else provider, secret)
        await self.store.write(lambda db: forgive(db, provider))
        await self.background.hand()

    async def set_default_model(self, model: str, base_url: str = "", dialect: str = "") -> str:
        """Have a model answer from now on; its name. ``base_url``: where its provider is, if it is none of the known,
        and ``dialect`` what it speaks.

        Raises UsageError for an unknown provider, ConfigError.
        """
        from zotui.config import file as config_file

        file = self.home.config_file
        if base_url:
            provider, slash, rest = model.partition("/")
            provider = await asyncio.to_thread(config_file.add_provider, file, provider, base_url, dialect)
            model = provider + slash + rest
            await self.models.refresh()
        self.models.split(model)
        await asyncio.to_thread(config_file.set_model, file, model)
        await self.models.refresh()
        self.config = self.models.config
        return model

    async def stop_everything(self) -> bool:
        """Stop what automations do, all turns with the tools that they run, what goes on in the background, and the person's own commands;
        False where nothing ran."""
        stopped = await self.automations.stop_everything()
        stopped += await self.turns.stop_everything() + await self.commands.stop_everything()
        return bool(stopped + await self.sandbox.stop_all())

    async def context(self, conversation: str) -> str | None:
        """What the model was sent for the conversation's last request, with what each part costs; None without one.

        Of one that went out, exactly that; of one that did not (no model), what it would have been.
        """
        from zotui.agent.inspection import foretold, last_request, told
        from zotui.workers import agent

        sent = await self.store.read(lambda db: last_request(db, conversation))
        if sent is not None:
            return await asyncio.to_thread(told, sent)  # it may be full of pictures
        turns = await self.chats.turns(conversation)
        if not turns:
            return None
        view = await self.turns.view(turns[-1].id)
        history = await self.chats.messages(conversation, limit=400)
        context = await agent(self).context(
            view, [message for message in history if message.status != "running"], view.turn.model, ask=False
        )
        chat = await self.chats.find(conversation)
        return foretold(context, self.models.config.agent.context_tokens, chat.tainted_by)

    async def _talk(self, conversation: str, turn: str) -> Talk:
        """What was said and done in a conversation before a turn. Raises NotFound."""
        chat = await self.chats.find(conversation)
        messages = [one for one in await self.chats.messages(chat.id, limit=400) if one.turn_id != turn]
        return Talk(
            [one.content for one in messages if one.role == "user" and one.content.strip()],
            [(call.name, call.arguments) for one in messages for call in one.tool_calls if call.status == "done"],
            chat.tainted_by,
        )

    async def judged_rules(self, conversation: str) -> "Sequence[Judged]":
        """What became of each rule in a conversation's last request; nothing where none went out."""
        from zotui.agent.inspection import last_rules

        return await self.store.read(lambda db: last_rules(db, conversation))

    async def begin_as(self, persona: str, model: str = "") -> str:
        """A new conversation with a persona, and with this model rather than its own; its id. Raises NotFound, UsageError."""
        if model:
            self.check_model(model)
        found = await self.personas.find(persona)
        conversation = await self.chats.create()
        await self.personas.use(conversation, found.id)
        if model:
            await self.chats.set_model(conversation, model)
        return conversation

    async def work(self) -> dict[str, int]:
        """How many turns, summaries and runs are queued and running, how many commands go on in the background, and how many
        automations are going to happen."""
        rows = await self.store.read(
            lambda db: db.execute(
                "SELECT status, count(*) FROM (SELECT status FROM turns UNION ALL SELECT status FROM summaries UNION ALL"
                " SELECT status FROM runs UNION ALL SELECT status FROM deliveries)"
                " WHERE status IN ('queued','running') GROUP BY status"
            ).fetchall()
        )
        commands, scheduled = await self.commands.count(), await self.automations.count()
        return {"queued": 0, "running": 0, **dict(rows), "commands": commands, "scheduled": scheduled}

    def tell(self, line: str) -> None:
        """Let whoever listens know what the person should; it is logged too."""
        if self.listener is not None:
            self.listener(line)
        log.info("%s", line)
