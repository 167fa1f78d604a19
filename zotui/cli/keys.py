"""``zotui keys``: the keys of providers. None is ever printed whole."""

import asyncio
import getpass
import sys
from typing import Any

import click

from zotui.cli.door import as_json, print_json, print_table, print_text, with_computer
from zotui.cli.family import Family
from zotui.computer import Computer
from zotui.errors import NotFound, UsageError
from zotui.models.credential import checked
from zotui.models.keys import PASSPHRASE
from zotui.models.registry import OFFLINE
from zotui.secret import Secret
from zotui.text import one_line

LONGEST = 1 << 16

PROTECTION = click.Choice(["keyring", "passphrase", "file"])
WORTH = {
    "keyring": "the keyring of the operating system",
    "passphrase": "a passphrase",
    "file": "the modes of files only: not encrypted against someone who can read your files",
}


@click.group(cls=Family)
def keys() -> None:
    """Keys of providers: from the environment, else from the vault, which no backup holds."""


@keys.command("set")
@click.argument("provider")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the key from stdin.")
@click.option("--protect", type=PROTECTION, help="How a new vault is protected (else: the keyring, or a passphrase).")
@click.pass_obj
def set_(options: dict[str, Any], provider: str, from_stdin: bool, protect: str | None) -> None:
    """Keep a provider's key in the vault."""

    async def run(computer: Computer) -> None:
        _provider(computer, provider)
        secret = await asyncio.to_thread(_read_key, provider, from_stdin)
        await asyncio.to_thread(_open_vault, computer, protect)
        await asyncio.to_thread(computer.keys.vault.set, provider, secret)
        await computer.background.hand()
        said = WORTH[computer.keys.vault.protection or "file"]
        print(f"the key of {provider} ({secret.hint}) is in the vault, under {said}", file=sys.stderr)
        found = await asyncio.to_thread(computer.keys.find, provider, computer.models.rows[provider])
        if found is not None and found.source != "vault":
            print(f"zotui: {found.source} in the environment goes before it", file=sys.stderr)

    with_computer(options, run)


@keys.command("list")
@as_json
@click.pass_obj
def list_(options: dict[str, Any], as_json: bool) -> None:
    """List which providers have a key, and where it is."""

    async def run(computer: Computer) -> list[dict[str, str]]:
        return [
            {"provider": found.provider, "source": found.source, "hint": found.hint}
            for found in await asyncio.to_thread(computer.keys.list, computer.models.rows)
        ]

    found = with_computer(options, run)
    if as_json:
        print_json(found)
        return
    print_table([[row["provider"], row["source"], row["hint"]] for row in found], "no keys: zotui keys set PROVIDER")


@keys.command()
@click.argument("provider")
@click.pass_obj
def rm(options: dict[str, Any], provider: str) -> None:
    """Forget the key that the vault has."""

    async def run(computer: Computer) -> None:
        if not await asyncio.to_thread(computer.keys.vault.remove, provider):
            raise NotFound(f"the vault has no key of {one_line(provider, 40)!r}", "zotui keys list shows what there is")

    with_computer(options, run)
    print(f"forgot the key of {provider}", file=sys.stderr)


@keys.command()
@click.argument("provider")
@as_json
@click.pass_obj
def test(options: dict[str, Any], provider: str, as_json: bool) -> int:
    """Try a provider: its address, its key, its model. Nothing is spent."""
    from zotui.models.trial import tried

    async def run(computer: Computer) -> Any:
        await asyncio.to_thread(_unlock, computer)
        return await tried(computer.models, provider)

    trial = with_computer(options, run)
    if as_json:
        print_json(trial)
    elif trial.ok:
        print_text(trial.said)
    else:
        print(f"zotui: {trial.said}" + (f" → {trial.hint}" if trial.hint else ""), file=sys.stderr)
    return 0 if trial.ok else 1


