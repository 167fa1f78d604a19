"""``zotui skills trust``, ``diff``, ``enable``, ``disable``, ``lock``: which skills may be used, after a look."""

import asyncio
import sys
from typing import Any

import click

from zotui.cli.door import print_json, print_text, with_computer
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.skills import Skill
from zotui.skills.looking import changes, look
from zotui.text import one_line


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Without asking.")
@click.pass_obj
def trust(options: dict[str, Any], name: str, yes: bool) -> None:
    """Show what is in a skill, what it wants and what has changed; then let it be used, its code too."""

    async def run(computer: Computer) -> str:
        shelf = computer.skills
        skill = await asyncio.to_thread(shelf.find, name)
        if skill.source == "bundled":
            return f"{skill.name} comes with zotui"
        read = await asyncio.to_thread(shelf.read, skill)
        origin, _ = await asyncio.to_thread(shelf.origin, skill)
        print_text(look(skill, read, await asyncio.to_thread(shelf.trusted_files, skill), origin))
        if not yes and not (sys.stdin.isatty() and click.confirm("Let it be used?", err=True)):
            raise UsageError("nothing has been changed", "say --yes once you have looked")
        await asyncio.to_thread(shelf.trust, skill, read.skill.hash)
        return f"{skill.name} may be used, as it is now"

    print_text(with_computer(options, run))


@click.command()
@click.argument("name")
@click.pass_obj
def diff(options: dict[str, Any], name: str) -> None:
    """What has changed in a skill since it was looked at."""

    async def run(computer: Computer) -> str:
        shelf = computer.skills
        skill = await asyncio.to_thread(shelf.find, name)
        trusted = await asyncio.to_thread(shelf.trusted_files, skill)
        if not trusted:
            return "nobody has looked at it yet" if skill.source != "bundled" else "it comes with zotui"
        read = await asyncio.to_thread(shelf.read, skill)
        return await asyncio.to_thread(changes, read, trusted) or "nothing has changed"

    print_text(with_computer(options, run))


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Without asking.")
@click.pass_context
def enable(context: click.Context, name: str, yes: bool) -> None:
    """Have a skill be used again; one that has changed or is new is shown first, as trust shows it."""

    async def run(computer: Computer) -> Skill:
        skill = await asyncio.to_thread(computer.skills.find, name)
        if skill.enabled:
            return skill
        await asyncio.to_thread(computer.skills.turn, skill, True)
        return await asyncio.to_thread(computer.skills.find, name)

    skill = with_computer(context.obj, run)
    if skill.state in ("untrusted", "changed"):
        context.invoke(trust, name=name, yes=yes)
    else:
        print_text(f"{one_line(skill.name, 60)} is enabled")


@click.command()
@click.argument("name")
@click.pass_obj
def disable(options: dict[str, Any], name: str) -> None:
    """Have a skill not be used."""

    async def run(computer: Computer) -> str:
        skill = await asyncio.to_thread(computer.skills.find, name)
        await asyncio.to_thread(computer.skills.turn, skill, False)
        return f"{one_line(skill.name, 60)} is disabled"

    print_text(with_computer(options, run))


@click.command()
@click.pass_obj
def lock(options: dict[str, Any]) -> None:
    """A JSON document: the SHA-256 of each file of each skill, as it may be used: to compare, or to keep elsewhere."""

    async def run(computer: Computer) -> dict[str, Any]:
        return await asyncio.to_thread(computer.skills.lock)

    print_json(with_computer(options, run))
