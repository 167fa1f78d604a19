"""Taint: one bit of a conversation, set once text is in it that neither the person nor their computer wrote.

It is kept with the conversation, so that neither a summary nor a restart loses it; what is forked from it or goes on from
it has it too (a trigger of the file), and so has what is remembered in it. While it is set, nothing leaves this computer
and nothing of it changes its settings without the person: not even what was allowed before.
"""

from collections.abc import Sequence

from zotui.store import Reader, Transaction, now_ms
from zotui.text import one_line
from zotui.toolbox import Effect, Tool

GUARDED: frozenset[Effect] = frozenset({"net", "outside", "settings"})
"""What a tainted conversation asks for each time."""


def taints(tool: Tool) -> bool:
    """Whether what a tool gives may be anybody's words."""
    return tool.untrusted or tool.effect == "net"


def mark(db: Transaction, conversation: str, by: str) -> None:
    """From now on a conversation is tainted; the first cause is kept."""
    db.execute(
        "UPDATE conversations SET tainted_at = ?, tainted_by = ? WHERE id = ? AND tainted_at IS NULL",
        (now_ms(), one_line(by, 100), conversation),
    )


def cause(db: Reader, conversation: str) -> str:
    """What tainted a conversation; empty where nothing did."""
    return str(
        db.execute("SELECT tainted_by FROM conversations WHERE id = ? AND tainted_at IS NOT NULL", (conversation,)).get
        or ""
    )


def is_any_tainted(db: Reader, memories: Sequence[str]) -> bool:
    """Whether one of these memories was made in a tainted conversation."""
    marks = ", ".join("?" * len(memories))
    return bool(
        memories
        and db.execute(f"SELECT 1 FROM memory WHERE tainted = 1 AND id IN ({marks}) LIMIT 1", tuple(memories)).get
    )
