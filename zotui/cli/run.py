"""``zotui run``: one command in the sandbox, as the agent would run it."""

import asyncio
import os
import shlex
import sys
from codecs import getincrementaldecoder
from typing import Any

import click
from msgspec import structs

from zotui.cli.door import as_json, print_json
from zotui.errors import UsageError
from zotui.home import Home
from zotui.sandbox import Outcome, Output, shell
from zotui.sandbox.settings import sandbox_of
from zotui.text import Cleaner, clean, one_line


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("words", nargs=-1, required=True, metavar="CMD…")
@click.option("--folder", default="", metavar="PATH", help="A folder of the workspace to run it in.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(0, min_open=True), default=120.0, help="Seconds.")
@click.option(
    "--host", "hosts", multiple=True, metavar="HOST", help="It may reach this one, as pypi.org or *.pypi.org."
)
@click.option("--no-sandbox", is_flag=True, help="Where no wall can stand: run it as you, with your files and network.")
@as_json
@click.pass_obj
def run(
    options: dict[str, Any],
    words: tuple[str, ...],
    folder: str,
    timeout_s: float,
    hosts: tuple[str, ...],
    no_sandbox: bool,
    as_json: bool,
) -> int:
    """Run a command in the sandbox; its exit code is that of the command. One word is a line for bash."""
    home = Home(options["home"]).prepare()
    line = words[0] if len(words) == 1 else shlex.join(words)
    if not line.strip():
        raise UsageError("there is no command", "zotui run 'ls -la'")

    async def go() -> tuple[Outcome, Output, Output]:
        sandbox = sandbox_of(home, home.config)
        if no_sandbox:
            sandbox.allow_no_wall()
        out = sandbox.output(None if as_json else _onto(1))
        err = sandbox.output(None if as_json else _onto(2))
        try:
            command = structs.replace(shell(line, folder, timeout_s), hosts=hosts or None)
            return await sandbox.run(command, out, err), out, err
        finally:
            await sandbox.close()

    outcome, out, err = asyncio.run(go())
    if as_json:
        print_json(
            {
                "exit_code": outcome.exit_code,
                "stdout": clean(out.text),
                "stderr": clean(err.text),
                "duration_s": round(outcome.duration_s, 3),
                "sandbox": outcome.wall,
                "reason": outcome.reason,
                "put_right": outcome.put_right,
                "reached": list(outcome.reached),
                "refused": list(outcome.refused),
            }
        )
    elif outcome.said:
        print(f"zotui: the command was ended: {outcome.said}", file=sys.stderr)
    if outcome.refused and not as_json:
        print(f"zotui: not reached: {', '.join(outcome.refused)}; --host names what may be", file=sys.stderr)
    if outcome.put_right and not as_json:
        print(f"zotui: {one_line(outcome.put_right, 1000)}", file=sys.stderr)
    return outcome.exit_code


def _onto(descriptor: int) -> Any:
    """Writes what comes onto a stream of ours: as it is into a file or a pipe, clean onto a terminal."""
    terminal, decoded, cleaned = os.isatty(descriptor), getincrementaldecoder("utf-8")("replace").decode, Cleaner()

    def write(piece: bytes) -> None:
        if terminal:
            piece = cleaned.feed(decoded(piece)).encode()
        while piece:
            piece = piece[os.write(descriptor, piece) :]

    return write
