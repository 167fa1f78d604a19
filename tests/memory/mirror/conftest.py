"""A home with a mirror."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from zotui import Computer
from zotui.home import Home
from zotui.memory.mirror import Mirror, Outcome
from zotui.memory.mirror.folder import Folder


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written just now is old enough to be read: the clocks of these disks tell nanoseconds apart."""
    monkeypatch.setattr("zotui.memory.mirror.folder.FRESH_NS", 0)


@pytest_asyncio.fixture
async def computer(home: Home) -> AsyncIterator[Computer]:
    async with Computer.open(home, workers="none") as computer:
        yield computer


class Both:
    """A mirror and its folder."""

    def __init__(self, computer: Computer, root: Path) -> None:
        self.computer = computer
        self.root = root
        self.mirror: Mirror = computer.mirror
        self.mirror.turn_on(str(root))

    def sync(self, deletions: str = "now") -> Outcome:
        """A pass, and what it did."""
        return self.mirror.sync(deletions)  # type: ignore[arg-type]

    def files(self) -> dict[str, str]:
        """All Markdown files and what is in them."""
        return {str(path.relative_to(self.root)): path.read_text() for path in sorted(self.root.rglob("*.md"))}

    def file(self, words: str) -> Path:
        """The one file that holds these words."""
        [name] = [name for name, text in self.files().items() if words in text]
        return self.root / name

    async def contents(self) -> list[str]:
        """What all memories say."""
        return sorted(one.content for one in await self.computer.memory.list())

    def problems(self) -> list[str]:
        """What is wrong with files."""
        return [f"{path}: {problem}" for path, problem in self.mirror.status().problems]

    async def told(self) -> list[str]:
        """The notices."""
        return [one.text for one in await self.computer.notices.list()]


@pytest.fixture
def both(computer: Computer, tmp_path: Path) -> Both:
    """A mirror that is on, and empty."""
    return Both(computer, tmp_path / "notes")


def replace(path: Path, old: str, new: str) -> None:
    """Change a file as an editor does that writes in place."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


__all__ = ["Both", "Folder", "replace"]
