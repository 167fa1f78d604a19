"""Who may answer: names, defaults, keys, and one connection for each provider."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.openai_server import OpenAIServer, openai_server
from zotui.errors import ConfigError, UsageError
from zotui.models.offline import Offline
from zotui.models.provider import ProviderError
from zotui.models.registry import BUILT_IN, OFFLINE, Models, ProviderRow

KEY = "sk-secret-0123456789"


async def nothing() -> list[Any]:
    return []


def models(default: str = OFFLINE, **rows: ProviderRow) -> Models:
    return Models(default, rows, Offline(nothing))


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with openai_server() as server:
        yield server


async def test_a_name_is_a_provider_and_a_model() -> None:
    known = models(lab=ProviderRow("openai", "http://127.0.0.1:9/v1", "none", "", ["tiny", "large"]))
    assert known.split("lab/tiny") == ("lab", "tiny")
    assert known.split(" lab ") == ("lab", "")
    assert known.split("together/meta-llama/Llama-3") == ("together", "meta-llama/Llama-3")
    assert known.names() == [OFFLINE, *BUILT_IN, "lab"]
    assert [(await known.resolve(name))[1:] for name in ("lab", "lab/large", "lab/other", "", "offline/x")] == [
        ("tiny", "lab/tiny"),
        ("large", "lab/large"),
        ("other", "lab/other"),
        (OFFLINE, OFFLINE),
        (OFFLINE, OFFLINE),
    ]
    await known.close()


@pytest.mark.parametrize("name", ["nope", "nope/x", "/x", "OFFLINE", "lab", "\x1b[31mred/x", "x" * 500])
async def test_an_unknown_provider_names_those_there_are(name: str) -> None:
    with pytest.raises(UsageError, match="there are: offline, groq, openai") as caught:
        await models().resolve(name)
    assert len(caught.value.message) < 200
    assert "\x1b" not in caught.value.message
    with pytest.raises(UsageError):
        models(name)


async def test_a_provider_is_opened_once_and_keeps_its_connections() -> None:
    known = models(lab=ProviderRow("openai", "http://127.0.0.1:9/v1"))
    assert (await known.resolve("lab/a"))[0] is (await known.resolve("lab/b"))[0]
    await known.close()


@pytest.mark.parametrize("value", [None, ""])
async def test_a_missing_key_names_the_variable(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if value is not None:
        monkeypatch.setenv("GROQ_API_KEY", value)
    with pytest.raises(ConfigError, match="groq needs a key, and GROQ_API_KEY is not set"):
        await models().resolve("groq")


async def test_a_vault_is_not_there_yet() -> None:
    with pytest.raises(ConfigError, match='use key = "env:NAME"'):
        await models(lab=ProviderRow("openai", "http://127.0.0.1:9/v1", "vault:lab")).resolve("lab/x")


async def test_the_key_goes_to_its_provider_and_to_no_other(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def offers(exchange: Any) -> None:
        await exchange.respond(200, '{"data": [{"id": "first"}, {"id": "second"}]}', "application/json")

    monkeypatch.setenv("LAB_KEY", KEY)
    server.answer(lambda exchange: offers)
    known = models(lab=ProviderRow("openai", server.url, "env:LAB_KEY"), open=ProviderRow("openai", server.url))
    assert (await known.resolve("lab"))[1:] == ("first", "lab/first")
    assert (await known.resolve("open"))[1:] == ("first", "open/first")
    await known.close()
    assert [exchange.headers.get("authorization") for exchange in server.exchanges] == [f"Bearer {KEY}", None]


async def test_a_server_without_models_is_said(server: OpenAIServer) -> None:
    async def offers(exchange: Any) -> None:
        await exchange.respond(200, '{"data": []}', "application/json")

    server.answer(lambda exchange: offers)
    known = models(lab=ProviderRow("openai", server.url))
    with pytest.raises(ProviderError, match="lab offers no model"):
        await known.resolve("lab")
    await known.close()


async def test_configuration_goes_before_what_is_built_in() -> None:
    known = models(ollama=ProviderRow("openai", "http://10.0.0.5:1/v1", "none", "", ["mine"]))
    assert (await known.resolve("ollama"))[2] == "ollama/mine"
    row = known.row("ollama")
    assert row is not None
    assert row.base_url == "http://10.0.0.5:1/v1"
    assert known.row(OFFLINE) is None
    await known.close()


def test_built_in_addresses_are_encrypted_or_on_this_machine() -> None:
    for name, row in BUILT_IN.items():
        assert row.base_url.startswith(("https://", "http://127.0.0.1:")), name
        assert (row.key == "none") == row.base_url.startswith("http://127.0.0.1:"), name
        assert row.default or row.key == "none", name
