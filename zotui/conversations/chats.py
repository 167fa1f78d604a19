"""Conversations: list, read, search, rename, delete."""

import re
from collections.abc import Sequence
from unicodedata import category

import msgspec

from zotui.conversations.records import Attachment, Conversation, Message, Spent, ToolCallRecord, Turn, columns
from zotui.errors import NotFound, UsageError
from zotui.store import Reader, Store, Transaction, blobs, new_id, now_ms
from zotui.text import clean, one_line

TITLE_LENGTH = 60
PAGE = 100
MOST_WORDS = 64  # of a search
LONGEST_SEARCH = 1_000  # characters of it that are sought in titles
_CONVERSATION = columns(Conversation, "c", leave_out=1) + ", (SELECT count(*) FROM messages m WHERE m.conv_id = c.id)"
_MESSAGE = columns(Message, "m", leave_out=2)
_CALL = columns(ToolCallRecord, "t")
_SPENT = (
    "sum(input_tokens), sum(output_tokens), sum(cost),"
    " coalesce(sum(cost IS NULL AND status NOT IN ('running', 'failed')), 0)"
)


Conversations = list[Conversation]
Messages = list[Message]
Hits = list[tuple[Conversation, Message, str]]


class Chats:
    """Read and keep conversations."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, *, search: str = "", limit: int = PAGE, offset: int = 0) -> Conversations:
        """The latest first; with ``search``, those whose title or messages hold its words."""
        return await self._store.read(lambda db: listed(db, search, limit, offset))

    async def count(self, search: str = "") -> int:
        """How many :meth:`list` would give in all."""
        where, values = _matching(search)
        return await self._store.read(
            lambda db: db.execute(f"SELECT count(*) FROM conversations c {where}", values).get
        )

    async def find(self, name: str) -> Conversation:
        """The conversation with this id, or the only one whose id begins or ends so. Raises NotFound, UsageError."""
        name = clean(name).strip()

        def look(db: Reader) -> Conversations:
            exact = db.execute(f"SELECT {_CONVERSATION} FROM conversations c WHERE id = ?", (name,)).fetchall()
            rows = (
                exact
                or db.execute(
                    f"SELECT {_CONVERSATION} FROM conversations c WHERE substr(id, 1, ?2) = ?1 OR substr(id, -?2) = ?1 LIMIT 2",
                    (name, len(name)),
                ).fetchall()
            )
            return [Conversation(*row) for row in rows]

        found = await self._store.read(look) if name else []
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

    async def delete(self, conversation: str) -> None:
        """Delete it with its messages. Raises NotFound, and UsageError while it is answering."""

        def remove(db: Transaction) -> None:
            if db.execute("SELECT 1 FROM turns WHERE conv_id = ? AND status = 'running'", (conversation,)).get:
                raise UsageError("this conversation is being answered", "stop the answer first")
            shown = db.execute(
                "SELECT DISTINCT content FROM attachments WHERE turn_id IN (SELECT id FROM turns WHERE conv_id = ?)",
                (conversation,),
            ).fetchall()
            db.execute("DELETE FROM conversations WHERE id = ?", (conversation,))
            if not db.changes():
                raise NotFound(f"no conversation {one_line(conversation, 40)!r}", "zotui chats list shows them")
            for (digest,) in shown:
                blobs.sweep(db, digest)

        await self._store.write(remove)

    async def messages(self, conversation: str, *, before: int | None = None, limit: int = PAGE) -> Messages:
        """A page of messages in order: the last ones, or the last before position ``before``."""
        return await self._store.read(lambda db: messages(db, conversation, before=before, limit=limit))

    async def turns(self, conversation: str, *, only_open: bool = False) -> Sequence[Turn]:
        """The conversation's turns in order; ``only_open``: those that are not over."""
        return await self._store.read(lambda db: turns(db, conversation, only_open=only_open))

    async def spent(self, conversation: str) -> Spent:
        """Tokens and cost of the whole conversation."""
        return await self._store.read(lambda db: spent(db, "conv_id", conversation))

    async def search(self, query: str, limit: int = 20) -> Hits:
        """Messages that hold the words, best first, each with its conversation and an excerpt."""
        words = match(query)
        if not words:
            return []

        def look(db: Reader) -> Hits:
            width = len(Conversation.__struct_fields__)
            rows = db.execute(
                f"SELECT {_CONVERSATION}, {_MESSAGE}, snippet(messages_fts, 0, '', '', ' … ', 16)"
                " FROM messages_fts JOIN messages m ON m.seq = messages_fts.rowid JOIN conversations c ON c.id = m.conv_id"
                " WHERE messages_fts MATCH ? ORDER BY m.model = 'offline', rank LIMIT ?",  # which repeats what was said
                (words, limit),
            ).fetchall()
            return [(Conversation(*row[:width]), Message(*row[width:-1]), str(row[-1])) for row in rows]

        return await self._store.read(look)

    async def _change(self, conversation: str, column: str, value: str) -> None:
        def change(db: Transaction) -> None:
            db.execute(f"UPDATE conversations SET {column} = ? WHERE id = ?", (value, conversation))
            if not db.changes():
                raise NotFound(f"no conversation {one_line(conversation, 40)!r}", "zotui chats list shows them")

        await self._store.write(change)


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


