"""``config.toml``: its tables, how it is read, and what is wrong with one that cannot be."""

from zotui.config.reading import read_config
from zotui.config.tables import (
    PROVIDERS,
    AgentConfig,
    Config,
    MailConfig,
    PriceConfig,
    ProviderConfig,
    SandboxConfig,
    SpendingConfig,
)
from zotui.config.template import TEMPLATE

__all__ = [
    "PROVIDERS",
    "TEMPLATE",
    "AgentConfig",
    "Config",
    "MailConfig",
    "PriceConfig",
    "ProviderConfig",
    "SandboxConfig",
    "SpendingConfig",
    "read_config",
]
