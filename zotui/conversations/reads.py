"""Conversations as they stand in a snapshot of the file: functions over a reading connection."""

import msgspec

from zotui.conversations.records import (
    Attachment,
    Conversation,
    Message,
    Remembered,
    Spent,
    ToolCallRecord,
    Turn,
    columns,
)
from zotui.errors import NotFound
from zotui.store import Reader
from zotui.text import one_line

PAGE = 100
CONVERSATION = columns(Conversation, "c", leave_out=1) + ", (SELECT count(*) FROM messages m WHERE m.conv_id = c.id)"
MESSAGE = columns(Message, "m", leave_out=2)
ORIGINAL = (  # a message that repeats none that is to be seen elsewhere: of copies only the first is one
    "(m.copy_of IS NULL OR NOT EXISTS (SELECT 1 FROM messages o JOIN conversations oc ON oc.id = o.conv_id"
    " WHERE (o.id = m.copy_of OR (o.copy_of = m.copy_of AND o.seq < m.seq))"
    " AND oc.deleted_at IS NULL AND oc.kind <> 'trial'))"
)
_CALL = columns(ToolCallRecord, "t")
_SPENT = (
    "sum(input_tokens), sum(output_tokens), sum(cost),"
    " coalesce(sum(cost IS NULL AND status NOT IN ('running', 'failed')), 0)"
)


def messages(db: Reader, conversation: str, *, before: int | None = None, limit: int = PAGE) -> list[Message]:
    """A page of messages with their tool calls, in order; running ones with what has come so far."""
    rows = db.execute(
        f"SELECT {MESSAGE} FROM messages m WHERE conv_id = ? AND position < ? ORDER BY position DESC LIMIT ?",
        (conversation, before if before is not None else 1 << 62, limit),
    ).fetchall()
    return [with_parts(db, Message(*row)) for row in reversed(rows)]


def messages_after(db: Reader, conversation: str, position: int) -> list[Message]:
    """The messages after a position, in order, as their rows are: without tool calls and parts."""
    rows = db.execute(
        f"SELECT {MESSAGE} FROM messages m WHERE conv_id = ? AND position > ? ORDER BY position",
        (conversation, position),
    ).fetchall()
    return [Message(*row) for row in rows]


def conversation(db: Reader, conversation_id: str) -> Conversation | None:
    """One conversation."""
    row = db.execute(f"SELECT {CONVERSATION} FROM conversations c WHERE id = ?", (conversation_id,)).get
    return Conversation(*row) if row else None


def remembers(db: Reader, conversation_id: str) -> bool:
    """Whether a conversation knows what is remembered, and is learned from."""
    return bool(db.execute("SELECT memory FROM conversations WHERE id = ?", (conversation_id,)).get)


def named(db: Reader, name: str, *, deleted: bool) -> list[Conversation]:
    """The conversation of an id, else at most two whose id begins or ends so; those in the trash only with ``deleted``."""
    if not name:
        return []
    query = f"SELECT {CONVERSATION} FROM conversations c WHERE {'1' if deleted else 'c.deleted_at IS NULL'}"
    rows = db.execute(f"{query} AND id = ?", (name,)).fetchall() or (
        db.execute(
            f"{query} AND (substr(id, 1, ?2) = ?1 OR substr(id, -?2) = ?1) LIMIT 2", (name, len(name))
        ).fetchall()
    )
    return [Conversation(*row) for row in rows]


def existing(db: Reader, conversation_id: str) -> Conversation:
    """A conversation that can be gone on with. Raises NotFound for none, and for one in the trash."""
    found = conversation(db, conversation_id)
    if found is None:
        raise NotFound(f"no conversation {one_line(conversation_id, 40)!r}", "zotui chats list shows them")
    if found.deleted_at is not None:
        raise NotFound("this conversation is in the trash", f"zotui chats restore {found.id[-8:]}")
    return found


def turn_messages(db: Reader, turn: str) -> list[Message]:
    """All messages of one turn, in order."""
    rows = db.execute(f"SELECT {MESSAGE} FROM messages m WHERE turn_id = ? ORDER BY position", (turn,)).fetchall()
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
    """The files that went with a turn's request, in order."""
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


def remembered(db: Reader, turn_id: str) -> tuple[Remembered, ...]:
    """The memories that a turn was told, as far as there still are any, those that its answer names first."""
    rows = db.execute(
        "SELECT m.id, m.value, u.cited FROM memory_used u JOIN memory m ON m.id = u.memory_id WHERE u.turn_id = ?"
        " ORDER BY u.cited DESC, u.used_at, m.seq",
        (turn_id,),
    ).fetchall()
    return tuple(Remembered(id_, content, bool(cited)) for id_, content, cited in rows)


def spent_since(db: Reader, start: int) -> Spent:
    """Tokens and cost of all requests since an instant (ms since 1970)."""
    row = db.execute(f"SELECT {_SPENT} FROM usage WHERE created_at >= ?", (start,)).get
    return Spent(*row)


def spent(db: Reader, column: str, value: str) -> Spent:
    """Tokens and cost of a turn or a conversation (``column`` is turn_id or conv_id)."""
    row = db.execute(f"SELECT {_SPENT} FROM usage WHERE {column} = ?", (value,)).get
    return Spent(*row)


def find_message(db: Reader, conversation_id: str, name: str) -> str | None:
    """The id of a message of a conversation, by its id, an end of it that fits only one, or a request's number."""
    if name.isdigit() and len(name) < 8:
        row = db.execute(
            "SELECT id FROM messages WHERE conv_id = ? AND role = 'user' ORDER BY position LIMIT 1 OFFSET ?",
            (conversation_id, int(name) - 1),
        ).get
        return str(row) if row and int(name) > 0 else None
    rows = db.execute(
        "SELECT id FROM messages WHERE conv_id = ?1 AND (id = ?2 OR substr(id, -length(?2)) = ?2) LIMIT 2",
        (conversation_id, name),
    ).fetchall()
    return str(rows[0][0]) if name and len(rows) == 1 else None