@keys.command()
@click.pass_obj
def unlock(options: dict[str, Any]) -> None:
    """Open a vault under a passphrase for the background process, until that ends."""

    async def run(computer: Computer) -> bool:
        if computer.keys.vault.protection != "passphrase":
            raise UsageError("the vault is under no passphrase", "there is nothing to unlock")
        await asyncio.to_thread(_unlock, computer)
        await computer.handed_over()
        return await computer.background.hand()

    served = with_computer(options, run, "none" if options["no_daemon"] else "background")
    print(
        "unlocked" if served else "the passphrase is right; no background process is there to keep it", file=sys.stderr
    )


@keys.command()
@click.argument("how", type=PROTECTION)
@click.option("--weaker", is_flag=True, help="Yes, protect the keys less than now.")
@click.pass_obj
def protect(options: dict[str, Any], how: Any, weaker: bool) -> None:
    """Protect the vault another way, or with another passphrase."""

    async def run(computer: Computer) -> None:
        vault = computer.keys.vault
        if await asyncio.to_thread(lambda: vault.protection) is None:
            raise NotFound("there is no vault yet", "zotui keys set PROVIDER makes one")
        await asyncio.to_thread(_unlock, computer)
        passphrase = await asyncio.to_thread(_new_passphrase) if how == "passphrase" else None
        if how == "passphrase" and not passphrase:
            raise UsageError("an empty passphrase protects nothing", "choose one, or: zotui keys protect file --weaker")
        await asyncio.to_thread(lambda: vault.protect(how, passphrase, weaker=weaker))
        await computer.background.hand()

    with_computer(options, run)
    print(f"the vault is under {WORTH[how]}", file=sys.stderr)


def _provider(computer: Computer, name: str) -> None:
    """Raises UsageError for a provider that is unknown or needs no key."""
    computer.models.split(name)
    row = computer.models.rows.get(name)
    if name == OFFLINE or "/" in name or row is None or row.key == "none":
        raise UsageError(f"{one_line(name, 40)} needs no key", "zotui keys list shows who has one")


def _read_key(provider: str, from_stdin: bool) -> Secret:
    """A key, from the terminal without showing it, or from stdin. Raises UsageError for one that cannot be."""
    if from_stdin:
        text = sys.stdin.buffer.read(LONGEST).decode("utf-8", "replace")
    elif sys.stdin.isatty():
        text = getpass.getpass(f"Key of {provider} (it is not shown): ")
    else:
        raise UsageError("nobody is at the terminal to type the key", "pipe it in: … | zotui keys set PROVIDER --stdin")
    return checked(text)


def _open_vault(computer: Computer, protect: str | None) -> None:
    """Have a vault that is open: made, the best way there is, where there is none."""
    vault = computer.keys.vault
    if vault.protection is not None:
        if protect not in (None, vault.protection):
            raise UsageError(f"the vault is under {WORTH[vault.protection]}", f"zotui keys protect {protect}")
        _unlock(computer)
        return
    if protect == "keyring" or (protect is None and computer.keys.best() == "keyring"):
        vault.create("keyring")
        return
    passphrase = computer.keys.variable(PASSPHRASE)
    if passphrase is None and protect != "file" and sys.stdin.isatty():
        passphrase = _new_passphrase()
    if protect == "passphrase" and not passphrase:
        raise UsageError("a vault under a passphrase needs one", f"set {PASSPHRASE}, or run this at a terminal")
    if passphrase and protect != "file":
        vault.create("passphrase", passphrase)
    else:
        vault.create("file")
        print(f"zotui: no keyring and no passphrase: the keys are under {WORTH['file']}", file=sys.stderr)


def _unlock(computer: Computer) -> None:
    """Open a locked vault: with the variable, or by asking."""
    if not computer.keys.unlock() and sys.stdin.isatty():
        computer.keys.vault.unlock(Secret(getpass.getpass("Passphrase of the vault: ")))


def _new_passphrase() -> Secret | None:
    """A new passphrase, typed twice; None for an empty one."""
    if not sys.stdin.isatty():
        return None
    first = Secret(
        getpass.getpass("A passphrase for the vault (empty: none, the keys are then only in a private file): ")
    )
    if first and first != Secret(getpass.getpass("Again: ")):
        raise UsageError("the two are not alike", "nothing was changed")
    return first or None
