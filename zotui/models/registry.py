"""The providers there are: built-in ones and those of ``config.toml``, as data."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from zotui.addresses import is_here
from zotui.config import Config, ProviderConfig
from zotui.errors import UsageError
from zotui.text import one_line

OFFLINE = "offline"
CONCURRENCY = 8


class ProviderRow(msgspec.Struct, frozen=True):
    """How to reach a provider.

    ``key`` says where its key is: ``none``, ``env:NAME``, ``vault:NAME``, or, empty, in one of the variables ``env`` or
    else in the vault under the provider's name. ``default`` is the model meant where none is named; ``models`` those it
    has, if it cannot be asked. ``free``: it costs no money. ``check``: what only a good key may fetch, where the list of
    models is open to all.
    """

    dialect: str
    base_url: str
    key: str = "none"
    default: str = ""
    models: list[str] = []
    env: tuple[str, ...] = ()
    free: bool = False
    requests_per_minute: float | None = None
    concurrency: int = CONCURRENCY
    extra: dict[str, Any] = {}
    headers: dict[str, str] = {}
    check: str = ""
    first_event_timeout_s: float = 120
    idle_timeout_s: float = 60

    @property
    def local(self) -> bool:
        """Whether it is on this machine: the server, that is; of a program on it, nobody knows whom it asks."""
        return is_here(self.base_url)

    @property
    def usual(self) -> str:
        """The model meant where none is named; empty where the server has to be asked."""
        return self.models[0] if self.models else self.default


# Base addresses and names of keys as each provider documents them.
BUILT_IN: Mapping[str, ProviderRow] = {
    "groq": ProviderRow("openai", "https://api.groq.com/openai/v1", "", "openai/gpt-oss-120b", env=("GROQ_API_KEY",)),
    "openai": ProviderRow("openai", "https://api.openai.com/v1", "", "gpt-6.1-terra", env=("OPENAI_API_KEY",)),
    "anthropic": ProviderRow(
        "anthropic", "https://api.anthropic.com", "", "claude-sonnet-5-5", env=("ANTHROPIC_API_KEY",)
    ),
    "ollama": ProviderRow("ollama", "http://127.0.0.1:11434", free=True, concurrency=4),
    "lmstudio": ProviderRow("openai", "http://127.0.0.1:1234/v1", free=True, concurrency=4),
    "together": ProviderRow(
        "openai", "https://api.together.xyz/v1", "", "openai/gpt-oss-120b", env=("TOGETHER_API_KEY",)
    ),
    "openrouter": ProviderRow(
        "openai", "https://openrouter.ai/api/v1", "", "openrouter/auto", env=("OPENROUTER_API_KEY",), check="/key"
    ),
    "gemini": ProviderRow(
        "openai",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "",
        "gemini-3.8-flash",
        env=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    ),
    "zo": ProviderRow("zo", "https://api.zo.computer", "", "default", env=("ZO_API_KEY", "ZO_CLIENT_IDENTITY_TOKEN")),
    "claude-code": ProviderRow("command", "", "none", "default"),
    "codex": ProviderRow("command", "", "none", "default"),
}


def rows_of(config: Config) -> dict[str, ProviderRow]:
    """All providers but the offline one, by name: the built-in ones with what the configuration changes, then its own."""
    own = {name: row_of(BUILT_IN.get(name), table) for name, table in config.providers.items() if name != OFFLINE}
    return {**BUILT_IN, **own}


def row_of(built_in: ProviderRow | None, table: ProviderConfig) -> ProviderRow:
    """A provider as a table of the configuration describes it."""
    if built_in is not None and built_in.dialect == "command" and table.base_url is not None:
        built_in = None  # a program has no address: this is a server that is called so
    base = built_in or ProviderRow("openai", "", "")
    changes = {name: value for name in table.__struct_fields__ if (value := getattr(table, name)) not in (None, [], {})}
    moved = built_in is not None and table.base_url is not None and table.base_url != built_in.base_url
    if moved:  # another server has other models; and who knows what it costs
        changes = {"default": "", "free": base.free and base.local, **changes}
    return msgspec.structs.replace(base, **changes)


def split(model: str, names: Mapping[str, object], named: Callable[[], list[str]]) -> tuple[str, str]:
    """``PROVIDER/MODEL`` in two; the model is empty where only a provider is named. Raises UsageError, which tells
    those that are ``named``."""
    provider, _, name = model.strip().partition("/")
    if provider != OFFLINE and provider not in names:
        raise UsageError(
            f"no provider {one_line(provider, 40)!r} in model {one_line(model, 60)!r}",
            f"there are: {', '.join(named())}; another: zotui models default NAME/MODEL --at URL",
        )
    return provider, name
