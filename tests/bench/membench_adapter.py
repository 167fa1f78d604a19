"""An adapter of memory for a retrieval harness that takes ``open_store(path)``, ``memorize`` and ``recall``."""

import asyncio
import threading
from typing import Any

from zotui.memory import open_memory


class Blocking:
    """Memory for code without an event loop: one of its own runs in a thread."""

    def __init__(self, path: str) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._opened = open_memory(path)
        self._memory = self._run(self._opened.__aenter__())

    def memorize(self, content: str, meta: dict[str, Any]) -> str:
        """Remember one."""
        return str(self._run(self._memory.memorize(content, meta)))

    def memorize_many(self, rows: list[tuple[str, dict[str, Any]]]) -> list[str]:
        """Remember many; their ids."""
        return list(self._run(self._memory.memorize_many(rows)))

    def recall(self, query: str, top_k: int) -> list[dict[str, Any]]:
        """What fits best, best first."""
        found = self._run(self._memory.recall(query, top_k))
        return [{"id": one.id, "content": one.content, "meta": one.meta, "score": one.score} for one in found]

    def close(self) -> None:
        """Close the file."""
        self._run(self._opened.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def open_store(path: str) -> Blocking:
    """A fresh memory on a file."""
    return Blocking(path)
