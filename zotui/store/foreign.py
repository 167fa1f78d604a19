"""SQLite files that are not ours, asked about in a child process: it may hang, swell or fall over by itself there."""

import atexit
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec

from zotui.errors import StoreError
from zotui.store.looking import LONGEST, PATIENCE_S, Table, Value
from zotui.text import one_line

__all__ = ["LONGEST", "PATIENCE_S", "Table", "Value", "count", "records", "rows", "tables"]


def tables(path: Path) -> list[Table]:
    """The tables and views of a file, by name. Blocks. Raises StoreError."""
    return msgspec.convert(LOOKER.ask("tables", path), list[Table])


def count(path: Path, table: str) -> int:
    """How many rows a table has. Blocks. Raises StoreError."""
    return msgspec.convert(LOOKER.ask("count", path, table), int)


def rows(path: Path, table: str, first: int, most: int) -> list[list[str]]:
    """Some rows of a table as text, from a number on: NULL as such, a long text cut, of a blob its size. Blocks. Raises
    StoreError."""
    return msgspec.convert(LOOKER.ask("rows", path, table, first, most), list[list[str]])


def records(path: Path, table: str, after: int, most: int) -> list[tuple[int, dict[str, Value]]]:
    """Some rows of a table after the one of a number, each with its number, as values by the names of their columns; NULL is
    left out. Blocks. Raises StoreError."""
    return msgspec.convert(LOOKER.ask("records", path, table, after, most), list[tuple[int, dict[str, Value]]])


class Looker:
    """The child, from the first question on; where it has ended over one, there is another for the next."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._child: subprocess.Popen[bytes] | None = None
        self._asking = threading.Lock()
        atexit.register(self.end)

    def ask(self, question: str, path: Path, *more: object) -> Any:
        """Its answer. Blocks. Raises StoreError."""
        line = msgspec.json.encode([question, os.fsencode(path.absolute()).decode("latin-1"), *more])
        with self._asking:
            try:
                answer = self._answer(line)
            except OSError as error:
                raise StoreError(f"{one_line(path.name, 80)} cannot be read: {error.strerror or error}") from None
            if not answer.endswith(b"\n"):
                self.end()
                raise StoreError(
                    f"{one_line(path.name, 80)}: this takes longer than {self._patience_s:g} s, or too much memory"
                )
        found, wrong = msgspec.json.decode(answer)
        if wrong:
            raise StoreError(wrong)
        return found

    def _answer(self, line: bytes) -> bytes:
        if self._child is None or self._child.poll() is not None:
            self.end()
            self._child = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-X",
                    "utf8",
                    "-c",
                    f"from zotui.store.looking import main; main({self._patience_s})",
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(line + b"\n")
        child.stdin.flush()
        return child.stdout.readline()

    def end(self) -> None:
        """Let it go, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()


def _environment() -> dict[str, str]:
    """What the child is given: where modules are, and no key."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(os.path.isabs, sys.path))}


LOOKER = Looker()
