"""One visitor's app: a process of its own, which ends with the visit and with the server."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from typing import Any

from textual_serve.app_service import AppService

GRACE_S = 5.0
"""How long an app that is told to leave may take before it is killed."""

_PR_SET_PDEATHSIG = 1


class Visit(AppService):
    """textual-serve's service, but for how its process starts and ends.

    It starts in a session of its own, without a shell: Ctrl+C in the server's terminal is for the server, which then
    ends each app with all that it started.
    """

    def __init__(self, words: Sequence[str], **options: Any) -> None:
        super().__init__("", **options)
        self._words = words

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            *self._words,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height),
            start_new_session=True,
            preexec_fn=_bound_to(os.getpid()),
        )
        self._stdin = self._process.stdin
        return self._process

    async def stop(self) -> None:
        """Ask the app to leave, and see to it that it does. May be called again."""
        if self._process is None:
            return
        leaving = asyncio.create_task(self._leave(self._process))
        try:
            # Not asyncio.timeout: the service takes a cancellation for its end, and it would never come out here.
            await asyncio.wait({leaving}, timeout=GRACE_S)
        finally:
            if self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.wait({leaving}, timeout=GRACE_S)
        leaving.cancel()

    async def _leave(self, process: Process) -> None:
        await super().stop()
        await process.wait()


def _bound_to(server: int) -> Callable[[], None] | None:
    """What a child does before it begins, so that it leaves even where the server was killed; nothing on macOS, where
    an app without a server leaves when it next paints."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != server:  # it went before it was asked to tell
            os._exit(1)

    return bind
