"""Several memories made one."""

from collections.abc import Sequence
from typing import Any

from zotui.errors import UsageError
from zotui.memory import undoing, writing
from zotui.memory.records import Memory, checked, packed
from zotui.store import Transaction

SAID = ("source", "conversation", "message", "session", "turn", "speaker", "at", "ts")


def merge(db: Transaction, identities: Sequence[str], text: str) -> Memory:
    """Make one memory of several; what it is. Raises NotFound, UsageError."""
    writing.sweep(db)
    several = list({one.id: one for one in (writing.named(db, identity) for identity in identities)}.values())
    if len(several) < 2:
        raise UsageError("it takes two memories to merge")
    keyed = [one for one in several if one.key]
    if len(keyed) > 1:
        names = ", ".join(str(one.key) for one in keyed[:5])
        raise UsageError(
            f"several of these have keys ({names}), and a key has a value of its own", "merge those without"
        )
    content = text or checked("\n".join(dict.fromkeys(one.content for one in several)))
    meta = packed(told(several))
    with undoing.noted(db, "merge", [one.id for one in several]) as done:
        if keyed:
            identity = writing.put_key(db, str(keyed[0].key), content, meta)
        else:
            [identity] = writing.put(db, [(content, meta)])
            undoing.made(db, done, identity)
        ends = [one.expires_at for one in several]
        db.execute(
            "UPDATE memory SET created_at = ?, pinned_at = ?, expires_at = ?, tainted = tainted OR ? WHERE id = ?",
            (
                min(one.created_at for one in several),
                min([one.pinned_at for one in several if one.pinned_at], default=None),
                None if None in ends else max(end for end in ends if end is not None),
                any(one.tainted for one in several),
                identity,
            ),
        )
        for tag in sorted({tag for one in several for tag in one.tags}):
            db.execute("INSERT OR IGNORE INTO memory_tags(memory_id, tag) VALUES (?, ?)", (identity, tag))
        for one in several:
            if one.id != identity:
                db.execute("DELETE FROM memory_history WHERE memory_id = ?", (one.id,))
                db.execute("DELETE FROM memory WHERE id = ?", (one.id,))
    return writing.named(db, identity)


def told(several: Sequence[Memory]) -> dict[str, Any]:
    """What the meta of the one tells: what all say alike, and of each where it came from."""
    first = several[0].meta
    alike = {
        name: value
        for name, value in first.items()
        if name != "merged" and all(one.meta.get(name) == value for one in several)
    }
    return {"source": "me", **alike, "merged": [part for one in several for part in _parts(one)]}


def _parts(one: Memory) -> list[dict[str, Any]]:
    """Where a memory came from; of one that was merged, where its parts did."""
    merged = one.meta.get("merged")
    if isinstance(merged, list) and all(isinstance(part, dict) for part in merged):
        return merged
    said = {name: one.meta[name] for name in SAID if name in one.meta}
    return [{"id": one.id, "created_at": one.created_at} | ({"key": one.key} if one.key else {}) | said]
