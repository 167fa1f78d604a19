"""``zotui approvals``: the inbox of questions, and of calls that want to run."""

import sys
from typing import Any

import click
import msgspec

from zotui.cli.door import as_json, find_chat, print_json, print_table, print_text, rfc3339, short, with_computer
from zotui.cli.family import Family
from zotui.computer import Computer
from zotui.conversations.grants import ALWAYS, IN_CHAT
from zotui.conversations.turns import ALLOWING, INSTEAD
from zotui.errors import UsageError
from zotui.policy.offers import check
from zotui.store import now_ms
from zotui.text import ago, clean, one_line


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
@click.option("--here", "answer_", flag_value=IN_CHAT, help="And others like it in this conversation.")
@click.option("--always", "answer_", flag_value=ALWAYS, help="And others like it everywhere.")
@click.option("--command", metavar="COMMAND", help="Have this run instead of the command that it names, once.")
@click.pass_obj
def allow(options: dict[str, Any], id_: str, answer_: str | None, command: str | None) -> None:
    """Let a call run, once; its turn goes on."""
    if answer_ and command is not None:
        raise UsageError("a command of yours can be allowed once only", "leave --here or --always away")
    _answer(options, id_, f"{INSTEAD}{command}" if command is not None else answer_ or ALLOWING[0])


@approvals.command()
@click.argument("id_")
@click.pass_obj
def deny(options: dict[str, Any], id_: str) -> None:
    """Decline to answer, or let a call not run; its turn goes on without."""
    _answer(options, id_, None)


@approvals.command()
@as_json
@click.pass_obj
def allowed(options: dict[str, Any], as_json: bool) -> None:
    """List what you allowed for more than once, the newest first."""
    found = with_computer(options, lambda computer: computer.grants.list())
    if as_json:
        print_json([msgspec.to_builtins(one) | {"created_at": rfc3339(one.created_at)} for one in found])
        return
    now = now_ms()
    rows = [
        [short(one.id), ago(one.created_at, now), f"in {short(one.conv_id)}" if one.conv_id else "always", one.pattern]
        for one in found
    ]
    print_table(rows, "you have allowed nothing for more than once")


@approvals.command()
@click.argument("pattern")
@click.option("-c", "conversation", metavar="CONV", help="In this conversation only (an id, its end, or: last).")
@click.pass_obj
def grant(options: dict[str, Any], pattern: str, conversation: str | None) -> None:
    """Allow beforehand: the name of a tool, or Bash(git push *), Write(*.md), Net(pypi.org)."""
    checked = check(clean(pattern))

    async def run(computer: Computer) -> None:
        from zotui.workers import unknown_tools

        if unknown_tools(computer, [checked]):
            raise UsageError(f"there is no tool {one_line(checked, 40)!r}", "a pattern is written as Bash(git push *)")
        chat = (await find_chat(computer, conversation)).id if conversation else None
        await computer.grants.add(checked, chat)

    with_computer(options, run)


@approvals.command()
@click.argument("id_", metavar="ID|PATTERN")
@click.pass_obj
def forget(options: dict[str, Any], id_: str) -> None:
    """Allow no more what you once allowed; you are asked again."""
    print_text(with_computer(options, lambda computer: computer.grants.forget(clean(id_))))


def _answer(options: dict[str, Any], id_: str, text: str | None) -> None:
    alone = options["no_daemon"]

    async def run(computer: Computer) -> None:
        await computer.turns.answer(clean(id_), text)
        await computer.crew.handed_over()

    with_computer(options, run, "none" if alone else "background")
    if alone:
        print("zotui: noted; the turn goes on with the next background process", file=sys.stderr)
