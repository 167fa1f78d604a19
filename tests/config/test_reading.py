"""Every kind of bad configuration is one line that names the file, the key and what is allowed, and repeats no key."""

from pathlib import Path

import pytest

from zotui.config import PROVIDERS, TEMPLATE, Config, read_config
from zotui.errors import ConfigError
from zotui.home import Home
from zotui.models.registry import BUILT_IN, OFFLINE

SECRET = "sk-live-0123456789abcdefghij"
LAB = '[providers.lab]\nbase_url = "http://127.0.0.1:9/v1"\n'

# What is written, what must be named, what must be said of what is allowed.
BAD = {
    "an unknown key": ('modle = "offline"', '"modle"', "model, fallback, private, providers"),
    "an unknown section": ("[agnet]\nmax_steps = 1", '"agnet"', "agent"),
    "an unknown key in a section": ("[agent]\nsteps = 1", '"agent.steps"', "max_steps, tool_timeout_s"),
    "an unknown key in a provider": (f"{LAB}kye = 'none'", '"providers.lab.kye"', "base_url, dialect, key, models"),
    "an unknown key in the second provider": (
        f"{LAB}[providers.other]\nbase_url = 'http://x'\nkye = 1",
        '"providers.other.kye"',
        "base_url",
    ),
    "a provider whose name needs quotes": ('[providers."my lab"]\nkye = 1', "providers.'my lab'.kye", "base_url"),
    "a wrong type": ("model = 5", '"model"', "`str`"),
    "a wrong type in a section": ('[agent]\nmax_steps = "many"', '"agent.max_steps"', "1 to 1000"),
    "too small": ("[agent]\nmax_steps = 0", '"agent.max_steps"', "1 to 1000"),
    "too large": ("[agent]\nmax_steps = 1001", '"agent.max_steps"', "1 to 1000"),
    "no number": ("[agent]\ntool_timeout_s = nan", '"agent.tool_timeout_s"', "more than 0"),
    "a port that is none": ("[serve]\nport = 65536", '"serve.port"', "1 to 65535"),
    "a port that is no number": ("[serve]\nport = true", '"serve.port"', "1 to 65535"),
    "a bad dialect": (f"{LAB}dialect = 'klingon'", '"providers.lab.dialect"', "openai, anthropic, ollama, zo"),
    "a bad address": ("[providers.lab]\nbase_url = 'ftp://x'", '"providers.lab.base_url"', "http://"),
    "no address": ("[providers.lab]\nkey = 'none'", '"providers.lab.base_url" is missing', "http://"),
    "a provider that is no table": ("providers.lab = 'x'", '"providers.lab"', "a table"),
    "providers that are no table": ("providers = 3", '"providers"', "a table"),
    "a list of providers": ("[[providers]]\nx = 1", '"providers"', "a table"),
    "a section that is no table": ("agent = 5", '"agent"', "a table"),
    "models that are no list": (f"{LAB}models = 'tiny'", '"providers.lab.models"', '["tiny"]'),
    "a model that is no name": (f"{LAB}models = [1]", '"providers.lab.models"', '["tiny"]'),
    "a bad policy": ('[policy]\nread = "allow"\nrun = "maybe"', '"policy.run"', "allow, ask, deny"),
    "no pattern as a policy": ('[policy]\n"Bush(rm *)" = "deny"', '"policy.Bush(rm *)"', "the name of a tool"),
    "an unclosed pattern": ('[policy]\n"Bash(rm \'*)" = "deny"', "policy.Bash(rm '*)", "cannot be read"),
    "an empty pattern": ('[policy]\n"Bash( )" = "deny"', '"policy.Bash( )"', "nothing between"),
    "never, and allow": ('[policy]\n"!Bash(rm *)" = "allow"', '"policy.!Bash(rm *)"', '"deny"'),
    "a bad network": ('[sandbox]\nnetwork = "some"', '"sandbox.network"', "none, allow"),
    "writable that is no list": ('[sandbox]\nwritable = "/srv"', '"sandbox.writable"', '["/srv/data"]'),
    "a limit that is no number": ('[sandbox.limits]\nprocesses = "x"', '"sandbox.limits.processes"', "a whole number"),
    "a limit of nothing": ("[sandbox.limits]\ncpu = 1", '"sandbox.limits.cpu"', "memory_mb, processes"),
    "limits that are no table": ("[sandbox]\nlimits = 4", '"sandbox.limits"', "memory_mb = 4000"),
    "a bad engine": ('[pool]\nengine = "x"', '"pool.engine"', "local, dask"),
    "an empty model": ('model = ""', '"model"', "length >= 1"),
    "a model of an unknown provider": ('model = "nope/x"', "'nope'", "offline, groq, openai"),
    "a binding that is no key": ('[keys]\nhelp = "press any key"', '"keys.help"', '"ctrl+p"'),
    "a date": ("model = 1979-05-27", '"model"', "`str`"),
}

