"""Copies of files' bytes, by their SHA-256, compressed where that helps."""

import hashlib
import zlib
from collections.abc import Iterable

import msgspec

from zotui.store import Reader, Transaction

Copy = tuple[str, str, bytes]
"""A hash, how the content is packed, and the packed bytes."""
LEVEL = 1  # of zlib: copying must not be what a command waits for
TRY = 65_536  # bytes by which it is seen whether a file can be compressed


def digest(content: bytes) -> str:
    """What a copy is named by."""
    return hashlib.sha256(content).hexdigest()


def pack(content: bytes) -> tuple[str, bytes]:
    """How a content is kept, and the bytes of that."""
    tried = zlib.compress(content[:TRY], LEVEL)
    if len(tried) > 0.9 * min(len(content), TRY):
        return "no", content
    return "zlib", tried if len(content) <= TRY else zlib.compress(content, LEVEL)


def names(db: Reader) -> set[str]:
    """The hashes of all copies there are."""
    return {name for (name,) in db.execute("SELECT hash FROM copies").fetchall()}


def keep(db: Transaction, some: Iterable[Copy]) -> None:
    """Keep copies, each once."""
    for name, how, packed in some:
        db.execute(
            "INSERT OR IGNORE INTO copies(hash, packed, stored, content) VALUES (?, ?, ?, ?)",
            (name, how, len(packed), packed),
        )


def read(db: Reader, name: str) -> bytes | None:
    """The bytes of a copy; None where it is gone."""
    row = db.execute("SELECT packed, content FROM copies WHERE hash = ?", (name,)).get
    if row is None:
        return None
    how, content = row
    return zlib.decompress(content) if how == "zlib" else bytes(content)


def total(db: Reader) -> int:
    """Bytes that all copies take."""
    return int(db.execute("SELECT coalesce(sum(stored), 0) FROM copies").get)


def sweep(db: Transaction, wanted: Iterable[str]) -> None:
    """Forget all copies but those that are ``wanted``."""
    names = msgspec.json.encode(list(wanted)).decode()
    db.execute("DELETE FROM copies WHERE hash NOT IN (SELECT value FROM json_each(?))", (names,))
