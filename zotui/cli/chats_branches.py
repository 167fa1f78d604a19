"""``zotui chats fork|branches|edit|compare``: going another way, with nothing lost."""

import asyncio
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
    rows = [
        [
            short(one.conversation.id),
            f"{one.own} messages",
            "  " * one.depth + one_line(one.request or one.conversation.title),
        ]
        for one in found
    ]
    print_table(rows, "no branches")


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
    print_json({"conversation_id": branch, "output": answer}) if as_json else print_text(answer)


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
        print_text(f"== {member.model} · {member.turn.status} · {member.seconds(now_ms()):.1f} s{cost}")
        print_text(f"{member.output or member.turn.error or '(model returned no text)'}\n")


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


COMMANDS = (fork, branches, edit, compare)
