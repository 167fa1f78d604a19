"""What verbs share: opening the computer, and printing for people or as JSON."""

import asyncio
import json
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
import msgspec

from zotui.computer import Computer
from zotui.conversations import Conversation
from zotui.crew import Workers
from zotui.errors import NotFound
from zotui.text import one_line

T = TypeVar("T")

COUNT = click.IntRange(1, 1_000_000)

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


def with_computer(options: dict[str, Any], do: Callable[[Computer], Awaitable[T]], workers: Workers = "none") -> T:
    """Open the computer of these options, run ``do`` on it, close it. Raises KeyboardInterrupt where it was interrupted."""

    async def run() -> T:
        async with Computer.open(options["home"], workers=workers) as computer:
            return await do(computer)

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:  # by a verb that minds Ctrl+C itself
        raise KeyboardInterrupt from None


def print_json(value: Any) -> None:
    """One JSON document; records become objects."""
    document = msgspec.to_builtins(value)
    print_text(json.dumps(document, ensure_ascii=not is_utf8(), indent=2 if sys.stdout.isatty() else None))


def print_table(rows: Sequence[Sequence[str]], empty: str) -> None:
    """Aligned columns, the last one cut to the terminal's width."""
    if not rows:
        print_text(empty)
        return
    width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 400
    rows = [[*(one_line(cell) for cell in row[:-1]), row[-1]] for row in rows]
    sizes = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(size) for cell, size in zip(row, sizes, strict=False)]
        room = max(20, width - sum(sizes) - 2 * len(sizes) - 1)
        print_text("  ".join([*cells, one_line(row[-1], room)]).rstrip())


def print_text(text: str, end: str = "\n") -> None:
    """Text on stdout; what the terminal's encoding lacks is shown as ``?``."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + end)
    sys.stdout.flush()


def rfc3339(ms: int | None) -> str | None:
    """Milliseconds since 1970 as RFC 3339 in UTC."""
    if ms is None:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def short(identity: str) -> str:
    """The end of an id, enough to name it by."""
    return identity[-8:]


async def find_chat(computer: Computer, name: str, *, deleted: bool = False) -> Conversation:
    """The conversation of an id, of an end of it that fits only one, or the ``last`` one; with ``deleted``, also of those
    in the trash. Raises NotFound, UsageError."""
    if name != "last":
        return await computer.chats.find(name, deleted=deleted)
    latest = await computer.chats.list(limit=1)
    if not latest:
        raise NotFound("there is no conversation yet", "zotui ask TEXT begins one")
    return latest[0]


def as_object(conversation: Conversation) -> dict[str, Any]:
    """A conversation as a JSON object."""
    fields: dict[str, Any] = msgspec.to_builtins(conversation)
    times = ("created_at", "updated_at", "pinned_at", "archived_at", "deleted_at")
    return fields | {name: rfc3339(getattr(conversation, name)) for name in times}


def mark(conversation: Conversation) -> str:
    """What kind of conversation it is, in a word; empty for a plain one."""
    return "pinned" if conversation.pinned_at else "" if conversation.kind == "chat" else conversation.kind


def is_utf8() -> bool:
    """Whether stdout can show every character."""
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
