"""A shell or a command of the person on a terminal, from its start to its end, as cells."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from zotui.errors import ZotuiError
from zotui.sandbox import Command, Outcome
from zotui.store import audit
from zotui.text import one_line
from zotui.tui.vt import Reader, Screen

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.sandbox import Terminal

FOREVER = float("inf")  # a person sits there: no time limit
PROMPT = r"PS1=\[\e[1m\]\w\[\e[0m\] \$ "
SHELL = Command(("/usr/bin/env", PROMPT, "/bin/bash"), timeout_s=FOREVER)
AT_ONCE = 1 << 18  # bytes of a long output that are written at once
NOT_KEPT = "what it printed is not kept"


class Session:
    """What runs on one terminal. ``keeps``: what it prints is kept in a file, too, where that is long.

    ``problem`` says why it could not start; ``outcome`` how it ended.
    """

    def __init__(self, what: str, command: Command, rows: int, columns: int, *, keeps: bool = False) -> None:
        self.what = what
        self.screen = Screen(rows, columns)
        self.outcome: Outcome | None = None
        self.problem = ""
        self._command = command
        self._keeps = keeps
        self._reader = Reader(self.screen)
        self._terminal: Terminal | None = None
        self._is_unwanted = False
        self._kept_in = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing runs, or ever will."""
        return bool(self.outcome or self.problem)

    @property
    def ending(self) -> str:
        """How it ended, in a few words; empty before."""
        return how(self.outcome) if self.outcome else ""

    @property
    def wall(self) -> str:
        """What stands around it; empty before it has started."""
        return self._terminal.wall if self._terminal else ""

    async def run(self, computer: Computer, changed: Callable[[], None]) -> None:
        """From the start to the end, which are noted in the audit log. ``changed`` is called when there is more to see.

        Where it cannot start, ``problem`` says why.
        """
        try:
            await self._note(computer, "started")
            self._terminal = await computer.sandbox.open(self._command, self.screen.rows, self.screen.columns)
        except ZotuiError as error:
            self.problem = one_line(str(error), 1_000)
            self.say(self.problem)
            changed()
            await self._note_end(computer, reason=self.problem)
            return
        if self._is_unwanted:
            self.stop()
        changed()
        try:
            self.outcome = await self._follow(computer, self._terminal, changed)
        finally:
            self._terminal.stop()
            self._terminal.close()
        self._tell_end(self.outcome)
        changed()
        await self._note_end(computer, exit_code=self.outcome.exit_code, reason=self.outcome.reason)

    async def _follow(self, computer: Computer, terminal: Terminal, changed: Callable[[], None]) -> Outcome:
        kept = computer.sandbox.output() if self._keeps else None
        unkept = bytearray()
        try:
            while piece := await terminal.read():
                terminal.write(self._reader.feed(piece))
                changed()
                if kept is not None:
                    unkept += piece
                    if len(unkept) >= AT_ONCE:
                        await kept.take(bytes(unkept))
                        unkept.clear()
                await asyncio.sleep(0)  # whoever prints without end does not keep the others waiting
            if kept is not None:
                await kept.take(bytes(unkept))
        except OSError as error:  # the disk is full
            terminal.stop(f"{NOT_KEPT}: {error.strerror}")
        outcome = await terminal.wait()
        if kept is not None:
            kept.close()
            self._kept_in = str(kept.path or "")
        return outcome

    async def _note_end(self, computer: Computer, **more: object) -> None:
        with contextlib.suppress(ZotuiError):  # the file is gone: other panes say so
            await self._note(computer, "ended", **more)

    async def _note(self, computer: Computer, status: str, **more: object) -> None:
        details = {"status": status, **more}
        await computer.store.write(lambda db: audit.add(db, "terminal", self.what, details=details))

    def type(self, data: bytes) -> None:
        """The person typed this."""
        if self._terminal is not None:
            self._terminal.write(data)

    def resize(self, rows: int, columns: int) -> None:
        """Another size, for the program and for what is seen of it."""
        if (rows, columns) != (self.screen.rows, self.screen.columns):
            self.screen.resize(rows, columns)
            if self._terminal is not None:
                self._terminal.resize(rows, columns)

    def stop(self) -> None:
        """End it, as soon as it has started."""
        self._is_unwanted = True
        if self._terminal is not None:
            self._terminal.stop("you stopped it")

    def say(self, words: str) -> None:
        """A faint line of ours below what was printed."""
        start = "\r\n" if self.screen.grid.x else ""
        self._reader.feed(f"{start}\x1b[0;2m{words}\x1b[0m\r\n".encode("utf-8", "replace"))

    def _tell_end(self, outcome: Outcome) -> None:
        self._leave_ways()
        ended = f"{how(outcome)} · {took(outcome)} · {outcome.wall}"
        kept = f"all of it is in {self._kept_in}" if self._kept_in else ""
        for line in filter(None, (outcome.put_right, ended, kept)):
            self.say(one_line(line, 1_000))

    def _leave_ways(self) -> None:
        """What the program left switched on ends with it."""
        screen = self.screen
        self._reader = Reader(screen)
        screen.switch(1049, False)
        screen.modes = {7, 25}
        screen.alphabets = [False, False]
        screen.grid.top, screen.grid.bottom = 0, screen.rows - 1


def how(outcome: Outcome) -> str:
    """How it ended, in a few words."""
    code = f"exit code {outcome.exit_code}"
    return f"{one_line(outcome.said, 300)} · {code}" if outcome.said else code


def took(outcome: Outcome) -> str:
    """How long it ran."""
    seconds = outcome.duration_s
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
