"""Proposals in the file: a fact comes in, folds into what is known, waits for the person, becomes a memory or does not."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from zotui.errors import NotFound, UsageError
from zotui.memory import writing
from zotui.memory.facts import Fact, plain
from zotui.memory.knowing import PROFILE
from zotui.memory.patterns import facts, words_for
from zotui.memory.recalling import recalled
from zotui.memory.records import LIVE, checked, packed
from zotui.store import Reader, Transaction, new_id, now_ms
from zotui.text import one_line

LOOKED_AT = 8  # memories that are nearest in words, among which the same or the contrary is looked for
OUTDATED = "outdated"
Status = Literal["waiting", "accepted", "rejected"]


class Source(msgspec.Struct, frozen=True):
    """Where facts were said, and who says that they are facts: a model, or the name of a pattern."""

    conversation: str
    message: str
    proposer: str
    tainted_by: str = ""


class Proposal(msgspec.Struct, frozen=True):
    """A fact as it waits, or as it was decided about. ``replaces``: the memory that it contradicts; ``tainted_by``: whose words
    may be in it; ``times``: how often it was said. Times in milliseconds since 1970."""

    id: str
    content: str
    kind: str
    key: str | None
    replaces: str | None
    proposer: str
    conv_id: str
    message_id: str
    tainted_by: str
    times: int
    status: Status
    reason: str | None
    memory_id: str | None
    created_at: int
    decided_at: int | None


COLUMNS = ", ".join(Proposal.__struct_fields__)


def propose(db: Transaction, fact: Fact, source: Source, replaces: str | None = None) -> Proposal | None:
    """Write a fact that was said; None where it is known, waits already or was rejected. What the person always accepts is a
    memory at once, unless it is tainted. The profile is the person's alone: no fact takes its place."""
    if fact.key == PROFILE:
        fact = msgspec.structs.replace(fact, key=None)
    gist = fact.gist
    row = db.execute("SELECT id, status, memory_id, reason FROM proposals WHERE gist = ?", (gist,)).get
    if row is not None:
        identity, status, memory, reason = row
        db.execute("UPDATE proposals SET times = times + 1 WHERE id = ?", (identity,))
        outdated = status == "rejected" and reason == OUTDATED
        gone = status == "accepted" and not db.execute("SELECT 1 FROM memory WHERE id = ?", (memory,)).get
        other = status == "accepted" and fact.key and _value_of(db, fact.key) not in (None, gist)
        if not (gone or other or outdated):
            return None
        db.execute("DELETE FROM proposals WHERE id = ?", (identity,))
    near = [one for one in recalled(db, fact.content, LOOKED_AT, None) if not one.is_summary]
    if any(gist in gists(memory.content, memory.key) for memory in near):
        return None
    profile = _holder(db, PROFILE)
    if replaces == profile:
        replaces = None
    if replaces is None and fact.key:
        near += [one for one in recalled(db, words_for(fact.key), LOOKED_AT, None) if not one.is_summary]
        replaces = _holder(db, fact.key) or next(
            (m.id for m in near if m.id != profile and fact.key in _keys(m.content)), None
        )
    if fact.key:  # what was said before of the same thing no longer holds, whether anybody looked at it or not
        db.execute(
            "UPDATE proposals SET status = 'rejected', reason = ?, decided_at = ? WHERE key = ? AND status = 'waiting'",
            (OUTDATED, now_ms(), fact.key),
        )
    made = Proposal(
        new_id(),
        fact.content,
        fact.kind,
        fact.key,
        replaces,
        one_line(source.proposer, 100),
        source.conversation,
        source.message,
        source.tainted_by,
        1,
        "waiting",
        None,
        None,
        now_ms(),
        None,
    )
    values = msgspec.structs.asdict(made) | {"gist": gist}
    db.execute(
        f"INSERT INTO proposals({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", (*values.values(),)
    )
    if not made.tainted_by and db.execute("SELECT 1 FROM accepted_kinds WHERE kind = ?", (made.kind,)).get:
        accept(db, made.id, reason="always")
    return found(db, made.id)


def gists(content: str, key: str | None = None) -> set[str]:
    """How what a memory says could be known as a fact."""
    own = {plain(content)} | {fact.gist for _, fact in facts(content)}
    return own | ({f"{key}: {plain(content)}"} if key else set())


def _keys(content: str) -> set[str]:
    return {fact.key for _, fact in facts(content) if fact.key}


def _holder(db: Reader, key: str) -> str | None:
    held: str | None = db.execute(f"SELECT id FROM memory m WHERE key = ? AND {LIVE}", (key,)).get
    return held


