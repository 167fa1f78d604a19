"""Vectors for memories that lack them, made beside other work and kept in the file; a little at a time, so that whatever
ends it loses little."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from zotui import vectors
from zotui.errors import ZotuiError
from zotui.memory import whole
from zotui.memory.embedding import READ, Embedder, by_table
from zotui.memory.whole import COVERED
from zotui.store import Reader, Store, Transaction

BATCH = 64  # texts that are embedded at once
AGAIN_S = 60.0  # after a model did not answer
PAUSE_S = 1.0  # after a change, so that a lively conversation is embedded in few batches

Row = tuple[int, str, str]  # seq, id, text
log = logging.getLogger(__name__)


class Filling:
    """Keeps the vectors of the memories that count: the newest, and those used last. Of many memories, where there is NumPy, it
    keeps the signs of all vectors by the table instead of these."""

    def __init__(self, store: Store, embedder: Embedder | None) -> None:
        self._store = store
        self._embedder = embedder
        self._model = embedder.name if embedder else vectors.MODEL

    async def run(self) -> None:
        """Fill, and wait for changes, for ever."""
        async with self._store.watch("memory") as watch:
            while True:
                try:
                    await self.fill()
                except (ZotuiError, OSError) as error:
                    log.warning("memories are embedded later: %s", error)
                    await asyncio.sleep(AGAIN_S)
                    continue
                except Exception:  # whatever it is, memories are found by their words
                    log.exception("embedding memories")
                    await asyncio.sleep(AGAIN_S)
                    continue
                await watch.wait()
                await asyncio.sleep(PAUSE_S)

    async def fill(self) -> int:
        """Embed all that lacks a vector; how many that were. Then the vectors of other models go. Raises ZotuiError."""
        made = 0
        many = await self._store.read(whole.is_wanted)
        while many and (blocks := await self._store.read(whole.lacking)):
            made += await self._fill_blocks(blocks)
        while not (many and self._embedder is None) and (some := await self.fill_some()):
            made += some
        kept = "" if many and self._embedder is None else self._model
        while await self._store.write(partial(self._drop_others, kept=kept), durable=False):
            pass
        return made

    async def fill_some(self) -> int:
        """Embed the newest that lack a vector, a few; how many that were. Raises ZotuiError."""
        rows = await self._store.read(lambda db: lacking(db, self._model))
        if rows:
            found = await self._embedded([text for _, _, text in rows])
            await self._store.write(partial(self._put, rows=rows, found=found), durable=False)
        return len(rows)

    async def _fill_blocks(self, blocks: Sequence[whole.Block]) -> int:
        """Make the signs of some blocks; of how many memories."""
        made = [(block, await asyncio.to_thread(block.signs)) for block in blocks]

        def put(db: Transaction) -> None:
            for block, signs in made:
                whole.put(db, block, signs)

        await self._store.write(put, durable=False)
        return sum(len(signs) for _, signs in made)

    async def _embedded(self, texts: Sequence[str]) -> list[bytes]:
        if self._embedder is not None:
            return await self._embedder.embed(texts)
        return await asyncio.to_thread(lambda: [by_table(text) for text in texts])

    def _put(self, db: Transaction, rows: Sequence[Row], found: Sequence[bytes]) -> None:
        """Keep vectors, but of memories that were changed meanwhile."""
        for (seq, id_, _), vector in zip(rows, found, strict=True):
            db.execute(
                "INSERT OR REPLACE INTO memory_vectors(memory_id, model, vector)"
                " SELECT id, ?, ? FROM memory WHERE id = ? AND seq = ?",
                (self._model, vector, id_, seq),
            )

    def _drop_others(self, db: Transaction, kept: str) -> int:
        db.execute(
            "DELETE FROM memory_vectors WHERE n IN (SELECT n FROM memory_vectors WHERE model <> ? LIMIT 1000)", (kept,)
        )
        return db.changes()


def lacking(db: Reader, model: str, covered: int = COVERED) -> list[Row]:
    """Some of the memories that count and have no vector of a model: the newest first."""
    missing = "NOT EXISTS (SELECT 1 FROM memory_vectors v WHERE v.memory_id = m.id AND v.model = ?1)"
    rows: list[Row] = db.execute(
        f"SELECT seq, id, substr(value, 1, {READ}) FROM memory m"
        f" WHERE seq > (SELECT max(seq) FROM memory) - ?2 AND {missing} ORDER BY seq DESC LIMIT ?3",
        (model, covered, BATCH),
    ).fetchall()
    if len(rows) < BATCH:
        rows += db.execute(
            f"SELECT m.seq, m.id, substr(m.value, 1, {READ}) FROM memory m WHERE m.id IN"
            " (SELECT memory_id FROM memory_uses ORDER BY used_at DESC LIMIT ?2)"
            f" AND m.seq <= (SELECT max(seq) FROM memory) - ?3 AND {missing} LIMIT ?4",
            (model, covered // 10, covered, BATCH - len(rows)),
        ).fetchall()
    return rows
