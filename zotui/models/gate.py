"""The gate before a provider: a cap on requests at once, a token bucket, a circuit breaker; in the file, and so shared
by all workers of all processes.

The bucket holds one token, so that requests come evenly spaced: a server that counts in windows sees no burst. The
breaker opens after some faults in a row that say a model is unwell; who has another to ask then does not ask it,
until one try after a while goes through.
"""

import asyncio

import msgspec

from zotui.config import SpendingConfig
from zotui.models import ledger, prices
from zotui.models.ledger import Bill
from zotui.models.provider import ProviderError, Usage
from zotui.models.registry import ProviderRow
from zotui.store import Reader, Store, Transaction, now_ms
from zotui.store.owner import is_alive

SPACING = 1.05  # of the interval: no window of the server's ever sees one too many
LONGEST_WAIT_MS = 86_400_000  # what is as far ahead as this has seen a clock jump
MOST_PATIENCE_MS = 60_000  # how long a request waits because its server asked for it
PROBE_MS = 10_000  # how long the one request may take that tries a provider again
TRIPS = 3  # faults in a row
OPEN_MS, MOST_OPEN_MS = 30_000, 300_000
UNWELL = frozenset({"server", "overloaded", "timeout", "connection", "rate_limit", "truncated"})
"""Kinds of fault that speak against the provider, not against the request."""


class Pass(msgspec.Struct, frozen=True):
    """Leave to ask: the id of its row in ``usage``, and the instant (ms since 1970) from which on."""

    id: str
    at: int


