"""``zotui memory rm|merge|undo|counts``: what is done to several memories, and undone; what they can be narrowed to."""

import sys
from typing import Any

import click

from zotui.cli.door import as_json, print_json, print_table, print_text, rfc3339, with_computer
from zotui.computer import Computer
from zotui.memory.counting import MOST
from zotui.text import one_line


@click.command()
@click.argument("names", metavar="ID_OR_KEY...", nargs=-1, required=True)
@click.pass_obj
def rm(options: dict[str, Any], names: tuple[str, ...]) -> None:
    """Delete memories and their history. Undo brings them back; forget is for good."""

    async def run(computer: Computer) -> list[str]:
        found = {one.id: one.content for one in [await computer.memory.find(name) for name in names]}
        await computer.memory.delete(list(found))
        return list(found.values())

    for content in with_computer(options, run):
        print(f"deleted: {one_line(content, 80)}", file=sys.stderr)


@click.command()
@click.argument("names", metavar="ID_OR_KEY...", nargs=-1, required=True)
@click.option("--text", default="", help="What it says; else all that they say.")
@as_json
@click.pass_obj
def merge(options: dict[str, Any], names: tuple[str, ...], text: str, as_json: bool) -> None:
    """Make one memory of several: with all their tags, as old as the oldest; its meta tells what they were. Prints its id."""
    one = with_computer(options, lambda computer: computer.memory.merge(names, text))
    print_json({"id": one.id, "content": one.content, "meta": one.meta}) if as_json else print_text(one.id)


@click.command()
@click.option("--clear", is_flag=True, help="Keep nothing that could be undone.")
@as_json
@click.pass_obj
def undo(options: dict[str, Any], clear: bool, as_json: bool) -> int:
    """Undo what was done last to memories: a deletion, an edit, a merging, or what was done to several at once. The last 100
    things of 30 days can be undone."""
    if clear:
        return _clear(options, as_json=as_json)
    undone = with_computer(options, lambda computer: computer.memory.undo())
    if as_json:
        print_json(
            undone and {"what": undone.what, "at": rfc3339(undone.at), "memories": undone.memories, "left": undone.left}
        )
    elif undone is None:
        print("nothing was done that could be undone", file=sys.stderr)
    else:
        left = f"; {undone.left:,} were changed since and stay" if undone.left else ""
        print(f"undone: {undone.what} of {undone.memories:,}{left}", file=sys.stderr)
    return 0


def _clear(options: dict[str, Any], *, as_json: bool) -> int:
    async def run(computer: Computer) -> tuple[int, str]:
        return await computer.memory.clear_undo(), await computer.store.scrub()

    count, left = with_computer(options, run)
    if as_json:
        print_json({"cleared": count, "left": left})
    else:
        print(f"{count:,} things can be undone no more" + (f"; but {left}" if left else ""), file=sys.stderr)
    return 1 if left else 0


@click.command()
@click.argument("search", nargs=-1)
@as_json
@click.pass_obj
def counts(options: dict[str, Any], search: tuple[str, ...], as_json: bool) -> None:
    """What memories can be narrowed to, as list --search takes it, and how many of those of a search are that."""
    found = with_computer(options, lambda computer: computer.memory.facets(" ".join(search)))
    if as_json:
        print_json(
            [{"search": one.typed, "memories": min(one.memories, MOST), "more": one.memories > MOST} for one in found]
        )
        return
    many = [f"{MOST:,}+" if one.memories > MOST else f"{one.memories:,}" for one in found]
    rows = [[one.typed, count, one.words] for one, count in zip(found, many, strict=True)]
    print_table(rows, "nothing is remembered")
