"""What can go wrong with the vault."""

from zotui.errors import ZotuiError

SET_AGAIN = "zotui keys set NAME"
"""The command that a hint names where a key has to be given anew."""


class VaultError(ZotuiError):
    """The vault cannot be read, written or opened."""


class VaultLocked(VaultError):
    """The vault is under a passphrase, and nobody has given it to this process."""
