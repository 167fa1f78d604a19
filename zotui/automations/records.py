"""The rows of automations and of their runs."""

from collections.abc import Sequence
from typing import Any

import msgspec

from zotui.automations.automation import Action, Automation, Policy, Run, Schedule
from zotui.errors import NotFound
from zotui.store import Reader, Transaction
from zotui.text import one_line

COLUMNS = (
    "id, title, rrule, start, tz, exdate, rdate, words, changed, action, policy, enabled, next_run, problem, tainted, created_at,"
    " updated_at"
)
RUN_COLUMNS = ", ".join(Run.__struct_fields__)
OPEN = "status IN ('queued','running','waiting')"


def found(db: Reader, where: str, values: Sequence[object] = ()) -> list[Automation]:
    """The automations for which a condition holds, in its order."""
    return [
        _automation(row) for row in db.execute(f"SELECT {COLUMNS} FROM automations WHERE {where}", values).fetchall()
    ]


def named(db: Reader, name: str) -> Automation:
    """The automation of an id, of an end of it, or of a title, that fits only one. Raises NotFound."""
    for where in ("id = ?1", "title = ?1 COLLATE NOCASE LIMIT 2", "substr(id, -length(?1)) = ?1 LIMIT 2"):
        match = found(db, where, (name,)) if name else []
        if len(match) == 1:
            return match[0]
    raise NotFound(f"no automation {one_line(name, 40)!r}", "zotui schedule list shows them")


def runs(db: Reader, where: str, values: Sequence[object] = ()) -> list[Run]:
    """The runs for which a condition holds, in its order."""
    rows = db.execute(f"SELECT {RUN_COLUMNS} FROM runs WHERE {where}", values).fetchall()
    return [msgspec.convert(dict(zip(Run.__struct_fields__, row, strict=True)), Run, strict=False) for row in rows]


def keep(db: Transaction, one: Automation, now: int, zones: str) -> None:
    """Write an automation, new or again."""
    when = one.schedule
    values = {
        "id": one.id,
        "title": one.title,
        "rrule": when.rrule,
        "start": when.start,
        "tz": when.tz,
        "exdate": _packed(when.exdate),
        "rdate": _packed(when.rdate),
        "words": when.words,
        "changed": when.changed,
        "action": _packed(one.action),
        "policy": _packed(one.policy),
        "enabled": one.enabled,
        "next_run": one.next_run,
        "looked_at": now,
        "zones": zones,
        "problem": one.problem,
        "tainted": one.tainted,
        "created_at": one.created_at,
        "updated_at": now,
    }
    changed = ", ".join(f"{name} = excluded.{name}" for name in values if name not in ("id", "created_at"))
    changed += ", seen = CASE WHEN changed = excluded.changed AND excluded.enabled THEN seen ELSE '' END"
    db.execute(
        f"INSERT INTO automations({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"
        f" ON CONFLICT (id) DO UPDATE SET {changed}",
        tuple(values.values()),
    )


def _automation(row: Sequence[Any]) -> Automation:
    id_, title, rrule, start, tz, exdate, rdate, words, changed, action, policy, enabled, next_run, problem, *rest = row
    return Automation(
        id_,
        title,
        Schedule(rrule, start, tz, _texts(exdate), _texts(rdate), words, changed),
        msgspec.json.decode(action, type=Action),
        msgspec.json.decode(policy, type=Policy),
        bool(enabled),
        next_run,
        problem,
        bool(rest[0]),
        rest[1],
        rest[2],
    )


def _texts(packed: str) -> tuple[str, ...]:
    return msgspec.json.decode(packed, type=tuple[str, ...])


def _packed(value: Any) -> str:
    return msgspec.json.encode(value).decode()
