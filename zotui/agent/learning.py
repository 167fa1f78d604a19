"""What is learned from a turn when it ends: facts by their words at once, and a reading by the model, wanted for later."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import msgspec

from zotui.agent.ending import Notify
from zotui.conversations import reads
from zotui.conversations.records import TurnOptions
from zotui.conversations.turns import TurnView, viewed
from zotui.models.registry import OFFLINE
from zotui.store import Reader, Transaction, new_id, now_ms

QUIET_MS = 300_000  # a conversation must have rested before it is read: one reading for several turns
MANY = 8  # turns that are read at once, however lively it is
Propose = Literal["model", "patterns", "off"]
Learn = Callable[[Transaction, str], None]  # from a turn, in the transaction that ends it well


class Said(msgspec.Struct, frozen=True):
    """Words of a conversation, where they stand, and whose may be among them."""

    conversation: str
    message: str
    text: str
    tainted_by: str = ""


class Found(msgspec.Struct, frozen=True):
    """A fact that a model found. ``replaces``: the memory that it says is no longer so."""

    content: str
    kind: str
    key: str | None = None
    replaces: str | None = None


class Memory(Protocol):
    """What the agent needs of the memory to learn. All within transactions of its own."""

    def known(self, db: Reader, text: str, count: int) -> Sequence[tuple[str, str]]:
        """Ids and texts of what is remembered of such matters."""
        ...

    def notice(self, db: Transaction, said: Said) -> bool:
        """Propose what a person's words say by themselves; whether something waits that did not before."""
        ...

    def propose(self, db: Transaction, said: Said, found: Found, model: str) -> bool:
        """Propose a fact; whether it waits now, and did not before."""
        ...

    def waiting(self, db: Reader) -> int:
        """How many facts wait for the person's word."""
        ...


class Learning(msgspec.Struct, frozen=True):
    """How turns are learned from: into which memory, how much, and who is told."""

    memory: Memory
    notify: Notify
    propose: Callable[[], Propose] = lambda: "model"

    def __call__(self, db: Transaction, turn: str) -> None:
        """Learn from a turn that has just ended well."""
        view = viewed(db, turn)
        options = msgspec.json.decode(view.turn.options, type=TurnOptions)
        if self.propose() == "off" or not teaches(db, view.turn.conv_id, options):
            return
        new = [self.memory.notice(db, said) for said in spoken(db, view)]
        if any(new):
            tell_waiting(db, self.memory.waiting(db), self.notify)
        by_model = view.replies and view.replies[-1].model.partition("/")[0] != OFFLINE
        if self.propose() == "model" and by_model:
            want_reading(db, view)


def remembers(db: Reader, conversation: str, options: TurnOptions) -> bool:
    """Whether a turn of a conversation knows what is remembered."""
    return options.memory and reads.remembers(db, conversation)


def teaches(db: Reader, conversation: str, options: TurnOptions) -> bool:
    """Whether a turn is learned from: a person is there and says it, in a conversation that knows what is remembered. What a
    script or a pipe says is nobody's word."""
    kind = db.execute("SELECT kind FROM conversations WHERE id = ?", (conversation,)).get
    return remembers(db, conversation, options) and options.attended and options.origin == "chat" and kind != "trial"


def spoken(db: Reader, view: TurnView) -> list[Said]:
    """What the person said in a turn."""
    at, by = db.execute("SELECT tainted_at, tainted_by FROM conversations WHERE id = ?", (view.turn.conv_id,)).get
    return [
        Said(view.turn.conv_id, message.id, message.content, by if at is not None and at <= message.created_at else "")
        for message in view.messages
        if message.role == "user"
    ]


def want_reading(db: Transaction, view: TurnView) -> None:
    """Have the model read a conversation once it rests, or at once where it has gone on for long."""
    conversation, last = view.turn.conv_id, max(message.position for message in view.messages)
    queued = db.execute("SELECT id FROM readings WHERE conv_id = ? AND status = 'queued'", (conversation,)).get
    read = db.execute(
        "SELECT max(last_position) FROM readings WHERE conv_id = ? AND status <> 'queued'", (conversation,)
    ).get
    turns = db.execute(
        "SELECT count(*) FROM messages WHERE conv_id = ? AND role = 'user' AND position > ?", (conversation, read or 0)
    ).get
    due = now_ms() + (0 if turns >= MANY else QUIET_MS)
    if queued is not None:
        db.execute("UPDATE readings SET last_position = ?, not_before = ? WHERE id = ?", (last, due, queued))
        return
    db.execute(
        "INSERT INTO readings(id, conv_id, last_position, lane, not_before, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (new_id(), conversation, last, conversation, due, now_ms()),
    )


def tell_waiting(db: Transaction, waiting: int, notify: Notify) -> None:
    """One notice for all that waits, in place of the last one."""
    db.execute("DELETE FROM notices WHERE kind = 'facts' AND read_at IS NULL")
    if waiting:
        words, they = ("a fact waits", "it is") if waiting == 1 else (f"{waiting} facts wait", "they are")
        notify(db, "facts", f"{words} for your word before {they} remembered: /facts", "facts:")
