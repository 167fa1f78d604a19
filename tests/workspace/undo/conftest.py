"""A store with a conversation, and checkpoints of a workspace beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from zotui.store import Store
from zotui.workspace.undo import Checkpoints

CHAT = "c1"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "run").mkdir()
    (tmp_path / "backups").mkdir()
    store = Store.open(tmp_path / "zotui.db", run=tmp_path / "run", backups=tmp_path / "backups")
    store.write_now(
        lambda db: db.execute("INSERT INTO conversations(id, created_at, updated_at) VALUES (?, 1, 1)", (CHAT,))
    )
    yield store
    store.close()


@pytest.fixture
async def checkpoints(store: Store, workspace: Path, tmp_path: Path) -> Checkpoints:
    return Checkpoints(store, workspace, tmp_path / "run" / "tree.lock", lambda: 100_000_000)