BROKEN = {
    "an open list": ('model = "offline"\nx = [\n', "config.toml: "),
    "twice the same": ('model = "offline"\nmodel = "groq"\n', "line 2"),
    "no value": ('model = "offline"\n\n[agent]\nmax_steps =\n', "line 4"),
    "an open string": ('# a comment\nmodel = "offline\n', "line 2"),
    "no equals sign": ("model\n", "line 1"),
    "nested without end": ("x = " + "[" * 50_000, "nested"),
}

# Where a person may write the key itself.
LEAKS = {
    "in place of its name": f"{LAB}key = '{SECRET}'",
    "behind env": f"{LAB}key = 'env:{SECRET}'",
    "in place of the vault's name": f"{LAB}key = 'vault:{SECRET}/x'",
    "under a name of its own": f"{LAB}api_key = '{SECRET}'",
    "as a list": f"{LAB}key = ['{SECRET}']",
    "as the provider": f"providers.groq = '{SECRET}'",
    "in place of the address": f"[providers.lab]\nbase_url = '{SECRET}'",
    "in place of the dialect": f"{LAB}dialect = '{SECRET}'",
    "in place of the models": f"{LAB}models = '{SECRET}'",
    "under keys": f"[keys]\ngroq = 'gsk_{SECRET}_{SECRET}'",
}


def fault(text: str, name: str = "/home/me/config.toml") -> str:
    """What is said of this text."""
    with pytest.raises(ConfigError) as caught:
        read_config(text, name)
    return str(caught.value)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_value_is_one_line_that_names_file_key_and_what_is_allowed(kind: str) -> None:
    text, named, allowed = BAD[kind]
    said = fault(text)
    assert said.startswith("/home/me/config.toml: ")
    assert named in said
    assert allowed in said
    assert "\n" not in said


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_toml_gives_the_line(kind: str) -> None:
    text, named = BROKEN[kind]
    said = fault(text)
    assert named in said
    assert "config.toml" in said
    assert "\n" not in said


@pytest.mark.parametrize("kind", LEAKS)
def test_a_key_in_the_file_is_refused_and_never_repeated(kind: str) -> None:
    said = fault(LEAKS[kind])
    assert SECRET not in said
    assert "sk-live" not in said


@pytest.mark.parametrize("model", ["offline", "groq", "groq/some-model", " offline ", "lab", "lab/a/b"])
def test_a_model_of_a_known_provider(model: str) -> None:
    assert read_config(f'model = "{model}"\n{LAB}').model == model


def test_the_names_of_the_built_in_providers_are_those_of_the_registry() -> None:
    assert set(PROVIDERS) == {OFFLINE, *BUILT_IN}


def test_a_built_in_provider_may_be_given_another_address() -> None:
    config = read_config('model = "ollama/tiny"\n[providers.ollama]\nbase_url = "http://10.0.0.5:11434/v1"\n')
    assert config.providers["ollama"].base_url == "http://10.0.0.5:11434/v1"


def test_the_template_is_valid_and_so_are_its_examples() -> None:
    assert read_config(TEMPLATE) == Config()
    commented = [
        line[2:] for line in TEMPLATE.splitlines() if line.startswith("# ") and ("=" in line or line.startswith("# ["))
    ]
    shown = read_config(
        "\n".join(line for line in commented if line[0] in "[abcdefghijklmnopqrstuvwxyz" and ":" not in line[:9])
    )
    assert shown.providers["lab"].key == "env:LAB_KEY"
    assert shown.keys == {"palette": "ctrl+p"}


def test_the_file_may_begin_with_a_byte_order_mark_and_have_windows_lines(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    home.config_file.write_bytes(b'\xef\xbb\xbfmodel = "groq/x"\r\n\r\n[agent]\r\nmax_steps = 3\r\n')
    config = home.config()
    assert (config.model, config.agent.max_steps) == ("groq/x", 3)


@pytest.mark.parametrize("kind", ["bytes", "folder"])
def test_what_is_no_text_file_is_said(kind: str, tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    home.config_file.unlink()
    if kind == "bytes":
        home.config_file.write_bytes(b"\xff\xfe\x00")
    else:
        home.config_file.mkdir()
    with pytest.raises(ConfigError, match=r"config\.toml: .+UTF-8") as caught:
        home.config()
    assert str(caught.value).count(str(home.config_file)) == 1


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert Home(tmp_path / "nowhere").config() == Config()
    assert not (tmp_path / "nowhere").exists()
