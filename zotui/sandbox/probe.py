"""Proves a wall by trying to get through it."""

import asyncio
import contextlib
import os
import socket
import time
from pathlib import Path

from zotui.sandbox.child import GONE_S
from zotui.sandbox.command import Command
from zotui.sandbox.sandbox import Sandbox

CANARY = "ZOTUI_PROBE"
LEFT_S = "100"  # seconds that a process would stay which the wall should have ended
PROBE = """
cat "$BESIDE" >/dev/null 2>&1 && echo 'reads files outside of the workspace'
touch "$BESIDE.planted" 2>/dev/null && echo 'writes files outside of the workspace'
touch /usr/.zotui-probe 2>/dev/null && echo 'writes into the system' && rm -f /usr/.zotui-probe
(exec 3<>/dev/tcp/127.0.0.1/$PORT) 2>/dev/null && echo 'reaches servers of this machine'
cat /proc/*/environ "/proc/1/environ" "/proc/$OURS/environ" 2>/dev/null |
  tr '\\0' '\\n' | grep -q "^$NAME=" && echo 'reads the environment of zotui'
kill -0 "$OURS" 2>/dev/null && [ -e "/proc/$OURS" ] && grep -q zotui "/proc/$OURS/cmdline" && echo 'reaches processes of this machine'
unshare -Ur true 2>/dev/null && echo 'makes namespaces of its own'
read -r < <(setsid setsid bash -c 'echo up; exec sleep "$0" >/dev/null' "$MARK" 2>/dev/null)
echo done
"""


async def probe(sandbox: Sandbox, beside: Path) -> list[str]:
    """What a command can do that it must not, in words; nothing where the wall holds. ``beside`` is a file outside of
    the workspace. Raises SandboxError where no command runs."""
    os.environ[CANARY] = "seen"
    server = socket.create_server(("127.0.0.1", 0))
    mark = f"{LEFT_S}.{time.time_ns() % 10**9:09}{os.getpid()}"
    try:
        told = {
            "BESIDE": str(beside),
            "PORT": str(server.getsockname()[1]),
            "NAME": CANARY,
            "OURS": str(os.getpid()),
            "MARK": mark,
        }
        out = sandbox.output()
        await sandbox.run(Command(("/bin/bash", "-c", PROBE), timeout_s=20, environment=told), out, out)
        left = await asyncio.to_thread(_stays, mark)
        *through, last = out.text.splitlines() or [""]
        through += ["leaves a process behind"] if left else []
        return through if last == "done" else [*through, f"does not end its probe: {last}"]
    finally:
        server.close()
        os.environ.pop(CANARY, None)
        await asyncio.to_thread(beside.with_name(f"{beside.name}.planted").unlink, True)


def _stays(mark: str) -> bool:
    """Whether a process with a mark on its command line is there for more than a second. Blocks."""
    end = time.monotonic() + GONE_S
    while _is_running(mark):
        if time.monotonic() > end:
            return True
        time.sleep(0.01)
    return False


def _is_running(mark: str) -> bool:
    """Whether there is a process with a mark on its command line. Blocks."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark.encode() in path.read_bytes().split(b"\0"):
                return True
    return False
