"""``zotui memory profile``: what you say of yourself, which every conversation knows."""

import sys
from typing import Any

import click

from zotui.cli.door import print_text, with_computer
from zotui.computer import Computer
from zotui.memory.knowing import PROFILE, PROFILE_LONGEST

LARGEST = 1_000_000  # bytes that are read


@click.command()
@click.argument("text", nargs=-1)
@click.option("--edit", is_flag=True, help="Write it in $EDITOR.")
@click.pass_obj
def profile(options: dict[str, Any], text: tuple[str, ...], edit: bool) -> None:
    """What you say of yourself: every conversation knows it (its first 1,200 characters). With TEXT (- reads stdin): say this
    from now on; what it was stays in its history, as of any key: zotui memory history profile."""

    async def run(computer: Computer) -> str:
        now = await computer.memory.get(PROFILE) or ""
        words = " ".join(text) if text != ("-",) else sys.stdin.buffer.read(LARGEST).decode("utf-8", "replace")
        if edit:
            words = click.edit(now) or ""
        if words.strip() and words.strip() != now:
            await computer.memory.set(PROFILE, words, {"source": "me"})
            return ""
        return now

    said = with_computer(options, run)
    if not text and not edit:
        print_text(said or "nothing yet; zotui memory profile TEXT says it")
        if len(said) > PROFILE_LONGEST:
            print(f"zotui: conversations know its first {PROFILE_LONGEST:,} characters", file=sys.stderr)
