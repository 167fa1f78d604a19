"""The providers there are: built-in ones and those of ``config.toml``, by name, opened on first use."""

import os
from collections.abc import Mapping

import msgspec

from zotui.errors import ConfigError, UsageError
from zotui.models.provider import Provider, ProviderError
from zotui.text import one_line


class ProviderRow(msgspec.Struct, frozen=True):
    """How to reach a provider. ``key`` says where the key is: ``env:NAME`` or ``none``."""

    dialect: str
    base_url: str
    key: str = "none"
    default: str = ""
    models: list[str] = []


# Base addresses and key names as each provider documents them for OpenAI-compatible clients.
BUILT_IN: Mapping[str, ProviderRow] = {
    "groq": ProviderRow("openai", "https://api.groq.com/openai/v1", "env:GROQ_API_KEY", "llama-3.3-70b-versatile"),
    "openai": ProviderRow("openai", "https://api.openai.com/v1", "env:OPENAI_API_KEY", "gpt-4.1-mini"),
    "together": ProviderRow(
        "openai",
        "https://api.together.xyz/v1",
        "env:TOGETHER_API_KEY",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo",
    ),
    "openrouter": ProviderRow("openai", "https://openrouter.ai/api/v1", "env:OPENROUTER_API_KEY", "openrouter/auto"),
    "gemini": ProviderRow(
        "openai",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "env:GEMINI_API_KEY",
        "gemini-2.5-flash",
    ),
    "ollama": ProviderRow("openai", "http://127.0.0.1:11434/v1"),
    "lmstudio": ProviderRow("openai", "http://127.0.0.1:1234/v1"),
}

OFFLINE = "offline"


class Models:
    """Who may answer. ``rows`` are the configured providers, laid over the built-in ones."""

    def __init__(self, default: str, rows: Mapping[str, ProviderRow], offline: Provider) -> None:
        self.default = default
        self._rows = {**BUILT_IN, **rows}
        self._open: dict[str, Provider] = {OFFLINE: offline}
        self.split(default)

    def names(self) -> list[str]:
        """The providers' names."""
        return [OFFLINE, *self._rows]

    def row(self, name: str) -> ProviderRow | None:
        """How a provider is reached; None for the offline one."""
        return self._rows.get(name)

    def split(self, model: str) -> tuple[str, str]:
        """``PROVIDER/MODEL`` in two; the model is empty where only a provider is named. Raises UsageError."""
        provider, _, name = model.strip().partition("/")
        if provider != OFFLINE and provider not in self._rows:
            raise UsageError(
                f"no provider {one_line(provider, 40)!r} in model {one_line(model, 60)!r}",
                f"there are: {', '.join(self.names())}; more in config.toml",
            )
        return provider, name

    async def resolve(self, model: str) -> tuple[Provider, str, str]:
        """The provider, the model's id and its full name; the default for an empty name.

        Raises UsageError, ConfigError (no key), ProviderError (a server that must be asked does not answer).
        """
        name, chosen = self.split(model or self.default)
        provider = self.provider(name)
        if name == OFFLINE:
            return provider, OFFLINE, OFFLINE
        row = self._rows[name]
        chosen = chosen or (row.models[0] if row.models else row.default)
        if not chosen:
            offered = await provider.models()
            if not offered:
                raise ProviderError("model_not_found", f"{name} offers no model", hint="load one there, then try again")
            chosen = offered[0].id
        return provider, chosen, f"{name}/{chosen}"

    def provider(self, name: str) -> Provider:
        """An open provider. Raises ConfigError where its key is missing, ProviderError for an unknown dialect."""
        if name not in self._open:
            from zotui.models import open_provider

            row = self._rows[name]
            self._open[name] = open_provider(dialect=row.dialect, base_url=row.base_url, key=self._key(name, row.key))
        return self._open[name]

    async def close(self) -> None:
        """Close all connections."""
        for provider in self._open.values():
            await provider.close()

    @staticmethod
    def _key(name: str, where: str) -> str | None:
        kind, _, rest = where.partition(":")
        if kind == "env":
            key = os.environ.get(rest)
            if not key:
                raise ConfigError(
                    f"{name} needs a key, and {rest} is not set in the environment",
                    f"export {rest}=… and run: zotui stop",
                )
            return key
        if kind == "vault":
            raise ConfigError(f"{name}: this version keeps no vault", 'use key = "env:NAME"')
        return None
