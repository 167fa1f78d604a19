"""What a person did to memories, kept in the file with what they were before, and undone; the last of it, and not for ever."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from zotui.store import Transaction, now_ms

KEPT = 100  # things done
KEPT_MS = 30 * 86_400_000
SHORTEST = 4  # characters of a text that is looked for among what memories were
_WAS = """json_object('seq', m.seq, 'key', m.key, 'value', m.value, 'meta', m.meta, 'created_at', m.created_at,
  'updated_at', m.updated_at, 'tainted', m.tainted, 'pinned_at', m.pinned_at, 'expires_at', m.expires_at,
  'tags', (SELECT json_group_array(t.tag) FROM memory_tags t WHERE t.memory_id = m.id),
  'history', (SELECT json_group_array(json_array(h.value, h.created_at)) FROM
    (SELECT value, created_at FROM memory_history WHERE memory_id = m.id ORDER BY seq) h),
  'used', (SELECT json_group_array(json_array(u.turn_id, u.used_at, u.cited)) FROM memory_used u WHERE u.memory_id = m.id),
  'uses', (SELECT json_array(u.uses, u.used_at) FROM memory_uses u WHERE u.memory_id = m.id))"""


class Was(msgspec.Struct, frozen=True):
    """All of a memory as it was; times in ms since 1970."""

    seq: int
    key: str | None
    value: str
    meta: str
    created_at: int
    updated_at: int
    tainted: int
    pinned_at: int | None
    expires_at: int | None
    tags: str
    history: str
    used: str
    uses: str | None


class Undone(msgspec.Struct, frozen=True):
    """What was undone, in a word (``delete``, ``edit`` …); when that had been done, in ms since 1970; how many memories are
    again what they were, and how many had been changed since and stay."""

    what: str
    at: int
    memories: int
    left: int


@contextmanager
def noted(db: Transaction, what: str, identities: Iterable[str], going_on: int = 0) -> Iterator[int]:
    """Do something to these memories so that it can be undone; ``going_on``: with what is being done."""
    ids = msgspec.json.encode(list(identities)).decode()
    done = going_on or int(
        db.execute("INSERT INTO memory_done(what, at) VALUES (?, ?) RETURNING seq", (what, now_ms())).get
    )
    db.execute(
        f"INSERT OR IGNORE INTO memory_was SELECT ?, m.id, {_WAS}, NULL FROM json_each(?) c CROSS JOIN memory m ON m.id = c.value",
        (done, ids),
    )
    yield done
    db.execute(
        "UPDATE memory_was SET changed = (SELECT updated_at FROM memory m WHERE m.id = memory_id) WHERE done = ?1"
        " AND memory_id IN (SELECT value FROM json_each(?2))",
        (done, ids),
    )
    db.execute("DELETE FROM memory_done WHERE at < ? OR seq <= ?", (now_ms() - KEPT_MS, done - KEPT))


def made(db: Transaction, done: int, identity: str) -> None:
    """Note that there was no memory of this id before."""
    db.execute("INSERT INTO memory_was SELECT ?, id, NULL, updated_at FROM memory WHERE id = ?", (done, identity))


def undo(db: Transaction) -> Undone | None:
    """Undo what was done last; None where nothing was."""
    last = db.execute("SELECT seq, what, at FROM memory_done ORDER BY seq DESC LIMIT 1").fetchall()
    if not last:
        return None
    done, what, at = last[0]
    # What was made goes first: it may have the key of what comes back.
    before = db.execute(
        "SELECT memory_id, was, changed FROM memory_was WHERE done = ? ORDER BY was IS NOT NULL, memory_id", (done,)
    ).fetchall()
    back = [was is not None for identity, was, changed in before if _back(db, identity, was, changed)]
    db.execute("DELETE FROM memory_done WHERE seq = ?", (done,))
    return Undone(what, at, sum(back), len(before) - len(back))


def _back(db: Transaction, identity: str, was: str | None, changed: int | None) -> bool:
    """Make a memory what it was; False where it, or the key that it had, is another's or another thing by now."""
    if db.execute("SELECT updated_at FROM memory WHERE id = ?", (identity,)).get != changed:
        return False
    if was is None:
        _remove(db, identity)
        return True
    one = msgspec.json.decode(was, type=Was)
    if one.key and db.execute("SELECT 1 FROM memory WHERE key = ? AND id <> ?", (one.key, identity)).get:
        return False
    _put(db, identity, one)
    return True