def _value_of(db: Reader, key: str) -> str | None:
    """The gist of the fact that a key holds now; None where it holds nothing."""
    row = db.execute(f"SELECT value FROM memory m WHERE key = ? AND {LIVE}", (key,)).get
    if row is None:
        return None
    return next((fact.gist for _, fact in facts(str(row)) if fact.key == key), f"{key}: {plain(str(row))}")


def accept(db: Transaction, identity: str, content: str | None = None, reason: str = "person") -> str:
    """Make a proposal a memory, in other words where they are given; the memory's id. Raises NotFound, UsageError."""
    one = found(db, identity)
    if one.status != "waiting":
        raise UsageError(f"this is decided already: {one.status}")
    text = checked(one.content if content is None else content)
    meta = packed({"source": "conversation", "conversation": one.conv_id, "message": one.message_id, "kind": one.kind})
    memory = _written(db, one, text, meta)
    if one.tainted_by:  # what tainted the conversation may be gone, the words are not
        db.execute("UPDATE memory SET tainted = 1 WHERE id = ?", (memory,))
    _decide(db, one.id, "accepted", reason, memory)
    return memory


def _written(db: Transaction, one: Proposal, text: str, meta: str) -> str:
    """The memory of a proposal: a new one, or the one that it contradicts, whose words stay in its history."""
    old = db.execute(f"SELECT key, value, updated_at FROM memory m WHERE id = ? AND {LIVE}", (one.replaces,)).get
    if old is None and one.key is None:
        return writing.put(db, [(text, meta)])[0]
    if old is None:
        assert one.key is not None
        return writing.put_key(db, one.key, text, meta)
    key, value, since = old
    if key is None and one.key and _holder(db, one.key) is None:
        key = one.key
        db.execute("UPDATE memory SET key = ? WHERE id = ?", (key, one.replaces))
    if key is not None:
        return writing.put_key(db, key, text, meta)
    assert one.replaces is not None
    writing.supersede(db, one.replaces, text, meta, value, since)
    return one.replaces


def reject(db: Transaction, identity: str) -> Proposal:
    """Never propose this again; what it is then. Raises NotFound, UsageError."""
    one = found(db, identity)
    if one.status != "waiting":
        raise UsageError(f"this is decided already: {one.status}")
    _decide(db, one.id, "rejected", "person", None)
    return found(db, one.id)


def _decide(db: Transaction, identity: str, status: Status, reason: str, memory: str | None) -> None:
    db.execute(
        "UPDATE proposals SET status = ?, reason = ?, memory_id = ?, decided_at = ? WHERE id = ?",
        (status, reason, memory, now_ms(), identity),
    )
    # Once none waits, nobody need be told that some do.
    db.execute(
        "DELETE FROM notices WHERE kind = 'facts' AND read_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM proposals WHERE status = 'waiting')"
    )


def found(db: Reader, name: str) -> Proposal:
    """The proposal of an id, or of an end of it that fits only one. Raises NotFound."""
    name = name.strip()
    rows = db.execute(
        f"SELECT {COLUMNS} FROM proposals WHERE id = ?1 OR (length(?1) >= 4 AND substr(id, -length(?1)) = ?1) LIMIT 2",
        (name,),
    ).fetchall()
    if len(rows) != 1:
        raise NotFound(f"no proposed fact {one_line(name, 40)!r}", "zotui memory facts shows them")
    return msgspec.convert(dict(zip(Proposal.__struct_fields__, rows[0], strict=True)), Proposal)


def listed(db: Reader, status: Status | None, limit: int, before: str) -> list[Proposal]:
    """Those of a status, or all, the newest first, from before an id on."""
    rows = db.execute(
        f"SELECT {COLUMNS} FROM proposals WHERE (?1 IS NULL OR status = ?1) AND (?2 = '' OR id < ?2)"
        " ORDER BY id DESC LIMIT ?3",
        (status, before, limit),
    ).fetchall()
    return [msgspec.convert(dict(zip(Proposal.__struct_fields__, row, strict=True)), Proposal) for row in rows]


def forget(db: Transaction, memory: str, key: str | None, texts: Iterable[str]) -> None:
    """Delete the proposals that became a memory, that are about its key, and that hold its words."""
    db.execute("DELETE FROM proposals WHERE memory_id = ?1 OR replaces = ?1 OR key = ?2", (memory, key))
    for text in texts:
        db.execute(
            "DELETE FROM proposals WHERE instr(content, ?1) OR (length(content) >= 8 AND instr(?1, content))", (text,)
        )
