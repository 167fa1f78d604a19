"""Conversations: list, read, search, rename, pin, archive, delete and bring back."""

import re
from collections.abc import Sequence
from functools import partial
from unicodedata import category

from zotui.conversations import branches, reads
from zotui.conversations.finding import Hits, found
from zotui.conversations.reads import CONVERSATION, PAGE
from zotui.conversations.reads import ORIGINAL as ORIGINAL
from zotui.conversations.records import Branch, Conversation, Message, Shelf, Spent, Touch, Turn
from zotui.conversations.touching import touching
from zotui.conversations.trash import abandon, is_answering, purged, refuse_while_answering, trials
from zotui.errors import NotFound, UsageError
from zotui.store import Reader, Store, Transaction, new_id, now_ms
from zotui.text import clean, one_line

TITLE_LENGTH = 60
MOST_WORDS = 64  # of a search
LONGEST_SEARCH = 1_000  # characters of it that are sought in titles
SHELVES: dict[Shelf, str] = {
    "shown": "c.deleted_at IS NULL AND c.archived_at IS NULL AND c.kind <> 'trial'",
    "archived": "c.deleted_at IS NULL AND c.archived_at IS NOT NULL",
    "deleted": "c.deleted_at IS NOT NULL",
}

Conversations = list[Conversation]
Messages = list[Message]
Branches = list[Branch]
Touches = list[Touch]


