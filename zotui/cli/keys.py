"""``zotui keys``: the keys of providers. None is ever printed whole."""

import asyncio
import contextlib
import getpass
import signal
import sys
from collections.abc import Iterator
from typing import Any

import click

from zotui.cli.door import as_json, print_json, print_table, print_text, with_computer
from zotui.cli.family import Family
from zotui.computer import Computer
from zotui.errors import NotFound, UsageError, ZotuiError
from zotui.models.credential import checked
from zotui.models.keys import PASSPHRASE, record_of, variables_of
from zotui.models.registry import OFFLINE, ProviderRow
from zotui.secret import Secret
from zotui.text import one_line
from zotui.vault import Protection, VaultLocked
from zotui.vault.protection import is_weaker

LONGEST = 1 << 16
MAIL = "mail"

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
def set_(options: dict[str, Any], provider: str, from_stdin: bool, protect: Protection | None) -> None:
    """Keep a provider's key in the vault; that of mail is the password of [mail] in config.toml."""

    async def run(computer: Computer) -> None:
        if provider != MAIL:
            _row(computer, provider)
        vault = computer.keys.vault
        with left_at_once():
            secret = read_key(provider, from_stdin)
            open_vault(computer, protect)
        await computer.keep_key(provider, secret)
        said = WORTH[vault.protection or "file"]
        print(f"the key of {provider} ({secret.hint}) is in the vault, under {said}", file=sys.stderr)
        if variable := _variable(computer, provider):
            print(f"zotui: {variable} in the environment goes before it", file=sys.stderr)

    with_computer(options, run)


@keys.command("list")
@as_json
@click.pass_obj
def list_(options: dict[str, Any], as_json: bool) -> None:
    """List which providers have a key, and where it is."""

    async def run(computer: Computer) -> list[dict[str, str]]:
        await asyncio.to_thread(computer.keys.unlock)  # a wrong passphrase is said
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
        row = computer.models.rows.get(provider)
        record = record_of(provider, row) if row else provider
        if not await asyncio.to_thread(computer.keys.vault.remove, record):
            raise NotFound(f"the vault has no key of {one_line(provider, 40)!r}", "zotui keys list shows what there is")
        print(f"forgot the key of {provider}", file=sys.stderr)
        if variable := _variable(computer, provider):
            print(f"zotui: {variable} in the environment is still there", file=sys.stderr)

    with_computer(options, run)


@keys.command()
@click.argument("provider")
@as_json
@click.pass_obj
def test(options: dict[str, Any], provider: str, as_json: bool) -> int:
    """Try a provider: its address, its key, its model. Nothing is spent."""
    from zotui.models.trial import tried

    async def run(computer: Computer) -> Any:
        if sys.stdin.isatty() and await asyncio.to_thread(_is_locked_up, computer, provider):
            with left_at_once():
                _unlock(computer)
        return await tried(computer.models, provider, private=options["offline"])

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
        with left_at_once():
            _unlock(computer)
        await computer.crew.handed_over()
        return await computer.background.hand()

    served = with_computer(options, run, "none" if options["no_daemon"] else "background")
    print(
        "unlocked" if served else "the passphrase is right; no background process is there to keep it", file=sys.stderr
    )


@keys.command()
@click.argument("how", type=PROTECTION)
@click.option("--weaker", is_flag=True, help="Yes, protect the keys less than now.")
@click.pass_obj
def protect(options: dict[str, Any], how: Protection, weaker: bool) -> None:
    """Protect the vault another way, or with another passphrase."""

    async def run(computer: Computer) -> None:
        vault = computer.keys.vault
        now = vault.protection
        if now is None:
            raise NotFound("there is no vault yet", "zotui keys set PROVIDER makes one")
        if is_weaker(how, now) and not weaker:
            raise UsageError(f"{how!r} protects the keys less than {now!r} does", "--weaker does it all the same")
        with left_at_once():
            _unlock(computer)
            passphrase = _next_passphrase(computer, now) if how == "passphrase" else None
            if how == "passphrase" and not passphrase:
                given = "" if now == "passphrase" else f", or set {PASSPHRASE}"
                raise UsageError("an empty passphrase protects nothing", f"type one at a terminal{given}")
            vault.protect(how, passphrase, weaker=weaker)
        await computer.background.hand()

    with_computer(options, run)
    print(f"the vault is under {WORTH[how]}", file=sys.stderr)