class Gate:
    """Lets requests through, for one process."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def enter(
        self,
        name: str,
        row: ProviderRow | None,
        bill: Bill,
        price: prices.Price | None,
        tokens: int,
        caps: SpendingConfig,
    ) -> str:
        """Wait until ``name`` may be asked; the id of the request's row in ``usage``.

        Raises SpendingCap; ProviderError ("rate_limit") where its server wants to be left alone for long.
        """
        async with self._store.watch("usage") as watch:
            while True:
                leave = await self._store.write(
                    lambda db: self._try(db, name, row, bill, price, tokens, caps), durable=False
                )
                if leave is not None:
                    break
                await watch.wait(5)  # for one that ends; a dead one rings no bell
        try:
            await asyncio.sleep(max(0, leave.at - now_ms()) / 1000)
        except asyncio.CancelledError:
            await asyncio.shield(self.end(leave.id, "cancelled", "stopped"))
            raise
        return leave.id

    async def end(self, id_: str, status: str, reason: str) -> None:
        """A request came to nothing."""
        await self._store.write(lambda db: ledger.end(db, id_, status, reason, None, ledger.Cost(None)), durable=False)

    async def failed(
        self,
        id_: str,
        model: str,
        error: ProviderError,
        usage: Usage | None = None,
        cost: ledger.Cost = ledger.Cost(None),  # noqa: B008 (it cannot be changed)
    ) -> None:
        """A request to ``model`` failed: noted, held against it where that says something of it; all wait as its
        provider asks.

        One that was answered in part is ``interrupted``: unlike a refused one it may have cost something.
        """

        def put(db: Transaction) -> None:
            ledger.end(db, id_, "interrupted" if error.partial else "failed", error.kind, usage, cost)
            if error.kind not in UNWELL:
                return
            failures = (db.execute("SELECT failures FROM breakers WHERE model = ?", (model,)).get or 0) + 1
            opened = min(OPEN_MS << min(failures - TRIPS, 10), MOST_OPEN_MS) if failures >= TRIPS else 0
            db.execute(
                "INSERT OR REPLACE INTO breakers(model, failures, open_until, said) VALUES (?, ?, ?, ?)",
                (model, failures, now_ms() + opened if opened else 0, error.message),
            )
            if error.retry_after_s:
                provider, now = model.partition("/")[0], now_ms()
                _ensure(db, provider)
                until = now + int(min(error.retry_after_s * 1000, LONGEST_WAIT_MS - 1))
                db.execute(
                    "UPDATE providers SET wait_until = CASE WHEN wait_until < ?1 THEN max(wait_until, ?2) ELSE ?2 END"
                    " WHERE name = ?3",
                    (now + LONGEST_WAIT_MS, until, provider),
                )

        await self._store.write(put, durable=False)

    async def closed_to(self, model: str) -> str:
        """Why a model is not asked for now, where there is another; empty where it may be.

        When its time is over, one request is let through; the others follow once that has been answered.
        """

        def look(db: Reader) -> tuple[int, int, str] | None:
            return db.execute("SELECT failures, open_until, said FROM breakers WHERE model = ?", (model,)).get  # type: ignore[no-any-return]

        def probe(db: Transaction) -> bool:
            now = now_ms()
            db.execute(
                "UPDATE breakers SET open_until = ? WHERE model = ? AND failures >= ? AND open_until <= ?",
                (now + PROBE_MS, model, TRIPS, now),
            )
            return db.changes() > 0

        row = await self._store.read(look)
        if row is None or row[0] < TRIPS:
            return ""
        if row[1] <= now_ms() and await self._store.write(probe, durable=False):
            return ""
        return str(row[2])

    def _try(
        self,
        db: Transaction,
        name: str,
        row: ProviderRow | None,
        bill: Bill,
        price: prices.Price | None,
        tokens: int,
        caps: SpendingConfig,
    ) -> Pass | None:
        """Leave to ask, or None where as many as may ask already do. Raises SpendingCap, ProviderError."""
        cost = ledger.expected(db, bill, name, price, tokens)
        ledger.check_caps(db, bill, name, cost, caps)
        if ledger.capped(caps) and price is not None and price.output and ledger.is_on_trial(db, name):
            return None
        now = at = now_ms()
        if row is not None:
            provider = name.partition("/")[0]
            if _running(db, provider) >= row.concurrency:
                return None
            _ensure(db, provider)
            next_at, wait_until = db.execute(
                "SELECT next_at, wait_until FROM providers WHERE name = ?", (provider,)
            ).get
            if LONGEST_WAIT_MS > wait_until - now > MOST_PATIENCE_MS:
                seconds = (wait_until - now) / 1000
                raise ProviderError(
                    "rate_limit",
                    f"{provider} has asked to be left alone for another {seconds:.0f} s; nothing was sent",
                    retry_after_s=seconds,
                    hint="wait, or choose another model",
                )
            if wait_until - now < LONGEST_WAIT_MS:
                at = max(at, wait_until)
            if row.requests_per_minute:
                interval = min(int(60_000 / row.requests_per_minute * SPACING) + 1, LONGEST_WAIT_MS)
                # No more than ``concurrency`` can be ahead; else the limit was lower, or the clock has been set back.
                at = max(at, min(next_at, now + interval * row.concurrency))
                db.execute("UPDATE providers SET next_at = ? WHERE name = ?", (at + interval, provider))
        return Pass(ledger.begin(db, self._store.owner, bill, name, cost), at)


def forgive(db: Transaction, provider: str) -> None:
    """What was held against a provider is forgotten: its key is another."""
    db.execute("DELETE FROM providers WHERE name = ?", (provider,))
    db.execute("DELETE FROM breakers WHERE substr(model, 1, ?) = ?", (len(provider) + 1, f"{provider}/"))


def well(db: Transaction, model: str) -> None:
    """A model has answered: what was held against it is forgotten."""
    db.execute("DELETE FROM breakers WHERE model = ?", (model,))


def settle_lost(db: Transaction) -> None:
    """End the rows of requests that nobody will end."""
    for id_ in _lost(db):
        ledger.end(db, id_, "interrupted", "lost", None, ledger.Cost(None))


def any_lost(db: Reader) -> bool:
    """Whether there are requests that nobody will end."""
    return bool(_lost(db))


def _lost(db: Reader) -> list[str]:
    """Of a process that is gone, or of one that was taken for dead, whose turn is not its any more."""
    rows = db.execute(
        "SELECT u.id, u.owner, u.turn_id IS NOT NULL AND (t.id IS NULL OR t.status <> 'running' OR t.owner <> u.owner)"
        " FROM usage u LEFT JOIN turns t ON t.id = u.turn_id WHERE u.status = 'running'"
    ).fetchall()
    return [id_ for id_, owner, left in rows if left or owner is None or not is_alive(owner)]


def _running(db: Transaction, provider: str) -> int:
    rows = db.execute("SELECT owner FROM usage WHERE status = 'running' AND provider = ?", (provider,)).fetchall()
    return sum(is_alive(owner) for (owner,) in rows if owner)


def _ensure(db: Transaction, provider: str) -> None:
    db.execute("INSERT OR IGNORE INTO providers(name) VALUES (?)", (provider,))
