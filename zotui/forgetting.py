"""To forget means to forget: a memory goes with its history and its words, from the indexes, the log of the file and its
free pages; on request also from the conversations and the copies of the file that hold it. Nothing of it comes back."""

from __future__ import annotations

import asyncio
import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from zotui.automations import traces as automation_traces
from zotui.conversations import redacting
from zotui.conversations.redacting import Holding
from zotui.memory import Memory, proposing, writing
from zotui.skills import traces as skill_traces
from zotui.store import audit

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.store import Reader, Transaction

SHORTEST = 4  # characters of a text that is looked for in other places: shorter ones stand everywhere


class Traces(Struct, frozen=True):
    """What a memory has left: the values that it had, where in conversations they stand, which runs of skills were given or
    said them, out of which runs of automations they came, which copies of the file hold them, and how many rows of the audit
    log, in which nothing can be changed."""

    memory: Memory
    texts: Sequence[str]
    turns: Sequence[Holding]
    skill_runs: Sequence[str]
    automation_runs: Sequence[str]
    backups: Sequence[Path]
    audited: int


class Forgetting:
    """Finds what a memory has left, and takes it away."""

    def __init__(self, computer: Computer) -> None:
        self._computer = computer

    async def traces(self, id_or_key: str) -> Traces:
        """What would go with a memory, and what could. Raises NotFound, UsageError."""
        computer = self._computer
        memory = await computer.memory.find(id_or_key)
        versions = await computer.memory.history(memory.key or memory.id)
        texts = list(dict.fromkeys([memory.content, *(version.value for version in versions)]))
        sought = _sought(texts)
        turns = await computer.store.read(lambda db: redacting.holding(db, sought, _origins(db, memory)))
        runs = await computer.store.read(lambda db: skill_traces.holding(db, sought))
        happened = await computer.store.read(lambda db: automation_traces.holding(db, sought))
        audited = await computer.store.read(
            lambda db: sum(
                db.execute("SELECT count(*) FROM audit WHERE instr(subject, ?)", (text[:200],)).get for text in sought
            )
        )
        backups = await asyncio.to_thread(_holding_files, computer.home.backups, sought)
        return Traces(memory, texts, turns, runs, happened, backups, audited)

    async def forget(self, traces: Traces, *, redact: bool = False, backups: bool = False) -> str:
        """Take it away for good; ``redact``: with the turns, and the runs of skills and automations, that hold its words;
        ``backups``: with the copies of the file. What could not be done, in words, or nothing. Raises UsageError while one of the
        turns' conversations is being answered, StoreError."""
        computer, sought = self._computer, _sought(traces.texts)

        def put(db: Transaction) -> None:
            for one in traces.turns if redact else ():
                redacting.redact(db, one)
            if redact:
                redacting.forget_derived(db, sought)
                skill_traces.redact(db, skill_traces.holding(db, sought))
                automation_traces.redact(db, automation_traces.holding(db, sought))
            proposing.forget(db, traces.memory.id, traces.memory.key, sought)
            for part in writing.parts(traces.memory):
                proposing.forget(db, part, None, ())
            db.execute("UPDATE mirrored SET forgotten = 1 WHERE memory_id = ?", (traces.memory.id,))
            writing.forget(db, traces.memory.id)
            audit.add(db, "forgotten", traces.memory.id)

        await computer.store.write(put)
        if backups:
            await asyncio.to_thread(_delete, traces.backups)
        left = await asyncio.to_thread(computer.mirror.erase)
        still = [f"its file in the mirror is still there ({', '.join(left)})"] if left else []
        return "; ".join(filter(None, [*still, await computer.store.scrub()]))


def _sought(texts: Sequence[str]) -> list[str]:
    """Those that are looked for in other places."""
    return [text for text in texts if len(text) >= SHORTEST]


def _origins(db: Reader, memory: Memory) -> list[str]:
    """The messages that it came from, in whose words it need not stand."""
    proposed = [
        message
        for identity in (memory.id, *writing.parts(memory))
        for (message,) in db.execute("SELECT message_id FROM proposals WHERE memory_id = ?", (identity,)).fetchall()
    ]
    merged = memory.meta.get("merged")
    said = [memory.meta, *(merged if isinstance(merged, list) else [])]
    named = [part["message"] for part in said if isinstance(part, dict) and isinstance(part.get("message"), str)]
    return list(dict.fromkeys([*named, *proposed]))


def _delete(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _holding_files(folder: Path, texts: Sequence[str]) -> list[Path]:
    """The files of a folder in whose bytes one of these texts stands. Blocks."""
    found = []
    for path in sorted(folder.glob("*")):
        if not path.is_file() or not path.stat().st_size:
            continue
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if any(content.find(text.encode()) >= 0 for text in texts):
                found.append(path)
    return found
