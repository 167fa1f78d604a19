"""The doors' way to what is proposed: look at it, accept it, in other words where the person has better ones, or reject it."""

from zotui.memory import proposing
from zotui.memory.facts import KINDS
from zotui.memory.proposing import Proposal, Status
from zotui.store import Store, Transaction, now_ms

Found = list[Proposal]


class Proposals:
    """Facts from conversations that wait for the person's word."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, status: Status | None = "waiting", *, limit: int = 100, before: str = "") -> Found:
        """Those of a status, or all, the newest first, from before the proposal of an id on."""
        return await self._store.read(lambda db: proposing.listed(db, status, limit, before))

    async def count(self) -> int:
        """How many wait."""
        return await self._store.read(
            lambda db: db.execute("SELECT count(*) FROM proposals WHERE status = 'waiting'").get
        )

    async def find(self, name: str) -> Proposal:
        """The proposal of an id, or of an end of it that fits only one. Raises NotFound."""
        return await self._store.read(lambda db: proposing.found(db, name))

    async def accept(self, name: str, content: str | None = None) -> str:
        """Remember it, as it is or in these words; the memory's id. Raises NotFound, UsageError."""
        return await self._store.write(lambda db: proposing.accept(db, name, content))

    async def reject(self, name: str) -> Proposal:
        """Drop it, and never propose it again; what it was. Raises NotFound, UsageError."""
        return await self._store.write(lambda db: proposing.reject(db, name))

    async def always(self, name: str) -> str:
        """Remember it, and from now on all of its kind unasked, but for what is tainted; the memory's id. Raises NotFound,
        UsageError."""

        def put(db: Transaction) -> str:
            one = proposing.found(db, name)
            memory = proposing.accept(db, name)
            db.execute("INSERT OR IGNORE INTO accepted_kinds(kind, created_at) VALUES (?, ?)", (one.kind, now_ms()))
            return memory

        return await self._store.write(put)

    async def ask_again(self, kind: str) -> None:
        """Have facts of a kind wait for the person's word again."""
        await self._store.write(lambda db: db.execute("DELETE FROM accepted_kinds WHERE kind = ?", (kind,)))

    async def accepted_kinds(self) -> tuple[str, ...]:
        """The kinds that are remembered unasked."""
        rows = await self._store.read(lambda db: db.execute("SELECT kind FROM accepted_kinds").fetchall())
        return tuple(kind for kind in KINDS if (kind,) in rows)
