"""Words taken out of conversations for good: a turn that held them is a tombstone, with the hash of what it was.

Everything of the turn goes: what was asked and answered, tool calls and their results, files that went along, and what
was made of it (summaries, plans, notices, proposed facts, the request that went out last). The order of things, their times and what
they cost stay.
"""

import hashlib
import zlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from zotui.conversations.trash import refuse_while_answering
from zotui.store import Reader, Transaction, audit, blobs
from zotui.text import one_line

TOMBSTONE = "[redacted: "
_HOLDING = (  # where a text of a conversation lies, as the turns that it is of
    "SELECT turn_id FROM messages WHERE instr(content, ?1) OR instr(reasoning, ?1) OR instr(coalesce(raw, ''), ?1)"
    " OR instr(coalesce(opaque, ''), ?1)",
    "SELECT id FROM turns WHERE instr(input, ?1)",
    "SELECT turn_id FROM tool_calls WHERE instr(arguments, ?2) OR instr(coalesce(result, ''), ?1) OR instr(summary, ?1)",
    "SELECT turn_id FROM approvals WHERE instr(text, ?1) OR instr(coalesce(answer, ''), ?1)",
    "SELECT turn_id FROM attachments WHERE instr(coalesce(text, ''), ?1)",
    "SELECT turn_id FROM commands WHERE instr(command, ?1)",
)
_OF_TURN = "SELECT c.title, t.input FROM turns t JOIN conversations c ON c.id = t.conv_id WHERE t.id = ?"
_OF_MESSAGE = "SELECT c.title, m.content FROM messages m JOIN conversations c ON c.id = m.conv_id WHERE m.id = ?"


class Holding(Struct, frozen=True):
    """Where a text stands: a turn, or a message that came from elsewhere and is of none; of which conversation; and how it
    begins."""

    turn: str | None
    message: str | None
    title: str
    begins: str


def holding(db: Reader, texts: Sequence[str], messages_of: Sequence[str] = ()) -> list[Holding]:
    """Where any of these texts stands, word for word, and where these messages are, the oldest first."""
    turns: dict[str, None] = {}
    messages: dict[str, None] = {}
    for message in messages_of:
        row = db.execute("SELECT turn_id FROM messages WHERE id = ?", (message,)).get
        turns |= {str(row): None} if row else {}
    for text in filter(None, texts):
        within = msgspec.json.encode(text).decode()[1:-1]  # as it stands in JSON
        for query in _HOLDING:
            values = (text, within) if "?2" in query else (text,)
            turns |= dict.fromkeys(turn for (turn,) in db.execute(query, values).fetchall() if turn)
        rows = db.execute("SELECT id FROM messages WHERE turn_id IS NULL AND instr(content, ?)", (text,)).fetchall()
        messages |= dict.fromkeys(message for (message,) in rows)
    of_turns = [(turn, db.execute(_OF_TURN, (turn,)).get) for turn in sorted(turns)]
    of_none = [(message, db.execute(_OF_MESSAGE, (message,)).get) for message in sorted(messages)]
    return [
        *(Holding(turn, None, row[0], one_line(row[1], 80)) for turn, row in of_turns if row is not None),
        *(Holding(None, message, row[0], one_line(row[1], 80)) for message, row in of_none),
    ]


def redact(db: Transaction, one: Holding) -> None:
    """Take out all that a turn, or a message of none, says. Raises UsageError while its conversation is being answered."""
    if one.turn is not None:
        _redact_turn(db, one.turn)
    elif one.message is not None:
        content = db.execute("SELECT content FROM messages WHERE id = ?", (one.message,)).get
        _redact_message(db, one.message, str(content))


