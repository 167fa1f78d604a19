"""``zotui chats fork|branches|edit|compare|keep``: going another way, with nothing lost."""

import asyncio
import sys
from typing import Any

import click
import msgspec

from zotui.cli.door import as_json, as_object, find_chat, print_json, print_table, print_text, short, with_computer
from zotui.computer import Computer
from zotui.conversations import Branch, Comparison
from zotui.errors import UsageError, ZotuiError
from zotui.store import now_ms
from zotui.text import one_line


@click.command()
@click.argument("id_")
@click.argument("message")
@click.option("--before", is_flag=True, help="The branch ends before the message, not with it.")
@as_json
@click.pass_obj
def fork(options: dict[str, Any], id_: str, message: str, before: bool, as_json: bool) -> None:
    """Branch off a conversation at a MESSAGE (its id, an end of it, or the number of a request); print the new id."""

    async def run(computer: Computer) -> str:
        chat = await find_chat(computer, id_)
        at = await computer.chats.find_message(chat.id, message)
        return await computer.chats.fork(chat.id, at, before=before)

    made = with_computer(options, run)
    print_json({"conversation_id": made}) if as_json else print_text(made)


@click.command()
@click.argument("id_")
@as_json
@click.pass_obj
def branches(options: dict[str, Any], id_: str, as_json: bool) -> None:
    """Show a conversation's branches as a tree."""

    async def run(computer: Computer) -> list[Branch]:
        return await computer.chats.family((await find_chat(computer, id_)).id)

    found = with_computer(options, run)
    if as_json:
        print_json(
            [
                as_object(one.conversation)
                | {"depth": one.depth, "leaves_at": one.leaves_at, "own": one.own, "request": one.request}
                for one in found
            ]
        )
        return
    print_table([_row(one) for one in found], "no branches")


def _row(one: Branch) -> list[str]:
    """A branch in the tree: what it is, how much of it is its own, and what was asked there first."""
    chat = one.conversation
    kind = chat.model if chat.kind == "trial" else "" if chat.kind == "chat" else chat.kind
    lead = "│ " * (one.depth - 1) + "└ " if one.depth else ""
    return [short(chat.id), kind, f"{one.own} messages", lead + one_line(one.request or chat.title)]


@click.command()
@click.argument("id_")
@click.argument("message")
@click.argument("text", nargs=-1, required=True)
@as_json
@click.pass_obj
def edit(options: dict[str, Any], id_: str, message: str, text: tuple[str, ...], as_json: bool) -> None:
    """Put an earlier request in other words, in a branch, and print the answer."""

    async def run(computer: Computer) -> tuple[str, str]:
        chat = await find_chat(computer, id_)
        at = await computer.chats.find_message(chat.id, message)
        branch, turn = await computer.edit(chat.id, at, " ".join(text))
        async for view in computer.turns.follow(turn):
            if view.turn.status == "waiting":
                raise ZotuiError("the agent asks something first", "zotui approvals list shows it")
        return branch, computer.reply(view).output

    branch, answer = with_computer(options, run, "own" if options["no_daemon"] else "background")
    if as_json:
        print_json({"conversation_id": branch, "output": answer})
        return
    print_text(answer)
    print(f"zotui: this is in the branch {short(branch)}", file=sys.stderr)


@click.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--model", "-m", "models", multiple=True, required=True, help="A model to ask; two to six of them.")
@click.option("--conversation", "-c", "id_", help="The conversation that the prompt belongs to; else a new one.")
@click.option("--keep", help="The model whose answer becomes the turn.")
@as_json
@click.pass_obj
def compare(
    options: dict[str, Any],
    text: tuple[str, ...],
    models: tuple[str, ...],
    id_: str | None,
    keep: str | None,
    as_json: bool,
) -> None:
    """Put one prompt to several models at once; print each answer with its time and cost."""
    if keep is not None and keep not in models:
        raise UsageError(f"{one_line(keep, 60)} is none of the models that are asked")

    async def run(computer: Computer) -> Comparison:
        chat = (await find_chat(computer, id_)).id if id_ else None
        asked = await computer.compare(" ".join(text), models, chat, attended=False)
        found = await computer.comparisons.view(asked)
        await asyncio.gather(*(_over(computer, member.turn.id) for member in found.members))
        found = await computer.comparisons.view(asked)
        if keep is not None:
            winner = next(member for member in found.members if member.model == keep)
            await computer.comparisons.keep(asked, winner.conversation)
            found = await computer.comparisons.view(asked)
        return found

    found = with_computer(options, run, "own" if options["no_daemon"] else "background")
    if as_json:
        print_json(_as_json(found))
        return
    for member in found.members:
        cost = "" if member.spent.cost is None else f" · ${member.spent.cost:.4f}"
        kept = " · kept" if member.conversation == found.kept else ""
        took = f"{member.seconds(now_ms()):.1f} s"
        print_text(f"== {short(member.conversation)} · {member.model} · {member.turn.status} · {took}{cost}{kept}")
        print_text(f"{member.output or member.turn.error or '(model returned no text)'}\n")
    if not found.kept:
        print("zotui: zotui chats keep ID makes one of these answers the turn", file=sys.stderr)


@click.command()
@click.argument("id_")
@click.option("--none", is_flag=True, help="Keep none of the answers that this one is compared with, nor this one.")
@click.pass_obj
def keep(options: dict[str, Any], id_: str, none: bool) -> None:
    """Make an answer of a comparison, by the ID of its conversation, the turn; print the conversation's id."""

    async def run(computer: Computer) -> str:
        chat = await find_chat(computer, id_)
        if chat.comparison_id is None:
            raise UsageError("this is no answer of a comparison", "zotui chats branches ID lists those")
        if not none:
            return await computer.comparisons.keep(chat.comparison_id, chat.id)
        await computer.comparisons.drop(chat.comparison_id)
        return (await computer.comparisons.view(chat.comparison_id)).conv_id

    print_text(with_computer(options, run))


async def _over(computer: Computer, turn: str) -> None:
    async for _ in computer.turns.follow(turn):
        pass


def _as_json(found: Comparison) -> dict[str, Any]:
    now = now_ms()
    return {
        "comparison_id": found.id,
        "conversation_id": found.conv_id,
        "kept": found.kept,
        "answers": [
            {
                "conversation_id": member.conversation,
                "model": member.model,
                "status": member.turn.status,
                "output": member.output,
                "error": member.turn.error,
                "seconds": round(member.seconds(now), 3),
                "usage": msgspec.to_builtins(member.spent),
            }
            for member in found.members
        ],
    }


COMMANDS = (fork, branches, edit, compare, keep)
