"""The history of what skills did, as rows: each run is one before it begins, whatever becomes of it."""

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from zotui.skills.opened import MAIN
from zotui.skills.skill import Skill
from zotui.store import Store, Transaction, new_id, now_ms
from zotui.store.owner import is_alive
from zotui.text import clean, one_line

KEPT = 1_000  # runs that are kept
LONGEST = 2_000  # characters of its arguments, and of the end of what it printed
LONGEST_ERROR = 400
_SECRET = re.compile(r"key|token|secret|passw|credential", re.IGNORECASE)

Status = Literal["running", "done", "failed", "cancelled", "interrupted"]


class Asked(msgspec.Struct, frozen=True):
    """Who wants a skill run: the person, or a turn of a conversation."""

    by: str = "person"
    conversation: str | None = None
    turn: str | None = None


class SkillRun(msgspec.Struct, frozen=True):
    """One run, or one reading of its instructions: then ``script`` is ``SKILL.md``. Times in milliseconds since 1970; ``ms``:
    how long it took; ``output``: the end of what it printed; ``tokens``: about how many a model was told."""

    id: str
    skill: str
    script: str
    hash: str
    arguments: str
    asked_by: str
    conv_id: str | None
    turn_id: str | None
    status: Status
    reason: str | None
    error: str | None
    exit_code: int | None
    ms: int | None
    output: str
    started_at: int
    finished_at: int | None
    tokens: int | None = None


Found = list[SkillRun]
_COLUMNS = ", ".join(SkillRun.__struct_fields__)


class Runs:
    """Writes runs, and reads them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(self, run: str, skill: Skill, script: str, arguments: Mapping[str, Any], asked: Asked) -> None:
        """Write that a run of this id begins."""
        shown = {name: "…" if _SECRET.search(name) else value for name, value in arguments.items()}
        values = {
            "id": run,
            "skill": skill.name,
            "script": script,
            "hash": skill.hash,
            "arguments": msgspec.json.encode(shown).decode()[:LONGEST],
            "asked_by": asked.by,
            "conv_id": asked.conversation,
            "turn_id": asked.turn,
            "status": "running",
            "owner": self._store.owner,
            "started_at": now_ms(),
        }

        def put(db: Transaction) -> None:
            settle(db)
            db.execute(
                f"INSERT INTO skill_runs({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
                (*values.values(),),
            )
            db.execute(
                "DELETE FROM skill_runs WHERE id <= (SELECT id FROM skill_runs ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (KEPT,),
            )

        await self._store.write(put)

    async def end(
        self,
        run: str,
        status: Status,
        reason: str = "",
        error: str = "",
        exit_code: int | None = None,
        output: str = "",
        tokens: int | None = None,
    ) -> None:
        """Write how a run ended; nothing where it had not begun."""
        now = now_ms()
        await self._store.write(
            lambda db: db.execute(
                "UPDATE skill_runs SET status = ?, reason = ?, error = ?, exit_code = ?, output = ?, finished_at = ?,"
                " ms = ? - started_at, tokens = ? WHERE id = ? AND status = 'running'",
                (
                    status,
                    reason or None,
                    one_line(error, LONGEST_ERROR) or None,
                    exit_code,
                    clean(output)[-LONGEST:],
                    now,
                    now,
                    tokens,
                    run,
                ),
            )
        )

    async def read(self, skill: Skill, asked: Asked) -> None:
        """Write that a model was given the instructions of a skill."""
        run = new_id()
        await self.begin(run, skill, MAIN, {}, asked)
        await self.end(run, "done", tokens=skill.tokens[1])

    async def list(self, skill: str = "", limit: int = 50) -> Found:
        """The runs of a skill, or of all, the newest first. Those of processes that are gone are marked first."""
        await self._store.write(settle)
        where = "skill = ?1" if skill else "?1 = ''"
        rows = await self._store.read(
            lambda db: db.execute(
                f"SELECT {_COLUMNS} FROM skill_runs WHERE {where} ORDER BY id DESC LIMIT ?2", (skill, limit)
            ).fetchall()
        )
        return [SkillRun(*row) for row in rows]


def settle(db: Transaction) -> None:
    """Mark the runs whose process is gone: what they did is not known."""
    for run, owner in db.execute("SELECT id, owner FROM skill_runs WHERE status = 'running'").fetchall():
        if not is_alive(owner):
            db.execute(
                "UPDATE skill_runs SET status = 'interrupted', reason = 'lost', finished_at = ? WHERE id = ?",
                (now_ms(), run),
            )
