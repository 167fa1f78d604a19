"""Memory on a file of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from zotui.memory import Memories, open_memory


@pytest.fixture
async def memory(tmp_path: Path) -> AsyncIterator[Memories]:
    """An empty memory, which goes by words alone: what means the same has tests of its own."""
    async with open_memory(tmp_path / "memory.db") as memory:
        memory._mean = None
        yield memory
