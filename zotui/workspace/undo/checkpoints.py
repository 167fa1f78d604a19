"""Checkpoints: what a turn did to the workspace, so that it can be taken back, and done again."""

import asyncio
import contextlib
import fcntl
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from zotui.errors import NotFound, StoreError
from zotui.store import Store, Transaction, audit, new_id, now_ms
from zotui.text import one_line, size
from zotui.workspace.undo import copies, records
from zotui.workspace.undo.looks import Looks, Told
from zotui.workspace.undo.moving import NAMED, Move, Undone, last
from zotui.workspace.undo.records import Checkpoint, FileChange
from zotui.workspace.undo.restoring import Restoring
from zotui.workspace.undo.scan import Looked, Stopped
from zotui.workspace.undo.state import State, below

T = TypeVar("T")


class Checkpoints:
    """The checkpoints of one workspace. ``room``: bytes that all copies may take; ``lock``: a file by which two
    processes do not look at once."""

    def __init__(self, store: Store, root: Path, lock: Path, room: Callable[[], int]) -> None:
        self._store = store
        self._root = root
        self._lock = lock
        self._looks = Looks(store, root, room)
        self._busy = asyncio.Lock()

    async def before(
        self, turn: str, conversation: str, paths: Sequence[str] | None, told: Told = lambda done, of: None
    ) -> list[str]:
        """Have a checkpoint before a turn changes some paths of the workspace, or may change all of it (None).

        What it could not bring back, in words. ``told`` hears how many files of how many are copied. Raises StoreError,
        OSError.
        """
        async with self._busy:
            return await self._in_thread(lambda off: self._before(turn, conversation, paths, off, told))

    async def settle(self, turn: str) -> None:
        """Note what a turn that no longer runs has changed; nothing where it has no open checkpoint."""
        await self._settle("turn_id = ? AND status = 'open'", turn)

    async def settle_left(self) -> None:
        """The same for all turns that ended without that being done."""
        await self._settle(_LEFT)

    async def of(self, conversation: str) -> list[Checkpoint]:
        """A conversation's checkpoints, the newest first."""
        return await self._store.read(
            lambda db: records.checkpoints(db, "conv_id = ? ORDER BY id DESC", (conversation,))
        )

    async def last(self, conversation: str | None, *, undone: bool = False) -> Checkpoint | None:
        """What :meth:`undo` would take back, or :meth:`redo` do again."""
        return await self._store.read(lambda db: last(db, conversation, undone=undone))

    async def changes(self, checkpoint: str) -> list[FileChange]:
        """What changed under a checkpoint, by path."""
        return await self._store.read(lambda db: records.changes(db, "c.id = ? ORDER BY f.path", (checkpoint,)))

    async def undo(self, conversation: str | None = None, *, force: bool = False) -> Undone:
        """Take back what the last turn changed that changed anything, of a conversation or of all.

        Raises UsageError where there is none, where a turn still runs, or where something else has changed the same
        paths since, unless ``force``.
        """
        return await self._move(conversation, force, undoing=True)

    async def redo(self, conversation: str | None = None, *, force: bool = False) -> Undone:
        """Do again what was undone last. Raises like :meth:`undo`."""
        return await self._move(conversation, force, undoing=False)

    async def timeline(self, path: str) -> list[FileChange]:
        """What happened to a path, the newest first."""
        return await self._store.read(
            lambda db: records.changes(db, "f.path = ? ORDER BY f.n DESC LIMIT 500", (path.strip("/"),))
        )

    async def content(self, state: State | None) -> bytes | None:
        """The bytes of a file as it was; None where there was none, or no copy was made."""
        return None if state is None else await self._store.read(lambda db: copies.read(db, state.hash))

    async def restore(self, change: int, *, after: bool = False) -> Undone:
        """Bring one path to what it was before a change, or ``after`` it; that can be undone like a turn.

        Raises NotFound, UsageError.
        """
        found = await self._store.read(lambda db: records.changes(db, "f.n = ?", (change,)))
        if not found:
            raise NotFound(f"no change {change}", "zotui timeline PATH lists those of a file")
        async with self._busy:
            return await self._in_thread(lambda off: self._restored(found[0], after, off))

    async def _in_thread(self, do: Callable[[threading.Event], T]) -> T:
        """Do what blocks, in a thread, one process at a time; where this is cancelled it is called off and waited for."""
        off = threading.Event()

        def locked() -> T:
            handle = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                return do(off)
            finally:
                os.close(handle)

        work = asyncio.ensure_future(asyncio.to_thread(locked))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            off.set()
            with contextlib.suppress(Stopped, StoreError, OSError):
                await work
            raise

    def _before(
        self, turn: str, conversation: str, paths: Sequence[str] | None, off: threading.Event, told: Told
    ) -> list[str]:
        paths = None if paths is None else [path.strip("/") for path in paths]
        mine = self._store.read_now(lambda db: records.checkpoints(db, "turn_id = ?", (turn,)))
        now = mine[0] if mine and mine[0].status == "open" else None
        if now is not None and (now.whole or (paths is not None and set(paths) <= set(now.paths))):
            return now.gaps
        whole = paths is None
        named = [*(now.paths if now else []), *(paths or [])]

        def put(db: Transaction, looked: Looked) -> list[str]:
            gaps = _gaps(looked, paths)
            db.execute(
                "INSERT INTO checkpoints(id, conv_id, turn_id, whole, paths, gaps, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (turn_id) DO UPDATE SET status = 'open', whole = max(whole, excluded.whole),"
                " paths = excluded.paths, gaps = excluded.gaps",
                (new_id(), conversation, turn, whole, _json(named), _json(gaps), now_ms()),
            )
            return gaps

        return self._looks.look(paths, off, put, told)

    def _restored(self, change: FileChange, after: bool, off: threading.Event) -> Undone:
        turn, path = new_id(), change.path
        self._before(turn, change.conversation, [path], off, lambda done, of: None)
        left = self._restoring().restore({path: change.after if after else change.before})
        self._settled("turn_id = ?", (turn,), off)
        self._store.write_now(
            lambda db: audit.add(
                db,
                "restore",
                path,
                conversation=change.conversation,
                turn=turn,
                details={"change": change.n, "left": left},
            )
        )
        checkpoint = self._store.read_now(lambda db: records.checkpoints(db, "id = ?", (change.checkpoint,)))
        return Undone(checkpoint[0], [path], left)

    async def _settle(self, where: str, *values: object) -> None:
        if not await self._store.read(lambda db: records.checkpoints(db, where, values)):
            return
        async with self._busy:
            await self._in_thread(lambda off: self._settled(where, values, off))

    def _settled(self, where: str, values: Sequence[object], off: threading.Event) -> None:
        ended = self._store.read_now(lambda db: records.checkpoints(db, where, values))
        if not ended:
            return
        whole = any(checkpoint.whole for checkpoint in ended)

        def put(db: Transaction, looked: Looked) -> None:
            for checkpoint in ended:
                records.close(db, checkpoint.id)

        self._looks.look(None if whole else [path for one in ended for path in one.paths], off, put)
        self._looks.make_room()

    async def _move(self, conversation: str | None, force: bool, *, undoing: bool) -> Undone:
        await self.settle_left()
        async with self._busy:
            move = Move(self._store, self._looks, self._restoring(), undoing)
            return await self._in_thread(lambda off: move.make(conversation, force, off))

    def _restoring(self) -> Restoring:
        return Restoring(self._root, lambda name: self._store.read_now(lambda db: copies.read(db, name)))


_LEFT = (
    "status = 'open' AND NOT EXISTS (SELECT 1 FROM turns t WHERE t.id = checkpoints.turn_id"
    " AND t.status IN ('queued','running'))"
)


def _gaps(looked: Looked, paths: Sequence[str] | None) -> list[str]:
    """What could not be brought back if it were changed, in words."""
    bare = [
        (f"{folder}/{name}" if folder else name, bytes_)
        for folder, files in looked.bare.items()
        for name, bytes_ in files
    ]
    if paths is not None:
        bare = [one for one in bare if any(below(one[0], path) for path in paths)]
    if not bare:
        return []
    biggest = sorted(bare, key=lambda one: -one[1])
    words = [f"{one_line(path, 80)} ({size(bytes_)})" for path, bytes_ in biggest[:NAMED]]
    more = len(bare) - len(words)
    return [*words, f"{more:,} more"] if more else words


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
