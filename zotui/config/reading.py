"""Reading ``config.toml``: parsed, validated, every fault in one line that names it."""

import tomllib

import msgspec

from zotui.config import mistakes
from zotui.config.tables import PROVIDERS, Config
from zotui.errors import ConfigError
from zotui.text import one_line


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
        raise ConfigError(f"{name}: {mistakes.explain(str(error), table)}") from None
    known = [*PROVIDERS, *(name for name in config.providers if name not in PROVIDERS)]
    for key, model in [("model", config.model), *(("fallback", model) for model in config.fallback)]:
        provider = model.strip().partition("/")[0]
        if provider not in known:
            raise ConfigError(
                f'{name}: "{key}": no provider {one_line(provider, 40)!r}; allowed: PROVIDER or PROVIDER/MODEL'
                f" with {', '.join(known)}, or the name of a [providers.NAME] table"
            )
    for rule, answer in config.policy.items():
        if said := mistakes.of_rule(rule, answer):  # one that is not understood must not pass for one that holds
            raise ConfigError(f'{name}: "policy.{one_line(rule, 60)}" {said}')
    for model in config.prices:
        if "/" not in model:
            raise ConfigError(f'{name}: "prices.{one_line(model, 60)}" is no model; allowed: "PROVIDER/MODEL"')
    for provider, table_ in config.providers.items():
        if table_.base_url is None and provider not in PROVIDERS:
            raise ConfigError(
                f'{name}: "providers.{provider}.base_url" is missing; allowed: {mistakes.ALLOWED["base_url"]}'
            )
    return config
