"""Where a provider's key is: the environment first, then the vault. No key is ever told whole.

The environment of a process outlives what it is good for, and children inherit it. So zotui's own variables
(``ZOTUI_KEY_GROQ``) are taken out of it when they are read, others are kept from children, and a background process
is handed what its doors have, in memory.
"""

import base64
import builtins
import os
import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, NamedTuple

from zotui.errors import ConfigError
from zotui.home import Home
from zotui.models.registry import ProviderRow
from zotui.secret import Secret
from zotui.vault import Protection, Vault, VaultError, VaultLocked

OWN = "ZOTUI_KEY_"
PASSPHRASE = "ZOTUI_PASSPHRASE"
_TAKEN: dict[str, Secret] = {}
"""What was taken out of the environment of this process: a home that is opened later in it needs that too."""


class Found(NamedTuple):
    """A key, and where it was: the name of a variable, or ``vault``."""

    secret: Secret
    source: str


class Listed(NamedTuple):
    """A key that is there: whose, where, and how it ends."""

    provider: str
    source: str
    hint: str


class Keys:
    """The keys of one home."""

    def __init__(self, vault: Vault, environment: MutableMapping[str, str] = os.environ) -> None:
        self.vault = vault
        self._environment = environment
        self._taken = _TAKEN if environment is os.environ else {}
        for name in list(environment):
            if name.startswith((OWN, PASSPHRASE)) and (value := environment.pop(name, None)) is not None:
                self._taken[name] = Secret(value if name == PASSPHRASE else value.strip())
        self._handed: dict[str, Secret] = {}

    def find(self, provider: str, row: ProviderRow) -> Found | None:
        """A provider's key, None where it needs none. Blocks. Raises ConfigError where it needs one that is nowhere,
        VaultLocked, VaultError."""
        if row.key == "none":
            return None
        variables, record = variables_of(provider, row), record_of(provider, row)
        for variable in variables:
            if secret := self.variable(variable):
                return Found(secret, variable)
        if secret := self._from_vault(record):
            return Found(secret, "vault")
        if row.key or row.env:
            wanted = variables[1] if len(variables) > 1 else ""
            missing = f"{wanted} is not set" if wanted else f"the vault has no {record!r}"
            export = f", or: export {wanted}=…" if wanted else ""
            raise ConfigError(f"{provider} needs a key, and {missing}", f"zotui keys set {provider}{export}")
        return None

    def list(self, rows: Mapping[str, ProviderRow]) -> "builtins.list[Listed]":
        """Which providers have a key, and where. Of a locked vault, without looking inside. Blocks."""
        kept = {record.name for record in self.vault.names()}
        try:
            open_ = self.unlock()
        except VaultError:  # who uses it is told why
            open_ = False
        found: builtins.list[Listed] = []
        keyed = {name: row for name, row in rows.items() if row.key != "none"}
        for name, row in keyed.items():
            record = record_of(name, row)
            variable = next((one for one in variables_of(name, row) if self.variable(one)), None)
            if variable and (secret := self.variable(variable)):
                found.append(Listed(name, variable, secret.hint))
            elif record in kept:
                secret = self.vault.get(record) if open_ else None
                found.append(Listed(name, "vault", secret.hint if secret else "(locked)"))
        others = kept - {record_of(name, row) for name, row in keyed.items()}
        return found + [Listed(name, "vault", "(of no provider)") for name in sorted(others)]

    def variable(self, name: str) -> Secret | None:
        """A variable of the environment, as the door that came last has it."""
        found = self._handed.get(name) or self._taken.get(name) or Secret(self._environment.get(name, "").strip())
        return found or None

    def variables(self, rows: Iterable[ProviderRow]) -> set[str]:
        """The names of all variables in which keys of these providers may be."""
        return {name for row in rows for name in (*row.env, row.key.removeprefix("env:"))}

    def unlock(self) -> bool:
        """Open a vault under a passphrase with ``ZOTUI_PASSPHRASE``, where it is set; whether it is open now. Blocks.

        Raises VaultError for a wrong one.
        """
        if not self.vault.locked:
            return True
        passphrase = self.variable(PASSPHRASE)
        if passphrase is None:
            return False
        try:
            self.vault.unlock(passphrase)
        except VaultError as error:
            raise VaultError(f"{error.message} in {PASSPHRASE}", "set it right, or unset it") from None
        return True

    def best(self) -> Protection | None:
        """How the vault is protected; where there is none, how it best would be: None if only a passphrase can. Blocks."""
        if (protection := self.vault.protection) is not None:
            return protection
        from zotui.vault.keyrings import available

        return "keyring" if available() else None

    def hand_over(self, rows: Iterable[ProviderRow]) -> dict[str, Any]:
        """What another process of this home needs, as JSON for a private pipe or socket: never for a file. Blocks."""
        found = {name: secret.reveal() for name in self.variables(rows) if (secret := self.variable(name))}
        told: dict[str, Any] = {"variables": found | {name: kept.reveal() for name, kept in self._taken.items()}}
        try:
            if self.vault.protection == "passphrase" and self.unlock():
                told["master"] = base64.b64encode(self.vault.master()).decode()
        except VaultError:
            pass  # who needs the vault will say what is wrong with it
        return told

    def take_over(self, told: Mapping[str, Any]) -> None:
        """Take what another process handed over; what is no longer set there is kept. Blocks. Raises VaultError."""
        variables = told.get("variables")
        if isinstance(variables, dict):
            self._handed |= {str(name): Secret(str(value)) for name, value in variables.items()}
        if isinstance(master := told.get("master"), str):
            self.vault.unlock_with(base64.b64decode(master))

    def _from_vault(self, record: str) -> Secret | None:
        if self.vault.protection is None or not any(kept.name == record for kept in self.vault.names()):
            return None
        if not self.unlock():
            raise VaultLocked(
                f"the vault {self.vault.path} is locked", f"open it: F8 in the app, zotui keys unlock, or {PASSPHRASE}"
            )
        return self.vault.get(record)


def keys_of(home: Home) -> Keys:
    """The keys of a home, and of this process's environment."""
    return Keys(Vault(home.vault, home.run / "vault.lock"))


def variables_of(provider: str, row: ProviderRow) -> list[str]:
    """The variables in which a provider's key may be, in the order in which they are looked at."""
    return [own_name(provider), *([row.key.removeprefix("env:")] if row.key.startswith("env:") else row.env)]


def record_of(provider: str, row: ProviderRow) -> str:
    """The name under which the vault has a provider's key."""
    return row.key.removeprefix("vault:") if row.key.startswith("vault:") else provider


def own_name(provider: str) -> str:
    """The variable that goes before all else for a provider: ``ZOTUI_KEY_GROQ``."""
    return OWN + re.sub(r"\W", "_", provider).upper()
