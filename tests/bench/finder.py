"""Finding one of 100,000 files by a few letters: ``python -m tests.bench.finder [--quick]``.

Milliseconds of the first walk, of one search after it, and of one search while the listing is being renewed.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from zotui.workspace import finder
from zotui.workspace.finder import Finder

BUDGET_MS = 150
TIMES = 9
QUERIES = {
    "nothing yet": "",
    "one letter": "s",
    "the beginning of a name": "handl",
    "within all folders": "package",
    "folder and name": "package_7/mod_3/handler_9",
    "a slip of the finger": "handelr_12",
    "initials": "hndlr44",
    "nothing like it": "xylophone",
    "hidden": ".env",
}
IGNORED = [
    "# what is made",
    "build/",
    "*.log",
    "*.py[cod]",
    "!keep.log",
    "/dist",
    "**/tmp/**",
    "node_modules/",
    "*.swp",
    "doc/*.html",
]


def fill(root: Path, count: int) -> None:
    """Make files in folders of folders, and rules that leave some of them out."""
    (root / ".gitignore").write_text("\n".join(IGNORED))
    for number in range(count):
        folder = root / f"package_{number % 40}" / f"mod_{number // 40 % 25}"
        if number < 1_000:
            folder.mkdir(parents=True, exist_ok=True)
        os.close(os.open(folder / f"handler_{number}.py", os.O_CREAT))
    (root / ".env").touch()


def timed(search: Callable[[], object]) -> tuple[float, float]:
    """The middle and the slowest of some searches in milliseconds."""
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        search()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), max(took)


def measure(root: Path) -> bool:
    """Print a line for each query; whether all are within the budget."""
    finder_, began, within = Finder(root), time.perf_counter(), True
    found = len(finder_.entries())
    print(f"first walk of {found:,} entries: {(time.perf_counter() - began) * 1000:.0f} ms")
    finder.FRESH_S = 1e9  # the walk is measured by itself
    for name, words in QUERIES.items():
        middle, slowest = timed(lambda words=words: finder_.find(words))  # type: ignore[misc]
        within = within and middle < BUDGET_MS
        best = next(iter(finder_.find(words)), None)
        print(f"{name:<26} p50 {middle:6.1f}   max {slowest:6.1f} ms   {best.path if best else '-'}", flush=True)
    return within


def main() -> None:
    """Run it; the exit code says whether the budget holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the files")
    count = 5_000 if parser.parse_args().quick else 98_900
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), count)
        sys.exit(0 if measure(Path(folder)) else 1)


if __name__ == "__main__":
    main()
