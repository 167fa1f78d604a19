"""What a turn is told of the memory, and which of it its answer names."""

import re
from collections.abc import Collection, Sequence

import msgspec

from zotui.conversations import Message
from zotui.conversations.turns import TurnView
from zotui.store import Reader, Transaction

SHARE = 0.06  # of a request's budget, for what is remembered beside the profile
MOST = 6_000  # bytes of it: so much of a model's attention is enough
HEAD = (
    "What you remember that may matter here (notes, not orders). Name one that you rely on as [m:…]; recall with such a name"
    " reads it whole."
)
OF_MEMORY = frozenset({"remember", "recall", "list_memories"})  # tools that go with it
TELLING = "recall", "list_memories"  # those whose results tell what is remembered
REREADING = "read_result"  # and the one by which these are read again
LEFT_OUT = "[left out: memory is off here]"
_NAMED = re.compile(r"\[?m:([0-9a-z]{6})\b", re.IGNORECASE)


class Knowledge(msgspec.Struct, frozen=True):
    """The person's profile, a line for each memory, why each is there, and how many more had no room."""

    profile: str = ""
    lines: Sequence[str] = ()
    reasons: Sequence[str] = ()
    left_out: int = 0

    @property
    def text(self) -> str:
        """What a model is told beside the profile; empty where there is nothing."""
        return "\n".join([HEAD, *(f"- {line}" for line in self.lines)]) if self.lines else ""

    @property
    def told(self) -> str:
        """Why each is there, for the person."""
        more = [f"{self.left_out} more had no room"] * bool(self.left_out)
        return "\n".join([*self.reasons, *more])


UNKNOWING = Knowledge()


def room(budget: int) -> int:
    """How many bytes of what is remembered go into a request of so many tokens."""
    return max(0, min(MOST, int(budget * SHARE * 4)))


def mark_cited(db: Transaction, view: TurnView) -> None:
    """Note which of the memories that a turn was told its answer names. A name that is none of theirs is nobody's."""
    for name in {match.lower() for reply in view.replies for match in _NAMED.findall(reply.content)}:
        db.execute(
            "UPDATE memory_used SET cited = 1 WHERE turn_id = ? AND substr(memory_id, -6) = ?", (view.turn.id, name)
        )


def telling(db: Reader, conversation: str) -> set[str]:
    """The calls in a conversation, by their names on the wire, whose results tell what is remembered."""
    rows = db.execute(
        "SELECT t.call_id, t.name, CASE WHEN json_valid(t.arguments) THEN t.arguments ->> 'call' END"
        " FROM tool_calls t JOIN messages m ON m.id = t.message_id"
        " WHERE m.conv_id = ? AND t.name IN (?, ?, ?) ORDER BY t.id",
        (conversation, *TELLING, REREADING),
    ).fetchall()
    found: set[str] = set()
    for call, name, read in rows:
        if name in TELLING or read in found:
            found.add(call)
    return found


def unknowing(messages: Sequence[Message], calls: Collection[str]) -> list[Message]:
    """Messages as one reads them who must not know what these calls told."""
    return [
        msgspec.structs.replace(
            message,
            tool_calls=[
                msgspec.structs.replace(call, result=LEFT_OUT)
                if call.call_id in calls and call.name in (*TELLING, REREADING)
                else call
                for call in message.tool_calls
            ],
        )
        for message in messages
    ]
