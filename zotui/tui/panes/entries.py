"""Messages as entries of the transcript."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from zotui.text import one_line, size
from zotui.tui.widgets.entry import Entry, Kind

if TYPE_CHECKING:
    from zotui.conversations import Message, ToolCallRecord, Turn
    from zotui.conversations.records import Remembered


MEMORY = "memory:"  # how the id of an entry begins that shows a memory


def entries_of(
    messages: Iterable[Message], ended: Mapping[str, Turn], cited: Mapping[str, Sequence[Remembered]] = {}
) -> list[Entry]:
    """The entries of messages in order; after the last one of a turn the memories that its answer names, and of one that did
    not end well, what became of it."""
    entries: list[Entry] = []
    messages = list(messages)
    for place, message in enumerate(messages):
        entries += _entries(message)
        following = messages[place + 1].turn_id if place + 1 < len(messages) else None
        turn = ended.get(message.turn_id or "")
        if turn is None or following == message.turn_id:
            continue
        entries += [
            Entry(f"{MEMORY}{one.id}:{turn.id}", "note", f"✦ {one_line(one.content, 300)}", message=message.id)
            for one in cited.get(turn.id, ())
        ]
        if turn.status != "done":
            entries.append(_end(turn))
    return entries


def queued(turns: Iterable[Turn], known: set[str]) -> list[Entry]:
    """Requests that wait: their messages come when they begin."""
    return [
        Entry(f"queued:{turn.id}", "user", turn.input, status="queued")
        for turn in turns
        if turn.status == "queued" and turn.id not in known
    ]


def _entries(message: Message) -> list[Entry]:
    if message.role != "assistant":
        kind: Kind = "user" if message.role == "user" else "note"
        files = tuple(
            f"{'▣' if file.is_image else '▤'} {one_line(file.name, 200)} · {size(file.size)}"
            for file in message.attachments
        )
        return [Entry(message.id, kind, message.content, attached=files, message=message.id)]
    live = message.status == "running"
    entries = []
    if message.note:
        entries.append(Entry(f"{message.id}:n", "note", f"{message.stand_in}\n{message.note}", message=message.id))
    if message.reasoning:
        thinking = live and not message.content
        entries.append(
            Entry(f"{message.id}:r", "reasoning", message.reasoning, title="thought", live=thinking, message=message.id)
        )
    if message.content or live or (message.status == "done" and not message.tool_calls):
        # How a cut-off answer ended is said once, by the entry of its turn.
        entries.append(Entry(message.id, "assistant", message.content, live=live, message=message.id))
    if message.raw:  # kept where an answer was blank
        entries.append(
            Entry(f"{message.id}:raw", "tool", title="what the server sent", detail=message.raw, message=message.id)
        )
    entries += [_tool(call) for call in message.tool_calls]
    return entries


def _tool(call: ToolCallRecord) -> Entry:
    took = ""
    if call.started_at is not None and call.finished_at is not None:
        took = _duration(call.finished_at - call.started_at)
    aside = " · ".join(part for part in (call.summary, took) if part)
    return Entry(
        call.id, "tool", title=f"{call.name} {_gist(call.arguments)}".strip(), detail=call.result or "",
        status=call.status, aside=aside, message=call.message_id, given=call.arguments,
    )  # fmt: skip


def _gist(arguments: str) -> str:
    """The arguments in a few words: the values, quoted where they are text."""
    try:
        values = json.loads(arguments)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        return one_line(arguments, 60)
    return one_line(" ".join(_said(value) for value in values.values() if value not in ("", None, [])), 80)


def _said(value: object) -> str:
    """A value in a few words: of a list of things, how many they are."""
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return f"{len(value)} items"
    return json.dumps(value, ensure_ascii=False)


def _duration(ms: int) -> str:
    return f"{ms} ms" if ms < 1000 else f"{ms / 1000:.1f} s" if ms < 60_000 else f"{ms // 60_000} min"


_WHY = {
    "lost": "the process that wrote this answer was killed",
    "shutdown": "the background process was stopped",
    "stopped": "you stopped it",
}


def _end(turn: Turn) -> Entry:
    why = turn.error or _WHY.get(turn.reason or "", turn.reason or "no reason is known")
    return Entry(f"end:{turn.id}", "error", why, status=turn.status)
