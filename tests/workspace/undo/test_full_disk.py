"""A disk with no room: no command without its checkpoint, and an undo that stops in the middle can be gone on with."""

import os
import shutil
from pathlib import Path

import pytest

from tests.openai_server import calls, openai_server, says
from tests.processes import opened
from tests.store.test_full_disk import Disk, disk  # noqa: F401 (a fixture)
from tests.working import CONFIG
from tests.workspace.undo.conftest import CHAT
from tests.workspace.undo.test_checkpoints import tree_hash, turn
from zotui.computer import Computer
from zotui.errors import StoreFull
from zotui.home import Home
from zotui.store import Store
from zotui.workspace.undo import Checkpoints

MADE = """
for n in 1 2 3 4 5 6 7 8 9; do head -c 100000 /dev/urandom > f$n; done
mkdir -p folder/in; cp f1 folder/in/f; ln -s f1 link; cp f2 becomes-link; cp f3 becomes-folder
"""
CHANGED = """
for n in 1 2 3 4 5 6; do echo $n > f$n; done; rm f7 f8
rm -r folder; echo 1 > folder; rm link; mkdir link; echo 1 > link/f
rm becomes-link becomes-folder; ln -s nowhere becomes-link; mkdir becomes-folder
echo 1 > becomes-folder/f; head -c 400000 /dev/urandom > new
"""


def states(root: Path) -> dict[str, str]:
    """Every path below a folder, and what it is."""
    return {str(path.relative_to(root)): state(path) for path in root.rglob("*")}


def state(path: Path) -> str:
    if path.is_symlink():
        return os.readlink(path)
    return "folder" if path.is_dir() else path.read_bytes().hex()


async def test_an_undo_without_room_can_be_gone_on_with(store: Store, tmp_path: Path, disk: Disk) -> None:  # noqa: F811
    root = disk.path / "workspace"
    root.mkdir()
    checkpoints = Checkpoints(store, root, tmp_path / "run" / "tree.lock", lambda: 100_000_000)
    await turn(checkpoints, "t0", MADE, root)
    before, hash_before = states(root), tree_hash(root)
    await turn(checkpoints, "t1", CHANGED, root)
    after, hash_after = states(root), tree_hash(root)
    for move, was, wanted in ((checkpoints.undo, after, before), (checkpoints.redo, before, after)):
        disk.fill(leave=250_000 if move == checkpoints.undo else 0)
        with pytest.raises(StoreFull, match=r"no room left on the disk: \d of 17 paths stayed as they were: .*again"):
            await move(CHAT)
        now = states(root)
        assert now not in (was, wanted)
        for path in now | was | wanted:
            assert now.get(path) in (was.get(path), wanted.get(path)), path
        disk.free()
        assert not (await move(CHAT)).left
    assert tree_hash(root) == hash_after
    await checkpoints.undo(CHAT)
    assert tree_hash(root) == hash_before


async def test_what_could_not_be_noted_is_noted_later(disk: Disk) -> None:  # noqa: F811
    home = Home(disk.path / "home").prepare()
    store = opened(home)
    store.write_now(
        lambda db: db.execute("INSERT INTO conversations(id, created_at, updated_at) VALUES (?, 1, 1)", (CHAT,))
    )
    root = home.workspace
    checkpoints = Checkpoints(store, root, home.run / "tree.lock", lambda: 100_000_000)
    (root / "kept").write_text("kept")
    await turn(checkpoints, "t0", MADE, root)
    before = tree_hash(root)
    await checkpoints.before("t1", CHAT, None)
    (root / "f1").write_bytes(os.urandom(500_000))
    disk.fill()
    with pytest.raises(StoreFull, match="no room left on the disk"):
        await checkpoints.settle("t1")
    disk.free()
    await checkpoints.settle_left()
    disk.fill()
    with pytest.raises(StoreFull, match="no room left on the disk"):
        await checkpoints.undo(CHAT)
    disk.free()
    assert not (await checkpoints.undo(CHAT)).left
    assert tree_hash(root) == before
    store.close()


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")
async def test_a_command_without_its_checkpoint_is_refused(disk: Disk) -> None:  # noqa: F811
    home = Home(disk.path / "home").prepare()
    async with openai_server() as server:
        home.config_file.write_text(CONFIG.format(url=server.url))
        async with Computer.open(home, workers="own") as computer:
            (home.workspace / "big").write_bytes(os.urandom(2_500_000))
            disk.fill(leave=1_500_000)
            server.script(calls(("run_command", {"command": "echo 1 > made"})), says("refused"))
            reply = await computer.ask("go")
            assert "no checkpoint could be made first: no room left on the disk" in reply.tool_calls[0]["result"]
            assert not (home.workspace / "made").exists()
            disk.free()
            server.script(calls(("run_command", {"command": "echo 1 > made"})), says("done"))
            await computer.ask("again")
            assert (home.workspace / "made").exists()
