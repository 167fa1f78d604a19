"""Taking lines into the memory: many to a transaction, each once, however often its file is read."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

import msgspec

from zotui.memory.exchange import Line, id_of
from zotui.memory.writing import put_key
from zotui.store import Store, Transaction

NAMED = 1_000  # problems that are named
BATCH = 5_000  # lines that are written in one transaction


class Taken(msgspec.Struct, frozen=True):
    """What became of lines: how many were taken, how many were there already, how many are wrong, and what is wrong with the
    first of these, by their numbers."""

    taken: int = 0
    known: int = 0
    wrong: int = 0
    problems: Sequence[str] = []

    def plus(self, other: "Taken") -> "Taken":
        """Both together."""
        problems = [*self.problems, *other.problems[: NAMED - len(self.problems)]] if other.problems else self.problems
        return Taken(self.taken + other.taken, self.known + other.known, self.wrong + other.wrong, problems)


async def take(store: Store, lines: Iterable[tuple[int, Line | str]]) -> AsyncIterator[Taken]:
    """Write what was read, and tell after each batch what became of it. Raises StoreError."""
    batch: list[Line] = []
    problems: list[str] = []
    writing: asyncio.Task[Taken] | None = None  # a batch is written while the next one is read
    try:
        for number, line in lines:
            if isinstance(line, str):
                problems.append(f"line {number}: {line}")
            else:
                batch.append(line)
            if len(batch) + len(problems) >= BATCH:
                if writing is not None:
                    yield await writing
                writing = asyncio.create_task(_put(store, batch, problems))
                await asyncio.sleep(0)  # for it to begin
                batch, problems = [], []
    finally:
        written = await writing if writing is not None else Taken()
    yield written
    yield await _put(store, batch, problems)


async def _put(store: Store, batch: Sequence[Line], problems: Sequence[str]) -> Taken:
    taken = await store.write(lambda db: sum([_keep(db, line) for line in batch])) if batch else 0
    return Taken(taken, len(batch) - taken, len(problems), problems[:NAMED])


def _keep(db: Transaction, line: Line) -> bool:
    """Write one; False where it is there already. A key that has another value keeps that as history, and one that had this
    value already is left."""
    value = db.execute("SELECT value FROM memory WHERE key = ?", (line.key,)).get if line.key else None
    if line.key and value is not None:
        had = "SELECT 1 FROM memory_history WHERE key = ? AND value = ?"
        if value == line.content or db.execute(had, (line.key, line.content)).get:
            return False
        _mark(db, put_key(db, line.key, line.content, line.meta), line)
        return True
    identity = line.id
    if not _insert(db, identity, line):
        if db.execute("SELECT value FROM memory WHERE id = ?", (identity,)).get == line.content:
            return False
        identity = id_of(line.content, line.meta)  # another text of this id: both are kept
        if not _insert(db, identity, line):
            return False
    for value, at in [*line.history, (line.content, line.updated_at)] if line.key else ():
        db.execute(
            "INSERT INTO memory_history(memory_id, key, value, created_at) VALUES (?, ?, ?, ?)",
            (identity, line.key, value, at),
        )
    _mark(db, identity, line)
    return True


def _insert(db: Transaction, identity: str, line: Line) -> bool:
    """Write a new memory; False where there is one of its id."""
    db.execute(
        "INSERT INTO memory(id, key, value, meta, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        (identity, line.key, line.content, line.meta, line.created_at, line.updated_at),
    )
    return db.changes() > 0


def _mark(db: Transaction, id_: str, line: Line) -> None:
    if line.pinned_at is not None or line.expires_at is not None:
        db.execute(
            "UPDATE memory SET pinned_at = ?, expires_at = ? WHERE id = ?", (line.pinned_at, line.expires_at, id_)
        )
    if line.tainted:
        db.execute("UPDATE memory SET tainted = 1 WHERE id = ?", (id_,))
    for tag in line.tags:
        db.execute("INSERT OR IGNORE INTO memory_tags(memory_id, tag) VALUES (?, ?)", (id_, tag))
