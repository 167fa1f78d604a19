"""The adapter of memory for a retrieval harness, with ``embedder = "minilm"``."""

from typing import Any

from tests.bench.membench_adapter import Blocking
from zotui import minilm
from zotui.embedding import by_minilm
from zotui.memory.embedding import Embedder
from zotui.memory.filling import Filling
from zotui.memory.meaning import Vectors


class Meaning(Blocking):
    """Memory whose rows are embedded before the first question."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        embedder = Embedder(minilm.MODEL, by_minilm, minilm.LEAST, here=True, patience_s=60)
        self._memory.mean_by(Vectors(embedder))
        self._filling: Filling | None = Filling(self._memory._store, embedder)

    def recall(self, query: str, top_k: int) -> list[dict[str, Any]]:
        """What fits best, best first."""
        if self._filling is not None:
            self._run(self._filling.fill())
            self._filling = None
        return super().recall(query, top_k)


def open_store(path: str) -> Meaning:
    """A fresh memory on a file."""
    return Meaning(path)
