"""Conversations on a real file, with their rows written as the agent writes them."""

import itertools

import pytest

from zotui.conversations import Chats
from zotui.store import Store, Transaction, new_id


@pytest.fixture
def chats(store: Store) -> Chats:
    """The conversations in it."""
    return Chats(store)


CLOCK = itertools.count(1_700_000_000_000, 1000)


def put_messages(db: Transaction, conversation: str, texts: list[str], model: str = "lab/tiny") -> list[str]:
    """Messages of the person and the assistant by turns; their ids."""
    last = db.execute("SELECT coalesce(max(position), 0) FROM messages WHERE conv_id = ?", (conversation,)).get
    ids = []
    for number, text in enumerate(texts, last + 1):
        ids.append(new_id())
        role = "user" if number % 2 else "assistant"
        db.execute(
            "INSERT INTO messages(id, conv_id, position, role, content, model, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (ids[-1], conversation, number, role, text, "" if role == "user" else model, next(CLOCK)),
        )
    db.execute("UPDATE conversations SET updated_at = ? WHERE id = ?", (next(CLOCK), conversation))
    return ids
