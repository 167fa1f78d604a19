"""Branches: copies of a conversation up to a message, which go on by themselves; what belongs to which.

A branch has rows of its own, so that nothing of it depends on what it was taken from. Positions stay the same, and
``copy_of`` names the first original of a message, so that two branches can be laid side by side.
"""

from collections.abc import Sequence

from zotui.conversations import reads
from zotui.conversations.reads import CONVERSATION
from zotui.conversations.records import Branch, Conversation, Kind, Touch
from zotui.errors import NotFound, UsageError
from zotui.store import Reader, Transaction, new_id, now_ms
from zotui.text import one_line

_TURN = "input, model, options, error, reason, priority, not_before, attempt, fence, stop, created_at, started_at, finished_at"
_MESSAGE = (
    "position, role, content, reasoning, tools, raw, model, status, reason, created_at, finished_at, opaque, note"
)
_CALL = (
    "position, call_id, name, arguments, effect, status, reason, result, summary, created_at, started_at, finished_at"
)
_FILE = "position, name, media_type, size, content, text, path"
_PATH = "CASE WHEN json_valid(arguments) THEN json_extract(arguments, '$.path') END"  # as the index has it
_OPEN = ("queued", "running", "waiting")


def fork(
    db: Transaction,
    conversation: str,
    message: str | None,
    *,
    before: bool = False,
    kind: Kind = "branch",
    comparison: str | None = None,
) -> str:
    """Write a conversation with a copy of all up to a message (``before``: of all before it; None: of nothing); its id.

    Raises NotFound, UsageError.
    """
    source = reads.conversation(db, conversation)
    if source is None or source.deleted_at is not None:
        raise NotFound(f"no conversation {one_line(conversation, 40)!r}", "zotui chats list shows them")
    last = _last_position(db, conversation, message, before)
    branch, now = new_id(), now_ms()
    parent_message = db.execute("SELECT id FROM messages WHERE conv_id = ? AND position = ?", (conversation, last)).get
    db.execute(
        "INSERT INTO conversations(id, title, model, created_at, updated_at, kind, parent_id, parent_message_id,"
        " comparison_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (branch, source.title, source.model, now, now, kind, conversation, parent_message, comparison),
    )
    copy(db, conversation, branch, 0, last)
    return branch


def _last_position(db: Reader, conversation: str, message: str | None, before: bool) -> int:
    """The position of the last message to be copied."""
    if message is None:
        return 0
    row = db.execute(
        "SELECT position, turn_id, status FROM messages WHERE id = ? AND conv_id = ?", (message, conversation)
    ).get
    if row is None:
        raise NotFound(f"no message {one_line(message, 40)!r} in this conversation")
    position, turn, status = row
    if before:
        position = db.execute(
            "SELECT coalesce(max(position), 0) FROM messages WHERE conv_id = ? AND position < ?",
            (conversation, position),
        ).get
        return int(position)
    found = reads.turn(db, turn) if turn else None
    if status == "running" or (found is not None and found.status in _OPEN):
        raise UsageError("this turn is not over yet", "fork at an earlier message, or stop it first")
    return int(position)


def copy(db: Transaction, source: str, target: str, after: int, last: int, shift: int = 0) -> None:
    """Copy the messages of the positions ``after`` < p ≤ ``last`` with their turns, calls and files; ``shift`` is added
    to their positions."""
    span = (source, after, last)
    where = "conv_id = ? AND position > ? AND position <= ?"
    found = db.execute(f"SELECT id, turn_id FROM messages WHERE {where} ORDER BY position", span).fetchall()
    turns = {turn: new_id() for turn in dict.fromkeys(turn for _, turn in found) if turn}
    messages = {message: new_id() for message, _ in found}
    for turn, made in turns.items():
        db.execute(
            f"INSERT INTO turns(id, conv_id, lane, status, {_TURN})"
            f" SELECT ?1, ?2, ?2, CASE WHEN status IN {_OPEN!r} THEN 'interrupted' ELSE status END, {_TURN}"
            " FROM turns WHERE id = ?3",
            (made, target, turn),
        )
    shifted = _MESSAGE.replace("position", "position + ?5", 1)
    for message, turn in found:
        db.execute(
            f"INSERT INTO messages(id, conv_id, turn_id, copy_of, {_MESSAGE})"
            f" SELECT ?1, ?2, ?3, coalesce(copy_of, id), {shifted} FROM messages WHERE id = ?4",
            (messages[message], target, turns.get(turn), message, shift),
        )
    _copy_calls(db, messages, turns)
    for turn, made in turns.items():
        for (file,) in db.execute("SELECT id FROM attachments WHERE turn_id = ? ORDER BY position", (turn,)).fetchall():
            db.execute(
                f"INSERT INTO attachments(id, turn_id, {_FILE}) SELECT ?, ?, {_FILE} FROM attachments WHERE id = ?",
                (new_id(), made, file),
            )
    _end_well(db, source, last, turns)


