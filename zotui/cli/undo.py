"""``zotui undo``, ``redo`` and ``timeline``: what turns did to files, taken back."""

from typing import Any

import click
import msgspec

from zotui.cli.door import as_json, print_json, print_table, print_text, rfc3339, with_computer
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.store import now_ms
from zotui.text import ago, one_line
from zotui.workspace.undo import FileChange, Undone
from zotui.workspace.undo.difference import difference, in_words

NAMED = 10  # paths that are listed


@click.command()
@click.option("-c", "--conversation", help="The last turn of this conversation; without it, of all.")
@click.option("--force", is_flag=True, help="Also where something else has changed the same files since.")
@as_json
@click.pass_obj
def undo(options: dict[str, Any], conversation: str | None, force: bool, as_json: bool) -> int:
    """Take back what the last turn did to files of the workspace, commands included.

    What it did elsewhere, or sent over the network, stays done. Within .git only what was lost comes back.
    """
    return _move(options, "undo", conversation, force, as_json)


@click.command()
@click.option("-c", "--conversation", help="What was undone last in this conversation; without it, in all.")
@click.option("--force", is_flag=True, help="Also where something else has changed the same files since.")
@as_json
@click.pass_obj
def redo(options: dict[str, Any], conversation: str | None, force: bool, as_json: bool) -> int:
    """Do again what was undone last."""
    return _move(options, "redo", conversation, force, as_json)


@click.command()
@click.argument("path")
@click.option("--diff", type=int, metavar="N", help="What change N changed.")
@click.option("--restore", type=int, metavar="N", help="Bring the file to what it was before change N.")
@as_json
@click.pass_obj
def timeline(options: dict[str, Any], path: str, diff: int | None, restore: int | None, as_json: bool) -> int:
    """What turns did to one file of the workspace, the newest first."""

    async def run(computer: Computer) -> Any:
        if restore is not None:
            await _one(computer, path, restore)
            return await computer.checkpoints.restore(restore)
        if diff is not None:
            return await difference(computer.checkpoints, await _one(computer, path, diff))
        return await computer.checkpoints.timeline(path)

    found = with_computer(options, run)
    if isinstance(found, Undone):
        return _say(found, "restored", as_json)
    if isinstance(found, str):
        print_json({"diff": found}) if as_json else print_text(found)
        return 0
    if as_json:
        print_json([msgspec.to_builtins(one) | {"created_at": rfc3339(one.created_at)} for one in found])
        return 0
    now = now_ms()
    rows = [
        [str(one.n), ago(one.created_at, now), in_words(one), "undone" if one.status == "undone" else ""]
        for one in found
    ]
    print_table(rows, f"no turn has changed {one_line(path, 80)!r}")
    return 0


async def _one(computer: Computer, path: str, number: int) -> FileChange:
    found = next((one for one in await computer.checkpoints.timeline(path) if one.n == number), None)
    if found is None:
        raise UsageError(f"{one_line(path, 80)} has no change {number}", "zotui timeline PATH lists them")
    return found


def _move(options: dict[str, Any], what: str, conversation: str | None, force: bool, as_json: bool) -> int:
    async def run(computer: Computer) -> Undone:
        chat = (await computer.chats.find(conversation)).id if conversation else None
        move = computer.checkpoints.undo if what == "undo" else computer.checkpoints.redo
        return await move(chat, force=force)

    return _say(with_computer(options, run), "undone" if what == "undo" else "done again", as_json)


def _say(undone: Undone, done: str, as_json: bool) -> int:
    if as_json:
        turn, conversation = undone.checkpoint.turn, undone.checkpoint.conversation
        print_json({"turn": turn, "conversation_id": conversation, "paths": undone.paths, "left": undone.left})
    else:
        print_text(f"{done}: {said(undone.paths)}")
        for line in undone.left:
            print_text(f"  left: {line}")
    return 1 if undone.left else 0


def said(paths: list[str]) -> str:
    """Paths in a line."""
    shown = ", ".join(one_line(path, 80) for path in paths[:NAMED])
    return shown + (f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else "")
