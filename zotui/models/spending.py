"""What was spent: sums over the ledger, and the ledger itself."""

from typing import Literal

import msgspec

from zotui.models.ledger import dollars
from zotui.store import Reader, Store, midnight_ms

By = Literal["conversation", "day", "model", "provider", "origin"]

_KEYS: dict[By, str] = {
    "conversation": "conv_id",
    "day": "date(created_at / 1000, 'unixepoch', 'localtime')",
    "model": "model",
    "provider": "provider",
    "origin": "origin",
}
_UNPRICED = "cost IS NULL AND status NOT IN ('running', 'failed')"


class Sum(msgspec.Struct, frozen=True):
    """What requests of one kind came to. ``cost`` in US dollars without the ``unpriced`` ones, None where no request
    has a known cost; tokens as far as they were told."""

    key: str
    requests: int
    failed: int
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    cost: float | None
    unpriced: int

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Cost, tokens in and out, and how many requests there were, in words. An unknown cost is a question mark."""
        cost = "?" if self.cost is None else dollars(self.cost) + (" + ?" if self.unpriced else "")
        requests = "1 request" if self.requests == 1 else f"{self.requests} requests"
        failed = f", {self.failed} failed" if self.failed else ""
        return cost, f"{self.input_tokens or 0:,} in", f"{self.output_tokens or 0:,} out", requests + failed


class Entry(msgspec.Struct, frozen=True):
    """One request, as the ledger has it. Times in ms since 1970, cost in US dollars, None is unknown."""

    id: str
    created_at: int
    finished_at: int | None
    conv_id: str | None
    turn_id: str | None
    origin: str
    provider: str
    model: str
    status: str
    reason: str | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    cost: float | None
    priced_by: str


class Spending:
    """What was spent on models."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def by(self, kind: By, *, conversation: str | None = None, since: int = 0, limit: int = 1000) -> list[Sum]:
        """Sums by conversation, day, model, provider or origin, the dearest first (days: the latest first).

        ``limit`` less than 0: all of them.
        """
        where, values = _where(conversation, since)
        order = "1 DESC" if kind == "day" else "7 DESC, 2 DESC"

        def look(db: Reader) -> list[Sum]:
            rows = db.execute(
                f"SELECT coalesce({_KEYS[kind]}, ''), count(*), sum(status = 'failed'), sum(input_tokens),"
                f" sum(output_tokens), sum(cached_tokens), sum(cost), sum({_UNPRICED}) FROM usage {where}"
                f" GROUP BY 1 ORDER BY {order} LIMIT ?",
                (*values, limit),
            ).fetchall()
            return [Sum(*row) for row in rows]

        return await self._store.read(look)

    async def total(self, *, conversation: str | None = None, since: int = 0) -> Sum:
        """All of it."""
        where, values = _where(conversation, since)
        row = await self._store.read(
            lambda db: (
                db.execute(
                    "SELECT 'all', count(*), coalesce(sum(status = 'failed'), 0), sum(input_tokens), sum(output_tokens),"
                    f" sum(cached_tokens), sum(cost), coalesce(sum({_UNPRICED}), 0) FROM usage {where}",
                    values,
                ).get
            )
        )
        return Sum(*row)

    async def today(self) -> Sum:
        """Since midnight here."""
        return await self.total(since=midnight_ms())

    async def entries(
        self, *, conversation: str | None = None, since: int = 0, after: str = "", limit: int = 1000
    ) -> list[Entry]:
        """The ledger in order, ``limit`` rows behind the one with the id ``after``."""
        where, values = _where(conversation, since)
        names = ", ".join(Entry.__struct_fields__)

        def look(db: Reader) -> list[Entry]:
            rows = db.execute(
                f"SELECT {names} FROM usage {where} AND id > ? ORDER BY id LIMIT ?", (*values, after, limit)
            ).fetchall()
            return [Entry(*row) for row in rows]

        return await self._store.read(look)


def _where(conversation: str | None, since: int) -> tuple[str, tuple[object, ...]]:
    if conversation is None:
        return "WHERE created_at >= ?", (since,)
    return "WHERE created_at >= ? AND conv_id = ?", (since, conversation)
