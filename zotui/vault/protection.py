"""How a vault's key is kept, and what that is worth."""

from typing import Literal

Protection = Literal["keyring", "passphrase", "file"]
"""By the keyring of the operating system, by a passphrase, or by nothing but the file's mode."""

NOTES: dict[Protection, str] = {
    "keyring": "Sealed. The key is in the keyring of the operating system.",
    "passphrase": "Sealed. The key is made from a passphrase, which is kept nowhere.",
    "file": "Not encrypted against someone who can read your files: the key is in this file.",
}
"""The sentence that stands in the file itself."""


def is_weaker(protection: Protection, than: Protection) -> bool:
    """Whether keys would be worse off under ``protection`` than now."""
    return protection == "file" != than
