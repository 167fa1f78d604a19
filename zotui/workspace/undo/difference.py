"""What a change did to a file: in words, and line by line."""

import asyncio
import difflib

from zotui.text import clean, size
from zotui.workspace.undo.checkpoints import Checkpoints
from zotui.workspace.undo.records import FileChange
from zotui.workspace.undo.state import State

LONGEST = 2_000_000  # bytes of a file that is compared line by line


def in_words(change: FileChange) -> str:
    """What a change did, in a few words."""
    before, after = change.before, change.after
    if before is None or after is None:
        there = after or before
        return f"{'made' if before is None else 'deleted'} ({_kind(there)})" if there else "nothing"
    if before.kind != after.kind:
        return f"{_kind(before)} became {_kind(after)}"
    if before.hash != after.hash or before.target != after.target or before.mode == after.mode:
        return f"changed ({_kind(before)} → {_kind(after)})"
    return f"mode {before.mode:o} → {after.mode:o}"


async def difference(checkpoints: Checkpoints, change: FileChange) -> str:
    """A unified difference of a file before and after a change; a sentence where there is none to show."""
    texts: list[list[str]] = []
    for state in (change.before, change.after):
        content = await checkpoints.content(state)
        if state is not None and state.kind == "file" and content is None:
            return "no copy was made of it: it is too large"
        if content is not None and (b"\0" in content[:8192] or len(content) > LONGEST):
            return f"no text to compare: {in_words(change)}"
        texts.append((content or b"").decode("utf-8", "replace").splitlines())
    lines = await asyncio.to_thread(
        lambda: list(difflib.unified_diff(texts[0], texts[1], "before", "after", lineterm=""))
    )
    return clean("\n".join(lines)) or in_words(change)


def _kind(state: State) -> str:
    return size(state.size) if state.kind == "file" else state.kind
