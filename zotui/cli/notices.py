"""``zotui notices``: what happened while nobody looked."""

from typing import Any

import click
import msgspec

from zotui.cli.door import COUNT, as_json, print_json, print_table, print_text, rfc3339, short, with_computer
from zotui.cli.family import Family
from zotui.store import now_ms
from zotui.text import ago

MARKS = {"info": " ", "warning": "!", "error": "✗"}


@click.group(cls=Family, invoke_without_command=True)
@click.pass_context
def notices(context: click.Context) -> None:
    """What happened while you looked elsewhere; without a verb, what you have not read."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@notices.command("list")
@click.option("--all", "all_", is_flag=True, help="Also what was read.")
@click.option("--limit", default=100, type=COUNT)
@as_json
@click.pass_obj
def list_(options: dict[str, Any], all_: bool = False, limit: int = 100, as_json: bool = False) -> None:
    """List notices, the newest first."""
    found = with_computer(options, lambda computer: computer.notices.list(unread=not all_, limit=limit))
    if as_json:
        times = ("created_at", "read_at")
        print_json([msgspec.to_builtins(one) | {name: rfc3339(getattr(one, name)) for name in times} for one in found])
        return
    now = now_ms()
    rows = [[short(one.id), MARKS[one.level], ago(one.created_at, now), one.text] for one in found]
    print_table(rows, "no notices" if all_ else "nothing new")


@notices.command()
@click.argument("ids", nargs=-1)
@click.pass_obj
def read(options: dict[str, Any], ids: tuple[str, ...]) -> None:
    """Mark notices as read: those named, or all."""
    count = with_computer(options, lambda computer: computer.notices.read(list(ids) or None))
    print_text(f"{count} read")


@notices.command()
@click.pass_obj
def clear(options: dict[str, Any]) -> None:
    """Delete the notices that were read."""
    print_text(f"{with_computer(options, lambda computer: computer.notices.clear())} deleted")
