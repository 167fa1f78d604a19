"""The vault's file: what stands in it, reading it, and writing it whole or not at all."""

import contextlib
import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from zotui.private import make_file
from zotui.regular import TooLarge, read_regular
from zotui.vault.errors import SET_AGAIN, VaultError
from zotui.vault.protection import Protection

VERSION: Final = 1
NAME = r"[A-Za-z0-9_.-]{1,64}"
LARGEST = 4 * 1024 * 1024

Nonce = Annotated[bytes, Meta(min_length=12, max_length=12)]
Name = Annotated[str, Meta(pattern=rf"\A{NAME}\Z")]


class Sealed(Struct, frozen=True, forbid_unknown_fields=True):
    """A known text: it tells whether a key is the vault's."""

    nonce: Nonce
    box: bytes


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """A secret under its name."""

    nonce: Nonce
    box: bytes
    set_at: int


class Kdf(Struct, frozen=True, forbid_unknown_fields=True):
    """How the key is made from the passphrase. The limits keep a forged file from taking all memory."""

    salt: Annotated[bytes, Meta(min_length=8, max_length=64)]
    memory_kib: Annotated[int, Meta(ge=8, le=1024 * 1024)]
    passes: Annotated[int, Meta(ge=1, le=16)]
    lanes: Annotated[int, Meta(ge=1, le=4)]
    name: Literal["argon2id"]


class Place(Struct, frozen=True, forbid_unknown_fields=True):
    """Where in which keyring the key is."""

    backend: str
    id: str


class Contents(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename={"version": "zotui-vault"}):
    """The whole file. Of ``kdf``, ``keyring`` and ``master`` there is the one that the protection needs."""

    version: Literal[1]
    note: str
    protection: Protection
    kdf: Kdf | None = None
    keyring: Place | None = None
    master: Annotated[bytes, Meta(min_length=32, max_length=32)] | None = None
    check: Sealed
    records: dict[Name, Entry]
    sum: str = ""
    """Over everything else; "" once read where the file is not as it was written."""

    def __repr__(self) -> str:  # a traceback may show one, and the key may be in it
        return f"Contents({self.protection})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("protection", self.protection)]


def read(path: Path) -> Contents | None:
    """What the file says, None where there is none. It may still be damaged: see :func:`insist`. Raises VaultError."""
    try:
        with _explained(path, "read"):
            found = _parsed(path, read_regular(path, LARGEST))
    except FileNotFoundError:
        return None
    if isinstance(found, VaultError):  # raised here, where no frame holds the bytes: the key may be in them
        raise found
    with contextlib.suppress(OSError):
        if path.stat().st_mode & 0o077:  # a copy that was put back, say
            path.chmod(0o600)
    return found


def _parsed(path: Path, raw: bytes) -> Contents | VaultError:
    try:
        table: Any = msgspec.json.decode(raw)
    except (RecursionError, ValueError):
        return damaged(path)
    version = table.get("zotui-vault") if isinstance(table, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        return VaultError(f"{path} is no vault of zotui", "move it away")
    if version > VERSION:
        return VaultError(f"{path} was written by a newer zotui", "update zotui")
    try:
        contents = msgspec.convert(table, Contents)
    except (RecursionError, ValueError):
        return damaged(path)
    kept = {"passphrase": contents.kdf, "keyring": contents.keyring, "file": contents.master}
    if [kind for kind, value in kept.items() if value is not None] != [contents.protection]:
        return damaged(path)
    if contents.sum != _sum(table):
        contents.sum = ""
    return contents


def insist(path: Path, contents: Contents) -> None:
    """Raise VaultError unless the file is as it was written; that needs no key."""
    if not contents.sum:
        raise damaged(path)


def damaged(path: Path) -> VaultError:
    """The error for a file that is not as it was written."""
    return VaultError(f"the vault {path} is damaged", f"put a copy back, or move it away and then: {SET_AGAIN}")


def write(path: Path, contents: Contents) -> None:
    """Replace the file; a crash leaves the old or the new one. Only under :func:`locked`. Raises VaultError."""
    contents.sum = _sum(msgspec.to_builtins(contents))
    if len(_encoded(contents)) > LARGEST:
        raise VaultError(f"the vault {path} is full", "remove keys that are not needed")
    target = Path(os.path.realpath(path))  # a link stays a link
    fresh = target.with_name(f"{target.name}.new")
    with _explained(path, "write"):
        fresh.unlink(missing_ok=True)  # what a killed process left: under the lock nobody else is at it
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as file:
                os.fchmod(handle, 0o600)
                file.write(_encoded(contents))  # no variable: a traceback may show this frame
                file.flush()
                _sync(handle)
            fresh.replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)


def _encoded(contents: Contents) -> bytes:
    return msgspec.json.format(msgspec.json.encode(contents), indent=2) + b"\n"


@contextlib.contextmanager
def locked(lock: Path) -> Iterator[None]:
    """The only writer, of all processes and threads. Waits for its turn. Raises VaultError."""
    try:
        make_file(lock)
        handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise VaultError(f"cannot lock the vault by {lock}: {error.strerror or error}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)  # closing is not enough where a fork has it too
    finally:
        os.close(handle)


def _sum(table: dict[str, Any]) -> str:
    """Of all the words of the file but itself: what is decoded from base64 has fewer bits than its text."""
    words = {name: value for name, value in table.items() if name != "sum"}
    return hashlib.sha256(msgspec.json.encode(words, order="sorted")).hexdigest()


def _sync(handle: int) -> None:
    """To the disk itself: on macOS ``fsync`` stops at its cache."""
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:
        fcntl.fcntl(handle, full)
    else:
        os.fsync(handle)


def _sync_folder(folder: Path) -> None:
    """So that the new name is there after a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that cannot sync a folder
            raise
    finally:
        os.close(handle)


@contextlib.contextmanager
def _explained(path: Path, verb: str) -> Iterator[None]:
    """OSErrors as VaultErrors with the path; a missing file stays FileNotFoundError when reading."""
    try:
        yield
    except TooLarge:
        raise VaultError(f"{path} is no vault of zotui: it is too large", "move it away") from None
    except OSError as error:
        if verb == "read" and isinstance(error, FileNotFoundError):
            raise
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise VaultError(
                f"no room left on the disk of the vault {path}; what was in it is as before",
                "make room, then try again",
            ) from None
        raise VaultError(f"cannot {verb} the vault {path}: {error.strerror or error}") from None
