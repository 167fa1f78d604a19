"""Taint: one bit of a conversation, set once text is in it that neither the person nor their computer wrote.

It is kept with the conversation, so that neither a summary nor a restart loses it. Triggers of the file carry it into what
is forked from it or goes on from it, into what is remembered in it, and into a conversation to which either is given.
"""

from zotui.store import Reader, Transaction, now_ms
from zotui.text import one_line


def mark(db: Transaction, conversation: str, by: str) -> None:
    """From now on a conversation is tainted; the first cause is kept."""
    db.execute(
        "UPDATE conversations SET tainted_at = ?, tainted_by = ? WHERE id = ? AND tainted_at IS NULL",
        (now_ms(), one_line(by, 100), conversation),
    )


def cause(db: Reader, conversation: str) -> str:
    """What tainted a conversation; empty where nothing did."""
    return str(db.execute("SELECT tainted_by FROM conversations WHERE id = ?", (conversation,)).get or "")
