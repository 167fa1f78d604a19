"""A key and the contents of the file together: what it seals in it and opens of it."""

import contextlib
import uuid
from pathlib import Path

from zotui.errors import UsageError
from zotui.secret import Secret
from zotui.vault import box, keyrings
from zotui.vault.box import Key
from zotui.vault.errors import VaultError
from zotui.vault.file import VERSION, Contents, Entry, Kdf, Place, Sealed
from zotui.vault.protection import NOTES, Protection

_CHECK = ":check"  # no name of a record can be that


def fresh(protection: Protection, passphrase: Secret | None) -> tuple[Contents, Key]:
    """A new key, kept as the protection says, and contents without a record. Raises VaultError, UsageError."""
    if protection not in NOTES:
        raise UsageError(f"a vault is protected by one of {', '.join(NOTES)}")
    if (protection == "passphrase") is not bool(passphrase):
        raise UsageError("a passphrase is needed for that protection, and for no other")
    kdf = place = None
    if passphrase:
        kdf = Kdf(box.new_salt(), box.MEMORY_KIB, box.PASSES, box.LANES, "argon2id")
        key = derived(passphrase, kdf)
    else:
        key = Key.new()
    if protection == "keyring":
        id_ = uuid.uuid4().hex
        place = Place(keyrings.keep(id_, key), id_)
    contents = Contents(
        version=VERSION,
        note=NOTES[protection],
        protection=protection,
        kdf=kdf,
        keyring=place,
        master=key.raw() if protection == "file" else None,
        check=Sealed(*key.seal(_CHECK, Secret("zotui"))),
        records={},
    )
    return contents, key


def forsake(contents: Contents) -> None:
    """Take the key out of the keyring, if it is in one and can be had; what is left there opens nothing any more."""
    if contents.keyring:
        with contextlib.suppress(VaultError):
            keyrings.forget(contents.keyring.backend, contents.keyring.id)


def derived(passphrase: Secret, kdf: Kdf) -> Key:
    """The key from a passphrase. Raises VaultError."""
    return box.derive(passphrase, kdf.salt, kdf.memory_kib, kdf.passes, kdf.lanes)


def fits(key: Key, contents: Contents) -> bool:
    """Whether the key is that of the file."""
    return key.open(_CHECK, contents.check.nonce, contents.check.box) is not None


def entry(key: Key, name: str, secret: Secret, set_at: int) -> Entry:
    """A record for the file."""
    return Entry(*key.seal(name, secret), set_at)


def opened(path: Path, contents: Contents, key: Key, name: str) -> Secret:
    """The secret of a record that is there. Raises VaultError with its name."""
    record = contents.records[name]
    secret = key.open(name, record.nonce, record.box)
    if secret is None:
        raise VaultError(
            f"the record {name} of the vault {path} is damaged or another's", f"set it anew: zotui keys set {name}"
        )
    return secret