def _put(db: Transaction, identity: str, one: Was) -> None:
    text = (one.key, one.value, one.meta, one.updated_at)
    if db.execute("SELECT key, value, meta, updated_at FROM memory WHERE id = ?", (identity,)).get != text:
        _put_text(db, identity, one)
    db.execute(
        "UPDATE memory SET pinned_at = ?, expires_at = ?, tainted = ? WHERE id = ?",
        (one.pinned_at, one.expires_at, one.tainted, identity),
    )
    db.execute("DELETE FROM memory_tags WHERE memory_id = ?", (identity,))
    db.execute("INSERT INTO memory_tags SELECT ?, value FROM json_each(?)", (identity, one.tags))
    db.execute("DELETE FROM memory_history WHERE memory_id = ?", (identity,))
    db.execute(
        "INSERT INTO memory_history(memory_id, key, value, created_at)"
        " SELECT ?, ?, value ->> 0, value ->> 1 FROM json_each(?) ORDER BY key",
        (identity, one.key, one.history),
    )
    db.execute(
        "INSERT OR IGNORE INTO memory_used SELECT ?, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)",
        (identity, one.used),
    )
    if one.uses:
        db.execute("INSERT OR IGNORE INTO memory_uses SELECT ?1, ?2 ->> 0, ?2 ->> 1", (identity, one.uses))


def _put_text(db: Transaction, identity: str, one: Was) -> None:
    """Bring back what is indexed, and what it says of itself, to its place in lists unless that is another's by now."""
    taken = db.execute("SELECT 1 FROM memory WHERE seq = ? AND id <> ?", (one.seq, identity)).get
    seq = db.execute("SELECT max(seq) + 1 FROM memory").get if taken else one.seq
    values = (seq, one.key, one.value, one.meta, one.created_at, one.updated_at, identity)
    if db.execute("SELECT 1 FROM memory WHERE id = ?", (identity,)).get:
        names = "(seq, key, value, meta, created_at, updated_at) = (?, ?, ?, ?, ?, ?)"
        db.execute(f"UPDATE memory SET {names} WHERE id = ?", values)
    else:
        names = "seq, key, value, meta, created_at, updated_at, id"
        db.execute(f"INSERT INTO memory({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def _remove(db: Transaction, identity: str) -> None:
    db.execute("DELETE FROM memory_history WHERE memory_id = ?", (identity,))
    db.execute("DELETE FROM memory WHERE id = ?", (identity,))


def purge(db: Transaction, identities: Iterable[str], texts: Sequence[str]) -> None:
    """Keep nothing of a memory that is forgotten and of those that it was made of: not what they were, nor what another was
    that held one of its texts."""
    ids = msgspec.json.encode(list(identities)).decode()
    these = "memory_id IN (SELECT value FROM json_each(?1))"
    merges = (
        f"SELECT w.done FROM memory_was w JOIN memory_done d ON d.seq = w.done WHERE w.{these} AND d.what = 'merge'"
    )
    db.execute(f"DELETE FROM memory_was WHERE {these} OR done IN ({merges})", (ids,))
    for text in texts:
        if len(text) >= SHORTEST:
            db.execute(
                "DELETE FROM memory_was WHERE instr(was, substr(json_quote(?1), 2, length(json_quote(?1)) - 2))",
                (text,),
            )
    db.execute("DELETE FROM memory_done WHERE seq NOT IN (SELECT done FROM memory_was)")


def clear(db: Transaction) -> int:
    """Keep nothing of what was done; how many things that were."""
    return len(db.execute("DELETE FROM memory_done RETURNING seq").fetchall())
