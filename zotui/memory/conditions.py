"""What memories must be, in SQL: as a set of numbers where these are few, else as a question about each row."""

from typing import Any

import msgspec

from zotui.memory.asking import Asked
from zotui.memory.records import tidy
from zotui.store import Reader

FEW = 1_000  # rows of a set that is read whole
_KINDS = {  # each: a question about a row of ``memory m``; of: where an index has the rows
    "key": ("m.key IS NOT NULL", "SELECT seq FROM memory WHERE key IS NOT NULL"),
    "plain": ("m.key IS NULL", ""),
    "pinned": ("m.pinned_at IS NOT NULL", "SELECT seq FROM memory WHERE pinned_at IS NOT NULL"),
    "chat": ("m.conversation IS NOT NULL", "SELECT seq FROM memory WHERE conversation IS NOT NULL"),
    "summary": ("m.source = 'summary'", "SELECT seq FROM memory WHERE source = 'summary'"),
    "untrusted": ("m.tainted = 1", "SELECT seq FROM memory WHERE tainted = 1"),
    "ending": ("m.expires_at IS NOT NULL", "SELECT seq FROM memory WHERE expires_at IS NOT NULL"),
}


class Condition(msgspec.Struct, frozen=True):
    """One condition: a question about each row of ``memory m``; the set of numbers of its rows, empty where no index has it;
    the values of either; and whether it is few."""

    each: str
    of: str = ""
    values: tuple[Any, ...] = ()
    few: bool = False


def conditions(db: Reader, one: Asked) -> list[Condition] | None:
    """What is asked but for the words; None where nothing can be that."""
    found = [of_kind(kind) for kind in one.kinds] + [of_tag(tidy(tag)) for tag in one.tags]
    for source in one.sources:
        if (part := of_source(db, tidy(source))) is None:
            return None
        found.append(part)
    if one.since is not None:
        found.append(Condition("m.updated_at >= ?", values=(one.since,)))
    if one.until is not None:
        found.append(Condition("m.updated_at < ?", values=(one.until,)))
    return [msgspec.structs.replace(part, few=0 <= counted(db, part, FEW + 1) <= FEW) for part in found]


def counted(db: Reader, part: Condition, most: int) -> int:
    """How many are that, ``most`` at most; -1 where no index tells."""
    if not part.of:
        return -1
    return int(db.execute(f"SELECT count(*) FROM ({part.of} LIMIT ?)", (*part.values, most)).get)


def of_kind(kind: str) -> Condition:
    """Being of a kind of :data:`zotui.memory.asking.KINDS`."""
    return Condition(*_KINDS[kind])


def of_tag(tag: str) -> Condition:
    """Having a tag."""
    return Condition(
        "EXISTS (SELECT 1 FROM memory_tags t WHERE t.memory_id = m.id AND t.tag = ?)",
        "SELECT m.seq FROM memory_tags t JOIN memory m ON m.id = t.memory_id WHERE t.tag = ?",
        (tag,),
    )


def of_source(db: Reader, source: str) -> Condition | None:
    """Being of a source: a word, a conversation, a message; None where nothing is."""
    names = [
        name
        for name in ("source", "conversation", "message")
        if db.execute(f"SELECT 1 FROM memory WHERE {name} = ? LIMIT 1", (source,)).get
    ]
    if not names:
        return None
    return Condition(
        f"({' OR '.join(f'm.{name} = ?' for name in names)})",
        " UNION ALL ".join(f"SELECT seq FROM memory WHERE {name} = ?" for name in names),
        (source,) * len(names),
    )