class Chats:
    """Read and keep conversations."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(
        self, *, search: str = "", limit: int = PAGE, offset: int = 0, shelf: Shelf = "shown"
    ) -> Conversations:
        """Pinned ones, then the latest; with ``search``, those whose title or messages hold its words. ``shelf``: those
        in use, the archive, or the trash."""
        return await self._store.read(lambda db: listed(db, search, limit, offset, shelf))

    async def count(self, search: str = "", shelf: Shelf = "shown") -> int:
        """How many :meth:`list` would give in all."""
        where, values = _matching(search)
        return await self._store.read(
            lambda db: db.execute(f"SELECT count(*) FROM conversations c WHERE {SHELVES[shelf]} {where}", values).get
        )

    async def find(self, name: str, *, deleted: bool = False) -> Conversation:
        """The conversation with this id, or the only one whose id begins or ends so; with ``deleted``, also of those in
        the trash. Raises NotFound, UsageError."""
        name = clean(name).strip()
        found = await self._store.read(lambda db: reads.named(db, name, deleted=deleted))
        gone = [] if found else await self._store.read(lambda db: reads.named(db, name, deleted=True))
        if gone:
            raise NotFound("this conversation is in the trash", f"zotui chats restore {one_line(name, 40)}")
        if not found:
            raise NotFound(f"no conversation {one_line(name, 40)!r}", "zotui chats list shows them")
        if len(found) > 1:
            raise UsageError(f"{one_line(name, 40)!r} fits several conversations", "give more of the id")
        return found[0]

    async def create(self, title: str = "", model: str = "") -> str:
        """A new, empty conversation; its id."""
        return await self._store.write(lambda db: created(db, title, model))

    async def ensure(self, conversation: str) -> None:
        """A conversation under this very id, created where there is none. Raises UsageError for one that is no name."""
        if conversation != one_line(conversation, 200) or not conversation:
            raise UsageError("a conversation's id is one line of 1 to 200 characters")
        now = now_ms()
        await self._store.write(
            lambda db: db.execute(
                "INSERT OR IGNORE INTO conversations(id, created_at, updated_at) VALUES (?, ?, ?)",
                (conversation, now, now),
            )
        )

    async def rename(self, conversation: str, title: str) -> None:
        """Give it a title. Raises UsageError for an empty one, NotFound."""
        title = one_line(title, 200)
        if not title:
            raise UsageError("a title cannot be empty")
        await self._change(conversation, "title", title)

    async def set_model(self, conversation: str, model: str) -> None:
        """The model of this conversation's next turns; empty for the default."""
        await self._change(conversation, "model", model)

    async def pin(self, conversation: str, on: bool = True) -> None:
        """Put it before the others, or among them again. Raises NotFound."""
        await self._change(conversation, "pinned_at", now_ms() if on else None)

    async def remember(self, conversation: str, on: bool) -> None:
        """Whether it knows what is remembered and is learned from; its branches then do as it does. Raises NotFound."""
        await self._change(conversation, "memory", int(on))

    async def remembers(self, conversation: str) -> bool:
        """Whether it knows what is remembered, and is learned from."""
        return await self._store.read(lambda db: reads.remembers(db, conversation))

    async def archive(self, conversation: str, on: bool = True) -> None:
        """Out of the list into the archive, or back. Raises NotFound."""
        await self._change(conversation, "archived_at", now_ms() if on else None)

    async def delete(self, conversation: str) -> None:
        """Into the trash, until it is restored or purged; what is queued or waits in it is cancelled, and its trials stop.
        Raises NotFound, and UsageError while it is answering."""

        def remove(db: Transaction) -> None:
            refuse_while_answering(db, conversation)
            self._set(db, conversation, "deleted_at", now_ms())
            abandon(db, conversation)

        await self._store.write(remove)

    async def restore(self, conversation: str) -> None:
        """Out of the trash, as it was; a dropped trial becomes a branch, which is listed. Raises NotFound."""

        def put_back(db: Transaction) -> None:
            self._set(db, conversation, "deleted_at", None)
            branches.adopt(db, conversation)

        await self._store.write(put_back)

    async def purge(self, conversation: str) -> None:
        """Delete it for ever with its messages and its trials; its branches stay. Raises NotFound, and UsageError while it
        or a trial is answering."""

        def remove(db: Transaction) -> None:
            for one in (conversation, *trials(db, conversation)):
                refuse_while_answering(db, one)
            if not purged(db, conversation):
                raise _unknown(conversation)

        await self._store.write(remove)

    async def empty_trash(self, before: int | None = None) -> int:
        """Delete for ever what has been in the trash since ``before`` (ms since 1970) or longer, or all; how many. One by
        one, so that others can write; what is still being stopped stays for the next time."""
        rows = await self._store.read(
            lambda db: db.execute(f"SELECT id {_OLD_TRASH} ORDER BY id", (before,)).fetchall()
        )

        def remove(db: Transaction, conversation: str) -> bool:
            old = db.execute(f"SELECT 1 {_OLD_TRASH} AND id = ?", (before, conversation)).get
            answering = any(is_answering(db, one) for one in (conversation, *trials(db, conversation)))
            return bool(old) and not answering and purged(db, conversation)

        return sum([await self._store.write(partial(remove, conversation=conversation)) for (conversation,) in rows])

    async def fork(self, conversation: str, message: str, *, before: bool = False) -> str:
        """A branch: a new conversation with a copy of everything up to a message, or ``before`` it; its id.

        The original is left as it is. Raises NotFound, and UsageError for a message of a turn that is not over.
        """
        return await self._store.write(lambda db: branches.fork(db, conversation, message, before=before))

    async def family(self, conversation: str) -> Branches:
        """The conversation's root and all that was branched off, depth first."""
        return await self._store.read(lambda db: branches.family(db, conversation))

    async def shared(self, one: str, other: str) -> int:
        """The last position up to which two conversations are the same; 0 where they have nothing in common."""
        return await self._store.read(lambda db: branches.shared(db, one, other))

    async def touching(self, *paths: str) -> Touches:
        """Where a file, known by these paths, was attached, given to a tool or changed, the latest first."""
        return await self._store.read(lambda db: touching(db, paths))

    async def messages(self, conversation: str, *, before: int | None = None, limit: int = PAGE) -> Messages:
        """A page of messages in order: the last ones, or the last before position ``before``."""
        return await self._store.read(lambda db: reads.messages(db, conversation, before=before, limit=limit))

    async def find_message(self, conversation: str, name: str) -> str:
        """The id of a message: by its id, an end of it, or the number of a request, as 3. Raises NotFound."""
        found = await self._store.read(lambda db: reads.find_message(db, conversation, clean(name).strip()))
        if found is None:
            raise NotFound(
                f"no message {one_line(name, 40)!r} in this conversation", "zotui chats show ID --json lists them"
            )
        return found

    async def turns(self, conversation: str, *, only_open: bool = False) -> Sequence[Turn]:
        """The conversation's turns in order; ``only_open``: those that are not over."""
        return await self._store.read(lambda db: reads.turns(db, conversation, only_open=only_open))

    async def spent(self, conversation: str) -> Spent:
        """Tokens and cost of the whole conversation."""
        return await self._store.read(lambda db: reads.spent(db, "conv_id", conversation))

    async def call_text(self, call: str) -> str | None:
        """The arguments and the whole result of a tool call, as text; None where there is none of this id."""
        calls = await self._store.read(lambda db: reads.tool_calls(db, "id", call))
        return f"{calls[0].name} {calls[0].arguments}\n\n{calls[0].result or ''}" if calls else None

    async def search(self, query: str, limit: int = 20) -> Hits:
        """Messages that hold the words, best first, each with its conversation and an excerpt; of what is in the trash
        nothing, of what a branch repeats only the original. Where thousands hold them, the newest: to rank all takes long."""
        words = match(query)
        return await self._store.read(lambda db: found(db, words, limit)) if words else []

    async def _change(self, conversation: str, column: str, value: str | int | None) -> None:
        await self._store.write(lambda db: self._set(db, conversation, column, value))

    @staticmethod
    def _set(db: Transaction, conversation: str, column: str, value: str | int | None) -> None:
        db.execute(f"UPDATE conversations SET {column} = ? WHERE id = ?", (value, conversation))
        if not db.changes():
            raise _unknown(conversation)


