"""Sealing: ChaCha20-Poly1305 under a key that is random or made from a passphrase (argon2id)."""

import os
import unicodedata
from collections.abc import Callable
from typing import final

from zotui.secret import Secret
from zotui.vault.errors import VaultError

KEY_BYTES = 32
NONCE_BYTES = 12
SALT_BYTES = 16
MEMORY_KIB = 64 * 1024
PASSES = 3
LANES = 1


@final
class Key:
    """The key of a vault. No print and no traceback shows it.

    Where it is used, its bytes are an argument and never a local variable; and an error is raised outside of
    the ``except`` that met it, so that no frame which held them is reachable from it.
    """

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        self._raw: Callable[[], bytes] = lambda: raw

    @classmethod
    def new(cls) -> "Key":
        """A random key."""
        return cls(os.urandom(KEY_BYTES))

    def raw(self) -> bytes:
        """The bytes themselves."""
        return self._raw()

    def seal(self, name: str, secret: Secret) -> tuple[bytes, bytes]:
        """A nonce and the box with the secret; it opens under the same name only."""
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        nonce = os.urandom(NONCE_BYTES)
        return nonce, ChaCha20Poly1305(self._raw()).encrypt(
            nonce, secret.reveal().encode("utf-8", "surrogatepass"), _bound_to(name)
        )

    def open(self, name: str, nonce: bytes, box: bytes) -> Secret | None:
        """The secret; None where key, name or box is another than it was sealed with."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        try:
            return Secret(
                ChaCha20Poly1305(self._raw()).decrypt(nonce, box, _bound_to(name)).decode("utf-8", "surrogatepass")
            )
        except (InvalidTag, ValueError):  # ValueError: no key, nonce or box is of that length
            return None

    def __repr__(self) -> str:
        return "Key(…)"


def new_salt() -> bytes:
    """A random salt for :func:`derive`."""
    return os.urandom(SALT_BYTES)


def derive(passphrase: Secret, salt: bytes, memory_kib: int, passes: int, lanes: int) -> Key:
    """The key made from a passphrase; takes most of a second, on purpose. Raises VaultError."""
    from argon2.exceptions import HashingError
    from argon2.low_level import Type, hash_secret_raw

    try:
        return Key(
            hash_secret_raw(_typed(passphrase), salt, passes, memory_kib, lanes, KEY_BYTES, Type.ID)  # version 19
        )
    except (HashingError, MemoryError):
        pass
    raise VaultError(f"making the key from the passphrase needs {memory_kib // 1024} MB of memory", "free some")


def _typed(passphrase: Secret) -> bytes:
    """The same bytes from every keyboard: "é" may be typed as one character or as two."""
    return unicodedata.normalize("NFC", passphrase.reveal()).encode("utf-8", "surrogatepass")


def _bound_to(name: str) -> bytes:
    return f"zotui:v1:{name}".encode()
