"""What the desk remembers between starts: drafts, layout, the open conversation."""

from zotui.store.file import Store


class Notes:
    """Named texts, in the file."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, key: str) -> str | None:
        """A kept text, or None."""
        row = await self._store.read(lambda db: db.execute("SELECT value FROM desk WHERE key = ?", (key,)).get)
        return None if row is None else str(row)

    async def set(self, key: str, value: str | None) -> None:
        """Keep a text, or forget it. Survives a kill of the app."""
        if value is None:
            await self._store.write(lambda db: db.execute("DELETE FROM desk WHERE key = ?", (key,)), durable=False)
            return
        await self._store.write(
            lambda db: db.execute("INSERT OR REPLACE INTO desk(key, value) VALUES (?, ?)", (key, value)), durable=False
        )