def forget_derived(db: Transaction, texts: Sequence[str]) -> None:
    """What was made of conversations in which these texts stand goes, whose ever they are."""
    for text in filter(None, texts):
        within = msgspec.json.encode(text).decode()[1:-1]
        db.execute("DELETE FROM summaries WHERE status <> 'running' AND instr(lines, ?)", (within,))
        db.execute("DELETE FROM plans WHERE instr(steps, ?)", (within,))
        db.execute("DELETE FROM notices WHERE instr(text, ?)", (text,))
        db.execute("UPDATE conversations SET title = '(redacted)' WHERE instr(title, ?)", (text,))
        for conversation, sent in db.execute("SELECT conv_id, sent FROM requests").fetchall():
            body = zlib.decompress(sent)
            if within.encode() in body or text.encode() in body:
                db.execute("DELETE FROM requests WHERE conv_id = ?", (conversation,))


def _redact_turn(db: Transaction, turn: str) -> None:
    conversation, asked = db.execute("SELECT conv_id, input FROM turns WHERE id = ?", (turn,)).get or (None, "")
    if conversation is None:
        return
    refuse_while_answering(db, conversation)
    for id_, said in db.execute("SELECT id, content || reasoning FROM messages WHERE turn_id = ?", (turn,)).fetchall():
        _redact_message(db, id_, said)
    db.execute("UPDATE turns SET input = ?, error = NULL WHERE id = ?", (tombstone(asked), turn))
    for id_, said in db.execute(
        "SELECT id, arguments || coalesce(result, '') FROM tool_calls WHERE turn_id = ?", (turn,)
    ).fetchall():
        db.execute(
            "UPDATE tool_calls SET arguments = '{}', result = ?, summary = 'redacted' WHERE id = ?",
            (tombstone(said), id_),
        )
    db.execute("UPDATE approvals SET text = 'redacted', choices = '[]', answer = NULL WHERE turn_id = ?", (turn,))
    db.execute("UPDATE commands SET command = 'redacted', said = '' WHERE turn_id = ?", (turn,))
    db.execute("UPDATE skill_runs SET arguments = '{}', output = '', error = NULL WHERE turn_id = ?", (turn,))
    files = db.execute("SELECT content FROM attachments WHERE turn_id = ?", (turn,)).fetchall()
    db.execute("DELETE FROM attachments WHERE turn_id = ?", (turn,))
    for (digest,) in dict.fromkeys(files):
        blobs.sweep(db, digest)
    _drop_derived(db, conversation, asked)
    audit.add(db, "redacted", turn, conversation=conversation, turn=turn)


def _redact_message(db: Transaction, message: str, said: str) -> None:
    db.execute(
        "UPDATE messages SET content = ?, reasoning = '', tools = NULL, raw = NULL, opaque = NULL, note = '' WHERE id = ?",
        (tombstone(said), message),
    )
    db.execute("DELETE FROM parts WHERE message_id = ?", (message,))
    db.execute("DELETE FROM proposals WHERE message_id = ?", (message,))


def _drop_derived(db: Transaction, conversation: str, asked: str) -> None:
    """What was made of a turn: the last request with all that was in it, what was told of it, a title that begins so."""
    db.execute("DELETE FROM requests WHERE conv_id = ?", (conversation,))
    db.execute("DELETE FROM summaries WHERE conv_id = ? AND status <> 'running'", (conversation,))
    db.execute("DELETE FROM plans WHERE conv_id = ?", (conversation,))
    place = f"chat:{conversation}"
    db.execute("DELETE FROM notices WHERE place = ?1 OR substr(place, 1, length(?1) + 1) = ?1 || '/'", (place,))
    title = str(db.execute("SELECT title FROM conversations WHERE id = ?", (conversation,)).get or "")
    if title and one_line(asked, 1000).startswith(title.rstrip("…")):
        db.execute("UPDATE conversations SET title = '(redacted)' WHERE id = ?", (conversation,))


def tombstone(text: str) -> str:
    """What stands where a text was: by the hash whoever has it can show that it was this one."""
    return f"{TOMBSTONE}sha256 {hashlib.sha256(text.encode()).hexdigest()}]"
