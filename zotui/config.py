"""``config.toml``: what it may say, validated, every fault in one line that names it."""

import re
import tomllib
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from zotui.errors import ConfigError

Port = Annotated[int, Meta(ge=1, le=65535)]
Answer = Literal["allow", "ask", "deny"]

TEMPLATE = """\
# zotui's configuration. Keys never belong here: name where they are kept.
# A wrong key or value is reported with its name when zotui starts.

# Who answers: PROVIDER/MODEL, or PROVIDER alone for its default model.
# "offline" needs no key and no network: it runs what it understands and never pretends to be a model.
model = "offline"

# Built in, once their key is in the environment: groq openai together openrouter gemini
# and on this machine, without a key: ollama lmstudio
# Any other server that speaks OpenAI's chat completions:
#
# [providers.lab]
# dialect  = "openai"
# base_url = "http://127.0.0.1:9000/v1"
# key      = "env:LAB_KEY"          # env:NAME or none
# models   = ["tiny"]               # optional; otherwise the server is asked

# [agent]
# max_steps      = 24               # model requests in one turn
# tool_timeout_s = 120              # for one tool call
# context_tokens = 32000            # what one request may hold

# [keys]                            # rebind any action; F1 lists their names
# palette = "ctrl+p"
"""


class ProviderConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[providers.NAME]`` table."""

    base_url: Annotated[str, Meta(pattern=r"^https?://\S+$")]
    dialect: Literal["openai", "anthropic", "ollama", "zo"] = "openai"
    key: Annotated[str, Meta(pattern=r"^(none|env:[A-Za-z_][A-Za-z0-9_]*|vault:[A-Za-z0-9_.-]+)$")] = "none"
    models: list[str] = []


class AgentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[agent]``: the limits of one turn."""

    max_steps: Annotated[int, Meta(ge=1, le=1000)] = 24
    tool_timeout_s: Annotated[float, Meta(gt=0, le=86400)] = 120.0
    context_tokens: Annotated[int, Meta(ge=1000, le=10_000_000)] = 32_000


class ServeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[serve]``: what the background process opens."""

    host: str = "127.0.0.1"
    port: Port | None = None
    sites_port: Port | None = None
    pool_port: Port | None = None


class SandboxConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[sandbox]``: the wall around commands."""

    network: Literal["none", "allow"] = "none"
    writable: list[str] = []
    limits: dict[str, int] = {}


class MemoryConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[memory]``: who turns texts into vectors."""

    embedder: str = "builtin"


class PoolConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[pool]``: the engine that runs jobs."""

    engine: Literal["local", "dask"] = "local"


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``config.toml``, validated."""

    model: Annotated[str, Meta(min_length=1)] = "offline"
    providers: dict[str, ProviderConfig] = {}
    agent: AgentConfig = AgentConfig()
    keys: dict[str, str] = {}
    policy: dict[str, Answer] = {}
    serve: ServeConfig = ServeConfig()
    sandbox: SandboxConfig = SandboxConfig()
    memory: MemoryConfig = MemoryConfig()
    pool: PoolConfig = PoolConfig()


def read_config(text: str, name: str = "config.toml") -> Config:
    """Parse and validate. Raises ConfigError that names the file, the line or key, and what is allowed."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: {error}", "mend that line") from None
    try:
        return msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {_explain(str(error), table)}") from None


def _explain(problem: str, table: dict[str, Any]) -> str:
    """msgspec's message with the key's dotted name and the allowed values."""
    told, _, where = problem.partition(" - at ")
    unknown = re.search(r"unknown field `(.+)`", told)
    path = re.sub(r"\[\.\.\.\]|`|\$\.?", "", where).strip(".")
    if unknown:
        struct = _struct_at(path.split(".")[0] if path else "")
        key = f"{path}.{unknown[1]}" if path else unknown[1]
        return f'unknown key "{key}"; allowed here: {", ".join(struct.__struct_fields__)}'
    value: Any = table
    for part in filter(None, path.split(".")):
        value = value.get(part, value) if isinstance(value, dict) else value
    shown = "" if isinstance(value, dict) else f" (it is {value!r})"
    allowed = {
        "dialect": "; allowed: openai, anthropic, ollama, zo",
        "key": '; allowed: "env:NAME", "vault:NAME" or "none", never the key itself',
        "network": "; allowed: none, allow",
        "engine": "; allowed: local, dask",
        "policy": "; allowed: allow, ask, deny",
        "base_url": "; allowed: http://… or https://…",
    }.get(path.rsplit(".", 1)[-1], "")
    if path.endswith("key"):
        shown = ""  # it may be a key by mistake
    return f'"{path or "config"}": {told[0].lower()}{told[1:]}{shown}{allowed}'


def _struct_at(section: str) -> type[msgspec.Struct]:
    sections: dict[str, type[msgspec.Struct]] = {
        "providers": ProviderConfig,
        "agent": AgentConfig,
        "serve": ServeConfig,
        "sandbox": SandboxConfig,
        "memory": MemoryConfig,
        "pool": PoolConfig,
    }
    return sections.get(section, Config)
