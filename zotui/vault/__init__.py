"""The vault: API keys in one file of the home, sealed. Neither backups of the store nor exports hold it."""

from zotui.vault.errors import VaultError, VaultLocked
from zotui.vault.protection import Protection
from zotui.vault.vault import Record, Vault

__all__ = ["Protection", "Record", "Vault", "VaultError", "VaultLocked"]
