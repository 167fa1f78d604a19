"""One visitor's app: it ends, willing or not."""

import asyncio
import os
import sys

import pytest
from textual_serve.download_manager import DownloadManager

from tests.processes import alive
from tests.waiting import wait_until
from zotui.web import visit
from zotui.web.visit import Visit

STUBBORN = """
import os, signal, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
os.write(1, b"__GANGLION__\\n")
child = os.fork()
if child:
    os.write(1, b"D" + len(str(child)).to_bytes(4, "big") + str(child).encode())
while True:
    time.sleep(60)
"""


async def test_an_app_that_does_not_leave_is_killed_with_all_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    told: asyncio.Queue[bytes] = asyncio.Queue()

    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(visit, "GRACE_S", 0.2)
    stubborn = Visit(
        [sys.executable, "-c", STUBBORN],
        write_bytes=told.put,
        write_str=nothing,
        close=nothing,
        download_manager=DownloadManager(),
    )
    await stubborn.start(80, 24)
    try:
        async with asyncio.timeout(20):
            child = int(await told.get())
        parent = os.getpgid(child)
        assert alive(child)
    finally:
        await stubborn.stop()
    await stubborn.stop()  # again: nothing is left to do
    await asyncio.to_thread(wait_until, lambda: not alive(child) and not alive(parent))
