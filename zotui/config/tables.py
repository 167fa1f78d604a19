"""The tables of ``config.toml``: what may stand in each, and what holds where nothing does."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from zotui.limits import Limits

PROVIDERS = (
    "offline", "groq", "openai", "anthropic", "ollama", "lmstudio", "together", "openrouter", "gemini", "zo",
    "claude-code", "codex",
)  # fmt: skip
"""The providers that need no table of their own; one may be given all the same, to change what it says."""

KeyNames = Annotated[str, Meta(pattern=r"^[^\s,]{1,30}(,[^\s,]{1,30})*$")]
HeaderName = Annotated[str, Meta(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
HeaderValue = Annotated[str, Meta(pattern=r"^[\x20-\x7e]*$")]
HOST = r"^(\*|(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$"
Dollars = Annotated[float, Meta(ge=0, le=1_000_000)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Answer = Literal["allow", "ask", "deny"]


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
    hosts: tuple[Annotated[str, Meta(pattern=HOST)], ...] = ("*",)
    writable: list[str] = []
    limits: Limits = Limits()
    background_s: Annotated[float, Meta(gt=0, le=604_800)] = 3_600.0


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
    """``[memory]``: who turns texts into vectors, and who looks for facts in conversations."""

    embedder: str = "builtin"
    propose: Literal["model", "patterns", "off"] = "model"


class MailConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[mail]``: the server through which automations send mail; its password is in the vault, as ``mail``."""

    host: str = ""
    port: Port = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    sender: str = ""


class SkillsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[skills]``: where the packages come from that skills depend on; from where pip or uv find them otherwise."""

    index: Annotated[str, Meta(pattern=r"^((https?|file)://\S+|[~/].*)?$")] = ""


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
    mail: MailConfig = MailConfig()
    pool: PoolConfig = PoolConfig()
    skills: SkillsConfig = SkillsConfig()
