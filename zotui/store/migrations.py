"""Bringing the file to this version's schema: alone with it, a checked copy first, one transaction a step.

Every open store holds a shared ``flock`` on ``run/open.lock``; a migration takes it exclusively.
"""

import fcntl
import os
import time
from pathlib import Path

import apsw

from zotui.errors import DamagedFile, NewerFile, StoreError
from zotui.store.connection import connect, explained
from zotui.store.schema import STEPS, VERSION

WAIT_S = 10.0


def bring_up_to_date(path: Path, in_use: int, backups: Path) -> None:
    """Leave the file at ``VERSION`` with a shared lock held on the handle ``in_use``.

    Raises NewerFile, DamagedFile, or StoreError when another process keeps the file open.
    """
    fcntl.flock(in_use, fcntl.LOCK_SH)
    if file_version(path) == VERSION:
        return
    fcntl.flock(in_use, fcntl.LOCK_UN)
    _lock_alone(path, in_use)
    found = file_version(path)
    if found < VERSION:
        with explained(path):
            if not _is_empty(path):
                _copy(path, backups / f"before-v{VERSION}-from-v{found}-{time.strftime('%Y%m%d-%H%M%S')}.db")
            for number in range(found, VERSION):
                step(path, number)
    fcntl.flock(in_use, fcntl.LOCK_SH)


def file_version(path: Path) -> int:
    """The file's schema version. Raises NewerFile for one that this program is too old for."""
    connection = connect(path, write=True)
    try:
        with explained(path):
            version = int(connection.pragma("user_version"))
    finally:
        connection.close()
    if version > VERSION:
        raise NewerFile(
            f"{path} was written by a newer zotui (schema {version}, this one knows {VERSION})",
            "upgrade zotui, or choose another --home",
        )
    return version


def step(path: Path, number: int) -> None:
    """Run the step from version ``number`` to ``number + 1``, wholly or not at all."""
    connection = connect(path, write=True)
    try:
        connection.pragma("synchronous", "FULL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            STEPS[number](connection)
            connection.pragma("user_version", number + 1)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    finally:
        connection.close()


def _lock_alone(path: Path, in_use: int) -> None:
    end = time.monotonic() + WAIT_S
    while True:
        try:
            return fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise StoreError(
                    f"{path} must be upgraded, but another zotui has it open",
                    "close it (zotui stop) and try again",
                ) from None
            time.sleep(0.05)


def _is_empty(path: Path) -> bool:
    connection = connect(path, write=False)
    try:
        return bool(connection.execute("SELECT count(*) FROM sqlite_schema").get == 0)
    finally:
        connection.close()


def _copy(path: Path, copy: Path) -> None:
    """A checked copy of the file, 0600. Raises DamagedFile when the copy does not check."""
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    connection = connect(path, write=True)
    try:
        connection.execute("VACUUM INTO ?", (os.fspath(copy),))
    finally:
        connection.close()
    check = apsw.Connection(os.fspath(copy), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        if check.execute("PRAGMA integrity_check(1)").get != "ok":
            raise DamagedFile(f"the copy of {path} made before its upgrade does not check", "look at the disk")
    finally:
        check.close()
