"""``zotui skills grant`` and ``ungrant``: which keys of the vault a skill may have."""

import asyncio
import sys
from typing import Any

import click

from zotui.cli.door import print_text, with_computer
from zotui.cli.keys import PROTECTION, left_at_once, open_vault, read_key
from zotui.computer import Computer
from zotui.errors import NotFound, UsageError
from zotui.skills.granting import check
from zotui.text import one_line
from zotui.vault import Protection


@click.command()
@click.argument("name")
@click.argument("key")
@click.option(
    "--record",
    default="",
    metavar="NAME",
    help="What it is called in the vault, if not as the key (a provider's, say).",
)
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the key from stdin, and keep it in the vault.")
@click.option("--protect", type=PROTECTION, help="How a new vault is protected (else: the keyring, or a passphrase).")
@click.option("--yes", is_flag=True, help="Without asking.")
@click.pass_obj
def grant(
    options: dict[str, Any], name: str, key: str, record: str, from_stdin: bool, protect: Protection | None, yes: bool
) -> None:
    """Let a skill have a key that it says it wants: its scripts find it in the variable KEY, while they can reach the hosts that
    it declares and no others. Where the vault has none of that name, it is asked for. When the skill changes, that ends."""
    record = record or key

    async def run(computer: Computer) -> str:
        skill = await asyncio.to_thread(computer.skills.ready, name)
        check(skill, key)
        print_text(f"{skill.name} wants {key}; its scripts reach: {', '.join(map(_said, skill.hosts))}")
        print_text("They may send it there, and write it into files of the workspace. What they print hides it.")
        if not yes and not (not from_stdin and sys.stdin.isatty() and click.confirm("Let it have that?", err=True)):
            raise UsageError("nothing has been changed", "say --yes once you have looked")
        vault = computer.keys.vault
        with left_at_once():
            has = vault.protection is not None and record in {one.name for one in vault.names()}
            secret = read_key(key, from_stdin, f"skills grant {name} {key}") if from_stdin or not has else None
            open_vault(computer, protect)
            if secret is not None:
                vault.set(record, secret)
        await computer.skill_keys.grant(skill, key, record)
        await computer.background.hand()
        return f"{skill.name} has {key}, as it is now"

    print_text(with_computer(options, run))


def _said(host: str) -> str:
    return "any public host" if host == "*" else host


@click.command()
@click.argument("name")
@click.argument("key")
@click.pass_obj
def ungrant(options: dict[str, Any], name: str, key: str) -> None:
    """Take a key back from a skill; the vault keeps it (zotui keys rm forgets it)."""

    async def run(computer: Computer) -> str:
        skill = await asyncio.to_thread(computer.skills.find, name)
        if not await computer.skill_keys.revoke(skill, key):
            raise NotFound(
                f"the skill {one_line(name, 60)} has no {one_line(key, 60)!r}",
                f"zotui skills show {one_line(name, 60)}",
            )
        return f"{one_line(skill.name, 60)} has {one_line(key, 60)} no more"

    print_text(with_computer(options, run))
