"""``zotui doctor``: a check-up, each line with what mends it."""

import asyncio
import os
import platform
import shutil
import stat
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click
import msgspec

from zotui import __version__
from zotui.background import Background
from zotui.cli.door import as_json, is_utf8, print_json, print_text
from zotui.config import Config
from zotui.errors import ZotuiError
from zotui.home import Home
from zotui.text import one_line

FIXED_SQLITE = (3, 51, 3)  # the first with the WAL-reset fix
ENOUGH_ROOM = 100_000_000
NOTHING = "no key in the environment, no model server on this machine"


class Check(msgspec.Struct, frozen=True):
    """One finding: ``status`` is ok, warn or fail; ``mend`` the line that mends it."""

    name: str
    status: str
    found: str
    mend: str = ""


@click.command()
@as_json
@click.pass_obj
def doctor(options: dict[str, Any], as_json: bool) -> int:
    """A check-up of this machine and home. Exits 1 when something must be mended."""
    checks = asyncio.run(_checks(Home(options["home"])))
    healthy = all(check.status != "fail" for check in checks)
    if as_json:
        print_json({"healthy": healthy, "checks": checks})
    else:
        glyphs = ("✓", "!", "✗", "→") if is_utf8() else ("+", "!", "x", ">")
        for check in checks:
            glyph = glyphs[("ok", "warn", "fail").index(check.status)]
            print_text(f"{glyph} {check.name:<12} {one_line(check.found, 1000)}")
            for number, line in enumerate(filter(None, check.mend.split("\n"))):
                print_text(f"  {'':<12} {' ' if number else glyphs[3]} {line}")
    return 0 if healthy else 1


async def _checks(home: Home) -> list[Check]:
    checks = [_versions(), _sqlite()]
    try:
        home.prepare()
    except ZotuiError as error:
        return [*checks, Check("home", "fail", error.message, error.hint), *_terminal()]
    checks += [_modes(home), _room(home)]
    for name, look in (
        ("file", _file), ("background", _background), ("config", _config), ("model", _model), ("sandbox", _sandbox),
    ):  # fmt: skip
        try:
            checks.append(await look(home))
        except ZotuiError as error:
            checks.append(Check(name, "fail", error.message, error.hint))
            if name == "config":
                break  # what comes next would say the same once more
    return [*checks, *_terminal()]


async def _sandbox(home: Home) -> Check:
    """The wall around commands, proved by trying to get through it."""
    from zotui.sandbox.probe import probe
    from zotui.sandbox.settings import sandbox_of

    sandbox = sandbox_of(home, home.config)
    try:
        wall = await sandbox.wall()
        if wall.kind == "none":
            return Check("sandbox", "warn", f"{wall.name} ({wall.gaps})", wall.mend)
        if through := await probe(sandbox, home.config_file):
            return Check("sandbox", "fail", f"{wall.name}: a command {', '.join(through)}", "run no commands here")
        gaps = f"; {wall.gaps}" * bool(wall.gaps)
        return Check("sandbox", "warn" if wall.gaps else "ok", f"{wall.name}, proved{gaps}", wall.mend)
    finally:
        await sandbox.close()


