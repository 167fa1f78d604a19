"""``zotui bin``: files of the workspace that were deleted."""

import asyncio
from typing import Any

import click
import msgspec

from zotui.cli.door import as_json, print_json, print_table, print_text, rfc3339, short, with_computer
from zotui.cli.family import Family
from zotui.computer import Computer
from zotui.store import now_ms
from zotui.text import ago, one_line, size
from zotui.workspace.moving import Binned

DAY_MS = 86_400_000


@click.group(cls=Family)
def bin() -> None:
    """What the agent deleted from the workspace; it is kept for thirty days."""


@bin.command("list")
@as_json
@click.pass_obj
def list_(options: dict[str, Any], as_json: bool) -> None:
    """What lies in the bin, the newest first."""
    found = with_computer(options, _list)
    if as_json:
        print_json([msgspec.to_builtins(one) | {"deleted_at": rfc3339(one.deleted_at)} for one in found])
        return
    now = now_ms()
    rows = [
        [short(one.id), ago(one.deleted_at, now), f"{one.path}/" if one.folder else f"{one.path}  {size(one.size)}"]
        for one in found
    ]
    print_table(rows, "the bin is empty")


@bin.command()
@click.argument("id_", metavar="ID")
@click.pass_obj
def restore(options: dict[str, Any], id_: str) -> None:
    """Bring something back to where it was."""

    async def run(computer: Computer) -> Binned:
        return await asyncio.to_thread(computer.bin.restore, id_)

    print_text(f"it is back: {one_line(with_computer(options, run).path, 200)}")


@bin.command()
@click.option("--older-than", "days", type=click.IntRange(0), metavar="DAYS", help="Only what was deleted longer ago.")
@click.pass_obj
def empty(options: dict[str, Any], days: int | None) -> None:
    """Delete for ever what lies in the bin."""

    async def run(computer: Computer) -> int:
        before = None if days is None else now_ms() - days * DAY_MS
        return await asyncio.to_thread(computer.bin.empty, before)

    print_text(f"deleted for ever: {with_computer(options, run)}")


async def _list(computer: Computer) -> list[Binned]:
    return await asyncio.to_thread(computer.bin.list)
