"""One vault: names in the clear, secrets sealed, the key in memory only while it is unlocked."""

from __future__ import annotations  # for the class, "set" is a method

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from zotui.errors import UsageError
from zotui.secret import Secret
from zotui.vault import file, keyrings
from zotui.vault.box import Key
from zotui.vault.errors import SET_AGAIN, VaultError, VaultLocked
from zotui.vault.file import Contents
from zotui.vault.protection import Protection, is_weaker
from zotui.vault.sealed import derived, entry, fits, forsake, fresh, opened

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LONGEST = 64 * 1024

Answer = TypeVar("Answer")


class Record(NamedTuple):
    """A secret that is there, without it; ``set_at`` in ms since 1970."""

    name: str
    set_at: int


class Vault:
    """The vault in one file. A missing file is an empty vault.

    Every method blocks: for the disk, for a second where a passphrase is given, for up to a minute where the
    keyring has to be unlocked. Any thread may call any of them. What another process wrote is seen at once: the
    file is read anew each time. All raise VaultError, for a request that makes no sense UsageError.
    """

    def __init__(self, path: Path, lock: Path) -> None:
        self.path = path
        self._lock = lock
        self._held: Key | None = None
        self._looking = threading.Lock()
        self._asking = threading.Lock()

    @property
    def protection(self) -> Protection | None:
        """How the key is kept; None: there is no vault yet."""
        contents = self._whole()
        return contents.protection if contents else None

    @property
    def locked(self) -> bool:
        """Whether ``get`` of a name that is there would raise VaultLocked."""
        contents = self._look()
        return contents is not None and contents.protection == "passphrase" and self._held is None

    def names(self) -> list[Record]:
        """What is there, by name; locked or not."""
        contents = self._whole()
        return [Record(name, kept.set_at) for name, kept in sorted(contents.records.items())] if contents else []

    def get(self, name: str) -> Secret | None:
        """The secret of that name, None where there is none. Raises VaultLocked."""
        _proper(name)

        def find(contents: Contents | None) -> Secret | None:
            if contents is None:
                return None
            secret = None
            if name in contents.records:
                secret = opened(self.path, contents, self._key(contents), name)  # first: it can say which one is wrong
            file.insist(self.path, contents)
            return secret

        return self._settled(find)

    def set(self, name: str, secret: Secret) -> None:
        """Keep a secret, in place of the one that has the name. Raises VaultLocked."""
        _proper(name)
        if not secret:
            raise UsageError("an empty key is no key")
        if len(secret.reveal()) > _LONGEST:
            raise UsageError(f"a key of more than {_LONGEST} characters is no key")
        with self._changing() as contents:
            contents.records[name] = entry(self._key(contents), name, secret, time.time_ns() // 1_000_000)

    def remove(self, name: str) -> bool:
        """Forget a secret, locked or not; whether it was there."""
        _proper(name)
        contents = self._whole()
        if contents is None or name not in contents.records:
            return False
        with self._changing() as contents:
            return contents.records.pop(name, None) is not None

    def create(self, protection: Protection, passphrase: Secret | None = None) -> None:
        """Make an empty vault where there is none."""
        with file.locked(self._lock):
            if self._look() is not None:
                raise VaultError(f"there is a vault already: {self.path}", f"add to it: {SET_AGAIN}")
            self._install(protection, passphrase, {})

    def unlock(self, passphrase: Secret) -> None:
        """Open a vault that is under a passphrase, for this object. Raises VaultError("wrong passphrase")."""
        contents = self._there(self._whole())
        if contents.kdf is None:
            raise VaultError(f"the vault {self.path} is under no passphrase")
        key = derived(passphrase, contents.kdf)
        if not fits(key, contents):
            raise VaultError("wrong passphrase", "try again: zotui keys unlock")
        self._hold(key)

    def unlock_with(self, master: bytes) -> None:
        """Open it with the key that ``master`` gave in another process."""
        key = Key(master)
        del master  # a traceback may show this frame
        if not fits(key, self._there(self._look())):
            raise VaultError(f"that key does not open the vault {self.path}", "unlock it: zotui keys unlock")
        self._hold(key)

    def master(self) -> bytes:
        """The key itself, to hand it to another process of the same person over a private socket. Raises VaultLocked."""
        return self._settled(lambda contents: self._key(self._there(contents)).raw())

    def lock(self) -> None:
        """Forget the key in memory."""
        self._hold(None)

    def protect(self, protection: Protection, passphrase: Secret | None = None, *, weaker: bool = False) -> None:
        """Keep the key another way, or under another passphrase: a new key, everything sealed anew. Raises VaultLocked.

        Refuses a protection that is worth less unless ``weaker``.
        """
        with file.locked(self._lock):
            contents = self._there(self._whole())
            if is_weaker(protection, contents.protection) and not weaker:
                raise VaultError(f"{protection!r} protects the keys less than {contents.protection!r} does")
            key = self._key(contents)
            secrets = {name: opened(self.path, contents, key, name) for name in contents.records}
            self._install(
                protection, passphrase, {name: (secrets[name], old.set_at) for name, old in contents.records.items()}
            )
        forsake(contents)

    def _install(
        self, protection: Protection, passphrase: Secret | None, secrets: dict[str, tuple[Secret, int]]
    ) -> None:
        """The file anew, with a new key and these secrets."""
        contents, key = fresh(protection, passphrase)
        contents.records = {name: entry(key, name, *kept) for name, kept in secrets.items()}
        try:
            file.write(self.path, contents)
        except BaseException:
            forsake(contents)
            raise
        self._hold(key)

    def _look(self) -> Contents | None:
        """The file as it is now. A key in memory that is not its any more is dropped."""
        with self._looking:
            held = self._held  # before reading: a key that is newer than the file as read is not judged by it
            contents = file.read(self.path)
            if held and (contents is None or (contents.sum and not fits(held, contents))):
                self._held = None
            return contents

    def _hold(self, key: Key | None) -> None:
        with self._looking:
            self._held = key

    def _settled(self, use: Callable[[Contents | None], Answer]) -> Answer:
        """What ``use`` makes of the file; anew where another put it under another key in the middle of it."""
        while True:
            contents = self._look()
            try:
                return use(contents)
            except VaultError:
                now = self._look()
                if (now and now.sum) == (contents and contents.sum):
                    raise

    def _whole(self) -> Contents | None:
        """The same, and it is as it was written."""
        contents = self._look()
        if contents:
            file.insist(self.path, contents)
        return contents

    def _there(self, contents: Contents | None) -> Contents:
        if contents is None:
            raise VaultError(f"there is no vault {self.path} yet", f"make one: {SET_AGAIN}")
        return contents

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Contents]:
        """The file to change, with nobody else at it; written when the block is left well."""
        with file.locked(self._lock):
            contents = self._there(self._whole())
            yield contents
            file.write(self.path, contents)

    def _key(self, contents: Contents) -> Key:
        """The key that opens ``contents``: the one in memory, else from where it is kept."""
        with self._asking:  # of many threads one asks the person to unlock the keyring
            key = self._held or self._fetched(contents)
            if not fits(key, contents):
                file.insist(self.path, contents)
                raise VaultError(f"the key from the {contents.protection} does not open the vault {self.path}")
            with self._looking:
                self._held = self._held or key
            return key

    def _fetched(self, contents: Contents) -> Key:
        """The key from the file or the keyring."""
        if contents.master:
            return Key(contents.master)
        file.insist(self.path, contents)  # rather say that it is damaged than ask for a passphrase or a keyring
        if contents.keyring is None:
            raise VaultLocked(f"the vault {self.path} is locked", "unlock it: zotui keys unlock")
        try:
            key = keyrings.read(contents.keyring.backend, contents.keyring.id)
        except VaultError as error:
            raise VaultError(f"the vault {self.path} cannot be opened: {error.message}", error.hint) from None
        if key is None:
            raise VaultError(
                f"the keyring has lost the key of the vault {self.path}", f"move it away and then: {SET_AGAIN}"
            )
        return key


def _proper(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError("the name of a key has 1 to 64 letters, digits and _ . -")
