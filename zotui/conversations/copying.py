"""Copies of messages with all that hangs on them, in a few statements however many they are.

Which row becomes which is given to SQLite as JSON, ``[old, new, …]`` for each, with the new rows that it belongs to.
"""

from collections.abc import Iterable, Sequence

import msgspec

from zotui.store import Transaction, new_id

_TURN = (
    "input, model, options, error, reason, priority, not_before, attempt, fence, stop, created_at, started_at,"
    " finished_at"
)
_MESSAGE = "role, content, reasoning, tools, raw, model, status, reason, created_at, finished_at, opaque, note"
_CALL = "position, call_id, name, arguments, effect, reason, result, summary, created_at, started_at, finished_at"
_FILE = "position, name, media_type, size, content, text, path"
_PAIRS = (
    "WITH pairs(n, old, new, above, over) AS"
    " (SELECT key, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1))"
)
OPEN = ("queued", "running", "waiting")
"""What a turn is that is not over."""
_ENDED = f"CASE WHEN status IN {OPEN!r} THEN 'interrupted' ELSE status END"  # in a copy nobody goes on with it


def copy(db: Transaction, source: str, target: str, after: int, last: int, shift: int = 0) -> None:
    """Copy the messages of the positions ``after`` < p ≤ ``last`` with their turns, calls and files; ``shift`` is added
    to their positions. ``copy_of`` names the first original."""
    found = db.execute(
        "SELECT id, turn_id FROM messages WHERE conv_id = ? AND position > ? AND position <= ? ORDER BY position",
        (source, after, last),
    ).fetchall()
    turns = {turn: new_id() for turn in dict.fromkeys(turn for _, turn in found if turn)}
    messages = [(message, new_id(), turns.get(turn)) for message, turn in found]
    db.execute(
        f"{_PAIRS} INSERT INTO turns(id, conv_id, lane, status, {_TURN})"
        f" SELECT new, ?2, ?2, {_ENDED}, {_TURN}"
        " FROM pairs CROSS JOIN turns ON id = old",
        (_json(turns.items()), target),
    )
    db.execute(
        f"{_PAIRS} INSERT INTO messages(id, conv_id, turn_id, copy_of, position, {_MESSAGE})"
        f" SELECT new, ?2, above, coalesce(copy_of, id), position + ?3, {_MESSAGE}"
        " FROM pairs CROSS JOIN messages ON id = old",
        (_json(messages), target, shift),
    )
    _copy_calls(db, messages, turns)
    _copy_files(db, turns)
    _end_well(db, source, last, turns)


def _copy_calls(db: Transaction, messages: Sequence[tuple[str, str, str | None]], turns: dict[str, str]) -> None:
    rows = db.execute(
        f"{_PAIRS} SELECT id, new, turn_id FROM pairs CROSS JOIN tool_calls ON message_id = old ORDER BY n, position",
        (_json(messages),),
    ).fetchall()
    calls = [(call, new_id(), message, turns.get(turn, turn)) for call, message, turn in rows]
    db.execute(
        f"{_PAIRS} INSERT INTO tool_calls(id, message_id, turn_id, status, {_CALL}) SELECT new, above, over, {_ENDED}, {_CALL}"
        " FROM pairs CROSS JOIN tool_calls ON id = old",
        (_json(calls),),
    )


def _copy_files(db: Transaction, turns: dict[str, str]) -> None:
    rows = db.execute(
        f"{_PAIRS} SELECT id, new FROM pairs CROSS JOIN attachments ON turn_id = old ORDER BY n, position",
        (_json(turns.items()),),
    ).fetchall()
    db.execute(
        f"{_PAIRS} INSERT INTO attachments(id, turn_id, {_FILE}) SELECT new, above, {_FILE}"
        " FROM pairs CROSS JOIN attachments ON id = old",
        (_json((file, new_id(), turn) for file, turn in rows),),
    )


def _end_well(db: Transaction, source: str, last: int, turns: dict[str, str]) -> None:
    """A turn that is copied without its end did not fail in the copy."""
    turn = db.execute("SELECT turn_id FROM messages WHERE conv_id = ? AND position = ?", (source, last)).get
    more = db.execute(
        "SELECT 1 FROM messages WHERE turn_id = ? AND conv_id = ? AND position > ?", (turn, source, last)
    ).get
    if turn in turns and more:
        db.execute("UPDATE turns SET status = 'done', reason = NULL, error = NULL WHERE id = ?", (turns[turn],))


def _json(pairs: Iterable[tuple[str | None, ...]]) -> str:
    return msgspec.json.encode(list(pairs)).decode()
