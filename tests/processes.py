"""Real child processes: the ``zotui`` command, code of a test's own, and who holds a home."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw

from tests.waiting import wait_until
from zotui.background.link import holder, lock_is_held
from zotui.home import Home
from zotui.store import Store
from zotui.store.owner import pid_here

ROOT = Path(__file__).parent.parent
PATIENCE_S = 60.0


def zotui(home: Home, *words: str, timeout: float = PATIENCE_S, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end."""
    options = {"stdin": subprocess.DEVNULL, **options}
    return subprocess.run(command(home, *words), capture_output=True, text=True, timeout=timeout, cwd=ROOT, **options)


def command(home: Home, *words: str) -> list[str]:
    """The command line of a verb."""
    return [sys.executable, "-m", "zotui", "--home", str(home.path), *words]


class Children:
    """The child processes of one test; none outlives it."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[str]] = []

    def start(self, words: Sequence[str], **options: Any) -> "subprocess.Popen[str]":
        """Start a process with pipes."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        child = subprocess.Popen(words, text=True, cwd=ROOT, **options)
        self._started.append(child)
        return child

    def zotui(self, home: Home, *words: str, **options: Any) -> "subprocess.Popen[str]":
        """Start the command."""
        return self.start(command(home, *words), **options)

    def python(self, code: str, *words: str, **options: Any) -> "subprocess.Popen[str]":
        """Start code of the test's own."""
        return self.start([sys.executable, "-c", code, *words], **options)

    def end(self) -> None:
        """Kill what is left and wait for it."""
        for child in self._started:
            if child.poll() is None:
                child.kill()
            child.communicate()


def output(child: "subprocess.Popen[str]", timeout: float = PATIENCE_S) -> str:
    """What a child printed, once it has ended well."""
    told, complaint = child.communicate(timeout=timeout)
    assert child.returncode == 0, complaint
    return told


def serving(home: Home) -> int:
    """The process that holds the home now; 0 where none does."""
    return pid_here(holder(home)) if lock_is_held(home) else 0


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def end_background(home: Home) -> None:
    """Kill the background process that a test's doors started, and wait until it is gone."""

    def gone() -> bool:
        pid = serving(home)
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not lock_is_held(home)

    if home.run.is_dir():
        wait_until(gone)


def opened(home: Home) -> Store:
    """The home's file."""
    return Store.open(home.database, run=home.run, backups=home.backups)


@contextlib.contextmanager
def looking(path: Path) -> Iterator[apsw.Connection]:
    """The file for SQL of the test's own."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(10_000)
    try:
        yield connection
    finally:
        connection.close()


def rows(home: Home, sql: str, *values: Any) -> list[Any]:
    """The rows of a query."""
    with looking(home.database) as connection:
        return list(connection.execute(sql, values))


def one(home: Home, sql: str, *values: Any) -> Any:
    """The one value of a query, None where there is no row."""
    found = rows(home, sql, *values)
    return found[0][0] if found else None
