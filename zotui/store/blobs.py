"""Bytes kept once, by their SHA-256, for all rows that have them."""

import hashlib

from zotui.store.sql import Database

HOLDERS = ("files", "attachments")
"""The tables whose ``content`` is the hash of a blob."""


def keep(db: Database, content: bytes) -> str:
    """Have these bytes in the file; their hash."""
    digest = hashlib.sha256(content).hexdigest()
    db.execute("INSERT OR IGNORE INTO blobs(hash, content) VALUES (?, ?)", (digest, content))
    return digest


def sweep(db: Database, digest: str | None) -> None:
    """Bytes that no row has any more go."""
    unheld = " AND ".join(f"NOT EXISTS (SELECT 1 FROM {table} WHERE content = ?1)" for table in HOLDERS)
    db.execute(f"DELETE FROM blobs WHERE hash = ?1 AND {unheld}", (digest,))
