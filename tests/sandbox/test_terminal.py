"""A command on a terminal of its own: it has one in full, and is behind the wall as every other."""

import asyncio
import os
import resource
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from tests.sandbox.attempts import ATTEMPTS
from tests.sandbox.world import Missing, NoLandlock, World, running
from tests.tui.conftest import within
from zotui.errors import SandboxError
from zotui.sandbox import Command, Outcome, Sandbox, Terminal, shell
from zotui.sandbox.terminal import MOST_UNSENT

FOREVER = float("inf")
BASH = Command(("/usr/bin/env", "PS1=> ", "/bin/bash", "--norc"), timeout_s=FOREVER)
TRIED = (
    "type into the terminal", "read a file beside the workspace", "read the environment of who started it",
    "see the machine's process", "reach the machine's loopback", "reach an abstract socket", "make a user namespace",
    "keep a setuid bit",
)  # fmt: skip


class Seat:
    """Somebody before a terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.seen = bytearray()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while piece := await self.terminal.read():
            self.seen += piece

    async def until(self, words: bytes, times: int = 1) -> None:
        """Wait until this was seen so often."""
        await within(lambda: self.seen.count(words) >= times)

    async def type(self, words: str, seen: bytes = b"> ", times: int = 1) -> None:
        """Type a line or a key, and wait for what it brings."""
        del self.seen[:]
        self.terminal.write(words.encode())
        await self.until(seen, times)

    async def end(self) -> Outcome:
        outcome = await self.terminal.wait()
        await self._reading
        self.terminal.close()
        return outcome


@pytest.fixture(params=["bubblewrap", "landlock"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


Sit = Callable[..., Awaitable[Seat]]


@pytest_asyncio.fixture
async def sit(sandbox: Sandbox) -> AsyncIterator[Sit]:
    """Opens a terminal of 20 rows and 60 columns."""
    seats: list[Seat] = []

    async def down(command: Command = BASH) -> Seat:
        seats.append(Seat(await sandbox.open(command, 20, 60)))
        return seats[-1]

    yield down
    for seat in seats:
        seat.terminal.stop()
        seat.terminal.close()


async def test_it_is_a_terminal_in_full(sit: Sit, kind: str) -> None:
    seat, word = await sit(), f"7654{os.getpid()}"  # as the same test may run elsewhere at the same time
    await seat.until(b"> ")
    await seat.type("stty size; tput cols; echo $TERM $COLORTERM; tty <&0 >/dev/null && echo is o''ne\r", b"is one\r\n")
    assert b"20 60\r\n60\r\nxterm-256color truecolor\r\n" in seat.seen
    await seat.type("trap 'echo now $(stty size)' WINCH; echo tr''apped\r", b"trapped\r\n")
    del seat.seen[:]
    seat.terminal.resize(33, 99)
    await seat.until(b"now 33 99")
    await seat.type(f"sleep {word}; echo ended $?\r", b"sleep")
    await within(lambda: running(word))
    await seat.type("\x03", b"> ")
    assert running(word) == []
    seat.terminal.write(f"sleep {word}\r".encode())
    await within(lambda: running(word))
    await seat.type("\x1a", b"Stopped")
    await seat.type("fg\r", f"sleep {word}\r\n".encode())
    await seat.type("\x03", b"> ")
    await seat.type("exit 7\r", b"exit")
    outcome = await seat.end()
    assert (outcome.exit_code, outcome.reason, outcome.said) == (7, "", "")
    assert outcome.wall.lower().startswith(kind)


async def test_it_is_contained_as_every_other(world: World, outside: dict[str, str], sit: Sit) -> None:
    before = world.protected()
    script = "\n".join(f"( {ATTEMPTS[name]}\n)" for name in TRIED)
    planted = "echo evil >> .bashrc; touch .git/hooks/post-checkout"
    command = Command(shell(f"{script}\n{planted}\necho 'all tried'").words, timeout_s=60, environment=outside)
    seat = await sit(command)
    outcome = await seat.end()
    assert b"all tried" in seat.seen
    assert b"ESCAPED" not in seat.seen, seat.seen.decode()
    assert b"the secret" not in seat.seen
    assert b"heron-4711" not in seat.seen
    assert world.protected() == before
    assert ("put back" in outcome.put_right) == outcome.wall.startswith("Landlock")
    assert [path for path in world.workspace.rglob("*") if path.is_file() and path.stat().st_mode & 0o6000] == []


@pytest.mark.parametrize("user", ["root" if os.geteuid() == 0 else "ordinary"])
async def test_how_it_ends(sandbox: Sandbox, sit: Sit) -> None:
    for line, code in (("exit 5", 5), ("nosuch", 127), ("kill -9 $$", 137), ("kill -TERM $$; sleep 9", 143)):
        seat = await sit(shell(line, timeout_s=FOREVER))
        outcome = await seat.end()
        assert (outcome.exit_code, outcome.said) == (code, ""), line
    seat = await sit(Command(("true",), folder="nowhere", timeout_s=FOREVER))
    outcome = await seat.end()
    assert outcome.exit_code != 0
    assert "nowhere" in outcome.said
    assert seat.seen == b""
    with pytest.raises(SandboxError, match="NUL"):
        await sandbox.open(shell("a\0b"), 20, 60)


@pytest.mark.parametrize("user", ["root" if os.geteuid() == 0 else "ordinary"])
@pytest.mark.parametrize("kind", ["bubblewrap", "landlock", "none"])
async def test_stopping_everything_leaves_nothing(
    sandbox: Sandbox, sit: Sit, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "none":
        monkeypatch.setattr("zotui.sandbox.sandbox.Namespaces", Missing)
        monkeypatch.setattr("zotui.sandbox.sandbox.Landlock", NoLandlock)
        sandbox.allow_no_wall()
    seat, word = await sit(), {"bubblewrap": "7654353", "landlock": "7654354", "none": "7654355"}[kind]
    away = "" if kind == "none" else f"setsid sleep {word} &"  # which nothing but a wall can end
    seat.terminal.write(f"trap '' HUP TERM; {away} sleep {word} & sleep {word}\r".encode())
    await within(lambda: len(running(word)) == (2 if kind == "none" else 3))
    assert await sandbox.stop_all() == 1
    assert running(word) == []
    outcome = await seat.end()
    assert (outcome.reason, outcome.said) == ("stopped", "it was stopped")


@pytest.mark.parametrize("user", ["root" if os.geteuid() == 0 else "ordinary"])
@pytest.mark.parametrize("kind", ["bubblewrap"])
async def test_who_prints_or_types_much_takes_no_memory(sandbox: Sandbox, sit: Sit) -> None:
    terminal = await sandbox.open(shell("head -c 20000000 /dev/zero | tr '\\0' x", timeout_s=FOREVER), 20, 60)
    before, size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    while piece := await terminal.read():
        size += len(piece)
    assert (await terminal.wait()).exit_code == 0
    terminal.close()
    assert size == 20_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kB
    assert await terminal.read() == b""
    terminal.write(b"nobody reads this")
    terminal.resize(1, 1)
    deaf = await sit(shell("stty raw; echo deaf; sleep 60", timeout_s=FOREVER))
    await deaf.until(b"deaf")
    for _ in range(40):
        deaf.terminal.write(b"x" * 100_000)
    assert len(deaf.terminal._unsent) <= MOST_UNSENT