def _versions() -> Check:
    found = []
    for name in ("textual", "apsw", "httpx", "click", "msgspec", "rapidfuzz"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            return Check("versions", "fail", f"{name} is not installed", f"pip install {name}")
    return Check("versions", "ok", f"zotui {__version__}, Python {platform.python_version()}, {', '.join(found)}")


def _sqlite() -> Check:
    from zotui.store.connection import sqlite_version

    text = sqlite_version()
    if tuple(int(part) for part in text.split(".")) < FIXED_SQLITE:
        return Check("sqlite", "fail", f"{text} can corrupt a file in WAL mode", "pip install -U apsw")
    return Check("sqlite", "ok", f"{text}, without the WAL-reset fault")


def _modes(home: Home) -> Check:
    wrong = []
    for path, wanted in ((home.path, 0o700), (home.run, 0o700), (home.config_file, 0o600), (home.database, 0o600)):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & ~wanted:
            wrong.append((path, wanted))
    if wrong:
        mend = "; ".join(f"chmod {wanted:o} {path}" for path, wanted in wrong)
        return Check("modes", "fail", f"others may read {', '.join(str(path) for path, _ in wrong)}", mend)
    return Check("modes", "ok", f"{home.path} is yours alone (0700, files 0600)")


def _room(home: Home) -> Check:
    free = shutil.disk_usage(home.path).free
    if free < ENOUGH_ROOM:
        return Check("disk", "warn", f"only {free // 1_000_000} MB free at {home.path}", "free some space")
    return Check("disk", "ok", f"{free / 1e9:.0f} GB free")


async def _config(home: Home) -> Check:
    config = home.config()
    found = f"{home.config_file}, model = {config.model}"
    if config.policy:
        from zotui.computer import Computer
        from zotui.workers import unknown_tools

        async with Computer.open(home, workers="none") as computer:
            if unknown := unknown_tools(computer, config.policy):
                words = f"{found}; [policy] names no tool: {one_line(', '.join(unknown), 100)}"
                return Check("config", "warn", words, "mend the name; a rule of no tool holds for nothing")
    return _meaning(config) or Check("config", "ok", found)


def _meaning(config: Config) -> Check | None:
    """What lacks of the model that tells what memories mean; None where nothing does."""
    from zotui.embedding import lacking
    from zotui.minilm import HINT

    return Check("config", "warn", lacking(config), HINT) if lacking(config) else None


async def _file(home: Home) -> Check:
    return await asyncio.to_thread(_try_file, home)


async def _background(home: Home) -> Check:
    who = await Background(home).look()
    return Check("background", "ok", f"process {who.pid}, zotui {who.version}" if who else "not running")


def _try_file(home: Home) -> Check:
    """The database opens, checks, and a durable write comes back."""
    from zotui.store import VERSION, Store

    store = Store.open(home.database, run=home.run, backups=home.backups)
    try:
        problems = store.read_now(lambda db: db.execute("PRAGMA quick_check(1)").get)
        if problems != "ok":
            return Check("file", "fail", f"{home.database}: {problems}", f"restore a copy from {home.backups}")
        began = time.perf_counter()
        store.write_now(lambda db: db.execute("INSERT OR REPLACE INTO desk(key, value) VALUES ('doctor', 'was here')"))
        took = (time.perf_counter() - began) * 1000
        mode = store.read_now(lambda db: db.execute("PRAGMA journal_mode").get)
    finally:
        store.close()
    return Check("file", "ok", f"schema {VERSION}, journal {mode}, a write is on disk (FULL) in {took:.1f} ms")


async def _model(home: Home) -> Check:
    from zotui.models.discovery import discover

    config = home.config()
    offers = await discover()
    if config.model.partition("/")[0] != "offline":
        return await _connected(home, config)
    if offers:
        return Check("model", "warn", f"offline, though {offers[0].what}", f"in {home.config_file}:\n{offers[0].line}")
    return Check("model", "warn", f"offline: {NOTHING}", "zotui keys set groq, then zotui models default groq")


async def _connected(home: Home, config: Config) -> Check:
    """Whether the chosen provider has its key, and answers where it is on this machine."""
    from zotui.http import probe
    from zotui.models.keys import keys_of
    from zotui.models.registry import rows_of

    name = config.model.partition("/")[0]
    row = rows_of(config)[name]
    found = await asyncio.to_thread(keys_of(home).find, name, row)
    if row.local and await probe(row.base_url) is None:
        return Check("model", "warn", f"{config.model}: nobody answers at {row.base_url}", "start that server")
    where = "the vault" if found and found.source == "vault" else found and found.source
    return Check("model", "ok", config.model + (f", with the key in {where}" if found else ""))


def _terminal() -> list[Check]:
    term = os.environ.get("TERM", "")
    colour = os.environ.get("COLORTERM", "")
    encoding = (sys.stdout.encoding or "").lower()
    if term in ("", "dumb"):
        shown = Check("terminal", "warn", f"TERM is {term or 'not set'}: the app needs more", "use xterm-256color")
    else:
        colours = "24-bit" if colour in ("truecolor", "24bit") else "256" if "256" in term else "16"
        size = shutil.get_terminal_size()
        multiplexer = "tmux, " if os.environ.get("TMUX") else ""
        remote = "ssh, " if os.environ.get("SSH_CONNECTION") else ""
        shown = Check("terminal", "ok", f"{term}, {multiplexer}{remote}{colours} colours, {size.columns}x{size.lines}")
    if "utf" not in encoding:
        return [shown, Check("encoding", "warn", f"{encoding or 'none'} is not UTF-8", "export LANG=C.UTF-8")]
    return [shown, Check("encoding", "ok", encoding)]
