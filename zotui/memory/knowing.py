"""What a conversation should know of the memory, within a budget: the profile, what is pinned, and what fits the question."""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Literal

import msgspec

from zotui.memory import query
from zotui.memory.embedding import READ
from zotui.memory.recalling import Mean, recalled
from zotui.memory.records import COLUMNS, LIVE, Memory, memory
from zotui.store import Reader
from zotui.store.terms import terms
from zotui.text import one_line

PROFILE = "profile"  # the key of what the person says of themselves
PROFILE_LONGEST = 1_200  # characters of it
LONGEST = 400  # characters of another memory
PINNED = 20  # memories that are looked at
RECALLED = 8
SHORT = 6  # of the end of an id, by which a model names a memory
ONE_IN = 6  # words of a question: so many of them must be in a memory …
AT_MOST = 3  # … and no more than these
CLOSE = 0.27  # of the score for what a memory means (0.45 of closeness), from which no word need be in it
FEW = 3  # words of a question that cannot stand alone: what was asked before goes with it
ORIGINALS = 200  # messages that a line of a summary is traced back to
BEFORE = 2  # requests that are looked at then

Reason = Literal["profile", "pinned", "recalled"]


class Knowing(msgspec.Struct, frozen=True):
    """One memory as a model is told it, and why."""

    memory: Memory
    reason: Reason

    @property
    def name(self) -> str:
        """How a model names it."""
        return name_of(self.memory.id)

    @property
    def text(self) -> str:
        """What the model is told: long ones are cut."""
        if self.reason == "profile":
            return _cut(self.memory.content.strip(), PROFILE_LONGEST)
        day = datetime.fromtimestamp(self.memory.updated_at / 1000, UTC).strftime("%Y-%m-%d")
        key = f"{self.memory.key}: " if self.memory.key else ""
        return f"[{self.name}] {_cut(one_line(key + self.memory.content, 4 * LONGEST), LONGEST)} ({day})"

    @property
    def why(self) -> str:
        """Why it is told, with the parts of its score."""
        parts = " ".join(f"{name} {part:.2f}" for name, part in self.memory.why.items())
        return f"{self.reason} {self.memory.score:.2f}: {parts}" if parts else self.reason


class Known(msgspec.Struct, frozen=True):
    """What fits the budget, in the order in which it is told, and how much more there would be."""

    told: Sequence[Knowing] = ()
    left_out: int = 0

    @property
    def memories(self) -> list[Memory]:
        """The memories alone."""
        return [one.memory for one in self.told]

    @property
    def tainted(self) -> bool:
        """Whether others' words may be in it."""
        return any(one.memory.tainted for one in self.told)


def name_of(identity: str) -> str:
    """How a model names a memory."""
    return f"m:{identity[-SHORT:]}"


def known(db: Reader, conversation: str, asked: str, room: int, mean: Mean | None = None) -> Known:
    """What to know for a question, in so many bytes of text. The profile comes first and is not measured, then what is pinned,
    then what is recalled, as far as there is room."""
    profile = _rows(db, "key = ?", PROFILE, limit=1)
    pinned = _rows(db, "pinned_at IS NOT NULL AND key IS NOT ?", PROFILE, limit=PINNED)
    known_by_now = {one.id for one in [*profile, *pinned]}
    found = [one for one in fitting(db, conversation, asked, mean) if one.id not in known_by_now]
    told = [Knowing(one, "profile") for one in profile]
    left_out = 0
    rest: list[Knowing] = [*(Knowing(one, "pinned") for one in pinned), *(Knowing(one, "recalled") for one in found)]
    for one in rest:
        size = len(one.text.encode()) + 3
        if size > room:
            left_out += 1
            continue
        room -= size
        told.append(one)
    return Known(tuple(told), left_out)


def fitting(db: Reader, conversation: str, asked: str, mean: Mean | None) -> list[Memory]:
    """The memories that have something to do with a question, best first; of one too short to stand alone, with what was
    asked before it."""
    sought = query.read(db, asked)
    if len(_telling(sought)) < FEW and not sought.signs:
        asked = "\n".join([asked, *_asked_before(db, conversation, asked)])
        sought = query.read(db, asked)
    words = _telling(sought)
    needed = min(AT_MOST, max(1, ceil(len(words) / ONE_IN)))
    found = [one for one in recalled(db, asked, RECALLED, mean) if not _is_told(one, conversation)]
    return [one for one in found if _fits(db, one, words, sought.signs, needed)]


def _is_told(one: Memory, conversation: str) -> bool:
    """Whether it is of a summary of this very conversation, which stands in the request anyway."""
    return one.is_summary and one.meta.get("conversation") == conversation


def _telling(sought: query.Query) -> set[str]:
    return {stem for stem, word in sought.words.items() if word.lower() not in query.STOP_WORDS}


def _fits(db: Reader, one: Memory, words: set[str], signs: Sequence[str], needed: int) -> bool:
    """Whether a memory means much the same, or holds as many of the words as it must, or one of the signs."""
    if one.why.get("closeness", 0.0) >= CLOSE:
        return True
    text = f"{one.key or ''} {one.content[:READ]}"
    if any(sign in text.lower() for sign in signs):
        return True
    dated = db.execute("SELECT dated FROM memory WHERE id = ?", (one.id,)).get
    return bool(words) and len(words & set(terms(db, f"{text} {dated or ''}"))) >= needed


def _asked_before(db: Reader, conversation: str, asked: str) -> list[str]:
    rows = db.execute(
        "SELECT content FROM messages WHERE conv_id = ? AND role = 'user' AND content <> ? ORDER BY position DESC LIMIT ?",
        (conversation, asked, BEFORE),
    ).fetchall()
    return [str(content)[:1_000] for (content,) in rows]


def _rows(db: Reader, where: str, value: str, *, limit: int) -> list[Memory]:
    statement = f"SELECT {COLUMNS} FROM memory m WHERE {where} AND {LIVE} ORDER BY seq DESC LIMIT ?"
    return [memory(row) for row in db.execute(statement, (value, limit)).fetchall()]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def originals(db: Reader, one: Memory) -> list[tuple[str, str, str]]:
    """The id, role and text of each message that a summary's line stands for, the first ones."""
    if not one.is_summary:
        return []
    return db.execute(
        "SELECT id, role, content FROM messages WHERE conv_id = ? AND position BETWEEN ? AND ?"
        " AND role IN ('user', 'assistant') AND content <> '' ORDER BY position LIMIT ?",
        (*(str(one.meta.get(name)) for name in ("conversation", "first", "last")), ORIGINALS),
    ).fetchall()
