"""``zotui`` in this process, and model servers in a thread of their own: for what needs no real child."""

import asyncio
import contextlib
import io
import os
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import TypeVar
from unittest import mock

from tests.cli.conftest import Done
from zotui.cli import main
from zotui.home import Home

T = TypeVar("T")


class Inside:
    """``zotui`` on one home, in this process: its exit code, what it printed. Its stdin is a pipe, it has no keyring."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def __call__(self, *words: str, given: bytes = b"", env: dict[str, str] | None = None) -> Done:
        """Run it to its end. What it does to the environment goes again."""
        out, err = _stream(), _stream()
        code = 0
        with (
            mock.patch.dict(os.environ, {"ZOTUI_HOME": str(self.home.path), **(env or {})}),
            mock.patch.dict("zotui.models.keys._TAKEN", clear=True),
            mock.patch("sys.stdin", _stream(given)),
            mock.patch("zotui.vault.keyrings.available", return_value=""),
            mock.patch.dict("zotui.models.keys._TAKEN", clear=True),  # what a process takes, it keeps
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main(["--no-daemon", *words])
            except SystemExit as left:
                code = int(left.code or 0)
        written = [stream.buffer.getvalue() for stream in (out, err) if isinstance(stream.buffer, io.BytesIO)]
        return Done(subprocess.CompletedProcess(words, code, *written))


def _stream(content: bytes = b"") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), "utf-8", write_through=True)


@contextlib.contextmanager
def in_a_thread(opened: Callable[[], AbstractAsyncContextManager[T]]) -> Iterator[T]:
    """What ``opened`` opens, on a loop of its own, so that tests that are no coroutines can talk to it."""
    ready: Future[T] = Future()
    over = threading.Event()

    async def run() -> None:
        try:
            async with opened() as server:
                ready.set_result(server)
                await asyncio.to_thread(over.wait)
        except BaseException as error:
            if not ready.done():
                ready.set_exception(error)
            raise

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(asyncio.run, run())
        try:
            yield ready.result(timeout=20)
        finally:
            over.set()
        running.result(timeout=20)


@contextlib.asynccontextmanager
async def serving(handler: Callable[..., object], **options: object) -> AsyncIterator[int]:
    """A server of a test's own on a free port of 127.0.0.1."""
    server = await asyncio.start_server(handler, "127.0.0.1", 0, **options)  # type: ignore[arg-type]
    async with server:
        yield server.sockets[0].getsockname()[1]
