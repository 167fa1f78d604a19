"""The file: schema, transactions, claims, change feed. All of SQLite is behind this face."""

from zotui.store import audit
from zotui.store.changes import Watch
from zotui.store.file import Reader, Store, Transaction
from zotui.store.ids import midnight_ms, new_id, now_ms
from zotui.store.migrations import is_ready
from zotui.store.notes import Notes
from zotui.store.schema import VERSION

__all__ = [
    "VERSION",
    "Notes",
    "Reader",
    "Store",
    "Transaction",
    "Watch",
    "audit",
    "is_ready",
    "midnight_ms",
    "new_id",
    "now_ms",
]
