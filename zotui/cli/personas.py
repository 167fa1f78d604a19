"""``zotui personas``: who the computer is in a conversation."""

from typing import Any

import click
import msgspec

from zotui.cli.door import as_json, find_chat, print_json, print_table, print_text, rfc3339, with_computer
from zotui.cli.family import Family
from zotui.computer import Computer
from zotui.policy import Persona, Wanted
from zotui.policy.personas import NOBODY


@click.group(cls=Family)
def personas() -> None:
    """Who the computer is in a conversation: a prompt, a model, the tools it may use."""


def _fields(command: Any) -> Any:
    """The options that say what a persona is."""
    for option in (
        click.option("--hue", type=click.IntRange(0, 359), help="Its colour in degrees: 0 red, 120 green, 240 blue."),
        click.option("--tools", metavar="SCOPE", help="all, workspace, read-only, chat, or names with commas between."),
        click.option("-m", "--model", metavar="MODEL", help="PROVIDER/MODEL that answers; '' for the usual one."),
        click.option("--prompt", metavar="TEXT", help="What it is told of itself."),
    ):
        command = option(command)
    return command


@personas.command("list")
@as_json
@click.pass_obj
def list_(options: dict[str, Any], as_json: bool) -> None:
    """List the personas, by name."""
    found = with_computer(options, lambda computer: computer.personas.list())
    if as_json:
        print_json([_as_object(one) for one in found])
        return
    rows = [[one.name, one.model or "-", one.tools, one.prompt] for one in found]
    print_table(rows, "no personas; zotui personas add NAME --prompt TEXT makes one")


@personas.command()
@click.argument("name")
@as_json
@click.pass_obj
def show(options: dict[str, Any], name: str, as_json: bool) -> None:
    """Show a persona whole."""
    _show(with_computer(options, lambda computer: computer.personas.find(name)), as_json)


@personas.command()
@click.argument("name")
@_fields
@as_json
@click.pass_obj
def add(
    options: dict[str, Any],
    name: str,
    prompt: str | None,
    model: str | None,
    tools: str | None,
    hue: int | None,
    as_json: bool,
) -> None:
    """Make a persona."""
    _show(_kept(options, None, Wanted(name, prompt, model, tools, hue)), as_json)


@personas.command()
@click.argument("name")
@click.option("--name", "new_name", metavar="NAME", help="Another name.")
@_fields
@as_json
@click.pass_obj
def edit(
    options: dict[str, Any],
    name: str,
    new_name: str | None,
    prompt: str | None,
    model: str | None,
    tools: str | None,
    hue: int | None,
    as_json: bool,
) -> None:
    """Change a persona, from the next request on."""
    _show(_kept(options, name, Wanted(new_name, prompt, model, tools, hue)), as_json)


@personas.command()
@click.argument("name")
@as_json
@click.pass_obj
def rm(options: dict[str, Any], name: str, as_json: bool) -> None:
    """Delete a persona; its conversations go on without one."""
    gone = with_computer(options, lambda computer: computer.personas.remove(name))
    print_json(_as_object(gone)) if as_json else print_text(f"deleted: {gone.name}")


@personas.command()
@click.argument("name")
@click.option("-c", "conversation", metavar="CONV", default="last", help="An id, its end, or: last.")
@as_json
@click.pass_obj
def use(options: dict[str, Any], name: str, conversation: str, as_json: bool) -> None:
    """Give a conversation a persona from its next request on; none takes it away."""

    async def run(computer: Computer) -> tuple[str, Persona | None]:
        chat = await find_chat(computer, conversation)
        return chat.id, await computer.personas.use(chat.id, None if name.lower() == NOBODY else name)

    chat, persona = with_computer(options, run)
    if as_json:
        print_json({"conversation_id": chat, "persona": persona.name if persona else None})
    else:
        print_text(persona.name if persona else "no persona")


def _kept(options: dict[str, Any], name: str | None, wanted: Wanted) -> Persona:
    """A persona as it is now kept; a new one where none is named."""

    async def run(computer: Computer) -> Persona:
        if wanted.model:
            computer.check_model(wanted.model)
        return await (computer.personas.add(wanted) if name is None else computer.personas.edit(name, wanted))

    return with_computer(options, run)


def _show(one: Persona, as_json: bool) -> None:
    if as_json:
        print_json(_as_object(one))
        return
    print_table([["name", one.name], ["model", one.model or "the usual one"], ["tools", one.tools]], "")
    print_text(f"\n{one.prompt}" if one.prompt else "(no prompt)")


def _as_object(one: Persona) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(one)
    return fields | {name: rfc3339(getattr(one, name)) for name in ("created_at", "updated_at")}
