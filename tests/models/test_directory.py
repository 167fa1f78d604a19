"""Who may answer: names, defaults, keys, and one connection for each provider."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.openai_server import OpenAIServer, openai_server
from zotui.background.link import packed, unpacked
from zotui.config import Config, ProviderConfig, read_config
from zotui.errors import ConfigError, UsageError
from zotui.models.directory import Models
from zotui.models.keys import Keys
from zotui.models.offline import Offline
from zotui.models.provider import ProviderError
from zotui.models.registry import BUILT_IN, OFFLINE, rows_of
from zotui.secret import Secret
from zotui.vault import Vault

KEY = "sk-secret-0123456789"


async def nothing() -> list[Any]:
    return []


class Lab:
    """Models of a configuration, with a vault and an environment of their own."""

    def __init__(self, folder: Path) -> None:
        self.vault = Vault(folder / "vault", folder / "vault.lock")
        self.environment: dict[str, str] = {}

    def models(self, text: str = "", **more: Any) -> Models:
        return Models(read_config(text), Offline(nothing), Keys(self.vault, self.environment), **more)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with openai_server() as server:
        yield server


def at(url: str, **fields: Any) -> str:
    """A configuration with one provider, ``lab``."""
    lines = "".join(f"{name} = {value!r}\n" for name, value in fields.items())
    return f'[providers.lab]\nbase_url = "{url}"\n{lines}'


async def test_a_name_is_a_provider_and_a_model(lab: Lab) -> None:
    known = lab.models(at("http://127.0.0.1:9/v1", models=["tiny", "large"]))
    assert known.split("lab/tiny") == ("lab", "tiny")
    assert known.split(" lab ") == ("lab", "")
    assert known.split("together/meta-llama/Llama-3") == ("together", "meta-llama/Llama-3")
    assert set(known.names()) | {"claude-code", "codex"} == {OFFLINE, *BUILT_IN, "lab"}
    assert [(await known.resolve(name))[1:3] for name in ("lab", "lab/large", "lab/other", "", "offline/x")] == [
        ("tiny", "lab/tiny"),
        ("large", "lab/large"),
        ("other", "lab/other"),
        (OFFLINE, OFFLINE),
        (OFFLINE, OFFLINE),
    ]
    await known.close()


@pytest.mark.parametrize("name", ["nope", "nope/x", "/x", "OFFLINE", "lab", "\x1b[31mred/x", "x" * 500])
async def test_an_unknown_provider_names_those_there_are(name: str, lab: Lab) -> None:
    with pytest.raises(UsageError, match="there are: offline, groq, openai") as caught:
        await lab.models().resolve(name)
    assert len(caught.value.message) < 200
    assert "\x1b" not in caught.value.message


async def test_a_provider_is_opened_once_and_keeps_its_connections(lab: Lab) -> None:
    known = lab.models(at("http://127.0.0.1:9/v1"))
    assert (await known.resolve("lab/a")).provider is (await known.resolve("lab/b")).provider
    await known.close()


@pytest.mark.parametrize("value", [None, "", "  "])
async def test_a_missing_key_says_how_to_set_one(value: str | None, lab: Lab) -> None:
    if value is not None:
        lab.environment["GROQ_API_KEY"] = value
    with pytest.raises(ConfigError, match="groq needs a key, and GROQ_API_KEY is not set: zotui keys set groq"):
        await lab.models().resolve("groq")


async def test_the_environment_goes_before_the_vault(lab: Lab) -> None:
    row = BUILT_IN["gemini"]
    lab.vault.create("file")
    lab.vault.set("gemini", Secret("of the vault"))
    found = Keys(lab.vault, lab.environment).find("gemini", row)
    assert found is not None
    assert (found.secret.reveal(), found.source) == ("of the vault", "vault")
    for variable, value in (("GOOGLE_API_KEY", "c"), ("GEMINI_API_KEY", "b"), ("ZOTUI_KEY_GEMINI", "a")):
        lab.environment[variable] = value
        found = Keys(lab.vault, lab.environment).find("gemini", row)
        assert found is not None
        assert (found.secret.reveal(), found.source) == (value, variable)
    assert "ZOTUI_KEY_GEMINI" not in lab.environment  # read once, and no child inherits it


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("env:LAB_KEY", "lab needs a key, and LAB_KEY is not set"),
        ("vault:other", "lab needs a key, and the vault has no 'other'"),
    ],
)
async def test_a_key_that_is_named_must_be_there(key: str, said: str, lab: Lab) -> None:
    with pytest.raises(ConfigError, match=said):
        await lab.models(at("http://127.0.0.1:9/v1", key=key)).resolve("lab/x")


async def test_a_provider_of_ones_own_needs_no_key_but_may_have_one(lab: Lab, server: OpenAIServer) -> None:
    known = lab.models(at(server.url))
    assert known.keys.find("lab", known.rows["lab"]) is None
    lab.vault.create("file")
    lab.vault.set("lab", Secret(KEY))
    found = known.keys.find("lab", known.rows["lab"])
    assert found is not None
    assert found.secret.reveal() == KEY
    assert lab.models(at(server.url, key="none")).keys.find("lab", rows_of(Config())["ollama"]) is None


async def test_a_new_key_opens_the_provider_anew_and_lets_the_old_one_end(lab: Lab) -> None:
    lab.vault.create("file")
    lab.vault.set("lab", Secret("one"))
    known = lab.models(at("http://127.0.0.1:9/v1"))
    first = await known.provider("lab")
    assert await known.provider("lab") is first
    lab.vault.set("lab", Secret("two"))
    assert await known.provider("lab") is not first
    await known.close()


async def test_what_is_handed_over_serves_another_process(lab: Lab, tmp_path: Path) -> None:
    lab.environment |= {"GROQ_API_KEY": "g", "ZOTUI_KEY_LAB": "l", "HOME": "/h", "AWS_SECRET": "no"}
    lab.vault.create("passphrase", Secret("correct horse"))
    lab.vault.unlock(Secret("correct horse"))
    lab.vault.set("zo", Secret("z"))
    told = Keys(lab.vault, lab.environment).hand_over(BUILT_IN.values())
    assert told["variables"] == {"GROQ_API_KEY": "g", "ZOTUI_KEY_LAB": "l"}
    other = Keys(Vault(lab.vault.path, tmp_path / "vault.lock"), {})
    other.take_over(msgspec.json.decode(msgspec.json.encode(told)))
    assert [found.secret.reveal() for name in ("groq", "zo") if (found := other.find(name, BUILT_IN[name]))] == [
        "g",
        "z",
    ]


@pytest.mark.parametrize("value", ["caf\udce9 of latin-1", "", "ünï\n"])
async def test_a_variable_that_is_no_text_is_handed_over_all_the_same(value: str, lab: Lab) -> None:
    """Else no door would ever be let in."""
    lab.environment |= {"GROQ_API_KEY": "g", "ZOTUI_PASSPHRASE": value}
    told = Keys(lab.vault, lab.environment).hand_over(BUILT_IN.values())
    other = Keys(lab.vault, {})
    other.take_over(unpacked(packed(told)))
    passphrase = other.variable("ZOTUI_PASSPHRASE")
    assert (passphrase.reveal() if passphrase else "") == value


def test_all_homes_of_a_process_have_what_was_taken_from_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOTUI_KEY_GROQ", KEY)
    for name in ("one", "two"):
        found = Keys(Vault(tmp_path / name, tmp_path / "lock")).find("groq", BUILT_IN["groq"])
        assert found is not None
        assert found.secret.reveal() == KEY
    assert "ZOTUI_KEY_GROQ" not in os.environ


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8:99", True),
        ("[::1]:99", True),
        ("localhost", True),
        ("models.localhost", True),
        ("127.0.0.1.example.com", False),
        ("127.evil.example", False),
        ("localhost.example.com", False),
        ("127.0.0.1@example.com", False),
    ],
)
def test_what_is_on_this_machine_is_told_by_the_whole_address(host: str, local: bool) -> None:
    row = rows_of(Config(providers={"lab": ProviderConfig(base_url=f"http://{host}/v1")}))["lab"]
    assert row.local is local


async def test_a_provider_that_leaves_the_configuration_while_it_is_opened_still_answers(lab: Lab) -> None:
    configs = [read_config("")]
    known = lab.models(at("http://127.0.0.1:9/v1", models=["tiny"]), load=lambda: configs.pop() if configs else None)
    found, _ = await asyncio.gather(known.resolve("lab"), known.refresh())
    assert found.name == "lab/tiny"
    await known.close()


async def test_a_passphrase_in_the_environment_opens_the_vault(lab: Lab, tmp_path: Path) -> None:
    lab.vault.create("passphrase", Secret("correct horse"))
    lab.vault.unlock(Secret("correct horse"))
    lab.vault.set("groq", Secret("g"))
    other = Keys(Vault(lab.vault.path, tmp_path / "vault.lock"), {"ZOTUI_PASSPHRASE": "correct horse"})
    found = other.find("groq", BUILT_IN["groq"])
    assert found is not None
    assert found.secret.reveal() == "g"


def test_a_table_changes_what_it_says_of_a_built_in_provider() -> None:
    rows = rows_of(Config(providers={"groq": ProviderConfig(requests_per_minute=30, extra={"temperature": 0})}))
    assert rows["groq"].base_url == BUILT_IN["groq"].base_url
    assert rows["groq"].env == ("GROQ_API_KEY",)
    assert (rows["groq"].requests_per_minute, rows["groq"].extra) == (30, {"temperature": 0})
    moved = rows_of(Config(providers={"ollama": ProviderConfig(base_url="https://far.example")}))["ollama"]
    assert (moved.dialect, moved.local, moved.default) == ("ollama", False, "")
    # a program on this machine asks whom it likes: one with an address is a server that has its name, and no program
    server = rows_of(Config(providers={"codex": ProviderConfig(base_url="http://127.0.0.1:9/v1")}))["codex"]
    assert (server.dialect, server.local, server.default) == ("openai", True, "")


async def test_the_full_name_of_a_model(lab: Lab) -> None:
    known = lab.models(at("http://127.0.0.1:9/v1", models=["first", "second"]))
    names = ("lab", " lab ", "lab/other", "ollama", "offline", "")
    found = ["lab/first", "lab/first", "lab/other", "ollama", "offline", known.full_name(known.default)]
    assert [known.full_name(name) for name in names] == found
    await known.close()


async def test_private_mode_asks_nobody_elsewhere(lab: Lab) -> None:
    lab.environment["GROQ_API_KEY"] = KEY
    known = lab.models(at("http://127.0.0.1:9/v1"))
    with pytest.raises(UsageError, match="groq is not on this machine"):
        await known.resolve("groq", private=True)
    assert (await known.resolve("lab/x", private=True)).name == "lab/x"
    with pytest.raises(UsageError, match="codex is not on this machine"):
        await known.resolve("codex", private=True)
    with pytest.raises(UsageError, match="not on this machine"):
        await lab.models("private = true").resolve("groq")
    await known.close()


async def test_the_configuration_is_read_again_and_a_faulty_one_changes_nothing(lab: Lab) -> None:
    told: list[Any] = [read_config('model = "groq"'), None, ConfigError("bad", "mend it")]

    def load() -> Config | None:
        if isinstance(told[0], ConfigError):
            raise told[0]
        found = told.pop(0)
        assert found is None or isinstance(found, Config)
        return found

    known = lab.models(load=load)
    assert known.default == OFFLINE
    for _ in range(3):
        await known.refresh()
        assert known.default == "groq"


async def test_candidates_are_the_model_then_those_that_stand_in(lab: Lab) -> None:
    known = lab.models('model = "groq"\nfallback = ["ollama/x", "groq", "zo"]')
    assert known.candidates("") == ["groq", "ollama/x", "zo"]
    assert known.candidates("zo") == ["zo", "ollama/x", "groq"]


async def test_without_a_default_the_server_says_what_it_has(lab: Lab, server: OpenAIServer) -> None:
    known = lab.models(at(server.url))

    async def listed(exchange: Any) -> None:
        await exchange.respond(200, '{"data": [{"id": "first"}, {"id": "second"}]}', "application/json")

    async def none(exchange: Any) -> None:
        await exchange.respond(200, '{"data": []}', "application/json")

    server.script(listed, none)
    assert (await known.resolve("lab")).name == "lab/first"
    with pytest.raises(ProviderError, match="lab offers no model"):
        await known.resolve("lab")
    await known.close()


async def test_the_key_goes_to_its_provider_and_to_no_other(lab: Lab, server: OpenAIServer) -> None:
    async def offers(exchange: Any) -> None:
        await exchange.respond(200, '{"data": [{"id": "first"}]}', "application/json")

    lab.environment["LAB_KEY"] = KEY
    server.answer(lambda exchange: offers)
    known = lab.models(at(server.url, key="env:LAB_KEY") + f'[providers.open]\nbase_url = "{server.url}"\n')
    assert [(await known.resolve(name)).name for name in ("lab", "open")] == ["lab/first", "open/first"]
    await known.close()
    assert [exchange.headers.get("authorization") for exchange in server.exchanges] == [f"Bearer {KEY}", None]


def test_built_in_addresses_are_encrypted_or_on_this_machine() -> None:
    for name, row in BUILT_IN.items():
        if row.dialect != "command":
            assert row.base_url.startswith(("https://", "http://127.0.0.1:")), name
            assert (row.key == "none") == row.local == row.free, name
        assert row.default or row.local, name
