"""``config.toml``: what it may say, validated, every fault in one line that names it."""

import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from zotui.errors import ConfigError
from zotui.limits import Limits
from zotui.text import one_line

PROVIDERS = (
    "offline", "groq", "openai", "anthropic", "ollama", "lmstudio", "together", "openrouter", "gemini", "zo",
    "claude-code", "codex",
)  # fmt: skip
"""The providers that need no table of their own; one may be given all the same, to change what it says."""

KeyNames = Annotated[str, Meta(pattern=r"^[^\s,]{1,30}(,[^\s,]{1,30})*$")]
HeaderName = Annotated[str, Meta(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
HeaderValue = Annotated[str, Meta(pattern=r"^[\x20-\x7e]*$")]
Dollars = Annotated[float, Meta(ge=0, le=1_000_000)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Answer = Literal["allow", "ask", "deny"]

TEMPLATE = """\
# zotui's configuration. Keys never belong here: name where they are kept.
# A wrong key or value is reported with its name when zotui starts.

# Who answers: PROVIDER/MODEL, or PROVIDER alone for its default model.
# "offline" needs no key and no network: it runs what it understands and never pretends to be a model.
model = "offline"

# Built in, with a key (`zotui keys set groq`, or in the environment): groq openai anthropic together openrouter gemini zo
# on this machine, without a key: ollama lmstudio; with the program you are logged in to: claude-code codex
# Who answers where the one above does not, in this order; the answer says who it was:
# fallback = ["groq", "ollama/llama3.2"]
# true: nothing is asked that is not on this machine
# private = false

# Any other server:
#
# [providers.lab]
# dialect  = "openai"               # openai, anthropic, ollama, zo
# base_url = "http://127.0.0.1:9000/v1"
# key      = "env:LAB_KEY"          # env:NAME, vault:NAME or none; left out: the vault's "lab", where there is one
# models   = ["tiny"]               # optional; otherwise the server is asked
# requests_per_minute = 60          # shared by all that runs on this home; left out: no limit
# concurrency = 8                   # requests at once
# first_event_timeout_s = 120       # until the answer begins; a large local model may have to load first
# idle_timeout_s = 60               # without a word in an answer that has begun
# extra    = { temperature = 0.2 }  # fields of every request

# [prices]                          # US dollars per million tokens, for models whose price zotui does not know
# "lab/tiny" = { input = 0.1, output = 0.4 }

# [spending]                        # US dollars; a request that would pass a cap is not sent
# per_conversation = 2.0
# per_day          = 10.0
# unknown_price    = "refuse"       # or "allow": what happens under a cap to a model whose price is not known

# [agent]
# max_steps      = 24               # model requests in one turn
# tool_timeout_s = 120              # for one tool call
# context_tokens = 32000            # what one request may hold
# compaction     = "ask"            # or "auto", "off": when that is nearly full, older turns are summarised
# instructions   = true             # what AGENTS.md in the workspace's folders says is told

# [policy]                          # what the agent may do: allow, ask or deny; by tool, or by what tools do
# run_command = "ask"               # (read, write, run, net, outside, settings); deny wins, then ask
# "Bash(git *)"         = "allow"   # or by what a call would do: all the commands of a line, however they are
# "!Bash(git push *)"   = "deny"    # quoted, joined or nested; Read(src/**), Write(*.md), Net(example.org)

# [sandbox]                         # the wall around commands
# network  = "none"                 # or "allow": the network of this machine
# writable = ["/srv/data"]          # more folders than the workspace
# limits   = { memory_mb = 4000, processes = 512, disk_mb = 4000 }

# [undo]                            # what turns changed in the workspace can be taken back
# copies_mb = 1000                  # as long as the copies fit in here; the oldest go first

# [notices]                         # how the app tells what happened while you looked elsewhere
# bell    = "questions"             # or "never", "all": the terminal's bell
# desktop = "never"                 # or "osc9", "osc777": the terminal's desktop notices
# toasts  = true

# [desk]                            # how the app looks, until you choose otherwise in it
# theme   = "auto"                  # by the terminal's background, or a theme's name
# spacing = "roomy"                 # or "compact"
# mouse   = true
# debug   = false                   # a line that says how quick the app is

# [keys]                            # rebind any action; F1 lists their names
# palette = "ctrl+p"
"""


class ProviderConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[providers.NAME]`` table."""

    base_url: Annotated[str, Meta(pattern=r"^https?://\S+$")] | None = None
    dialect: Literal["openai", "anthropic", "ollama", "zo"] | None = None
    key: Annotated[str, Meta(pattern=r"^(none|env:[A-Za-z_][A-Za-z0-9_]*|vault:[A-Za-z0-9_.-]+)$")] | None = None
    models: list[str] = []
    requests_per_minute: Annotated[float, Meta(gt=0, le=1_000_000)] | None = None
    concurrency: Annotated[int, Meta(ge=1, le=1000)] | None = None
    first_event_timeout_s: Annotated[float, Meta(gt=0, le=86400)] | None = None
    idle_timeout_s: Annotated[float, Meta(gt=0, le=86400)] | None = None
    extra: dict[str, Any] = {}
    headers: dict[HeaderName, HeaderValue] = {}


class PriceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of ``[prices]``: US dollars per million tokens."""

    input: Dollars
    output: Dollars
    cached: Dollars | None = None
    cache_write: Dollars | None = None


class SpendingConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[spending]``: caps in US dollars."""

    per_conversation: Dollars | None = None
    per_day: Dollars | None = None
    unknown_price: Literal["allow", "refuse"] = "refuse"


class AgentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[agent]``: the limits of one turn."""

    max_steps: Annotated[int, Meta(ge=1, le=1000)] = 24
    tool_timeout_s: Annotated[float, Meta(gt=0, le=86400)] = 120.0
    context_tokens: Annotated[int, Meta(ge=1000, le=10_000_000)] = 32_000
    compaction: Literal["ask", "auto", "off"] = "ask"
    instructions: bool = True


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
    limits: Limits = Limits()


class UndoConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[undo]``: what the copies may take by which turns are undone."""

    copies_mb: Annotated[int, Meta(ge=1, le=1_000_000)] = 1_000


class NoticesConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[notices]``: how the app tells what happened. Nothing rings while the person is looking."""

    bell: Literal["never", "questions", "all"] = "questions"
    desktop: Literal["never", "osc9", "osc777"] = "never"
    toasts: bool = True


class DeskConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[desk]``: how the app looks until the person chooses otherwise in it."""

    theme: Annotated[str, Meta(min_length=1)] = "auto"
    spacing: Literal["roomy", "compact"] = "roomy"
    mouse: bool = True
    debug: bool = False


class MemoryConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[memory]``: who turns texts into vectors."""

    embedder: str = "builtin"


class PoolConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[pool]``: the engine that runs jobs."""

    engine: Literal["local", "dask"] = "local"


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``config.toml``, validated."""

    model: Annotated[str, Meta(min_length=1)] = "offline"
    fallback: list[str] = []
    private: bool = False
    providers: dict[str, ProviderConfig] = {}
    prices: dict[str, PriceConfig] = {}
    spending: SpendingConfig = SpendingConfig()
    agent: AgentConfig = AgentConfig()
    keys: dict[str, KeyNames] = {}
    policy: dict[str, Answer] = {}
    serve: ServeConfig = ServeConfig()
    sandbox: SandboxConfig = SandboxConfig()
    undo: UndoConfig = UndoConfig()
    memory: MemoryConfig = MemoryConfig()
    notices: NoticesConfig = NoticesConfig()
    desk: DeskConfig = DeskConfig()
    pool: PoolConfig = PoolConfig()


ALLOWED = {
    "dialect": "openai, anthropic, ollama, zo",
    "key": '"env:NAME", "vault:NAME" or "none", never the key itself',
    "base_url": "http://… or https://…",
    "requests_per_minute": "more than 0, at most 1000000",
    "concurrency": "1 to 1000",
    "first_event_timeout_s": "seconds, more than 0, at most 86400",
    "idle_timeout_s": "seconds, more than 0, at most 86400",
    "extra": "a table of fields, as { temperature = 0.2 }",
    "headers": "a table of texts",
    "input": "US dollars per million tokens, 0 or more",
    "output": "US dollars per million tokens, 0 or more",
    "cached": "US dollars per million tokens, 0 or more",
    "cache_write": "US dollars per million tokens, 0 or more",
    "prices": 'a table, as "lab/tiny" = { input = 0.1, output = 0.4 }',
    "private": "true, false",
    "per_conversation": "US dollars, 0 or more",
    "per_day": "US dollars, 0 or more",
    "unknown_price": "allow, refuse",
    "fallback": 'a list of PROVIDER or PROVIDER/MODEL, as ["groq", "ollama"]',
    "models": 'a list of names, as ["tiny"]',
    "max_steps": "1 to 1000",
    "tool_timeout_s": "seconds, more than 0, at most 86400",
    "context_tokens": "1000 to 10000000",
    "compaction": "ask, auto, off",
    "instructions": "true, false",
    "bell": "never, questions, all",
    "desktop": "never, osc9, osc777",
    "toasts": "true, false",
    "theme": "auto, or the name of a theme (F9 lists them)",
    "spacing": "roomy, compact",
    "mouse": "true, false",
    "debug": "true, false",
    "port": "1 to 65535",
    "sites_port": "1 to 65535",
    "pool_port": "1 to 65535",
    "writable": 'a list of folders, as ["/srv/data"]',
    "limits": "a table of whole numbers, as { memory_mb = 4000, processes = 512 }",
    **dict.fromkeys(Limits.__struct_fields__, "a whole number, 1 or more"),
    "network": "none, allow",
    "copies_mb": "megabytes, 1 to 1000000",
    "engine": "local, dask",
    "policy": "allow, ask, deny",
    "keys": 'names of keys, as "ctrl+p" or "f2,ctrl+b"; a key for a provider stays in the environment',
}


def read_config(text: str, name: str = "config.toml") -> Config:
    """Parse and validate. Raises ConfigError that names the file, the line or key, and what is allowed."""
    try:
        table = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: {error}", "mend that line") from None
    except RecursionError:
        raise ConfigError(f"{name}: its values are nested too deeply") from None
    try:
        config = msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {_explain(str(error), table)}") from None
    known = [*PROVIDERS, *(name for name in config.providers if name not in PROVIDERS)]
    for key, model in [("model", config.model), *(("fallback", model) for model in config.fallback)]:
        provider = model.strip().partition("/")[0]
        if provider not in known:
            raise ConfigError(
                f'{name}: "{key}": no provider {one_line(provider, 40)!r}; allowed: PROVIDER or PROVIDER/MODEL'
                f" with {', '.join(known)}, or the name of a [providers.NAME] table"
            )
    for rule, answer in config.policy.items():
        if said := _mistake(rule, answer):  # one that is not understood must not pass for one that holds
            raise ConfigError(f'{name}: "policy.{one_line(rule, 60)}" {said}')
    for model in config.prices:
        if "/" not in model:
            raise ConfigError(f'{name}: "prices.{one_line(model, 60)}" is no model; allowed: "PROVIDER/MODEL"')
    for provider, table_ in config.providers.items():
        if table_.base_url is None and provider not in PROVIDERS:
            raise ConfigError(f'{name}: "providers.{provider}.base_url" is missing; allowed: {ALLOWED["base_url"]}')
    return config


def _mistake(rule: str, answer: str) -> str:
    """What is wrong with a line of ``[policy]``; nothing where it is well."""
    if re.fullmatch(r"[a-z][a-z0-9_]*", rule):
        return ""
    found = re.fullmatch(r"(!?)(Bash|Read|Write|Net)\((.+)\)", rule.strip(), re.DOTALL)
    if found is None:
        return (
            "is no rule of this version; allowed: the name of a tool, or read, write, run, net, outside, settings, or a"
            " pattern as Bash(docker *), !Bash(docker rm *), Read(src/**), Write(*.md), Net(example.org)"
        )
    try:
        words = shlex.split(found[3])
    except ValueError as error:
        return f"cannot be read: {error}"
    if not words:
        return "has nothing between its brackets"
    return f'denies, and so is "deny", not "{answer}"' if found[1] and answer != "deny" else ""


def _explain(problem: str, table: dict[str, Any]) -> str:
    """msgspec's message with the key's dotted name and the allowed values; no value of a provider is repeated."""
    told, _, where = problem.partition(" - at ")
    path, value = _find(table, where.strip("`"), problem)
    section = path[0] if path else ""
    if unknown := re.search(r"unknown field `(.+)`", told):
        table_ = Limits if path[-1:] == ["limits"] else _SECTIONS.get(section, Config)
        fields = table_.__struct_fields__
        return f'unknown key "{_dotted([*path, unknown[1]])}"; allowed here: {", ".join(fields)}'
    if missing := re.search(r"missing required field `(.+)`", told):
        return f'"{_dotted([*path, missing[1]])}" is missing; allowed: {ALLOWED[missing[1]]}'
    allowed = next((ALLOWED[part] for part in reversed(path) if part in ALLOWED), "")
    if told.startswith("Invalid enum value") or "matching regex" in told:
        told = "not an allowed value"
    told = told.replace(" | null`", "`").replace("`object`", "a table").replace("`array`", "a list")
    open_ = section not in ("providers", "keys") and isinstance(value, str | int | float)
    shown = f" (it is {one_line(repr(value), 60)})" if open_ else ""
    return f'"{_dotted(path)}": {told[0].lower()}{told[1:]}{shown}' + (f"; allowed: {allowed}" if allowed else "")


def _find(table: dict[str, Any], where: str, problem: str) -> tuple[list[str], Any]:
    """The names on msgspec's path, which leaves out the keys of plain tables, and what stands there."""
    path: list[str] = []
    value: Any = table
    for step in re.findall(r"\.\w+|\[\d+\]|\[\.\.\.\]", where):
        if step == "[...]":
            path.append(next(key for key in value if problem in _problems(table, path, key)))
        elif step.startswith("["):
            return path, None  # an item of a list: the list's name is enough
        else:
            path.append(step[1:])
        value = value[path[-1]]
    return path, value


def _problems(table: dict[str, Any], path: list[str], key: str) -> Iterator[str]:
    """What is wrong with the table once nothing but ``key`` is left at ``path``."""

    def only(part: Mapping[str, Any], steps: list[str]) -> Mapping[str, Any]:
        return {steps[0]: only(part[steps[0]], steps[1:])} if steps else {key: part[key]}

    try:
        msgspec.convert(only(table, path), Config)
    except msgspec.ValidationError as error:
        yield str(error)


def _dotted(path: list[str]) -> str:
    """Names as TOML writes them."""
    return (
        ".".join(name if re.fullmatch(r"[\w-]+", name, re.ASCII) else repr(one_line(name, 60)) for name in path)
        or "config"
    )


_SECTIONS: Mapping[str, type[msgspec.Struct]] = {
    "providers": ProviderConfig,
    "prices": PriceConfig,
    "spending": SpendingConfig,
    "agent": AgentConfig,
    "serve": ServeConfig,
    "sandbox": SandboxConfig,
    "undo": UndoConfig,
    "memory": MemoryConfig,
    "notices": NoticesConfig,
    "desk": DeskConfig,
    "pool": PoolConfig,
}
