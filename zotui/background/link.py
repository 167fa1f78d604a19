"""The door's side: find the background process, start one, keep in touch with it, end it."""

import asyncio
import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec

from zotui import __version__, sockets
from zotui.errors import StoreError
from zotui.home import Home
from zotui.secret import without_secrets
from zotui.store.owner import pid_here

SOCKET = "serve.sock"
LOCK = "serve.lock"
START_S = 15.0
STARTING_S = 5.0  # how long one that holds the post may be silent: it starts, or it hangs
STOP_S = 15.0
AGAIN_S = 5.0
MOST_STARTS = 3
IDLE = "idle"
HANDING = ("door", "hand")
"""What a visitor may come for that has keys to hand over."""
PIPE_BYTES = 60_000  # what a pipe takes at once, so that nobody waits for the child to read


class Identity(msgspec.Struct, frozen=True):
    """Who the background process is. ``since`` in milliseconds since 1970; ``doors`` as of the greeting."""

    pid: int
    since: int
    version: str
    detached: bool
    doors: int = 0


HandOver = Callable[[], dict[str, Any]]
"""What the process must be given that is in no file: keys. It may block."""

Greeted = tuple[Identity, asyncio.StreamReader, asyncio.StreamWriter]


class Background:
    """This home's background process, seen from a door."""

    def __init__(self, home: Home, hand_over: HandOver = dict) -> None:
        self._home = home
        self._hand_over = hand_over
        self._children: list[subprocess.Popen[bytes]] = []  # kept so that none stays a zombie
        self._wanted = asyncio.Event()
        self.identity: Identity | None = None
        self.problem = ""

    async def look(self) -> Identity | None:
        """Who is there, or None. One that is only just starting is waited for."""
        end = time.monotonic() + STARTING_S
        while True:
            greeted = await self._connect("look")
            if greeted is not None:
                greeted[2].close()
                return greeted[0]
            if not lock_is_held(self._home) or time.monotonic() > end:
                return None
            await asyncio.sleep(0.02)

    async def make_way(self) -> None:
        """End a background process of an older version: it would keep the file from being upgraded."""
        if lock_is_held(self._home):
            who = await self.look()
            if who is not None and _numbers(who.version) < _numbers(__version__):
                await self.stop("replaced")

    async def hand(self) -> bool:
        """Give the process what this one has of keys; False where there is none."""
        greeted = await self._connect("hand")
        if greeted is not None:
            greeted[2].close()
        return greeted is not None

    async def has_been_told(self) -> None:
        """Wait until the process that is there has what this door hands over: else it would begin a turn of this door
        without its keys. Not for long, and not where there is none: one that is started has them from the start."""
        end = time.monotonic() + STARTING_S
        while self.identity is None and lock_is_held(self._home):
            if time.monotonic() > end:
                return
            await asyncio.sleep(0.01)

    def want(self) -> None:
        """There is work: start a process again that was stopped on purpose."""
        self._wanted.set()

    async def keep(self, ready: asyncio.Event, told: Callable[[str], None]) -> None:
        """Have a background process for as long as this runs: attach, start one where there is none, and again
        whenever it dies. After ``zotui stop`` it rests until :meth:`want`. ``told`` gets a line worth showing.
        """
        grace = 0.0
        while True:
            try:
                greeted = await self._attach(told, grace)
                self.problem = ""
            except (StoreError, OSError) as error:
                self.problem = str(error)
                told(self.problem)
                ready.set()
                await asyncio.sleep(AGAIN_S)
                continue
            identity, reader, writer = greeted
            self.identity = identity
            self._wanted.clear()
            ready.set()
            try:
                farewell = await _farewell(reader)
            finally:
                writer.close()
                self.identity = None
            grace = 0.0
            if farewell == "stopped":
                told("the background process was stopped; it starts again with your next message")
                await self._wanted.wait()
            elif farewell == "replaced":
                grace = START_S
            elif farewell != IDLE:  # that one was leaving when this door came: another is started at once
                told("the background process was gone; another takes over")

    async def stop(self, reason: str = "stopped") -> Identity | None:
        """End the background process and wait until it is gone; who it was, or None where there was none.

        One that does not listen is killed. Raises StoreError where even that cannot be done from here.
        """
        if not lock_is_held(self._home):
            return None
        owner, pid = "", 0
        greeted: Greeted | None = None
        end = time.monotonic() + STARTING_S
        while lock_is_held(self._home):
            now_held_by = holder(self._home)  # empty for an instant, while it takes the post
            owner = owner or now_held_by
            if now_held_by not in ("", owner):
                break  # it is gone, and another has come already
            if greeted is None:
                greeted = await self._connect("stop" if reason == "stopped" else "replace")
                if greeted is not None:
                    end = time.monotonic() + STOP_S
            pid = pid_here(owner) or pid
            if time.monotonic() > end:
                if not pid:
                    raise StoreError(
                        "the background process does not listen, and is in another container", "end it there"
                    )
                if pid_here(owner):
                    os.kill(pid, signal.SIGKILL)
                end = time.monotonic() + STOP_S
            await asyncio.sleep(0.02)
        if greeted is None:
            return Identity(pid, 0, "", True)
        greeted[2].close()
        return greeted[0]

    async def _attach(self, told: Callable[[str], None], grace: float) -> Greeted:
        """A connection to the background process, started where needed; an older one is replaced. Raises StoreError."""
        end = time.monotonic() + START_S + grace
        spawn_at = time.monotonic() + grace
        child: subprocess.Popen[bytes] | None = None
        starts = 0
        while True:
            greeted = await self._connect("door")
            if greeted is not None:
                identity, _, writer = greeted
                if _numbers(identity.version) >= _numbers(__version__):
                    return greeted
                writer.close()
                told(f"replacing the background process of zotui {identity.version} by {__version__}")
                await self.stop("replaced")
                continue
            if child is not None and (code := child.poll()) is not None:
                child = None  # 0: another was faster; less: it was killed, and is started once more
                if code > 0 or starts == MOST_STARTS:
                    raise StoreError("the background process does not start", f"see {self._home.logs / 'serve.log'}")
            if child is None and time.monotonic() >= spawn_at and not lock_is_held(self._home):
                child, starts = self._spawn(await asyncio.to_thread(self._hand_over)), starts + 1
            if time.monotonic() > end:
                raise StoreError("the background process does not answer", f"see {self._home.logs / 'serve.log'}")
            await asyncio.sleep(0.02)

    async def _connect(self, purpose: str) -> Greeted | None:
        try:
            stream = sockets.connect(self._home.run, SOCKET)
        except OSError:
            return None
        reader, writer = await asyncio.open_unix_connection(sock=stream)
        try:
            told = b" " + packed(await asyncio.to_thread(self._hand_over)) if purpose in HANDING else b""
            writer.write(purpose.encode() + told + b"\n")
            async with asyncio.timeout(STARTING_S):
                line = await reader.readline()
            return msgspec.json.decode(line, type=Identity), reader, writer
        except BaseException as error:
            writer.close()
            if isinstance(error, OSError | TimeoutError | msgspec.DecodeError):
                return None
            raise

    def _spawn(self, handed: dict[str, Any]) -> "subprocess.Popen[bytes]":
        """Start a detached process, in a session of its own, with nothing of ours but the environment, less its keys.

        Those go through a pipe: an environment can be read as long as its process lives, and is inherited.
        """
        self._children = [child for child in self._children if child.poll() is None]
        log = os.open(self._home.logs / "serve.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            child = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "zotui",
                    "--home",
                    os.fspath(self._home.path),
                    "serve",
                    "--detached",
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self._home.path,
                env=without_secrets(os.environ, *handed.get("variables", ())),
            )
        finally:
            os.close(log)
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError), child.stdin:
            child.stdin.write(packed(fitting(handed)))
        self._children.append(child)
        return child