def _copy_calls(db: Transaction, messages: dict[str, str], turns: dict[str, str]) -> None:
    for message, made in messages.items():
        rows = db.execute(
            "SELECT id, turn_id FROM tool_calls WHERE message_id = ? ORDER BY position", (message,)
        ).fetchall()
        for call, turn in rows:
            db.execute(
                f"INSERT INTO tool_calls(id, message_id, turn_id, {_CALL}) SELECT ?, ?, ?, {_CALL} FROM tool_calls WHERE id = ?",
                (new_id(), made, turns[turn], call),
            )


def _end_well(db: Transaction, source: str, last: int, turns: dict[str, str]) -> None:
    """A turn that is copied without its end did not fail in the copy."""
    turn = db.execute("SELECT turn_id FROM messages WHERE conv_id = ? AND position = ?", (source, last)).get
    more = db.execute(
        "SELECT 1 FROM messages WHERE turn_id = ? AND conv_id = ? AND position > ?", (turn, source, last)
    ).get
    if turn in turns and more:
        db.execute("UPDATE turns SET status = 'done', reason = NULL, error = NULL WHERE id = ?", (turns[turn],))


def family(db: Reader, conversation: str) -> list[Branch]:
    """The root of a conversation and all that was branched off it and is not deleted, depth first."""
    root = conversation
    seen = {root}
    while (
        parent := db.execute("SELECT parent_id FROM conversations WHERE id = ?", (root,)).get
    ) and parent not in seen:
        if db.execute("SELECT 1 FROM conversations WHERE id = ?", (parent,)).get is None:
            break
        root = parent
        seen.add(root)
    found: list[Branch] = []
    waiting = [(root, 0)]
    while waiting:
        name, depth = waiting.pop()
        one = reads.conversation(db, name)
        if one is not None and (one.deleted_at is None or name == conversation):
            found.append(_branch(db, one, depth))
        children = db.execute(
            "SELECT id FROM conversations WHERE parent_id = ? ORDER BY created_at DESC, id DESC", (name,)
        ).fetchall()
        waiting += [(child, depth + 1) for (child,) in children]
    return found


def _branch(db: Reader, one: Conversation, depth: int) -> Branch:
    leaves = shared(db, one.id, one.parent_id) if one.parent_id else 0
    own = db.execute("SELECT count(*) FROM messages WHERE conv_id = ? AND position > ?", (one.id, leaves)).get
    request = db.execute(
        "SELECT content FROM messages WHERE conv_id = ? AND position > ? AND role = 'user' ORDER BY position LIMIT 1",
        (one.id, leaves),
    ).get
    return Branch(one, depth, leaves, int(own), str(request or ""))


def shared(db: Reader, one: str, other: str) -> int:
    """The last position up to which two conversations are the same."""
    last = db.execute(
        "SELECT max(a.position) FROM messages a JOIN messages b ON b.conv_id = ?2 AND b.position = a.position"
        " WHERE a.conv_id = ?1 AND coalesce(a.copy_of, a.id) = coalesce(b.copy_of, b.id)",
        (one, other),
    ).get
    return int(last or 0)


def touching(db: Reader, paths: Sequence[str]) -> list[Touch]:
    """Where a file was attached or given to a tool, the latest first; by any of its paths."""
    found: list[Touch] = []
    for path in dict.fromkeys(paths):
        rows = db.execute(
            f"SELECT {CONVERSATION}, t.turn_id, t.message_id, t.name, t.created_at FROM tool_calls t"
            " JOIN messages m ON m.id = t.message_id JOIN conversations c ON c.id = m.conv_id"
            f" WHERE {_PATH.replace('arguments', 't.arguments')} = ? AND c.deleted_at IS NULL AND m.copy_of IS NULL",
            (path,),
        ).fetchall()
        rows += db.execute(
            f"SELECT {CONVERSATION}, a.turn_id, m.id, 'attached', m.created_at FROM attachments a"
            " JOIN messages m ON m.turn_id = a.turn_id AND m.role = 'user' JOIN conversations c ON c.id = m.conv_id"
            " WHERE a.path = ? AND c.deleted_at IS NULL AND m.copy_of IS NULL",
            (path,),
        ).fetchall()
        width = len(Conversation.__struct_fields__)
        found += [Touch(Conversation(*row[:width]), *row[width:]) for row in rows]
    return sorted(found, key=lambda touch: touch.at, reverse=True)
