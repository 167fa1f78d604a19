"""``zotui serve``, ``stop`` and ``status``: the background process."""

import asyncio
import logging
import logging.handlers
import os
import signal
import sys
from typing import Any

import click

from zotui.background import Background, Post
from zotui.background.link import unpacked
from zotui.cli.door import as_json, print_json, print_text, rfc3339, with_computer
from zotui.computer import Computer
from zotui.errors import UsageError, ZotuiError
from zotui.home import Home
from zotui.models.keys import Keys, keys_of
from zotui.private import keep_no_core, make_file
from zotui.store import now_ms
from zotui.text import ago

LOG_BYTES, LOG_FILES = 1_000_000, 3
PATIENCE_S = 3.0
LINGER_S = 3.0  # how long an unneeded background process stays, for the next command of a script
LONGEST_HANDED = 1 << 20


UNIT = """\
# Keep it as ~/.config/systemd/user/zotui.service, then: systemctl --user enable --now zotui
# To have it run while you are not logged in: loginctl enable-linger
[Unit]
Description=zotui, a personal AI computer

[Service]
ExecStart={command}
Restart=on-failure
RestartSec=5
TimeoutStopSec=30

[Install]
WantedBy=default.target
"""


@click.command()
@click.option("--detached", is_flag=True, hidden=True, help="Leave when nobody needs it.")
@click.option(
    "--print-unit", is_flag=True, help="Print a unit for systemd that runs it for you from the start of the machine."
)
@click.pass_obj
def serve(options: dict[str, Any], detached: bool, print_unit: bool) -> int:
    """Run the background process in the foreground, taking over from a detached one. SIGTERM ends it."""
    home = Home(options["home"]).prepare()
    if print_unit:
        print_text(unit(home), end="")
        return 0
    home.config()
    _log_to(home, detached)
    keep_no_core()
    keys = keys_of(home)
    if detached:
        _take_handed(keys)
    return asyncio.run(_serve(home, keys, detached))


@click.command()
@click.option("--work", is_flag=True, help="Stop all turns and what they run; the process stays.")
@click.pass_obj
def stop(options: dict[str, Any], work: bool) -> None:
    """End the background process; answers in progress are kept and marked."""
    home = Home(options["home"])
    if work:
        ran = with_computer(options, lambda computer: computer.stop_everything(), "none")
        print("everything is stopped" if ran else "nothing was running", file=sys.stderr)
        return
    gone = asyncio.run(Background(home).stop()) if home.run.is_dir() else None
    print(f"stopped process {gone.pid}" if gone else "no background process was running", file=sys.stderr)


@click.command()
@as_json
@click.pass_obj
def status(options: dict[str, Any], as_json: bool) -> None:
    """Who the background process is and what it does."""

    async def look() -> dict[str, Any]:
        async with Computer.open(options["home"], workers="none") as computer:
            who, work = await computer.background.look(), await computer.work()
            wall = await computer.sandbox.look()
        return {
            "pid": who.pid if who else None,
            "since": rfc3339(who.since) if who else None,
            "doors": who.doors if who else 0,
            **work,
            "sandbox": wall.name,
            "version": who.version if who else None,
            "since_ms": who.since if who else 0,
        }

    found = asyncio.run(look())
    since = found.pop("since_ms")
    if as_json:
        print_json(found)
        return
    if found["pid"] is None:
        print_text("no background process")
    else:
        doors = "1 door" if found["doors"] == 1 else f"{found['doors']} doors"
        print_text(f"process {found['pid']}, up {ago(since, now_ms())}, {doors} open")
    print_text(f"work: {found['queued']} queued, {found['running']} running")
    if found["commands"]:
        print_text(f"commands in the background: {found['commands']}")
    if found["scheduled"]:
        print_text(f"automations to come: {found['scheduled']}")
    print_text(f"sandbox: {found['sandbox']}")


def unit(home: Home) -> str:
    """A unit of systemd for a person. Source: systemd.service(5), and systemd.syntax(7) for the quotes."""
    words = [sys.executable, "-P", "-m", "zotui", "--home", os.fspath(home.path), "serve"]
    said = {"\\": "\\\\", '"': '\\"', "%": "%%", "$": "$$"}
    command = " ".join(f'"{"".join(said.get(char, char) for char in word)}"' for word in words)
    return UNIT.format(command=command)


async def _serve(home: Home, keys: Keys, detached: bool) -> int:
    post = Post(home, detached=detached)
    if not detached:
        sitting = await Background(home).look()
        if sitting is not None and not sitting.detached:
            raise UsageError(f"process {sitting.pid} already serves this home", "zotui stop ends it")
        if sitting is not None:
            await Background(home).stop("replaced")
    if not await asyncio.to_thread(post.take, PATIENCE_S):
        if detached:
            return 0  # another start was faster
        raise UsageError("another process serves this home", "zotui stop ends it")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, post.go)
    if detached:
        loop.add_signal_handler(signal.SIGHUP, lambda: None)
    try:
        async with Computer.open(home, workers="all", keys=keys) as computer:
            post.take_over = keys.take_over
            if not detached:
                print_text(f"serving {home.path} (Ctrl+C ends it)")
            await _until_unneeded(computer, post)
    finally:
        await post.leave()
    return 0


def _take_handed(keys: Keys) -> None:
    """What the door that started this process gave it, through a pipe: keys, which no environment shall hold."""
    told = sys.stdin.buffer.read(LONGEST_HANDED)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    try:
        keys.take_over(unpacked(told) if told.strip() else {})
    except (ValueError, ZotuiError) as error:
        logging.getLogger(__name__).warning("what was handed over cannot be used: %s", type(error).__name__)


def _log_to(home: Home, detached: bool) -> None:
    """The detached process logs to a file that stays small; the foreground one to stderr."""
    handler: logging.Handler
    if detached:
        make_file(home.logs / "serve.log")
        handler = logging.handlers.RotatingFileHandler(
            home.logs / "serve.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES
        )
    else:
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("httpx").setLevel(logging.WARNING)


async def _until_unneeded(computer: Computer, post: Post) -> None:
    """Be the background process until told to leave, or, when detached, until nobody needs it."""
    await post.listen()
    if not post.detached:
        await post.leaving.wait()
        return
    while not post.leaving.is_set():
        idle = asyncio.create_task(post.until_idle(LINGER_S))
        leaving = asyncio.create_task(post.leaving.wait())
        await asyncio.wait({idle, leaving}, return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()
        leaving.cancel()
        gone = not await asyncio.to_thread(computer.home.database.exists)
        if post.leaving.is_set() or gone or not any((await computer.work()).values()):
            return
        await asyncio.sleep(1)
