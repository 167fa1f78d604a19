"""Memory: what the computer knows about its person's world, with the history of every key."""

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from zotui.errors import StoreError, UsageError
from zotui.memory import pages, undoing, writing
from zotui.memory.handling import Handling
from zotui.memory.knowing import Known, known, originals
from zotui.memory.meaning import Vectors
from zotui.memory.pages import Wanted
from zotui.memory.recalling import Mean, recalled, weigh
from zotui.memory.records import COLUMNS, LIVE, Memory, Version, checked, checked_name, memory, packed, tidy
from zotui.store import Reader, Store, Transaction, now_ms

MOST = 100_000  # memories in one answer
ROOM = 6_000  # bytes of what a conversation knows, where nobody says how many

Ids = list[str]
Found = list[Memory]
Versions = list[Version]
Said = list[tuple[str, str, str]]
Uses = list[tuple[str, int]]


class Memories(Handling):
    """Remember, recall, forget. ``mean`` tells, where it is given, how close rows are to a query by what they mean."""

    def __init__(self, store: Store, mean: Vectors | None = None) -> None:
        super().__init__(store)
        self._mean = mean

    def mean_by(self, mean: Vectors) -> None:
        """Weigh what rows mean by these from now on."""
        self._mean = mean

    @property
    def problem(self) -> str:
        """Why the model that tells what memories mean does not, in words; empty where it does."""
        return self._mean.problem if self._mean else ""

    async def _meant(self, query: str, *, private: bool = False) -> Mean | None:
        """What rows mean for a query. ``private``: nothing of it may leave this machine."""
        return await self._mean.of(query, private=private) if self._mean else None

    async def memorize(self, content: str, meta: Mapping[str, Any] | None = None) -> str:
        """Remember a text; its id. Raises UsageError for an empty or oversized text.

        ``meta`` may say where it comes from: ``source``, ``conversation``, ``message``; and, of a turn of a talk, its
        ``session`` and number (``turn``), its ``speaker``, and when it was said (``at`` or ``ts``: ISO 8601, seconds or
        milliseconds since 1970). Recall weighs the latter.
        """
        return (await self.memorize_many([(content, meta)]))[0]

    async def memorize_many(self, memories: Iterable[tuple[str, Mapping[str, Any] | None]]) -> Ids:
        """Remember many in one transaction; their ids in order."""
        rows = [(checked(content), packed(meta)) for content, meta in memories]
        return await self._store.write(lambda db: writing.put(db, rows))

    async def recall(self, query: str, top_k: int = 5) -> Found:
        """The memories that best fit the query, best first, each with the parts of its score; none where nothing fits."""
        top_k = min(top_k, MOST)
        if top_k < 1:
            return []
        mean = await self._meant(query)
        return await self._store.read(lambda db: recalled(db, query, top_k, mean))

    async def explain(self, query: str, id_or_key: str) -> dict[str, float]:
        """The named parts of the score that a memory has for a query; empty where nothing speaks for it. Raises NotFound."""

        mean = await self._meant(query)

        def look(db: Reader) -> dict[str, float]:
            wanted = writing.named(db, id_or_key).id
            seq = db.execute("SELECT seq FROM memory WHERE id = ?", (wanted,)).get
            return dict(weigh(db, query, mean, more=[seq])).get(seq, {})

        return await self._store.read(look)

    async def get(self, key: str) -> str | None:
        """The value of a key, or None."""
        key = tidy(key)
        row = await self._store.read(
            lambda db: db.execute(f"SELECT value FROM memory m WHERE key = ? AND {LIVE}", (key,)).get
        )
        return None if row is None else str(row)

    async def set(self, key: str, value: str, meta: Mapping[str, Any] | None = None) -> str:
        """Give a key a value; the old one stays in its history. Returns the memory's id."""
        key = checked_name(key, "key")
        value = checked(value)
        return await self._store.write(lambda db: writing.put_key(db, key, value, packed(meta)))

    async def revert(self, key: str) -> str:
        """Give a key the value it had before; that value. Raises NotFound where it had none."""
        key = tidy(key)
        return await self._store.write(lambda db: writing.revert(db, key))

    async def history(self, key_or_id: str) -> Versions:
        """Every value that a key, or the memory of an id, has had, oldest first."""
        name = tidy(key_or_id)

        def look(db: Reader) -> Versions:
            kept = db.execute(
                "SELECT value, created_at FROM memory_history WHERE key = ?1 OR (memory_id = ?1 AND key IS NULL)"
                " ORDER BY seq",
                (name,),
            ).fetchall()
            # One that came with a ZoClone file has no history before it is first changed.
            now = "SELECT value, updated_at FROM memory WHERE key = ?1 OR (id = ?1 AND key IS NULL)"
            return [Version(*row) for row in kept or db.execute(now, (name,)).fetchall()]

        return await self._store.read(look)

    async def edit(self, memory: str, content: str) -> None:
        """Replace a memory's text; :meth:`undo` brings the old one back. Raises NotFound, UsageError."""
        content = checked(content)

        def put(db: Transaction) -> None:
            with undoing.noted(db, "edit", [memory]):
                writing.edit(db, memory, content)

        await self._store.write(put)

    async def forget(self, id_or_key: str) -> Memory:
        """Delete a memory and its history, without :meth:`undo`; what it was. Raises NotFound, UsageError."""
        return await self._store.write(lambda db: writing.forget(db, id_or_key))

    async def pin(self, id_or_key: str) -> Memory:
        """Have every conversation know a memory; what it is then. Raises NotFound, UsageError."""
        statement = "UPDATE memory SET pinned_at = coalesce(pinned_at, ?2) WHERE id = ?1"
        return await self._store.write(writing.marked(id_or_key, statement, now_ms()))

    async def unpin(self, id_or_key: str) -> Memory:
        """Take a pin off; what the memory is then. Raises NotFound, UsageError."""
        return await self._store.write(writing.marked(id_or_key, "UPDATE memory SET pinned_at = NULL WHERE id = ?"))

    async def tag(self, id_or_key: str, tag: str) -> Memory:
        """Give a memory a tag; what it is then. Raises NotFound, UsageError."""
        statement = "INSERT OR IGNORE INTO memory_tags(memory_id, tag) VALUES (?, ?)"
        return await self._store.write(writing.marked(id_or_key, statement, checked_name(tag, "tag")))

    async def untag(self, id_or_key: str, tag: str) -> Memory:
        """Take a tag off; what the memory is then. Raises NotFound, UsageError."""
        statement = "DELETE FROM memory_tags WHERE memory_id = ? AND tag = ?"
        return await self._store.write(writing.marked(id_or_key, statement, tidy(tag)))

    async def expire(self, id_or_key: str, at: int | None) -> Memory:
        """Have a memory end at a time in ms since 1970, or never; what it is then. Raises NotFound, UsageError."""
        if at is not None and at <= now_ms():
            raise UsageError("that time is past", "zotui memory rm forgets it at once")
        return await self._store.write(writing.marked(id_or_key, "UPDATE memory SET expires_at = ?2 WHERE id = ?1", at))

    async def find(self, id_or_key: str) -> Memory:
        """The memory of an id, a key, or the end of an id that fits only one. Raises NotFound, UsageError."""
        return await self._store.read(lambda db: writing.named(db, id_or_key))

    async def some(self, identities: Iterable[str]) -> Found:
        """Those of these ids that there are."""
        wanted = list(identities)
        marks = ", ".join("?" * len(wanted))
        rows = await self._store.read(
            lambda db: db.execute(f"SELECT {COLUMNS} FROM memory m WHERE id IN ({marks}) AND {LIVE}", wanted).fetchall()
        )
        return [memory(row) for row in rows]

    async def originals(self, memory: Memory) -> Said:
        """The messages that a summary's line stands for: the id of each, who said it (``user``, ``assistant``), and what; none
        where it is no summary, or they are gone."""
        return await self._store.read(lambda db: originals(db, memory))

    async def used_in(self, identity: str) -> Uses:
        """The turns that a memory was recalled into and when, the last ones, the newest first."""
        return await self._store.read(
            lambda db: db.execute(
                "SELECT turn_id, used_at FROM memory_used WHERE memory_id = ? ORDER BY used_at DESC, turn_id DESC",
                (identity,),
            ).fetchall()
        )

    async def list(
        self,
        *,
        search: str = "",
        tag: str = "",
        pinned: bool = False,
        source: str = "",
        limit: int = 100,
        offset: int = 0,
        after: str = "",
    ) -> Found:
        """What was changed last first, from an offset on or ``after`` the memory of an id, which is as fast anywhere.

        ``search``: those that hold all its words, the last as a prefix, and are what its facets say (``tag:x``, ``source:x``,
        ``is:pinned``, ``after:2026-01``, ``before:``, ``when:week``). ``source``: a word (``me``, ``agent``), or the id
        of a conversation or a message. Raises NotFound for an ``after`` that is gone.
        """
        wanted = Wanted(search, tag, pinned, source)
        return await self._store.read(lambda db: pages.listed(db, wanted, limit, offset, after))

    async def place(self, memory: str) -> int | None:
        """How many memories :meth:`list` gives before this one; None where there is none of this id."""
        return await self._store.read(lambda db: pages.placed(db, memory))

    async def count(self, search: str = "", *, tag: str = "", pinned: bool = False, source: str = "") -> int:
        """How many :meth:`list` would give in all."""
        return await self._store.read(lambda db: pages.counted(db, Wanted(search, tag, pinned, source)))

    async def know(self, conversation: str, asked: str, room: int = ROOM, *, private: bool = False) -> Known:
        """What a conversation should know for a question, in so many bytes beside the profile. ``private``: nothing of it may
        leave this machine."""
        mean = await self._meant(asked, private=private)
        return await self._store.read(lambda db: known(db, conversation, asked, room, mean))

    async def get_context(self, conv_id: str, *, query: str = "", turn: str = "") -> Found:
        """What the model should know for this conversation: the profile, what is pinned, and what fits ``query``, else its last
        message. What was recalled is marked as used."""
        if not query:
            row = await self._store.read(
                lambda db: (
                    db.execute(
                        "SELECT content FROM messages WHERE conv_id = ? AND role = 'user' ORDER BY position DESC LIMIT 1",
                        (conv_id,),
                    ).get
                )
            )
            query = str(row or "")
        found = await self.know(conv_id, query)
        await self.use([one.memory for one in found.told if one.reason == "recalled"], turn)
        return found.memories

    async def use(self, found: Found, turn: str = "") -> None:
        """Note that memories were recalled into an answer, that of a turn. No answer fails for want of that note."""
        if found:
            identities = [memory.id for memory in found]
            with contextlib.suppress(StoreError):
                await self._store.write(lambda db: writing.use(db, identities, turn), durable=False)