_OLD_TRASH = "FROM conversations WHERE deleted_at IS NOT NULL AND (?1 IS NULL OR deleted_at <= ?1)"


def _unknown(conversation: str) -> NotFound:
    return NotFound(f"no conversation {one_line(conversation, 40)!r}", "zotui chats list shows them")


def match(query: str) -> str:
    """A person's words as an FTS5 query: all of them, the last one as a prefix; empty where there is no word."""
    split = "".join(c if c.isalnum() or category(c)[0] == "M" else " " for c in query).split()
    words = [word for word in split if any(map(str.isalnum, word))][:MOST_WORDS]
    return " ".join(f'"{word}"' for word in words) + ("*" if words else "")


def created(db: Transaction, title: str = "", model: str = "") -> str:
    """Write a new conversation; its id."""
    conversation, now = new_id(), now_ms()
    db.execute(
        "INSERT INTO conversations(id, title, model, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
        (conversation, one_line(title, TITLE_LENGTH), model, now, now),
    )
    return conversation


def listed(db: Reader, search: str, limit: int, offset: int, shelf: Shelf = "shown") -> list[Conversation]:
    """A page of conversations."""
    where, values = _matching(search)
    rows = db.execute(
        f"SELECT {CONVERSATION} FROM conversations c WHERE {SHELVES[shelf]} {where}"
        " ORDER BY pinned_at IS NULL, updated_at DESC, id DESC LIMIT ? OFFSET ?",
        (*values, limit, offset),
    ).fetchall()
    return [Conversation(*row) for row in rows]


def _matching(search: str) -> tuple[str, tuple[str, ...]]:
    if not search.strip():
        return "", ()
    words = match(search)
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", clean(search).strip()[:LONGEST_SEARCH]) + "%"
    if not words:
        return r"AND title LIKE ? ESCAPE '\'", (pattern,)
    return (
        r"AND (title LIKE ? ESCAPE '\' OR id IN (SELECT m.conv_id FROM messages_fts f JOIN messages m ON m.seq = f.rowid"
        " WHERE messages_fts MATCH ?))",
        (pattern, words),
    )
