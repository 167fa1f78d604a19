"""Branches: copies of a conversation up to a message, which go on by themselves; what belongs to which.

A branch has rows of its own, so that nothing of it depends on what it was taken from. Positions stay the same, and
``copy_of`` names the first original of a message, so that two branches can be laid side by side.
"""

from zotui.conversations import reads
from zotui.conversations.copying import OPEN, copy
from zotui.conversations.records import Branch, Conversation, Kind
from zotui.errors import NotFound, UsageError
from zotui.store import Reader, Transaction, new_id, now_ms
from zotui.text import one_line


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
    source = reads.existing(db, conversation)
    last = _last_position(db, conversation, message, before)
    branch, now = new_id(), now_ms()
    parent_message = db.execute("SELECT id FROM messages WHERE conv_id = ? AND position = ?", (conversation, last)).get
    db.execute(
        "INSERT INTO conversations(id, title, model, created_at, updated_at, kind, parent_id, parent_message_id,"
        " comparison_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (branch, source.title, source.model, now, now, kind, conversation, parent_message, comparison),
    )
    keep_persona(db, conversation, branch)
    copy(db, conversation, branch, 0, last)
    return branch


def keep_persona(db: Transaction, source: str, made: str) -> None:
    """A conversation that comes of another has its persona."""
    db.execute(
        "UPDATE conversations SET persona_id = (SELECT persona_id FROM conversations WHERE id = ?) WHERE id = ?",
        (source, made),
    )


def _last_position(db: Reader, conversation: str, message: str | None, before: bool) -> int:
    """The position of the last message to be copied."""
    if message is None:
        return 0
    at = db.execute("SELECT position FROM messages WHERE id = ? AND conv_id = ?", (message, conversation)).get
    if at is None:
        raise NotFound(f"no message {one_line(message, 40)!r} in this conversation")
    last = db.execute(
        "SELECT position, turn_id FROM messages WHERE conv_id = ? AND position <= ? ORDER BY position DESC LIMIT 1",
        (conversation, at - before),
    ).get
    if last is None:
        return 0
    position, turn = last
    found = reads.turn(db, turn) if turn else None
    if found is not None and found.status in OPEN:
        raise UsageError("this turn is not over yet", "branch off before its request, or stop it first")
    return int(position)


def adopt(db: Transaction, conversation: str) -> None:
    """A trial that somebody goes on in is a branch from now on, and listed."""
    db.execute("UPDATE conversations SET kind = 'branch' WHERE id = ? AND kind = 'trial'", (conversation,))


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
