"""``zotui commands``: what goes on in the background, watched, fed and stopped."""

import asyncio
import sys
from codecs import getincrementaldecoder
from pathlib import Path
from typing import Any

import click

from zotui.cli.door import COUNT, as_json, print_json, print_table, print_text, rfc3339, short, with_computer
from zotui.cli.family import Family
from zotui.computer import Computer
from zotui.store import now_ms
from zotui.text import Cleaner, ago, clean, one_line, size
from zotui.workspace.background import BackgroundCommand, put_out

SHOWN = 1_000_000  # bytes of the end of an output that are shown
CHUNK = 1 << 16
LOOK_S = 0.2
ENDS_S = 5.0  # until one that was stopped has ended
MARKS = {"running": "▸", "done": "·", "failed": "✗", "cancelled": "·", "interrupted": "!"}


@click.group(cls=Family)
def commands() -> None:
    """Commands of the agent that go on in the background, and those that did."""


@commands.command("list")
@click.option("--limit", default=100, type=COUNT)
@as_json
@click.pass_obj
def list_(options: dict[str, Any], limit: int, as_json: bool) -> None:
    """List them: those that run, then the others, the newest first."""
    found = with_computer(options, lambda computer: computer.commands.list(limit))
    if as_json:
        print_json([_as_object(one) for one in found])
        return
    now = now_ms()
    rows = [
        [MARKS[one.status], short(one.id), ago(one.started_at, now), size(put_out(one)), one.end, one.command]
        for one in found
    ]
    print_table(rows, "nothing goes on in the background")


@commands.command()
@click.argument("id_", metavar="ID")
@click.option("-f", "--follow", is_flag=True, help="Go on until it ends.")
@as_json
@click.pass_obj
def show(options: dict[str, Any], id_: str, follow: bool, as_json: bool) -> None:
    """What one has put out, and how it ended."""

    async def run(computer: Computer) -> None:
        one = await computer.commands.find(id_)
        if as_json:
            while follow and not one.over:
                one = await computer.commands.wait(one.id, 60)
            piece = await computer.commands.tail(one, SHOWN)
            print_json(_as_object(one) | {"output": piece.text})
            return
        printed = _Printed(one)
        await asyncio.to_thread(printed.more)
        while follow and not one.over:
            one = await computer.commands.wait(one.id, LOOK_S)
            await asyncio.to_thread(printed.more)
        await asyncio.to_thread(printed.end)
        print(f"zotui: {one_line(one.end, 500)}", file=sys.stderr)

    with_computer(options, run)


@commands.command()
@click.argument("id_", metavar="ID")
@click.argument("text", nargs=-1)
@click.option("--end", is_flag=True, help="Then its input ends.")
@click.pass_obj
def feed(options: dict[str, Any], id_: str, text: tuple[str, ...], end: bool) -> None:
    """Give one a line of input; TEXT - reads stdin."""
    words = sys.stdin.read() if text == ("-",) else " ".join(text)

    async def run(computer: Computer) -> None:
        one = await computer.commands.find(id_)
        if words or not end:
            await computer.commands.feed(one.id, words)
        if end:
            await computer.commands.end_input(one.id)

    with_computer(options, run)


@commands.command()
@click.argument("id_", metavar="ID")
@click.pass_obj
def stop(options: dict[str, Any], id_: str) -> int:
    """End one at once, and all that it started."""

    async def run(computer: Computer) -> BackgroundCommand:
        one = await computer.commands.find(id_)
        await computer.commands.stop(one.id)
        return await computer.commands.wait(one.id, ENDS_S)

    one = with_computer(options, run)
    print(one_line(one.end, 200) if one.over else "it has not ended yet", file=sys.stderr)
    return 0 if one.over else 1


class _Printed:
    """Prints a file from its beginning, or near its end where it is long, as it grows. Blocks."""

    def __init__(self, one: BackgroundCommand) -> None:
        self._path = Path(one.path)
        self._at = max(0, put_out(one) - SHOWN)
        self._decode, self._cleaner = getincrementaldecoder("utf-8")("replace").decode, Cleaner()
        if self._at:
            print_text(f"[… {self._at:,} bytes left out, all is in {one.path} …]")

    def more(self) -> None:
        """What has come."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._at)
            while piece := file.read(CHUNK):
                print_text(self._cleaner.feed(self._decode(piece)), end="")
            self._at = file.tell()

    def end(self) -> None:
        """Nothing more comes."""
        print_text(self._cleaner.feed(self._decode(b"", final=True)) + self._cleaner.finish(), end="")


def _as_object(one: BackgroundCommand) -> dict[str, Any]:
    return {
        "id": one.id,
        "status": one.status,
        "reason": one.reason,
        "said": clean(one.said),
        "command": one.command,
        "conversation_id": one.conv_id,
        "turn_id": one.turn_id,
        "exit_code": one.exit_code,
        "size": put_out(one),
        "path": one.path,
        "started_at": rfc3339(one.started_at),
        "finished_at": rfc3339(one.finished_at),
    }