def fitting(handed: dict[str, Any]) -> dict[str, Any]:
    """As much of what is handed over as a pipe takes at once: a variable that is too large for a key is left out."""
    variables = handed.get("variables", {})
    kept = {name: value for name, value in variables.items() if len(value) <= PIPE_BYTES // (8 * (1 + len(variables)))}
    return handed | {"variables": kept} if len(packed(handed)) > PIPE_BYTES else handed


def packed(told: dict[str, Any]) -> bytes:
    """What is handed over, in one line of ASCII: of a variable that is no text, too, as an environment may have it."""
    return json.dumps(told).encode("ascii")


def unpacked(line: str | bytes) -> dict[str, Any]:
    """The same again. Raises ValueError."""
    try:
        told = json.loads(line)
    except RecursionError:
        told = None
    if not isinstance(told, dict):
        raise ValueError("no JSON object")
    return told


def lock_is_held(home: Home) -> bool:
    """Whether some process is the background process of this home."""
    try:
        handle = os.open(home.run / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two that look at once do not see each other
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(handle)


def holder(home: Home) -> str:
    """The name (see zotui.store.owner) that the holder of the lock left in it; empty where there is none."""
    try:
        return (home.run / LOCK).read_text("ascii")
    except (OSError, ValueError):
        return ""


def _numbers(version: str) -> list[int]:
    """A version, to compare it: an older background process is replaced, a newer one serves older doors too."""
    return [int(number) for number in re.findall(r"\d+", version)]


async def _farewell(reader: asyncio.StreamReader) -> str:
    """What the process said as it went: ``stopped``, ``replaced``, or nothing when it died."""
    try:
        return (await reader.readline()).decode("ascii", "replace").strip()
    except OSError:
        return ""
