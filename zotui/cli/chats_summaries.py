"""``zotui chats compact|summary|undo-summary|continue|plan``: what stands for long conversations."""

from typing import Any

import click
import msgspec

from zotui.cli.door import as_json, find_chat, print_json, print_table, print_text, short, with_computer
from zotui.computer import Computer
from zotui.conversations.plans import Plan
from zotui.conversations.summaries import Summary
from zotui.errors import NotFound, ZotuiError


@click.command()
@click.argument("id_")
@click.option("--apply", "at_once", is_flag=True, help="Use it at once, rather than after it was looked at.")
@as_json
@click.pass_obj
def compact(options: dict[str, Any], id_: str, at_once: bool, as_json: bool) -> None:
    """Have older turns summarised for the model. Nothing is deleted; undo-summary takes it back."""

    async def run(computer: Computer) -> Summary:
        asked = await computer.summaries.propose((await find_chat(computer, id_)).id)
        computer.background.want()
        found = await computer.summaries.written(asked)
        if at_once and found.status == "waiting":
            await computer.summaries.apply(found.id)
            found = await computer.summaries.find(found.id)
        return found

    found = with_computer(options, run, "own" if options["no_daemon"] else "background")
    _show([found], as_json)


@click.command()
@click.argument("id_")
@as_json
@click.pass_obj
def summary(options: dict[str, Any], id_: str, as_json: bool) -> None:
    """Show the summaries of a conversation, and whether they apply."""

    async def run(computer: Computer) -> list[Summary]:
        return await computer.summaries.of((await find_chat(computer, id_)).id)

    _show(with_computer(options, run), as_json)


@click.command("undo-summary")
@click.argument("id_")
@click.pass_obj
def undo_summary(options: dict[str, Any], id_: str) -> None:
    """Have the model read the turns again that the last summary stands for."""

    async def run(computer: Computer) -> None:
        found = await computer.summaries.of((await find_chat(computer, id_)).id)
        applied = [one for one in found if one.status == "done" and one.purpose == "compact"]
        if not applied:
            raise NotFound("no summary applies to this conversation", "zotui chats summary ID shows them")
        await computer.summaries.undo(applied[-1].id)

    with_computer(options, run)


@click.command("continue")
@click.argument("id_")
@as_json
@click.pass_obj
def continue_(options: dict[str, Any], id_: str, as_json: bool) -> None:
    """Begin a new conversation with a summary of this one; print its id."""

    async def run(computer: Computer) -> str:
        asked = await computer.summaries.sequel((await find_chat(computer, id_)).id)
        computer.background.want()
        found = await computer.summaries.written(asked)
        if found.sequel_id is None:
            raise ZotuiError(f"no summary was written: {found.error or found.status}")
        return found.sequel_id

    made = with_computer(options, run, "own" if options["no_daemon"] else "background")
    print_json({"conversation_id": made}) if as_json else print_text(made)


@click.command()
@click.argument("id_")
@as_json
@click.pass_obj
def plan(options: dict[str, Any], id_: str, as_json: bool) -> None:
    """Show the agent's plan for a conversation."""

    async def run(computer: Computer) -> Plan | None:
        return await computer.plans.plan((await find_chat(computer, id_)).id)

    found = with_computer(options, run)
    steps = found.steps if found else []
    if as_json:
        print_json([msgspec.to_builtins(step) for step in steps])
        return
    print_table([[step.status, step.text] for step in steps], "no plan")


def _show(found: list[Summary], as_json: bool) -> None:
    if as_json:
        print_json([msgspec.to_builtins(one) for one in found])
        return
    for one in found:
        print_text(f"== {short(one.id)} · messages {one.first_position} to {one.last_position} · {one.state}")
        for line in one.lines:
            words = f'"{line.text}"' if line.verbatim else line.text
            print_text(f"{line.first}-{line.last}: {words}")
    if not found:
        print_text("no summary")


COMMANDS = (compact, summary, undo_summary, continue_, plan)
