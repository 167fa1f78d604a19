"""What every request to a model used and cost, failures included, in the file; and what may still be spent."""

from collections.abc import Mapping
from typing import Any

import msgspec

from zotui.config import SpendingConfig
from zotui.errors import ZotuiError
from zotui.models import prices
from zotui.models.provider import ModelInfo, Usage
from zotui.models.registry import ProviderRow
from zotui.store import Transaction, midnight_ms, new_id, now_ms

RECENT = 20  # answers of a model that are looked back at for how long the next one may be


class SpendingCap(ZotuiError):
    """A request would pass a cap. Nothing was sent."""

    reason = "cap"


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """For whom a request is made. ``origin`` is "chat", or what else asked: "automation:ID", "agent:ID"."""

    conversation: str | None = None
    turn: str | None = None
    message: str | None = None
    origin: str = "chat"


class Cost(msgspec.Struct, frozen=True):
    """What a request cost, in US dollars, and who says so: provider, config, free, list or table; None is unknown."""

    dollars: float | None
    said_by: str = ""


def price_of(
    name: str, row: ProviderRow | None, listed: ModelInfo | None, own: Mapping[str, Any]
) -> tuple[prices.Price | None, str]:
    """A model's price and who says so: the configuration, that it is free, the server's list, our table."""
    if (said := own.get(name)) is not None:
        price = prices.Price(input=said.input, output=said.output, cached=said.cached, cache_write=said.cache_write)
        return price, "config"
    if row is None or row.free:
        return prices.Price(input=0.0, output=0.0), "free"
    if listed is not None and listed.input_price is not None and listed.output_price is not None:
        return prices.Price(input=listed.input_price, output=listed.output_price), "list"
    provider, _, model = name.partition("/")
    found = prices.known(provider, model)
    return (found.price, "table") if found and found.price else (None, "")


def cost_of(usage: Usage, price: prices.Price | None, said_by: str) -> Cost:
    """What a request cost: what the provider states goes before any table."""
    if usage.cost is not None:
        return Cost(usage.cost, "provider")
    dollars = prices.cost(usage, price) if price else None
    return Cost(dollars, said_by if dollars is not None else "")


def expected(db: Transaction, bill: Bill, name: str, price: prices.Price | None, tokens: int) -> float | None:
    """What a request of ``tokens`` will cost, about: its input with an answer as long as the longest of this model's
    last ones; in a conversation at least as much as its last one."""
    if price is None or price.input is None:
        return None
    answered = db.execute(
        "SELECT max(output_tokens) FROM"
        " (SELECT output_tokens FROM usage WHERE model = ? AND output_tokens > 0 ORDER BY id DESC LIMIT ?)",
        (name, RECENT),
    ).get
    last = db.execute(
        "SELECT cost FROM usage WHERE conv_id = ? AND model = ? AND cost > 0 ORDER BY id DESC LIMIT 1",
        (bill.conversation, name),
    ).get
    return max((tokens * price.input + (answered or 0) * (price.output or 0)) / 1_000_000, last or 0.0)


def is_on_trial(db: Transaction, name: str) -> bool:
    """Whether the first request of a model runs: what one costs is known once that has ended, so that under a cap
    the others wait for it."""
    provider = name.partition("/")[0]
    runs = "SELECT 1 FROM usage WHERE status = 'running' AND provider = ? AND model = ? LIMIT 1"
    answered = "SELECT 1 FROM usage WHERE model = ? AND status = 'done' LIMIT 1"
    return bool(db.execute(runs, (provider, name)).get) and not db.execute(answered, (name,)).get


def capped(caps: SpendingConfig) -> bool:
    """Whether there is a cap at all."""
    return caps.per_conversation is not None or caps.per_day is not None


def check_caps(db: Transaction, bill: Bill, name: str, cost: float | None, caps: SpendingConfig) -> None:
    """Raise SpendingCap where a request that costs about ``cost`` would pass a cap.

    What runs counts as spent, and so does what was expected of a request that nobody knows the cost of: it was
    stopped, say, or its server tells no usage. One that failed was refused, and cost nothing.
    """
    limits = [("per_conversation", caps.per_conversation), ("per_day", caps.per_day)]
    if not capped(caps):
        return
    if cost is None and caps.unknown_price == "refuse":
        raise SpendingCap(
            f"the price of {name} is not known, so no cap could hold; nothing was sent",
            'give it under [prices] in config.toml, or set unknown_price = "allow" under [spending]',
        )
    for key, limit in limits:
        if limit is None or (key == "per_conversation" and bill.conversation is None):
            continue
        where = ("conv_id = ?", bill.conversation) if key == "per_conversation" else ("created_at >= ?", midnight_ms())
        spent = db.execute(
            "SELECT coalesce(sum(CASE status WHEN 'failed' THEN cost ELSE coalesce(cost, reserved) END), 0)"
            f" FROM usage WHERE {where[0]}",
            (where[1],),
        ).get
        if spent >= limit or spent + (cost or 0.0) > limit + 1e-9:
            what = "this conversation" if key == "per_conversation" else "today"
            raise SpendingCap(
                f"{what} has cost {dollars(spent)} of {dollars(limit)}, and the next request would pass that;"
                " nothing was sent",
                f"raise {key} under [spending] in config.toml, or go on with a cheaper model",
            )


def begin(db: Transaction, owner: str, bill: Bill, name: str, reserved: float | None) -> str:
    """Note a request that is about to be made; its id."""
    id_ = new_id()
    db.execute(
        "INSERT INTO usage(id, conv_id, turn_id, message_id, origin, provider, model, status, owner, reserved, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?)",
        (
            id_, bill.conversation, bill.turn, bill.message, bill.origin, name.partition("/")[0], name, owner, reserved,
            now_ms(),
        ),
    )  # fmt: skip
    return id_


def end(db: Transaction, id_: str, status: str, reason: str | None, usage: Usage | None, cost: Cost) -> None:
    """Note what became of a request. Of one that failed with no word of usage, tokens and cost stay unknown."""
    used = usage or Usage()
    db.execute(
        "UPDATE usage SET status = ?, reason = ?, input_tokens = ?, output_tokens = ?, cached_tokens = ?,"
        " cache_write_tokens = ?, reasoning_tokens = ?, cost = ?, priced_by = ?, finished_at = ? WHERE id = ?",
        (
            status, reason, used.input_tokens, used.output_tokens, used.cached_tokens, used.cache_write_tokens,
            used.reasoning_tokens, cost.dollars, cost.said_by, now_ms(), id_,
        ),
    )  # fmt: skip


def dollars(amount: float) -> str:
    """An amount as a person reads it: "$1.20", "$0.0042"."""
    if 0 < amount < 0.0001:
        return "<$0.0001"
    return f"${amount:.2f}" if amount >= 0.1 or amount == 0 else f"${amount:.4f}"
