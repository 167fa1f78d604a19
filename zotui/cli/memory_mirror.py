"""``zotui memory mirror``: memories as Markdown files in a folder, followed both ways."""

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Any

import click
import msgspec

from zotui.cli.door import as_json, print_json, print_table, print_text, with_computer
from zotui.cli.family import Family
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.text import one_line

if TYPE_CHECKING:
    from zotui.memory.mirror import Outcome
TRIES = 20  # of what is being written at this moment
WORDS = {
    "new": "new memories", "changed": "changed", "moved": "moved", "conflicts": "kept beside another (tagged conflict)",
    "deleted": "deleted", "written": "files written", "removed": "files deleted",
}  # fmt: skip


@click.group(cls=Family)
def mirror() -> None:
    """Memories as Markdown files in a folder of yours: what is changed in either is changed in the other, while the
    background process runs, or by sync."""


@mirror.command()
@click.argument("path", default="", required=False)
@click.option("--take", is_flag=True, help="Markdown that is in the folder already becomes memories.")
@click.pass_obj
def on(options: dict[str, Any], path: str, take: bool) -> int:
    """Have it in a folder from now on; without a PATH in the one it was in, else in memory of the home."""

    async def run(computer: Computer) -> "tuple[str, Outcome]":
        known = (await asyncio.to_thread(computer.mirror.status)).folder
        chosen = path or known or str(computer.home.path / "memory")
        status = await asyncio.to_thread(computer.mirror.turn_on, chosen, take=take)
        return status.folder, await _synced(computer)

    folder, outcome = with_computer(options, run)
    print(f"the mirror is in {folder}", file=sys.stderr)
    return _tell(outcome)


@mirror.command()
@click.pass_obj
def off(options: dict[str, Any]) -> None:
    """Follow the folder no more; its files stay."""
    was = with_computer(options, lambda computer: asyncio.to_thread(computer.mirror.turn_off))
    print("the mirror is off; its files stay" if was else "no mirror was on", file=sys.stderr)


@mirror.command()
@as_json
@click.pass_obj
def status(options: dict[str, Any], as_json: bool) -> int:
    """Where it is, what waits, what is held back and which files cannot be read."""
    found = with_computer(options, lambda computer: asyncio.to_thread(computer.mirror.status))
    if as_json:
        problems = [{"file": path, "problem": problem} for path, problem in found.problems]
        print_json({**msgspec.to_builtins(found), "problems": problems})
    elif not found.folder:
        print_text("no mirror; zotui memory mirror on PATH makes one")
    else:
        print_text(
            f"{found.folder}: {'on' if found.active else 'off'}, {found.files:,} files, {found.due:,} to be looked at"
        )
        if found.held:
            print_text(f"held back: {found.held}")
        if found.problems:
            print_table([[one_line(path, 60), problem] for path, problem in found.problems], "")
    return 1 if found.held or found.problems else 0


@mirror.command()
@click.option(
    "--delete",
    "take",
    is_flag=True,
    help="Delete the memories of all files that are gone; memory undo brings them back.",
)
@click.option("--restore", is_flag=True, help="Write all files that are gone again.")
@as_json
@click.pass_obj
def sync(options: dict[str, Any], take: bool, restore: bool, as_json: bool) -> int:
    """Bring both up to date now."""
    if take and restore:
        raise UsageError("--delete and --restore are one or the other")

    async def run(computer: Computer) -> "Outcome":
        if not (await asyncio.to_thread(computer.mirror.status)).active:
            raise UsageError("no mirror is on", "zotui memory mirror on PATH")
        return await _synced(computer, "take" if take else "restore" if restore else "now")

    outcome = with_computer(options, run)
    if as_json:
        print_json({name: getattr(outcome, name) for name in (*WORDS, "problems", "held")})
        return 1 if outcome.held else 0
    return _tell(outcome)


async def _synced(computer: Computer, deletions: Any = "now") -> "Outcome":
    """A pass, and more while files are being written."""
    whole = await asyncio.to_thread(computer.mirror.sync, deletions)
    for _ in range(TRIES):
        if whole.held or not whole.again:
            break
        await asyncio.to_thread(time.sleep, 0.05)
        more = await asyncio.to_thread(computer.mirror.sync, deletions)
        for name in (*WORDS, "problems"):
            setattr(whole, name, getattr(whole, name) + getattr(more, name))
        whole.held, whole.again = more.held, more.again
    return whole


def _tell(outcome: "Outcome") -> int:
    did = [f"{count:,} {words}" for name, words in WORDS.items() if (count := getattr(outcome, name))]
    print(", ".join(did) or "nothing changed", file=sys.stderr)
    if outcome.problems:
        print(f"zotui: {outcome.problems:,} files cannot be read: zotui memory mirror status", file=sys.stderr)
    if outcome.held:
        print(f"zotui: {outcome.held}", file=sys.stderr)
    return 1 if outcome.held or outcome.problems else 0
