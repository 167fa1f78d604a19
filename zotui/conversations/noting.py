"""What of tool calls goes into the audit log: what acted, what was asked, allowed and refused; not what only read."""

import hashlib

from zotui.store import Transaction, audit

OF_MEMORY = ("remember",)
"""Tools whose arguments may be forgotten one day: the log, in which nothing can be changed, holds their hash alone."""


def note_call(db: Transaction, call: str, status: str) -> None:
    """A row of the audit log for what became of a call, unless that only reads: ``started`` before it acts, then how it
    ended; of kind ``refused`` where it never began, ``approval`` where the person was asked."""
    row = db.execute(
        "SELECT t.conv_id, c.turn_id, c.name, c.arguments, c.effect, c.reason, c.summary FROM tool_calls c"
        " JOIN turns t ON t.id = c.turn_id WHERE c.id = ?",
        (call,),
    ).get
    if row is None:
        return
    conversation, turn, name, arguments, effect, reason, summary = row
    asked = status in ("asked", "allowed", "denied")
    if effect == "read" or not (effect or asked or status == "failed"):
        return
    details = {
        "effect": effect,
        "status": status,
        "reason": reason,
        "summary": summary,
        "arguments": hashlib.sha256(arguments.encode()).hexdigest(),
    }
    kind = "approval" if asked else "call" if effect else "refused"
    subject = name if name in OF_MEMORY else f"{name} {arguments}"
    audit.add(db, kind, subject, conversation=conversation, turn=turn, call=call, details=details)
