"""Bringing the file to this version's schema: alone with it, a checked copy first, one transaction a step.

Every open store holds a shared ``flock`` on ``run/open.lock``; a migration takes it exclusively.
"""

import fcntl
import os
import time
from pathlib import Path

import apsw

from zotui.errors import DamagedFile, NewerFile, StoreError
from zotui.private import make_file
from zotui.store.connection import connect, explained
from zotui.store.ids import new_id
from zotui.store.schema import STEPS, VERSION

WAIT_S = 10.0


def bring_up_to_date(path: Path, in_use: int, backups: Path) -> None:
    """Leave the file at ``VERSION`` with a shared lock held on the handle ``in_use``.

    Raises NewerFile, DamagedFile, StoreFull, or StoreError when another process keeps the file open.
    """
    end = time.monotonic() + WAIT_S
    while True:
        fcntl.flock(in_use, fcntl.LOCK_SH)
        if is_ready(path):
            return
        fcntl.flock(in_use, fcntl.LOCK_UN)
        try:
            fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # by another that is about to upgrade it too: look again
            if time.monotonic() > end:
                raise StoreError(
                    f"{path} must be upgraded, but another zotui has it open",
                    "close it (zotui stop) and try again",
                ) from None
            time.sleep(0.05)
        else:
            with explained(path):
                _upgrade(path, backups)


def is_ready(path: Path) -> bool:
    """Whether the file needs nothing. It is only read: several may be looking at once."""
    connection = connect(path, write=False)
    try:
        with explained(path):
            return _version(path, connection) == VERSION and connection.pragma("journal_mode") == "wal"
    finally:
        connection.close()


def _version(path: Path, connection: apsw.Connection) -> int:
    """The file's schema version. Raises NewerFile for one that this program is too old for."""
    version = int(connection.pragma("user_version"))
    if version > VERSION:
        raise NewerFile(
            f"{path} was written by a newer zotui (schema {version}, this one knows {VERSION})",
            "upgrade zotui, or choose another --home",
        )
    return version


def _upgrade(path: Path, backups: Path) -> None:
    """All steps that are missing, after a copy. The lock is held alone."""
    connection = connect(path, write=True)
    try:
        found = _version(path, connection)
        if found < VERSION and connection.execute("SELECT count(*) FROM sqlite_schema").get:
            when = f"{time.strftime('%Y%m%d-%H%M%S')}-{new_id()[-4:]}"
            _copy(connection, path, backups / f"before-v{VERSION}-from-v{found}-{when}.db")
        connection.pragma("synchronous", "FULL")
        for number in range(found, VERSION):
            try:
                step(connection, number)
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # the next one needs the room
            except (apsw.SQLError, apsw.ConstraintError, apsw.MismatchError) as error:
                raise StoreError(
                    f"{path} cannot be upgraded from schema {number} ({error})",
                    "is it zotui's? It was left as it was",
                ) from error
    finally:
        connection.close()


def step(connection: apsw.Connection, number: int) -> None:
    """Run the step from version ``number`` to ``number + 1``, wholly or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        STEPS[number](connection)
        connection.pragma("user_version", number + 1)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _copy(connection: apsw.Connection, path: Path, copy: Path) -> None:
    """A checked copy of the file, 0600, under its name only once it is whole. Raises DamagedFile where it does not check."""
    unfinished = copy.with_suffix(".partial")
    for left in copy.parent.glob("*.partial"):  # by one that was killed
        left.unlink(missing_ok=True)
    make_file(unfinished)
    try:
        connection.execute("VACUUM INTO ?", (os.fspath(unfinished),))
        check = apsw.Connection(os.fspath(unfinished), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            if check.execute("PRAGMA integrity_check(1)").get != "ok":
                raise DamagedFile(f"the copy of {path} made before its upgrade does not check", "look at the disk")
        finally:
            check.close()
        unfinished.rename(copy)
    finally:
        unfinished.unlink(missing_ok=True)
