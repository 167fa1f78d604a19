"""``zotui search``: one search over everything."""

from itertools import groupby
from typing import Any

import click
import msgspec

from zotui.cli.door import COUNT, as_json, print_json, print_text, rfc3339, with_computer
from zotui.search import GROUPS
from zotui.store import now_ms
from zotui.text import ago, one_line


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--only", type=click.Choice(GROUPS), help="Only this group.")
@click.option("-n", "limit", default=5, type=COUNT, help="How many of each group.")
@as_json
@click.pass_obj
def search(options: dict[str, Any], words: tuple[str, ...], only: Any, limit: int, as_json: bool) -> None:
    """Search chats, memory, skills, runs, files and logs."""
    found = with_computer(options, lambda computer: computer.search(" ".join(words), limit, only))
    if as_json:
        print_json([msgspec.to_builtins(hit) | {"at": rfc3339(hit.at or None)} for hit in found])
        return
    now = now_ms()
    for group, hits in groupby(found, key=lambda hit: hit.group):
        print_text(f"{group}:")
        for hit in hits:
            when = f"  ({ago(hit.at, now)})" if hit.at else ""
            print_text(f"  {one_line(hit.title, 60)}: {one_line(hit.excerpt, 160)}{when}")
    if not found:
        print_text("nothing found")
