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

from zotui.computer import Computer, Workers
from zotui.text import one_line

T = TypeVar("T")

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


def with_computer(options: dict[str, Any], do: Callable[[Computer], Awaitable[T]], workers: Workers = "none") -> T:
    """Open the computer of these options, run ``do`` on it, close it."""

    async def run() -> T:
        async with Computer.open(options["home"], workers=workers) as computer:
            return await do(computer)

    return asyncio.run(run())


def print_json(value: Any) -> None:
    """One JSON document; records become objects."""
    document = msgspec.to_builtins(value)
    print(json.dumps(document, ensure_ascii=not _utf8(), indent=2 if sys.stdout.isatty() else None))


def print_table(rows: Sequence[Sequence[str]], empty: str) -> None:
    """Aligned columns, the last one cut to the terminal's width."""
    if not rows:
        print_text(empty)
        return
    width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 400
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


def _utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
