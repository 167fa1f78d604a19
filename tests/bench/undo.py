"""What a turn over an unchanged workspace costs, beside a walk that only asks for every file's status.

``python -m tests.bench.undo [FILES]``, 100,000 without a number. All in one run, one after the other, seven times: the
walk; a look at everything; a look where the kernel tells what changed; a whole turn, which looks twice, the first time
at everything; a turn as it mostly is.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path

from zotui.store import Store
from zotui.workspace.undo import Checkpoints, watching

A_FOLDER = 50  # files in each


def fill(root: Path, files: int) -> None:
    """So many small files, in folders of folders."""
    for number in range(files // A_FOLDER):
        folder = root / f"d{number // 50}" / f"e{number}"
        folder.mkdir(parents=True)
        for file in range(A_FOLDER):
            (folder / f"file{file}.txt").write_text(f"{number} {file}\n" * 5)


def floor(root: Path) -> float:
    """Seconds for the status of everything below a folder."""
    begin = time.perf_counter()
    waiting = [root]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
    return time.perf_counter() - begin


async def seconds(what: Awaitable[object]) -> float:
    """How long something takes."""
    begin = time.perf_counter()
    await what
    return time.perf_counter() - begin


async def main(files: int) -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        for name in ("workspace", "run", "backups"):
            (home / name).mkdir()
        fill(home / "workspace", files)
        store = Store.open(home / "zotui.db", run=home / "run", backups=home / "backups")
        await store.write(
            lambda db: db.execute("INSERT INTO conversations(id, created_at, updated_at) VALUES ('c', 1, 1)")
        )

        def checkpoints() -> Checkpoints:
            return Checkpoints(store, home / "workspace", home / "run" / "workspace.lock", lambda: 1_000_000_000)

        print(f"first look, with copies: {await seconds(checkpoints().before('first', 'c', None)):.2f} s")
        await checkpoints().settle("first")
        took: dict[str, list[float]] = {}
        for number in range(7):
            took.setdefault("walk", []).append(floor(home / "workspace"))
            limit, watching.LIMIT = watching.LIMIT, Path(os.devnull)  # so that no folder may be watched
            plain = await seconds(checkpoints().before(f"p{number}", "c", None))
            watching.LIMIT = limit
            await checkpoints().settle(f"p{number}")
            worker = checkpoints()  # which has looked at nothing yet
            whole = await seconds(worker.before(f"a{number}", "c", None))
            guided = await seconds(worker.settle(f"a{number}"))
            again = await seconds(worker.before(f"b{number}", "c", None))
            again += await seconds(worker.settle(f"b{number}"))
            took.setdefault("plain look", []).append(plain)
            took.setdefault("look that begins to watch", []).append(whole)
            took.setdefault("guided look", []).append(guided)
            took.setdefault("first turn of a worker", []).append(whole + guided)
            took.setdefault("any other turn", []).append(again)
        low = statistics.median(took["walk"])
        for name, times in took.items():
            median = statistics.median(times)
            print(f"{files:,} files: {name:26} {median * 1000:8.1f} ms  x{median / low:.2f}")
        store.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else 100_000))
