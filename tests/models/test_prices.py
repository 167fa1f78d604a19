"""The table of prices: every line is plausible and sourced, ids resolve no looser than they may, and costs add up."""

import subprocess
import sys
import tomllib
from datetime import date
from importlib import resources
from typing import Any

import msgspec
import pytest

from zotui.models.prices import Price, _Section, cost, known
from zotui.models.provider import Usage

TABLE: dict[str, Any] = tomllib.loads(resources.files("zotui.models").joinpath("prices.toml").read_text("utf-8"))
LISTED = [(provider, model) for provider, section in TABLE.items() for model in section.get("models", {})]
TODAY = date(2026, 11, 26)


def price_of(provider: str, model: str, on: date = TODAY) -> Price:
    found = known(provider, model, on=on)
    assert found is not None
    assert found.price is not None
    return found.price


def check_rates(price: Price) -> None:
    assert price.input is not None
    assert price.output is not None
    assert 0 <= price.input <= 1000
    assert 0 <= price.output <= 1000
    assert price.output >= price.input / 10
    if price.cached is not None:
        assert 0 <= price.cached <= price.input
    if price.cache_write is not None:
        assert price.input <= price.cache_write <= 2 * price.input


@pytest.mark.parametrize(("provider", "model"), LISTED)
def test_every_line_is_complete_and_plausible(provider: str, model: str) -> None:
    found = known(provider, model, on=TODAY)
    assert found is not None
    assert found.context_window is not None
    assert found.context_window > 0
    assert found.max_output is None or 0 < found.max_output <= found.context_window
    assert found.source.startswith("https://")
    assert date(2026, 1, 1) <= date.fromisoformat(found.read) <= date.today()
    for on in (TODAY, date(2036, 1, 1)):
        price = price_of(provider, model, on)
        check_rates(price)
        assert (price.over is None) == (price.long is None)
        if price.over is not None and price.long is not None:
            check_rates(price.long)
            assert 0 < price.over < found.context_window
            assert price.long.input is not None
            assert price.input is not None
            assert price.long.input > price.input
            assert (price.long.cached is None) == (price.cached is None)
            assert (price.long.cache_write is None) == (price.cache_write is None)


def test_every_section_says_where_and_when_it_was_read() -> None:
    assert TABLE.keys() >= {
        "openai",
        "anthropic",
        "groq",
        "gemini",
        "together",
        "deepseek",
        "mistral",
        "xai",
    }
    for section in TABLE.values():
        assert section["source"].startswith("https://")
        assert section.get("page", "https://").startswith("https://")
        assert date(2026, 1, 1) <= section["read"] <= date.today()
    assert 40 <= len(LISTED) <= 100


def test_side_tables_name_listed_models_only_and_once() -> None:
    for section in TABLE.values():
        over = [model for rows in section.get("over", {}).values() for model in rows]
        since = [model for rows in section.get("since", {}).values() for model in rows]
        assert len(over) == len(set(over))
        assert not set(over) & set(since)
        assert set(over) | set(since) <= section.get("models", {}).keys()
        assert all(int(tokens) > 0 for tokens in section.get("over", {}))
        assert all(date.fromisoformat(day) for day in section.get("since", {}))


@pytest.mark.parametrize(
    ("provider", "dated", "model"),
    [
        ("anthropic", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("anthropic", "claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("anthropic", "claude-opus-5-5-latest", "claude-opus-5-5"),
        ("openai", "gpt-4.1-2025-04-14", "gpt-4.1"),
        ("openai", "gpt-4.1-mini-2025-04-14", "gpt-4.1-mini"),
        ("openai", "gpt-4o-2024-08-06", "gpt-4o"),
    ],
)
def test_a_dated_id_counts_as_its_model(provider: str, dated: str, model: str) -> None:
    assert known(provider, dated) == known(provider, model) is not None


def test_an_exact_id_comes_before_the_model_it_is_dated_from() -> None:
    assert price_of("openai", "gpt-4o-2024-05-13").input == 5
    assert price_of("openai", "gpt-4o").input == 2.5
    assert price_of("mistral", "mistral-small-latest").input == 0.15


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4.1-mega"),
        ("openai", "gpt-4"),
        ("openai", "gpt-4.1-"),
        ("openai", "gpt-4.1-2025"),
        ("openai", "gpt-4.1-2025-04-14-mini"),
        ("openai", "gpt-4.1-19990101"),
        ("openai", "gpt-4.1-2025-04-14\n"),
        ("openai", "gpt-4.1:free"),
        ("openai", "GPT-4.1"),
        ("openai", "openai/gpt-4.1"),
        ("openai", "-latest"),
        ("openai", ""),
        ("anthropic", "claude-opus-5-5-fast"),
        ("anthropic", "claude-opus-5-5@latest"),
        ("anthropic", "claude-sonnet-4-5-20250929:free"),
        ("gemini", "models/gemini-2.5-flash"),
        ("groq", "openai/gpt-oss-120b:free"),
        ("openrouter", "openai/gpt-4.1"),
        ("ollama", "gpt-oss"),
        ("nobody", "gpt-4.1"),
    ],
)
def test_a_near_id_is_unknown(provider: str, model: str) -> None:
    assert known(provider, model) is None


def test_near_models_keep_their_own_prices() -> None:
    assert price_of("openai", "gpt-4.1").input == 2
    assert price_of("openai", "gpt-4.1-mini").input == 0.4
    assert price_of("anthropic", "claude-opus-5").output == 25
    assert price_of("anthropic", "claude-opus-5-5").output == 20