def listed(db: Reader, search: str, limit: int, offset: int) -> list[Conversation]:
    """A page of conversations."""
    where, values = _matching(search)
    rows = db.execute(
        f"SELECT {_CONVERSATION} FROM conversations c {where} ORDER BY updated_at DESC, id DESC LIMIT ? OFFSET ?",
        (*values, limit, offset),
    ).fetchall()
    return [Conversation(*row) for row in rows]


def _matching(search: str) -> tuple[str, tuple[str, ...]]:
    if not search.strip():
        return "", ()
    words = match(search)
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", clean(search).strip()[:LONGEST_SEARCH]) + "%"
    if not words:
        return r"WHERE title LIKE ? ESCAPE '\'", (pattern,)
    return (
        r"WHERE title LIKE ? ESCAPE '\' OR id IN (SELECT m.conv_id FROM messages_fts f JOIN messages m ON m.seq = f.rowid"
        " WHERE messages_fts MATCH ?)",
        (pattern, words),
    )


def messages(db: Reader, conversation: str, *, before: int | None = None, limit: int = PAGE) -> list[Message]:
    """A page of messages with their tool calls, in order; running ones with what has come so far."""
    rows = db.execute(
        f"SELECT {_MESSAGE} FROM messages m WHERE conv_id = ? AND position < ? ORDER BY position DESC LIMIT ?",
        (conversation, before if before is not None else 1 << 62, limit),
    ).fetchall()
    return [with_parts(db, Message(*row)) for row in reversed(rows)]


def messages_after(db: Reader, conversation: str, position: int) -> list[Message]:
    """The messages after a position, in order, as their rows are: without tool calls and parts."""
    rows = db.execute(
        f"SELECT {_MESSAGE} FROM messages m WHERE conv_id = ? AND position > ? ORDER BY position",
        (conversation, position),
    ).fetchall()
    return [Message(*row) for row in rows]


def conversation(db: Reader, conversation_id: str) -> Conversation | None:
    """One conversation."""
    row = db.execute(f"SELECT {_CONVERSATION} FROM conversations c WHERE id = ?", (conversation_id,)).get
    return Conversation(*row) if row else None


def turn_messages(db: Reader, turn: str) -> list[Message]:
    """All messages of one turn, in order."""
    rows = db.execute(f"SELECT {_MESSAGE} FROM messages m WHERE turn_id = ? ORDER BY position", (turn,)).fetchall()
    return [with_parts(db, Message(*row)) for row in rows]


def with_parts(db: Reader, message: Message) -> Message:
    """The message with its tool calls, and with its parts while it is running."""
    if message.role != "assistant":
        shown = attachments(db, message.turn_id) if message.role == "user" and message.turn_id else []
        return msgspec.structs.replace(message, attachments=tuple(shown)) if shown else message
    calls = tool_calls(db, "message_id", message.id)
    content, reasoning = message.content, message.reasoning
    if message.status == "running":
        parts = db.execute("SELECT kind, text FROM parts WHERE message_id = ? ORDER BY n", (message.id,)).fetchall()
        content = "".join(text for kind, text in parts if kind == "text")
        reasoning = "".join(text for kind, text in parts if kind == "reasoning")
    return msgspec.structs.replace(message, content=content, reasoning=reasoning, tool_calls=tuple(calls))


def attachments(db: Reader, turn_id: str) -> list[Attachment]:
    """The images that were shown with a turn's request, in order."""
    rows = db.execute(
        f"SELECT {columns(Attachment, 'a')} FROM attachments a WHERE turn_id = ? ORDER BY position", (turn_id,)
    ).fetchall()
    return [Attachment(*row) for row in rows]


def tool_calls(db: Reader, column: str, value: str) -> list[ToolCallRecord]:
    """The tool calls of a message or a turn (``column`` is message_id, turn_id or id), in order."""
    rows = db.execute(
        f"SELECT {_CALL} FROM tool_calls t WHERE {column} = ? ORDER BY t.id, t.position", (value,)
    ).fetchall()
    return [ToolCallRecord(*row) for row in rows]


def turns(db: Reader, conversation: str, *, only_open: bool = False) -> list[Turn]:
    """The turns of a conversation, in order."""
    some = "AND status IN ('queued','running','waiting')" if only_open else ""
    rows = db.execute(
        f"SELECT {columns(Turn, 'turns')} FROM turns WHERE conv_id = ? {some} ORDER BY id", (conversation,)
    ).fetchall()
    return [Turn(*row) for row in rows]


def turn(db: Reader, turn_id: str) -> Turn | None:
    """One turn."""
    row = db.execute(f"SELECT {columns(Turn, 'turns')} FROM turns WHERE id = ?", (turn_id,)).get
    return Turn(*row) if row else None


def spent_since(db: Reader, start: int) -> Spent:
    """Tokens and cost of all requests since an instant (ms since 1970)."""
    row = db.execute(f"SELECT {_SPENT} FROM usage WHERE created_at >= ?", (start,)).get
    return Spent(*row)


def spent(db: Reader, column: str, value: str) -> Spent:
    """Tokens and cost of a turn or a conversation (``column`` is turn_id or conv_id)."""
    row = db.execute(f"SELECT {_SPENT} FROM usage WHERE {column} = ?", (value,)).get
    return Spent(*row)
