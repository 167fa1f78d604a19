"""How long a table of 1,000,000 rows, a log of 2 GB and a folder of 100,000 files take: ``python -m tests.bench.files``."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from zotui.tui.markdown import Palette
from zotui.tui.viewer.content import Content, Look
from zotui.tui.viewer.opening import open_file
from zotui.workspace import Folder
from zotui.workspace.viewing import Tree

LOOK = Look(120, 40, Palette())
ROW = b'%d,name %d,Oslo,%d.25,"a note, of middling length"\n'
LINE = b"2026-11-30 12:00:00 INFO something happened in a place of middling length\n"


def timed(what: str, do: Callable[[], object]) -> None:
    """Print how long something takes."""
    begun = time.perf_counter()
    do()
    print(f"{what:<56} {1000 * (time.perf_counter() - begun):9.1f} ms")


def first(folder: Folder, name: str) -> Content:
    """Open a file and paint its first page."""
    content = open_file(folder, name).content
    content.lay_out(LOOK)
    content.page(0, 100)
    return content


def find_all(content: Content) -> None:
    """Go on to the end."""
    while not content.is_whole:
        content.scan(1)


def of_file(folder: Folder, name: str, what: str) -> None:
    """Measure one file."""
    timed(f"{what}: first page", lambda: first(folder, name))
    content = first(folder, name)
    timed(f"{what}: the rest of the index", lambda: find_all(content))
    timed(f"{what}: a page in the middle of {content.count:,}", lambda: content.page(content.count // 2, 100))


def main() -> None:
    """Make the files, measure, throw them away."""
    with tempfile.TemporaryDirectory() as made:
        root, folder = Path(made), Folder(Path(made))
        (root / "plain.csv").write_bytes(b"".join(ROW.replace(b'"', b"") % (n, n, n % 1000) for n in range(1_000_000)))
        (root / "quoted.csv").write_bytes(b"".join(ROW % (n, n, n % 1000) for n in range(1_000_000)))
        with (root / "huge.log").open("wb") as log:
            for _ in range(2_000_000_000 // (10_000 * len(LINE))):
                log.write(LINE * 10_000)
        (root / "many").mkdir()
        for number in range(100_000):
            os.close(os.open(root / "many" / f"file-{number:06}.txt", os.O_CREAT | os.O_WRONLY))
        of_file(folder, "plain.csv", "1,000,000 rows")
        of_file(folder, "quoted.csv", "1,000,000 rows with quotes")
        of_file(folder, "huge.log", "a log of 2 GB")
        tree = Tree(folder)
        tree.open("many")
        timed("a folder of 100,000 files: opened", tree.read)
        timed("a folder of 100,000 files: looked at again", tree.read)
        timed("a folder of 100,000 files: a page", lambda: tree.page(50_000, 100))


if __name__ == "__main__":
    main()
