"""The mirror: memories as Markdown files in a folder of the person's, which follow the memory and are followed by it."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

import msgspec

from zotui.errors import UsageError
from zotui.memory.mirror import records
from zotui.memory.mirror.folder import MARK, Folder
from zotui.memory.mirror.following import Following
from zotui.memory.mirror.syncing import Deletions, Outcome, Syncing
from zotui.memory.mirror.taking import Notify
from zotui.private import make_folder
from zotui.store import Reader, Store, Transaction

__all__ = ["Mirror", "Outcome", "Status"]


class Status(msgspec.Struct, frozen=True):
    """Where the mirror is, and how it is: how many files it has, how many memories wait to be written, what is not done at
    present and why, and what is wrong with which file."""

    folder: str = ""
    active: bool = False
    files: int = 0
    due: int = 0
    held: str = ""
    problems: Sequence[tuple[str, str]] = ()


class Mirror:
    """The mirror of one store. ``run``: the folder of its locks; ``apart``: folders in which it cannot be, as what is there is
    not the person's alone. All of it blocks. Raises StoreError."""

    def __init__(self, store: Store, run: Path, notify: Notify, apart: Sequence[Path] = ()) -> None:
        self._store = store
        self._apart = [Path(os.path.realpath(folder)) for folder in apart]
        self.syncing = Syncing(store, run, notify)

    async def follow(self) -> None:
        """Keep it up to date until this is cancelled."""
        await Following(self._store, self.syncing).run()

    def sync(self, deletions: Deletions = "now") -> Outcome:
        """Bring it up to date now; see :class:`Syncing`."""
        return self.syncing.run(deletions=deletions)

    def status(self) -> Status:
        """How it is."""
        return self._store.read_now(_status)

    def turn_on(self, path: str, *, take: bool = False) -> Status:
        """Have it in a folder from now on, made where there is none; ``take``: Markdown that is in it already becomes memories.
        Raises UsageError."""
        place = Path(os.path.realpath(Path(path).expanduser()))
        for other in self._apart:
            if place == other or other in place.parents or place in other.parents:
                raise UsageError(
                    f"{place} is not apart from {other}", "what is written there is not yours alone: choose another"
                )
        old = self._store.read_now(records.settings)
        try:
            if not place.is_dir():
                make_folder(place)
            folder = Folder(place)
            resumes = old is not None and old.folder == str(place) and folder.is_marked(old.mark)
            if not resumes:
                if not take and (count := _markdown_in(folder)) and not (place / MARK).exists():
                    raise UsageError(
                        f"{place} holds {count:,} Markdown files",
                        "--take makes a memory of each and writes its id into it",
                    )
                mark = secrets.token_hex(16)
                folder.mark(mark)
            else:
                mark = old.mark if old else ""
        except OSError as error:
            raise UsageError(f"{place}: {error.strerror or error}", "choose a folder that you can write to") from None
        self._store.write_now(lambda db: _turn_on(db, str(place), mark, resumes=resumes))
        return self.status()

    def turn_off(self) -> bool:
        """Follow it no more; the files stay. False where it was not on."""
        return bool(
            self._store.write_now(
                lambda db: db.execute("UPDATE mirror SET active = 0, held = '' WHERE active RETURNING 1").get
            )
        )

    def erase(self) -> list[str]:
        """Delete the files of memories that were forgotten for good, whatever is in them; those that could not be."""
        left = []
        settings = self._store.read_now(records.settings)
        gone = self._store.read_now(
            lambda db: db.execute("SELECT memory_id, path FROM mirrored WHERE forgotten").fetchall()
        )
        for identity, path in gone:
            try:
                if settings and path:
                    folder = Folder(Path(settings.folder))
                    if not folder.is_marked(settings.mark):
                        raise OSError
                    folder.remove(path, None)
            except OSError:
                left.append(path)
            else:
                self._store.write_now(lambda db, identity=identity: records.drop(db, [identity]))  # type: ignore[misc]
        return left


def _status(db: Reader) -> Status:
    settings = records.settings(db)
    if settings is None:
        return Status()
    files = db.execute("SELECT count(*) FROM mirrored WHERE path IS NOT NULL").get
    due = db.execute("SELECT count(*) FROM mirror_due").get
    problems = db.execute("SELECT path, problem FROM mirror_problems ORDER BY path").fetchall()
    return Status(settings.folder, settings.active, files, due, settings.held, problems)


def _turn_on(db: Transaction, folder: str, mark: str, *, resumes: bool) -> None:
    if not resumes:
        for table in ("mirrored", "mirror_problems"):
            db.execute(f"DELETE FROM {table}")
    db.execute("INSERT OR REPLACE INTO mirror(one, folder, mark) VALUES (1, ?, ?)", (folder, mark))
    # Also those that are gone since it was turned off.
    for table, column in (("memory", "id"), ("mirrored", "memory_id")):
        db.execute(
            f"INSERT INTO mirror_due(memory_id) SELECT {column} FROM {table} WHERE true ON CONFLICT DO UPDATE SET n = n + 1"
        )


def _markdown_in(folder: Folder) -> int:
    return sum(len(folder.files(name)) for name in folder.folders(lambda _folder, _name: None))
