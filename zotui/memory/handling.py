"""What is done to several memories at once, and undone; and what a browser of a million of them asks."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from zotui.errors import UsageError
from zotui.memory import counting, exchange, merging, pages, undoing, writing
from zotui.memory.counting import Facet
from zotui.memory.pages import Wanted
from zotui.memory.records import Memory, checked, checked_name, tidy
from zotui.memory.undoing import Undone
from zotui.store import Reader, Store, Transaction, now_ms

BATCH = 10_000  # memories that one transaction does something to
DELETED = 500  # and deletes: their words go out of the indexes one by one
MOST = 100_000  # memories that something is done to

Told = Callable[[int], None]
Act = Callable[[Transaction, str], None]  # to these ids, as a list in JSON
_THESE = "(SELECT value FROM json_each(?1))"


class Handling:
    """Does things to memories of one store, by their ids. ``told`` is called with how many are done, after each batch; each
    of these is one thing to :meth:`undo`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def numbers(self, search: str, most: int = MOST) -> list[int]:
        """The numbers of the first memories of a search, as ``list`` has them, for :meth:`numbered`; they change when a
        memory does."""
        return await self._store.read(lambda db: pages.numbers(db, Wanted(search), most))

    async def numbered(self, numbers: Sequence[int]) -> list[Memory]:
        """The memories of these numbers, in their order, without those that are gone."""
        return await self._store.read(lambda db: pages.numbered(db, numbers))

    async def ids(self, search: str, most: int = MOST) -> list[str]:
        """The ids of the first memories of a search."""

        def look(db: Reader) -> list[str]:
            return pages.ids(db, pages.numbers(db, Wanted(search), most))

        return await self._store.read(look)

    async def facets(self, search: str = "") -> list[Facet]:
        """What memories can be narrowed to, and how many of those of a search are that."""
        return await self._store.read(lambda db: counting.facets(db, search))

    async def delete(self, identities: Sequence[str], told: Told | None = None) -> int:
        """Delete memories so that it can be undone; how many there were."""

        def act(db: Transaction, ids: str) -> None:
            db.execute(f"DELETE FROM memory_history WHERE memory_id IN {_THESE}", (ids,))
            db.execute(f"DELETE FROM memory WHERE id IN {_THESE}", (ids,))

        return await self._do("delete", identities, act, told, DELETED)

    async def pin_all(self, identities: Sequence[str], pinned: bool, told: Told | None = None) -> int:
        """Pin memories, or take their pins off; how many there are."""
        value = "coalesce(pinned_at, ?2)" if pinned else "CASE WHEN ?2 THEN NULL END"

        def act(db: Transaction, ids: str) -> None:
            db.execute(f"UPDATE memory SET pinned_at = {value} WHERE id IN {_THESE}", (ids, now_ms()))

        return await self._do("pin" if pinned else "unpin", identities, act, told)

    async def tag_all(
        self, identities: Sequence[str], add: Iterable[str] = (), remove: Iterable[str] = (), told: Told | None = None
    ) -> int:
        """Give memories tags and take tags off them; how many there are. Raises UsageError for what is no tag."""
        new, old = [checked_name(tag, "tag") for tag in add], [tidy(tag) for tag in remove]

        def act(db: Transaction, ids: str) -> None:
            for tag in new:
                values = f"SELECT value, ?2 FROM {_THESE}"
                db.execute(f"INSERT OR IGNORE INTO memory_tags(memory_id, tag) {values}", (ids, tag))
            for tag in old:
                db.execute(f"DELETE FROM memory_tags WHERE memory_id IN {_THESE} AND tag = ?2", (ids, tag))

        return await self._do("tag", identities, act, told)

    async def expire_all(self, identities: Sequence[str], at: int | None, told: Told | None = None) -> int:
        """Have memories end at a time in ms since 1970, or never; how many there are. Raises UsageError for a past time."""
        if at is not None and at <= now_ms():
            raise UsageError("that time is past", "delete it instead")

        def act(db: Transaction, ids: str) -> None:
            db.execute(f"UPDATE memory SET expires_at = ?2 WHERE id IN {_THESE}", (ids, at))

        return await self._do("expire", identities, act, told)

    async def merge(self, identities: Sequence[str], text: str = "") -> Memory:
        """Make one memory of several, of this text or of theirs; what it is. It has all of their tags, was made when the first
        of them was, and its meta tells what they were. Raises NotFound, UsageError: of fewer than two, of two with keys."""
        content = checked(text) if text else ""
        return await self._store.write(lambda db: merging.merge(db, identities, content))

    async def undo(self) -> Undone | None:
        """Undo what was done last by ``edit``, ``delete``, ``merge`` or to several at once; None where nothing was. It is
        kept in the file: 100 things, for 30 days."""
        return await self._store.write(undoing.undo)

    async def clear_undo(self) -> int:
        """Keep nothing of what was done, so that it cannot be undone; how many things that were."""
        return await self._store.write(undoing.clear)

    async def export(self, identities: Sequence[str], path: str) -> tuple[Path, int]:
        """Write memories into a new file, 0600, a line of JSON each; where that is, and how many. Raises UsageError."""
        return await exchange.export(self._store, identities, path)

    async def _do(self, what: str, identities: Sequence[str], act: Act, told: Told | None, batch: int = BATCH) -> int:
        """Do something to memories, batch by batch, as one thing that can be undone."""
        done = count = 0

        def put(db: Transaction, some: Sequence[str]) -> tuple[int, int]:
            writing.sweep(db)
            there = pages.there(db, some)
            if not there:
                return done, 0
            with undoing.noted(db, what, there, done) as number:
                act(db, msgspec.json.encode(there).decode())
            return number, len(there)

        for start in range(0, len(identities), batch):
            some = identities[start : start + batch]
            done, there = await self._store.write(lambda db, some=some: put(db, some))  # type: ignore[misc]
            count += there
            if told is not None:
                told(start + len(some))
        return count