def test_what_is_not_said_is_none() -> None:
    found = known("groq", "llama-3.1-8b-instant")
    assert found is not None
    assert (found.vision, found.tools, found.reasoning) == (None, None, None)
    assert price_of("groq", "qwen/qwen3.8-27b").cached is None
    assert price_of("openai", "gpt-4.1").cache_write is None


def test_a_models_own_source_comes_before_its_providers() -> None:
    own, common = known("openai", "gpt-6.2-sol"), known("openai", "gpt-4.1")
    assert own is not None
    assert common is not None
    assert (own.source, own.read) == ("https://developers.openai.com/api/docs/models/gpt-6.2-sol", "2026-11-18")
    assert (common.source, common.read) == (TABLE["openai"]["source"], TABLE["openai"]["read"].isoformat())


def test_an_announced_price_holds_from_its_day_on() -> None:
    for on, expected in ((date(2026, 11, 30), (2, 10, 0.1)), (date(2026, 12, 1), (4, 20, 0.2))):
        price = price_of("gemini", "gemini-4-argon", on)
        assert (price.input, price.output, price.cached) == expected


def test_the_highest_price_of_a_day_says_so() -> None:
    assert price_of("deepseek", "deepseek-flash").at_most
    assert not price_of("openai", "gpt-4.1").at_most


PRICE = Price(input=2, output=10, cached=0.5, cache_write=2.5)


@pytest.mark.parametrize(
    ("usage", "price", "dollars"),
    [
        (Usage(input_tokens=1_000_000, output_tokens=0), PRICE, 2.0),
        (Usage(input_tokens=0, output_tokens=1_000_000), PRICE, 10.0),
        (Usage(input_tokens=0, output_tokens=0), PRICE, 0.0),
        # 1000 x 2 + 500 x 10 = 7000 millionths
        (Usage(input_tokens=1000, output_tokens=500), PRICE, 0.007),
        # 200 x 2 + 800 x 0.5 + 500 x 10 = 5800
        (Usage(input_tokens=1000, output_tokens=500, cached_tokens=800), PRICE, 0.0058),
        # 100 x 2 + 600 x 0.5 + 300 x 2.5 + 500 x 10 = 6250
        (Usage(input_tokens=1000, output_tokens=500, cached_tokens=600, cache_write_tokens=300), PRICE, 0.00625),
        # what has no price of its own costs as input does
        (
            Usage(input_tokens=1000, output_tokens=500, cached_tokens=600, cache_write_tokens=300),
            Price(input=2, output=10),
            0.007,
        ),
        # a price of 0 is a price: 200 x 2 + 500 x 10 = 5400
        (
            Usage(input_tokens=1000, output_tokens=500, cached_tokens=800),
            Price(input=2, output=10, cached=0.0),
            0.0054,
        ),
        # a server that does not count cached tokens among the input ones: 800 x 0.5 + 500 x 10 = 5400
        (Usage(input_tokens=100, output_tokens=500, cached_tokens=800), PRICE, 0.0054),
        # reasoning is already among the output tokens
        (Usage(input_tokens=1000, output_tokens=500, reasoning_tokens=400), PRICE, 0.007),
        # a cost that the server states is not looked at
        (Usage(input_tokens=1000, output_tokens=500, cost=99.0), PRICE, 0.007),
    ],
)
def test_cost(usage: Usage, price: Price, dollars: float) -> None:
    assert cost(usage, price) == pytest.approx(dollars, abs=1e-12)


def test_a_long_request_costs_the_long_price_as_a_whole() -> None:
    price = price_of("anthropic", "claude-haiku-5-5")
    # 100000 x 0.1 + 1000 x 0.5 = 10500; 100001 x 0.5 + 1000 x 2.5 = 52500.5
    assert cost(Usage(input_tokens=100_000, output_tokens=1000), price) == pytest.approx(0.0105)
    assert cost(Usage(input_tokens=100_001, output_tokens=1000), price) == pytest.approx(0.0525005)
    assert cost(Usage(input_tokens=11, output_tokens=1), Price(input=1, output=1, over=10)) is None


@pytest.mark.parametrize(
    ("usage", "price"),
    [
        (Usage(), PRICE),
        (Usage(input_tokens=1000), PRICE),
        (Usage(output_tokens=500), PRICE),
        (Usage(input_tokens=1000, output_tokens=500), Price()),
        (Usage(input_tokens=1000, output_tokens=500), Price(input=2)),
        (Usage(input_tokens=1000, output_tokens=500), Price(output=10)),
    ],
)
def test_an_unknown_cost_is_none_and_never_nothing(usage: Usage, price: Price) -> None:
    assert cost(usage, price) is None


def test_a_real_model_by_hand() -> None:
    usage = Usage(input_tokens=20_000, output_tokens=1000, cached_tokens=15_000, cache_write_tokens=4000)
    # Claude Sonnet 4.5: 1000 x 3 + 15000 x 0.3 + 4000 x 3.75 + 1000 x 15 = 37500
    assert cost(usage, price_of("anthropic", "claude-sonnet-4-5-20250929")) == pytest.approx(0.0375)


def test_importing_reads_nothing() -> None:
    code = (
        "import sys; opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "import zotui.models.prices as prices\n"
        "assert not any(name.endswith('.toml') for name in opened), opened\n"
        "assert prices.known('openai', 'gpt-4.1') is not None\n"
        "assert sum(name.endswith('prices.toml') for name in opened) == 1\n"
        "prices.known('xai', 'grok-4.7')\n"
        "assert sum(name.endswith('prices.toml') for name in opened) == 1\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_misspelt_field_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"source": "https://x", "read": TODAY, "models": {"m": {"input": 1, "outptu": 2}}}, _Section)
