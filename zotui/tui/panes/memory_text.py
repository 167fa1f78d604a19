"""A memory in full, for a person: what it says, its marks, where it comes from, what its score is the sum of."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from zotui.text import ago, one_line

if TYPE_CHECKING:
    from zotui.memory import Memory

WIDTH = 14  # cells of the longest bar
RECENT_MS = 90 * 86_400_000
_TOLD = ("source", "conversation", "message", "merged")
_TOLD_OF_SUMMARIES = (*_TOLD, "summary", "first", "last", "at")


def full(memory: Memory, chat: str = "", why: Mapping[str, float] | None = None) -> Text:
    """All of a memory; ``chat``: the title of the conversation that it is from, ``why``: the parts of its score."""
    now = time.time_ns() // 1_000_000
    text = Text()
    if memory.key:
        text.append(f"{memory.key}\n", "bold")
    text.append(f"{memory.content}\n\n")
    if why:
        text.append(scores(why)).append("\n")
    for words in filter(None, (_marks(memory, now), _from(memory, chat), _times(memory, now), _others(memory))):
        text.append(f"{words}\n", "dim")
    if memory.tainted:
        text.append("! untrusted: made where anybody's words were\n")
    text.append(f"\n{memory.id}", "dim")
    return text


def scores(why: Mapping[str, float]) -> Text:
    """The parts of a score as bars, and their sum."""
    text = Text()
    most = max((abs(part) for part in why.values()), default=0.0)
    for name, part in sorted(why.items(), key=lambda one: -abs(one[1])):
        if round(part, 2):
            cells = max(1, round(abs(part) / most * WIDTH))
            text.append(f"{name:<11} {('▇' if part > 0 else '░') * cells:<{WIDTH}} {part:+6.2f}\n")
    text.append(f"{'score':<11} {'':<{WIDTH}} {sum(why.values()):+6.2f}\n", "bold")
    return text


def _marks(memory: Memory, now: int) -> str:
    ends = f"ends in {ago(now, memory.expires_at)}".replace("in now", "at once") if memory.expires_at else ""
    return " · ".join(
        filter(None, ("pinned" if memory.pinned_at else "", " ".join(f"#{tag}" for tag in memory.tags), ends))
    )


def _from(memory: Memory, chat: str) -> str:
    source = memory.meta.get("source")
    known = {"me": "from me", "agent": "kept by the agent", "summary": _stands_for(memory), None: ""}
    by = known.get(source if isinstance(source, str) else None, f"from {one_line(str(source), 80)}")
    said = memory.meta.get("conversation") and f"said in “{one_line(chat, 60) or memory.meta['conversation']}” (g)"
    merged = memory.meta.get("merged")
    parts = f"merged from {len(merged)}" if isinstance(merged, list) else ""
    return " · ".join(filter(None, (by, said, parts)))


def _stands_for(memory: Memory) -> str:
    first, last = (one_line(str(memory.meta.get(name)), 20) for name in ("first", "last"))
    return f"a summary of messages {first} to {last}"


def _times(memory: Memory, now: int) -> str:
    changed = f"changed {_since(memory.updated_at, now)}" if memory.updated_at != memory.created_at else ""
    used = ""
    if memory.uses:
        answers = "1 answer" if memory.uses == 1 else f"{memory.uses:,} answers"
        used = f"used in {answers}, last {_since(memory.used_at or 0, now)}"
    return " · ".join(filter(None, (f"made {_since(memory.created_at, now)}", changed, used)))


def _since(then: int, now: int) -> str:
    """How long ago, or the day."""
    if now - then > RECENT_MS:
        return f"on {datetime.fromtimestamp(then / 1000, UTC):%Y-%m-%d}"
    words = ago(then, now)
    return words if words == "now" else f"{words} ago"


def _others(memory: Memory) -> str:
    told = _TOLD_OF_SUMMARIES if memory.is_summary else _TOLD
    return " · ".join(
        f"{one_line(name, 40)}: {one_line(str(value), 80)}" for name, value in memory.meta.items() if name not in told
    )
