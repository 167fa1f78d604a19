"""Who may answer: the providers of a home, each with its key, opened on first use."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from zotui.addresses import is_here
from zotui.config import Config
from zotui.errors import ConfigError, UsageError
from zotui.models.keys import Found, Keys
from zotui.models.provider import Provider, ProviderError
from zotui.models.registry import OFFLINE, ProviderRow, rows_of, split
from zotui.secret import Secret
from zotui.text import one_line

log = logging.getLogger(__name__)


class Choice(NamedTuple):
    """A model that is to answer. ``name`` is its full one; ``row`` None is the offline provider."""

    provider: Provider
    model: str
    name: str
    row: ProviderRow | None


class _Open(NamedTuple):
    row: ProviderRow
    secret: Secret | None
    provider: Provider


class Models:
    """Who may answer, by ``config.toml`` as it stands: ``load`` reads it anew where it changed."""

    def __init__(
        self,
        config: Config,
        offline: Provider,
        keys: Keys,
        *,
        load: Callable[[], Config | None] = lambda: None,
        workspace: Path | None = None,
    ) -> None:
        self.config = config
        self.keys = keys
        self._load = load
        self._workspace = workspace
        self._offline = offline
        self._open: dict[str, _Open] = {}
        self._retired: list[Provider] = []
        self._rows = rows_of(config)

    @property
    def default(self) -> str:
        """Who answers where nobody is named."""
        return self.config.model

    @property
    def rows(self) -> Mapping[str, ProviderRow]:
        """All providers but the offline one."""
        return self._rows

    def names(self) -> list[str]:
        """The providers' names; of programs on this machine, those that are installed."""
        return [OFFLINE, *(name for name in self._rows if self.is_there(name))]

    def is_there(self, name: str) -> bool:
        """Whether a provider can be asked at all: a program must be installed."""
        from zotui.models.command import installed

        row = self._rows.get(name)  # any thread may ask, while a new configuration is read
        return row is not None and (row.dialect != "command" or installed(name))

    def split(self, model: str) -> tuple[str, str]:
        """``PROVIDER/MODEL`` in two; the model is empty where only a provider is named. Raises UsageError."""
        return split(model, self._rows, self.names)

    async def refresh(self) -> None:
        """Look at ``config.toml`` again. A faulty one changes nothing: the last good one holds."""
        try:
            config = await asyncio.to_thread(self._load)
        except ConfigError as error:
            log.warning("config.toml is not as it should be, the last good one holds: %s", error)
            return
        if config is not None:
            self.config, self._rows = config, rows_of(config)

    def candidates(self, model: str) -> list[str]:
        """A model and those that answer in its place, in order; the default for an empty name."""
        return list(dict.fromkeys([model or self.default, *self.config.fallback]))

    def full_name(self, model: str) -> str:
        """``PROVIDER/MODEL`` of a name, as far as that can be said without asking anybody; the default of an empty one."""
        name = (model or self.default).strip()
        row = self._rows.get(name)
        return f"{name}/{row.usual}" if row is not None and row.usual else name

    async def resolve(self, model: str, *, private: bool = False) -> Choice:
        """The provider and the model of a name; the default for an empty one.

        ``private``: nothing may be asked that is not on this machine. Raises UsageError, ConfigError (no key),
        VaultError, ProviderError (a server that must be asked does not answer).
        """
        name, chosen = self.split(model or self.default)
        if name == OFFLINE:
            return Choice(self._offline, OFFLINE, OFFLINE, None)
        row = self._rows[name]  # as it is now: while a provider is opened, another may read a new configuration
        provider = await self.provider(name, private=private)
        chosen = chosen or row.usual
        if not chosen:
            offered = await provider.models()
            if not offered:
                raise ProviderError("model_not_found", f"{name} offers no model", hint="load one there, then try again")
            chosen = offered[0].id
        return Choice(provider, chosen, f"{name}/{chosen}", row)

    async def provider(self, name: str, *, private: bool = False) -> Provider:
        """An open provider. Raises as :meth:`resolve` does."""
        if name == OFFLINE:
            return self._offline
        row = self._rows[name]
        self.check_place(name, row.base_url, private=private)
        if not await asyncio.to_thread(self.is_there, name):
            raise ProviderError("unsupported", f"{name} is not on this machine", hint="install it, and log in there")
        found = await asyncio.to_thread(self.keys.find, name, row)
        open_ = self._open.get(name)
        if open_ is None or not _same(open_, row, found):
            if open_ is not None:  # an answer may still come over it
                self._retired.append(open_.provider)
            open_ = _Open(row, found.secret if found else None, self._opened(name, row, found))
            self._open[name] = open_
        return open_.provider

    def check_place(self, name: str, address: str, *, private: bool = False) -> None:
        """Raises UsageError where ``address`` may not be asked: it is not on this machine, and nothing else is to be."""
        if (private or self.config.private) and not is_here(address):
            raise UsageError(
                f"{one_line(name, 40)} is not on this machine, and nothing else may be asked (private mode)",
                "choose a local model, or leave out --offline and private = true",
            )

    async def close(self) -> None:
        """Close all connections."""
        for provider in [self._offline, *(open_.provider for open_ in self._open.values()), *self._retired]:
            await provider.close()
        self._open, self._retired = {}, []

    def _opened(self, name: str, row: ProviderRow, found: Found | None) -> Provider:
        if row.dialect == "command":
            from zotui.models.command import open_command

            return open_command(name, self._workspace or Path.cwd())
        from zotui.models import open_provider

        return open_provider(
            row.dialect,
            row.base_url,
            found.secret if found else None,
            retries=0,  # the router asks again: each attempt is counted and waits its turn
            extra=row.extra,
            headers=row.headers,
            first_event_timeout_s=row.first_event_timeout_s,
            idle_timeout_s=row.idle_timeout_s,
        )


def _same(open_: _Open, row: ProviderRow, found: Found | None) -> bool:
    return open_.row == row and open_.secret == (found.secret if found else None)
