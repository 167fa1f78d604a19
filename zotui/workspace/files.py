"""Files kept in the database, content-addressed: the same bytes are stored once."""

import msgspec

from zotui.errors import NotFound, UsageError
from zotui.store import Reader, Store, Transaction, blobs, new_id, now_ms
from zotui.text import one_line


class StoredFile(msgspec.Struct, frozen=True):
    """A file in the database; ``content`` is the SHA-256 of its bytes, ``size`` in bytes."""

    id: str
    path: str
    content: str
    size: int
    updated_at: int


class Files:
    """Any bytes under any path."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, path: str, content: bytes) -> StoredFile:
        """Store bytes under a path, over what was there. Raises UsageError for a path that is empty or no text."""
        if not path or "\0" in path or not _is_text(path):
            raise UsageError("a file needs a path in UTF-8 without NULs")

        def put(db: Transaction) -> StoredFile:
            before = db.execute("SELECT content FROM files WHERE path = ?", (path,)).get
            digest = blobs.keep(db, content)
            row = db.execute(
                "INSERT INTO files(id, path, content, size, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)"
                " ON CONFLICT (path) DO UPDATE SET content = ?3, size = ?4, updated_at = ?5"
                " RETURNING id, path, content, size, updated_at",
                (new_id(), path, digest, len(content), now_ms()),
            ).get
            blobs.sweep(db, before)
            return StoredFile(*row)

        return await self._store.write(put)

    async def get(self, path: str) -> bytes:
        """The bytes under a path. Raises NotFound."""

        def look(db: Reader) -> bytes | None:
            if not _is_text(path):
                return None
            found: bytes | None = db.execute(
                "SELECT b.content FROM files f JOIN blobs b ON b.hash = f.content WHERE f.path = ?", (path,)
            ).get
            return found

        content = await self._store.read(look)
        if content is None:
            raise NotFound(f"no stored file {one_line(path, 80)!r}")
        return content

    async def list(self) -> list[StoredFile]:
        """All stored files, by path."""
        return await self._store.read(
            lambda db: [
                StoredFile(*row)
                for row in db.execute("SELECT id, path, content, size, updated_at FROM files ORDER BY path").fetchall()
            ]
        )

    async def remove(self, path: str) -> None:
        """Forget a path, and its bytes where no other path has them. Raises NotFound."""

        def remove(db: Transaction) -> None:
            before = db.execute("SELECT content FROM files WHERE path = ?", (path,)).get if _is_text(path) else None
            if before is None:
                raise NotFound(f"no stored file {one_line(path, 80)!r}")
            db.execute("DELETE FROM files WHERE path = ?", (path,))
            blobs.sweep(db, before)

        await self._store.write(remove)


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
