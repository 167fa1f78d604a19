"""What a checkpoint of an unchanged workspace costs, beside a walk that only asks for every file's status.

``python -m tests.bench.undo [FILES]``, 100,000 without a number. Both in one run, one after the other, seven times.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from zotui.store import Store
from zotui.workspace.undo import Checkpoints

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
        checkpoints = Checkpoints(store, home / "workspace", home / "run" / "workspace.lock", lambda: 1_000_000_000)
        begin = time.perf_counter()
        await checkpoints.before("first", "c", None)
        print(f"first look, with copies: {time.perf_counter() - begin:.2f} s")
        await checkpoints.settle("first")
        floors, turns = [], []
        for number in range(7):
            floors.append(floor(home / "workspace"))
            begin = time.perf_counter()
            await checkpoints.before(f"t{number}", "c", None)
            await checkpoints.settle(f"t{number}")
            turns.append(time.perf_counter() - begin)
        low, turn = statistics.median(floors), statistics.median(turns)
        print(f"{files:,} files: a turn looks twice, {turn:.3f} s; one walk {low:.3f} s; x{turn / low:.2f}")
        store.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else 100_000))
