"""What the sandbox adds to a command: ``python -m tests.bench.sandbox [landlock]``. Each command runs behind the wall and, in turn
with that, without one; figures are medians in milliseconds."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.sandbox.world import Missing
from zotui.sandbox import Profile, Sandbox, shell
from zotui.sandbox import sandbox as module

ROUNDS = 60
COMMANDS = ("true", "git --version", "python3 -c pass", "ls /usr/bin | wc -l")


async def main() -> None:
    """Measure and print, with the wall that stands where there is no bubblewrap if asked for it."""
    if "landlock" in sys.argv[1:]:
        module.Namespaces = Missing  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        workspace.mkdir()
        sandbox = Sandbox(lambda: Profile(workspace), Path(folder))
        print((await sandbox.wall()).name)
        for command in COMMANDS:
            walled, plain = [], []
            for _ in range(ROUNDS):
                out = sandbox.output()
                began = time.perf_counter()
                await sandbox.run(shell(command), out, out)
                walled.append((time.perf_counter() - began) * 1000)
                began = time.perf_counter()
                process = await asyncio.create_subprocess_exec(
                    "/bin/bash", "-c", command, cwd=workspace, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
                )
                await process.communicate()
                plain.append((time.perf_counter() - began) * 1000)
            one, other = statistics.median(walled), statistics.median(plain)
            p95 = statistics.quantiles(walled, n=20)[18] - statistics.quantiles(plain, n=20)[18]
            print(f"{command:<24} plain {other:>6.1f}   walled {one:>6.1f}   added {one - other:>5.1f} (p95 {p95:.1f})")
        await sandbox.close()


if __name__ == "__main__":
    asyncio.run(main())
