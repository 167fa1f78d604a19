"""Proves a wall by trying to get through it."""

import asyncio
import os
import socket
from pathlib import Path

from zotui.sandbox.command import Command
from zotui.sandbox.sandbox import Sandbox

CANARY = "ZOTUI_PROBE"
PROBE = """
cat "$BESIDE" >/dev/null 2>&1 && echo 'reads files outside of the workspace'
touch "$BESIDE.planted" 2>/dev/null && echo 'writes files outside of the workspace'
touch /usr/.zotui-probe 2>/dev/null && echo 'writes into the system'
(exec 3<>/dev/tcp/127.0.0.1/$PORT) 2>/dev/null && echo 'reaches servers of this machine'
cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n' | grep -q "^$NAME=" && echo 'reads the environment of zotui'
kill -0 "$OURS" 2>/dev/null && [ -e "/proc/$OURS" ] && grep -q zotui "/proc/$OURS/cmdline" && echo 'reaches processes of this machine'
unshare -Ur true 2>/dev/null && echo 'makes namespaces of its own'
echo done
"""


async def probe(sandbox: Sandbox, beside: Path) -> list[str]:
    """What a command can do that it must not, in words; nothing where the wall holds. ``beside`` is a file outside of
    the workspace. Raises SandboxError where no command runs."""
    os.environ[CANARY] = "seen"
    server = socket.create_server(("127.0.0.1", 0))
    try:
        told = {
            "BESIDE": str(beside),
            "PORT": str(server.getsockname()[1]),
            "NAME": CANARY,
            "OURS": str(os.getpid()),
        }
        out = sandbox.output()
        await sandbox.run(Command(("/bin/bash", "-c", PROBE), timeout_s=20, environment=told), out, out)
        *through, last = out.text.splitlines() or [""]
        return through if last == "done" else [*through, f"does not end its probe: {last}"]
    finally:
        server.close()
        os.environ.pop(CANARY, None)
        await asyncio.to_thread(beside.with_name(f"{beside.name}.planted").unlink, True)
