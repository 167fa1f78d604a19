"""What known models cost and can do: the table in ``prices.toml``, and the cost of a request by it."""

import functools
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib import resources

import msgspec

from zotui.models.provider import Usage

DATED = re.compile(r"(.+)(?:-20[0-9]{6}|-20[0-9]{2}-[0-9]{2}-[0-9]{2}|-latest|@20[0-9]{6})")
"""An id that names one snapshot of a model, behind the model's name."""


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars per million tokens; None is unknown.

    ``long`` is the price of a whole request with more than ``over`` input tokens. With ``at_most`` these are the highest
    prices that the provider charges: at some hours it charges less.
    """

    input: float | None = None
    output: float | None = None
    cached: float | None = None
    cache_write: float | None = None
    over: int | None = None
    long: "Price | None" = None
    at_most: bool = False


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a model. Windows in tokens; ``source`` is where it was read, ``read`` the day it is of."""

    price: Price | None = None
    context_window: int | None = None
    max_output: int | None = None
    vision: bool | None = None
    tools: bool | None = None
    reasoning: bool | None = None
    source: str
    read: str


class _Rates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None


class _Row(_Rates, frozen=True, kw_only=True, forbid_unknown_fields=True):
    at_most: bool = False
    context: int | None = None
    max_output: int | None = None
    vision: bool | None = None
    tools: bool | None = None
    reasoning: bool | None = None
    source: str = ""
    read: date | None = None


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    source: str
    read: date
    page: str = ""
    models: dict[str, _Row] = {}
    over: dict[str, dict[str, _Rates]] = {}
    since: dict[str, dict[str, _Rates]] = {}


@functools.cache
def _table() -> Mapping[str, _Section]:
    text = resources.files("zotui.models").joinpath("prices.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, _Section])


def known(provider: str, model: str, *, on: date | None = None) -> Known | None:
    """What is known of a provider's model on a day, today by default; None where it is not in the table.

    The id counts as it is, then without the date at its end. No other id that only begins alike is taken for it.
    """
    section = _table().get(provider)
    if section is None:
        return None
    name = model
    if name not in section.models and (dated := DATED.fullmatch(model)):
        name = dated[1]
    row = section.models.get(name)
    if row is None:
        return None
    return Known(
        price=_price(section, name, on or datetime.now(UTC).date()),
        context_window=row.context,
        max_output=row.max_output,
        vision=row.vision,
        tools=row.tools,
        reasoning=row.reasoning,
        source=row.source or section.source,
        read=(row.read or section.read).isoformat(),
    )


def _price(section: _Section, name: str, on: date) -> Price:
    row = section.models[name]
    rates: _Rates = row
    for day, announced in sorted(section.since.items()):
        if name in announced and date.fromisoformat(day) <= on:
            rates = announced[name]
    for tokens, long in section.over.items():
        if name in long:
            return _as_price(rates, over=int(tokens), long=_as_price(long[name]), at_most=row.at_most)
    return _as_price(rates, at_most=row.at_most)


def _as_price(rates: _Rates, *, over: int | None = None, long: Price | None = None, at_most: bool = False) -> Price:
    return Price(
        input=rates.input,
        output=rates.output,
        cached=rates.cached,
        cache_write=rates.cache_write,
        over=over,
        long=long,
        at_most=at_most,
    )


def cost(usage: Usage, price: Price) -> float | None:
    """What a request cost, in US dollars; None where its tokens or their price are unknown.

    Tokens out of the cache and into it are among the input tokens, each at a price of its own or else at that of input.
    """
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    if price.over is not None and usage.input_tokens > price.over:
        if price.long is None:
            return None
        price = price.long
    if price.input is None or price.output is None:
        return None
    read = usage.cached_tokens or 0
    written = usage.cache_write_tokens or 0
    return (
        max(usage.input_tokens - read - written, 0) * price.input
        + read * (price.input if price.cached is None else price.cached)
        + written * (price.input if price.cache_write is None else price.cache_write)
        + usage.output_tokens * price.output
    ) / 1_000_000


def names(provider: str) -> list[str]:
    """The models of a provider that are in the table."""
    section = _table().get(provider)
    return list(section.models) if section else []