def _row(computer: Computer, name: str) -> ProviderRow:
    """A provider that has a key. Raises UsageError for one that is unknown or needs none."""
    provider, model = computer.models.split(name)
    if model or provider != name:
        raise UsageError("a key belongs to a provider, not to a model", f"zotui keys set {one_line(provider, 40)}")
    row = computer.models.rows.get(name)
    if name == OFFLINE or row is None or row.key == "none":
        raise UsageError(f"{one_line(name, 40)} needs no key", "zotui keys list shows who has one")
    return row


def _variable(computer: Computer, provider: str) -> str:
    """The variable of the environment that has a provider's key; empty where none has."""
    row = computer.models.rows.get(provider)
    return next((name for name in (variables_of(provider, row) if row else []) if computer.keys.variable(name)), "")


def _is_locked_up(computer: Computer, provider: str) -> bool:
    """Whether a provider's key is in the vault and that is locked; what else may be wrong, the trial will say."""
    name, _ = computer.models.split(provider)
    try:
        if name in computer.models.rows:
            computer.keys.find(name, computer.models.rows[name])
    except VaultLocked:
        return True
    except ZotuiError:
        pass
    return False


@contextlib.contextmanager
def left_at_once() -> Iterator[None]:
    """Ctrl+C ends what blocks here: asyncio would only take note of it, and wait."""
    usual = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


def read_key(whose: str, from_stdin: bool, verb: str = "keys set PROVIDER") -> Secret:
    """A key, from the terminal without showing it, or from stdin. Raises UsageError for one that cannot be."""
    if from_stdin:
        given = sys.stdin.buffer.read(LONGEST + 1)
        if len(given) > LONGEST:
            raise UsageError(f"more than {LONGEST:,} bytes is no key", "nothing was changed")
        return checked(given.decode("utf-8", "replace"))
    if not sys.stdin.isatty():
        raise UsageError("nobody is at the terminal to type the key", f"pipe it in: … | zotui {verb} --stdin")
    return checked(getpass.getpass(f"Key of {whose} (it is not shown): "))


def open_vault(computer: Computer, protect: Protection | None) -> None:
    """Have a vault that is open: made, the best way there is, where there is none."""
    vault = computer.keys.vault
    if vault.protection is not None:
        if protect not in (None, vault.protection):
            raise UsageError(f"the vault is under {WORTH[vault.protection]}", f"zotui keys protect {protect}")
        _unlock(computer)
    elif protect == "keyring" or (protect is None and computer.keys.best() == "keyring"):
        vault.create("keyring")
    elif protect != "file" and (passphrase := _next_passphrase(computer)):
        vault.create("passphrase", passphrase)
    elif protect == "passphrase":
        raise UsageError("a vault under a passphrase needs one", f"set {PASSPHRASE}, or run this at a terminal")
    else:
        vault.create("file")
        if protect is None:
            print(f"zotui: no keyring and no passphrase: the keys are under {WORTH['file']}", file=sys.stderr)


def _unlock(computer: Computer) -> None:
    """Open a locked vault: with the variable, or by asking. Raises VaultLocked where nobody is there to be asked."""
    if computer.keys.unlock():
        return
    if not sys.stdin.isatty():
        raise VaultLocked("the vault is locked", f"set {PASSPHRASE}, or run this at a terminal")
    computer.keys.vault.unlock(Secret(getpass.getpass("Passphrase of the vault: ")))


def _next_passphrase(computer: Computer, now: Protection | None = None) -> Secret | None:
    """A new passphrase: the variable's, unless that is the one of ``now``; else typed twice. None without one."""
    given = None if now == "passphrase" else computer.keys.variable(PASSPHRASE)
    if given or not sys.stdin.isatty():
        return given
    first = Secret(
        getpass.getpass("A passphrase for the vault (empty: none, the keys are then only in a private file): ")
    )
    if first and first != Secret(getpass.getpass("Again: ")):
        raise UsageError("the two are not alike", "nothing was changed")
    return first or None
