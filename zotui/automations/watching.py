"""Automations that start when a file or folder of the workspace has changed: once a change, when it has come to rest, also where it
was made while no process was there."""

import asyncio
import contextlib
import hashlib
import logging
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from zotui.automations import records
from zotui.automations.automation import Automation
from zotui.automations.firing import put
from zotui.errors import StoreError
from zotui.inotify import Changes
from zotui.regular import open_below
from zotui.store import Reader, Store, Transaction, now_ms

REST_S = 0.5  # for which nothing changes any more
LOOK_S = 15.0  # between looks, where the kernel tells what changes
DEAF_S = 2.0  # and where it does not
MOST = 20_000  # files of a folder that are looked at
IGNORED = (".git",)

log = logging.getLogger(__name__)
Opened = Callable[[int, str], None]


class Watching:
    """Watches for the automations of one file until it is cancelled. ``root``: the workspace."""

    def __init__(self, store: Store, root: Path) -> None:
        self._store = store
        self._root = root
        self._changes: Changes | None = None
        self._rang = asyncio.Event()

    async def run(self) -> None:
        """Start what a change starts. A fault of the disk or of the file is tried again."""
        async with self._store.watch("automations", "runs") as watch:
            ringing = asyncio.create_task(self._ring(watch.wait))
            try:
                while True:
                    self._rang.clear()
                    wait = await self._looked()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(wait):
                            await self._rang.wait()
            finally:
                ringing.cancel()
                self._unwatch()

    async def _looked(self) -> float | None:
        try:
            found = await self._store.read(_watched)
            if not found:
                self._unwatch()
                return None
            self._listen()
            rests = [await self._look(*one) for one in found]
            if not all(rests):
                return REST_S
        except (StoreError, OSError) as error:
            log.warning("what starts when a file changes: %s", error)
        return LOOK_S if self._changes is not None else DEAF_S

    async def _look(self, one: Automation, seen: str, worked: bool) -> bool:
        """Start it where there is a change; what it changed itself, at work since, is none. False where that has not come to
        rest: the others shall not wait for it."""
        state = await asyncio.to_thread(state_of, self._root, one.schedule.changed, self._opened)
        new = worked or not seen
        if state == seen and not new:
            return True
        if not new and await self._after_a_rest(one) != state:
            return False
        await self._store.write(partial(_note, one=one, seen=seen, state=state, starts=not new))
        return True

    async def _after_a_rest(self, one: Automation) -> str:
        await asyncio.sleep(REST_S)
        return await asyncio.to_thread(state_of, self._root, one.schedule.changed, self._opened)

    async def _ring(self, wait: Callable[[], object]) -> None:
        while True:
            await wait()  # type: ignore[misc]
            self._rang.set()

    def _listen(self) -> None:
        """Hear of changes in the folders that are opened from now on, where the system tells them."""
        self._unwatch()
        with contextlib.suppress(OSError):
            self._changes = Changes()
            asyncio.get_running_loop().add_reader(self._changes.descriptor, self._hear)

    def _opened(self, folder: int, name: str) -> None:
        if self._changes is not None:
            with contextlib.suppress(OSError):  # no more can be watched: it is looked at now and then
                self._changes.watch(folder, name)

    def _hear(self) -> None:
        if self._changes is not None:
            self._changes.read()
            self._rang.set()

    def _unwatch(self) -> None:
        if self._changes is not None:
            asyncio.get_running_loop().remove_reader(self._changes.descriptor)
            self._changes.close()
            self._changes = None


def state_of(root: Path, path: str, opened: Opened = lambda folder, name: None) -> str:
    """By what it is seen that a file, or anything in a folder, has changed; ``opened`` is told of the folders that are looked
    into. Blocks."""
    known = hashlib.blake2b(digest_size=16)
    for count, line in enumerate(_lines(root, path, opened)):
        if count == MOST:
            break
        known.update(line)
    return known.hexdigest()


def _lines(root: Path, path: str, opened: Opened) -> Iterator[bytes]:
    try:
        handle = open_below(root, path)
    except OSError as error:
        yield f"none {type(error).__name__}".encode()
        _open_above(root, path, opened)
        return
    try:
        status = os.fstat(handle)
        if not stat.S_ISDIR(status.st_mode):
            yield _line(path, status)
            _open_above(root, path, opened)
            return
        opened(handle, path)
        yield os.fsencode(path)
        with os.scandir(handle) as entries:
            inner = sorted((one.name, one.is_dir(follow_symlinks=False)) for one in entries if one.name not in IGNORED)
        for name, is_folder in inner:
            if is_folder:
                yield from _lines(root, os.path.join(path, name), opened)
            else:
                with contextlib.suppress(OSError):
                    yield _line(os.path.join(path, name), os.stat(name, dir_fd=handle, follow_symlinks=False))
    finally:
        os.close(handle)


def _open_above(root: Path, path: str, opened: Opened) -> None:
    """Look into the nearest folder above that there is, to hear of it when it comes or changes."""
    while path:
        path = os.path.dirname(path)
        with contextlib.suppress(OSError):
            handle = open_below(root, path)
            try:
                opened(handle, path)
            finally:
                os.close(handle)
            return


def _line(path: str, status: os.stat_result) -> bytes:
    return b"%b %d %d %d" % (os.fsencode(path), status.st_mtime_ns, status.st_size, status.st_ino)


def _watched(db: Reader) -> Sequence[tuple[Automation, str, bool]]:
    """Those that wait for a change and are not at work; how it was when it was looked at last, and whether they were at work
    since."""
    of = "SELECT 1 FROM runs r WHERE r.automation_id = automations.id AND"
    found = records.found(db, f"changed <> '' AND enabled = 1 AND NOT EXISTS ({of} r.{records.OPEN})")
    worked = f"EXISTS ({of} r.begun = 1 AND r.finished_at >= automations.seen_at)"
    rows = db.execute(f"SELECT id, seen, {worked} FROM automations WHERE changed <> ''").fetchall()
    known = {id_: (seen, bool(at_work)) for id_, seen, at_work in rows}
    return [(one, *known[one.id]) for one in found]


def _note(db: Transaction, one: Automation, seen: str, state: str, starts: bool) -> None:
    now = now_ms()
    db.execute("UPDATE automations SET seen = ?, seen_at = ? WHERE id = ? AND seen = ?", (state, now + 1, one.id, seen))
    if starts and db.changes():  # else another process has seen it
        put(db, one, "change", [now], now)
