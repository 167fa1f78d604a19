"""Memory: remember, recall, edit, forget; every key keeps its history."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from zotui.memory.meaning import Vectors
from zotui.memory.memories import Memories
from zotui.memory.records import Memory, Version

__all__ = ["Memories", "Memory", "Version", "open_memory"]


@asynccontextmanager
async def open_memory(path: str | os.PathLike[str]) -> AsyncIterator[Memories]:
    """Memory on a file of its own, apart from any home; its locks live beside it in ``PATH.run``. Raises StoreError."""
    from zotui.errors import StoreError
    from zotui.private import make_folder
    from zotui.store import Store

    file = Path(os.path.abspath(path))  # noqa: ASYNC240 (it asks no disk)
    run = file.with_name(file.name + ".run")
    try:
        make_folder(run)
    except OSError as error:
        raise StoreError(
            f"{file}: {error.strerror or error}", "choose a file in a folder that can be written to"
        ) from None
    store = await asyncio.to_thread(Store.open, file, run=run, backups=run)
    try:
        yield Memories(store, Vectors())
    finally:
        await asyncio.to_thread(store.close)
