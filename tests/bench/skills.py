"""200 real-sized skills, half of them with scripts, found for the first time and again: ``python -m tests.bench.skills``.

Milliseconds of CPU; the exit code says whether the first look kept to 150, and that of another process to 15.
"""

import sys
import tempfile
import time
from pathlib import Path

from zotui.home import Home
from zotui.skills import Shelf
from zotui.skills.places import bundled
from zotui.skills.shelf import SETTLED_MS
from zotui.store import Store

SKILLS, SCRIPTS = 200, 102
FIRST_MS, AGAIN_MS = 150, 15
BODY = "\n".join("Say in short steps what is to be done, and with which of the tools. " * 2 for _ in range(60))


def fill(folder: Path) -> None:
    """Skills of about the size that those of others have, with the scripts of those that come along."""
    sources = sorted(bundled().glob("*/scripts/*.py"))
    for number in range(SKILLS):
        place = folder / f"skill-{number}"
        (place / "references").mkdir(parents=True)
        front = f"---\nname: skill-{number}\ndescription: {'Does one thing or another. ' * 8}\nmetadata:\n  a: [b, c]\n---\n"
        (place / "SKILL.md").write_text(front + BODY)
        (place / "references" / "more.md").write_text(BODY)
        if number < SCRIPTS:
            (place / "scripts").mkdir()
            source = sources[number % len(sources)].read_text()
            (place / "scripts" / f"script_{number}.py").write_text(f"{source}\n# {number}\n")


def look(home: Home) -> float:
    """Milliseconds of CPU of one look, by a shelf that knows nothing but the file."""
    store = Store.open(home.database, run=home.run, backups=home.backups)
    try:
        began = time.process_time()
        Shelf(home.skills, store).list()
        return (time.process_time() - began) * 1_000
    finally:
        store.close()


def main() -> int:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").prepare()
        fill(home.skills)
        time.sleep(SETTLED_MS / 1_000 + 0.1)  # they have lain there for a while: they are taken, too
        first, again = look(home), look(home)
    print(f"first {first:6.1f} ms of {FIRST_MS}\nagain {again:6.1f} ms of {AGAIN_MS}")
    return 1 if first > FIRST_MS or again > AGAIN_MS else 0


if __name__ == "__main__":
    sys.exit(main())
