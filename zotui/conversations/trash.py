"""What ends with a conversation that is deleted, and what goes with one that is purged."""

from collections.abc import Sequence

from zotui.conversations import reads
from zotui.conversations.closing import halt
from zotui.errors import UsageError
from zotui.store import Reader, Transaction, blobs, now_ms

_OWN_COMPARISONS = "comparison_id IN (SELECT id FROM comparisons WHERE conv_id = ?)"


def is_answering(db: Reader, conversation: str) -> bool:
    """Whether a turn of the conversation runs."""
    return bool(db.execute("SELECT 1 FROM turns WHERE conv_id = ? AND status = 'running'", (conversation,)).get)


def refuse_while_answering(db: Reader, conversation: str) -> None:
    """Raise UsageError where a turn of the conversation runs."""
    if is_answering(db, conversation):
        raise UsageError("this conversation is being answered", "stop the answer first")


def trials(db: Reader, conversation: str) -> Sequence[str]:
    """The conversations in which models were tried for this one."""
    rows = db.execute(
        f"SELECT id FROM conversations WHERE kind = 'trial' AND {_OWN_COMPARISONS}", (conversation,)
    ).fetchall()
    return [trial for (trial,) in rows]


def abandon(db: Transaction, conversation: str) -> None:
    """Stop what runs, waits or is queued in a conversation and in its trials, and what would be summarised of it."""
    for one in (conversation, *trials(db, conversation)):
        for turn in reads.turns(db, one, only_open=True):
            halt(db, turn.id, "deleted")
    db.execute(
        "UPDATE summaries SET status = 'cancelled', reason = 'deleted', finished_at = ?"
        " WHERE conv_id = ? AND status = 'queued'",
        (now_ms(), conversation),
    )


def purged(db: Transaction, conversation: str) -> bool:
    """Delete a conversation with all that hangs on it, and bytes that nothing has any more; False for none.

    Its branches stay, those of its trials that were gone on with too, and belong to what it was itself taken from.
    """
    gone = [*trials(db, conversation), conversation]
    held = [digest for one in gone for digest in _held(db, one)]
    db.execute(
        f"UPDATE conversations SET comparison_id = NULL WHERE kind <> 'trial' AND {_OWN_COMPARISONS}", (conversation,)
    )
    for one in gone:
        db.execute(
            "UPDATE conversations SET parent_id = (SELECT parent_id FROM conversations WHERE id = ?1) WHERE parent_id = ?1",
            (one,),
        )
        place = f"chat:{one}"
        db.execute("DELETE FROM notices WHERE place = ?1 OR substr(place, 1, length(?1) + 1) = ?1 || '/'", (place,))
    db.execute("DELETE FROM conversations WHERE id = ?", (conversation,))
    was = bool(db.changes())
    for digest in dict.fromkeys(held):
        blobs.sweep(db, digest)
    return was


def _held(db: Reader, conversation: str) -> Sequence[str]:
    """The hashes of the files that went with its requests."""
    rows = db.execute(
        "SELECT DISTINCT content FROM attachments WHERE turn_id IN (SELECT id FROM turns WHERE conv_id = ?)",
        (conversation,),
    ).fetchall()
    return [digest for (digest,) in rows]
