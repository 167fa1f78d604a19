"""How turns end from outside: stopped, and all that they left open with them."""

from zotui.conversations import reads
from zotui.conversations.noting import note_call
from zotui.store import Transaction, now_ms


def halt(db: Transaction, turn_id: str, reason: str) -> bool:
    """Stop a turn: at once where it is queued or waiting, else its worker is asked to. False if it was over."""
    turn = reads.turn(db, turn_id)
    if turn is None or turn.status not in ("queued", "running", "waiting"):
        return False
    if turn.status == "running":
        db.execute("UPDATE turns SET stop = 1, reason = ? WHERE id = ?", (reason, turn_id))
        return True
    db.execute(
        "UPDATE turns SET status = 'cancelled', reason = ?, owner = NULL, finished_at = ? WHERE id = ?",
        (reason, now_ms(), turn_id),
    )
    close_open_rows(db, turn_id, "cancelled", reason)
    return True


def close_open_rows(db: Transaction, turn_id: str, status: str, reason: str) -> None:
    """End what a turn left open: its streaming message with what came, its tool calls, its questions."""
    now = now_ms()
    for (message,) in db.execute(
        "SELECT id FROM messages WHERE turn_id = ? AND status = 'running'", (turn_id,)
    ).fetchall():
        seal_parts(db, message, status, reason)
    open_calls = db.execute(
        "SELECT id FROM tool_calls WHERE turn_id = ? AND status IN ('queued','running','waiting')", (turn_id,)
    ).fetchall()
    for (call,) in open_calls:
        db.execute(
            "UPDATE tool_calls SET status = ?, reason = ?, finished_at = ? WHERE id = ?", (status, reason, now, call)
        )
        note_call(db, call, status)
    db.execute(
        "UPDATE usage SET status = ?, reason = ?, finished_at = ? WHERE turn_id = ? AND status = 'running'",
        (status, reason, now, turn_id),
    )
    db.execute(
        "UPDATE approvals SET status = 'cancelled', reason = ?, finished_at = ? WHERE turn_id = ? AND status = 'waiting'",
        (reason, now, turn_id),
    )


def seal_parts(db: Transaction, message: str, status: str, reason: str | None) -> None:
    """Turn a streaming message's parts into its content: from now on it does not change."""
    parts = db.execute("SELECT kind, text FROM parts WHERE message_id = ? ORDER BY n", (message,)).fetchall()
    db.execute(
        "UPDATE messages SET content = ?, reasoning = ?, status = ?, reason = ?, finished_at = ? WHERE id = ?",
        (
            "".join(text for kind, text in parts if kind == "text"),
            "".join(text for kind, text in parts if kind == "reasoning"),
            status,
            reason,
            now_ms(),
            message,
        ),
    )
    db.execute("DELETE FROM parts WHERE message_id = ?", (message,))
