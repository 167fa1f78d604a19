"""How turns end: who is told of it, and what becomes of one whose worker is gone."""

from collections.abc import Callable

import msgspec

from zotui.conversations.closing import close_open_rows
from zotui.conversations.reads import tool_calls
from zotui.conversations.records import TurnOptions
from zotui.conversations.turns import viewed
from zotui.store import Transaction, now_ms
from zotui.store.work import check, finish
from zotui.text import one_line

MOST_ATTEMPTS = 3  # of a turn whose workers die
Notify = Callable[[Transaction, str, str, str], object]  # in a transaction: kind, text, place


def unheard(db: Transaction, kind: str, text: str, place: str) -> None:
    """A notice for nobody."""


def tell_end(db: Transaction, turn_id: str, notify: Notify) -> None:
    """A notice of how a turn ended: of an answer to a person, and of whatever failed; trials are watched anyway, and of what
    happens by itself its automation tells."""
    view = viewed(db, turn_id)
    turn, options = view.turn, msgspec.json.decode(view.turn.options, type=TurnOptions)
    kind = db.execute("SELECT kind FROM conversations WHERE id = ?", (turn.conv_id,)).get
    failed = turn.status in ("failed", "interrupted")
    if kind == "trial" or options.origin.startswith("automation:"):
        return
    if not (failed or (turn.status == "done" and options.attended)):
        return
    place = f"chat:{turn.conv_id}" + (f"/{view.replies[-1].id}" if view.replies else "")
    if failed:
        why = turn.error or turn.reason or "no reason is known"
        notify(db, "failure", f"{turn.status}: {one_line(turn.input, 60)}: {why}", place)
    else:
        notify(db, "answer", f"{one_line(turn.input, 60)}: {one_line(view.output, 120)}", place)


def wind_up(db: Transaction, turn_id: str, fence: int, why: str, notify: Notify = unheard) -> None:
    """A running turn whose worker is gone: queued again where nothing would be done or said twice, else
    ``interrupted`` with what is known. Raises Fenced."""
    check(db, "turns", turn_id, fence)
    view = viewed(db, turn_id)
    calls = tool_calls(db, "turn_id", turn_id)
    streaming = [message for message in view.replies if message.status == "running"]
    said = any(message.content or message.reasoning for message in streaming)
    acted = any(call.status == "running" and call.effect != "read" for call in calls)
    if view.turn.stop:
        finish(db, "turns", turn_id, fence, "cancelled", "stopped")
        close_open_rows(db, turn_id, "cancelled", "stopped")
    elif said or acted or (why == "lost" and view.turn.attempt >= MOST_ATTEMPTS):
        finish(db, "turns", turn_id, fence, "interrupted", why)
        close_open_rows(db, turn_id, "interrupted", why)
        tell_end(db, turn_id, notify)
    else:
        for message in streaming:
            db.execute("DELETE FROM messages WHERE id = ?", (message.id,))
        db.execute(
            "UPDATE usage SET status = 'interrupted', reason = ?, finished_at = ? WHERE turn_id = ? AND status = 'running'",
            (why, now_ms(), turn_id),
        )
        db.execute("UPDATE tool_calls SET status = 'queued' WHERE turn_id = ? AND status = 'running'", (turn_id,))
        finish(db, "turns", turn_id, fence, "queued", why)
