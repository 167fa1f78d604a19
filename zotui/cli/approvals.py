"""``zotui approvals``: the inbox of questions, and of calls that want to run."""

import sys
from typing import Any

import click
import msgspec

from zotui.cli.door import as_json, print_json, print_table, rfc3339, short, with_computer
from zotui.cli.family import Family
from zotui.computer import Computer
from zotui.store import now_ms
from zotui.text import ago, clean


@click.group(cls=Family)
def approvals() -> None:
    """Questions of the agent that wait for you."""


@approvals.command("list")
@as_json
@click.pass_obj
def list_(options: dict[str, Any], as_json: bool) -> None:
    """List what waits, the oldest first."""
    found = with_computer(options, lambda computer: computer.turns.questions())
    if as_json:
        print_json([msgspec.to_builtins(q) | {"created_at": rfc3339(q.created_at)} for q in found])
        return
    now = now_ms()
    rows = [
        [short(q.id), ago(q.created_at, now), q.text + (f" ({' / '.join(q.choices)})" if q.choices else "")]
        for q in found
    ]
    print_table(rows, "nothing waits for you")


@approvals.command()
@click.argument("id_")
@click.argument("text", nargs=-1, required=True)
@click.pass_obj
def answer(options: dict[str, Any], id_: str, text: tuple[str, ...]) -> None:
    """Answer a question; its turn goes on."""
    _answer(options, id_, " ".join(text))


@approvals.command()
@click.argument("id_")
@click.pass_obj
def allow(options: dict[str, Any], id_: str) -> None:
    """Let a call run, once; its turn goes on."""
    _answer(options, id_, "allow")


@approvals.command()
@click.argument("id_")
@click.pass_obj
def deny(options: dict[str, Any], id_: str) -> None:
    """Decline to answer, or let a call not run; its turn goes on without."""
    _answer(options, id_, None)


def _answer(options: dict[str, Any], id_: str, text: str | None) -> None:
    alone = options["no_daemon"]

    async def run(computer: Computer) -> None:
        await computer.turns.answer(clean(id_), text)
        await computer.crew.handed_over()

    with_computer(options, run, "none" if alone else "background")
    if alone:
        print("zotui: noted; the turn goes on with the next background process", file=sys.stderr)
