"""Checkpoints: whatever a turn did to the workspace is taken back, and done again, exactly."""

import hashlib
import os
import random
import subprocess
from pathlib import Path

import pytest

from tests.workspace.undo.conftest import CHAT
from zotui.errors import NotFound, UsageError
from zotui.store import Store, audit
from zotui.workspace.undo import Checkpoints, copies
from zotui.workspace.undo import scan as scanning


def tree_hash(root: Path) -> str:
    """One hash over all paths, kinds, modes, contents and targets below a folder, caches left out."""
    lines = []
    for path in sorted(path for path in root.rglob("*") if "__pycache__" not in path.parts):
        status = path.lstat()
        content = os.readlink(path) if path.is_symlink() else ""
        if path.is_file() and not path.is_symlink():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        lines.append(f"{path.relative_to(root)} {status.st_mode:o} {content}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


async def turn(checkpoints: Checkpoints, name: str, command: str, cwd: Path, paths: list[str] | None = None) -> None:
    """A turn that runs one command in the workspace, whatever comes of that."""
    await checkpoints.before(name, CHAT, paths)
    subprocess.run(["bash", "-c", command], cwd=cwd, check=False, capture_output=True)
    await checkpoints.settle(name)


COMMANDS = (
    "mkdir -p {a}/{b} && echo {n} > {a}/{b}/{c}.txt",
    "echo {n} >> {c}.txt",
    "rm -rf {a}",
    "rm -f {c}.txt",
    "ln -sfn {a} {b}.link",
    "chmod 755 {c}.txt 2>/dev/null || touch {c}.txt",
    "mkdir -p {a} && mv {a} {b}.{n}",
    "head -c 100000 /dev/urandom > {b}.bin",
    "rm -rf {c}.txt && mkdir -p {c}.txt/{a} && echo {n} > {c}.txt/{a}/x",
    "test -d {c}.txt && rm -r {c}.txt; echo {n} > {c}.txt",
    "mkdir -p {a}/{b} && chmod 500 {a}/{b}",
    "printf '\\0\\1{n}' > 'name with spaces and ünïcode {a}'",
    "truncate -s 0 {c}.txt",
    "mkdir -p {a}/__pycache__ && echo {n} > {a}/__pycache__/m.pyc && echo {n} > {a}/m.py",
)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_fifty_random_turns_undone_give_the_tree_that_was(
    checkpoints: Checkpoints, workspace: Path, seed: int
) -> None:
    chance = random.Random(seed)
    for n in range(6):
        (workspace / f"f{n}.txt").write_text(f"first {n}\n")
    before = [tree_hash(workspace)]
    for n in range(50):
        names = {key: f"{key}{chance.randrange(3)}" for key in "abc"} | {"n": str(n)}
        await turn(checkpoints, f"t{n:02}", chance.choice(COMMANDS).format(**names), workspace)
        before.append(tree_hash(workspace))
    done = list(reversed(await checkpoints.of(CHAT)))
    changing = [n for n in range(50) if f"t{n:02}" in {one.turn for one in done}]
    assert len(changing) > 30
    for n in reversed(changing):
        undone = await checkpoints.undo(CHAT)
        assert undone.checkpoint.turn == f"t{n:02}"
        assert not undone.left
        assert tree_hash(workspace) == before[n]
    with pytest.raises(UsageError, match="no turn that could be undone"):
        await checkpoints.undo(CHAT)
    for _ in changing:
        assert not (await checkpoints.redo(CHAT)).left
    assert tree_hash(workspace) == before[-1]


async def test_a_turn_that_changed_nothing_leaves_no_checkpoint(checkpoints: Checkpoints, workspace: Path) -> None:
    (workspace / "a").write_text("1")
    await turn(checkpoints, "t1", "touch a; cat a; echo 1 > b; rm b", workspace)
    assert await checkpoints.of(CHAT) == []


async def test_named_paths_alone_are_of_the_turn(checkpoints: Checkpoints, workspace: Path) -> None:
    (workspace / "mine").write_text("person")
    await turn(checkpoints, "t1", "mkdir -p x/y; echo agent > x/y/its; echo also >> mine", workspace, ["x/y/its"])
    changed = [one.path for one in await checkpoints.changes((await checkpoints.of(CHAT))[0].id)]
    assert changed == ["x", "x/y", "x/y/its"]
    await checkpoints.undo(CHAT)
    assert [path.name for path in workspace.iterdir()] == ["mine"]
    assert (workspace / "mine").read_text() == "personalso\n"


async def test_what_the_person_did_between_turns_is_not_of_them(checkpoints: Checkpoints, workspace: Path) -> None:
    await turn(checkpoints, "t1", "echo 1 > a", workspace)
    (workspace / "theirs").write_text("mine")
    await turn(checkpoints, "t2", "echo 2 > a", workspace)
    await checkpoints.undo(CHAT)
    await checkpoints.undo(CHAT)
    assert [path.name for path in workspace.iterdir()] == ["theirs"]


async def test_a_path_that_somebody_changed_since_is_not_taken_back(checkpoints: Checkpoints, workspace: Path) -> None:
    (workspace / "a").write_text("0")
    await turn(checkpoints, "t1", "echo 1 > a; echo 1 > b", workspace)
    (workspace / "a").write_text("person")
    with pytest.raises(UsageError, match="changed since by something else: a"):
        await checkpoints.undo(CHAT)
    assert (workspace / "a").read_text() == "person"
    assert (workspace / "b").exists()
    await checkpoints.undo(CHAT, force=True)
    assert (workspace / "a").read_text() == "0"
    await checkpoints.redo(CHAT)
    assert (workspace / "a").read_text() == "person"


async def test_what_cannot_be_brought_back_is_said_before(
    checkpoints: Checkpoints, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "LARGEST", 1_000)
    (workspace / "big").write_bytes(os.urandom(2_000))
    gaps = await checkpoints.before("t1", CHAT, None)
    assert gaps == ["big (2.0 kB)"]
    (workspace / "big").unlink()
    (workspace / "small").write_text("1")
    await checkpoints.settle("t1")
    undone = await checkpoints.undo(CHAT)
    assert undone.left == ["big: no copy was made of it"]
    assert not (workspace / "small").exists()


async def test_it_is_said_as_long_as_it_is_there(
    checkpoints: Checkpoints, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "LARGEST", 1_000)
    for folder in ("a", "b"):
        (workspace / folder).mkdir()
        (workspace / folder / "big").write_bytes(os.urandom(2_000))
    both, one = ["a/big (2.0 kB)", "b/big (2.0 kB)"], ["b/big (2.0 kB)"]
    for gaps, command in ((both, "touch c"), (both, "rm -r a"), (one, "rm b/big"), ([], "touch d")):
        assert await checkpoints.before(command, CHAT, None) == gaps
        subprocess.run(["bash", "-c", command], cwd=workspace, check=True)
        await checkpoints.settle(command)


async def test_within_git_only_what_was_lost_comes_back(checkpoints: Checkpoints, workspace: Path) -> None:
    run = {"cwd": workspace, "check": True, "capture_output": True}
    who = ["-c", "user.name=a", "-c", "user.email=a@b.invalid"]
    subprocess.run(["git", "init", "-q", "repo"], **run)  # type: ignore[call-overload]
    (workspace / "repo" / "a").write_text("1")
    subprocess.run(["git", "-C", "repo", "add", "a"], **run)  # type: ignore[call-overload]
    commit = ["git", "-C", "repo", *who, "commit", "-qam"]
    subprocess.run([*commit, "one"], **run)  # type: ignore[call-overload]
    await checkpoints.before("t1", CHAT, None)
    (workspace / "repo" / "a").write_text("2")
    subprocess.run([*commit, "two"], **run)  # type: ignore[call-overload]
    await checkpoints.settle("t1")
    await checkpoints.undo(CHAT)
    log = subprocess.run(["git", "-C", "repo", "log", "--format=%s"], **run)  # type: ignore[call-overload]
    assert log.stdout.split() == [b"two", b"one"]
    assert (workspace / "repo" / "a").read_text() == "1"
    await turn(checkpoints, "t2", "rm -rf repo", workspace)
    await checkpoints.undo(CHAT)
    subprocess.run(["git", "-C", "repo", "fsck", "--strict"], **run)  # type: ignore[call-overload]
    log = subprocess.run(["git", "-C", "repo", "log", "--format=%s"], **run)  # type: ignore[call-overload]
    assert log.stdout.split() == [b"two", b"one"]


async def test_what_can_be_had_again_is_not_covered_and_never_deleted_with_its_folder(
    checkpoints: Checkpoints, workspace: Path
) -> None:
    await turn(
        checkpoints, "t1", "mkdir -p made/__pycache__; echo 1 > made/m.py; echo 1 > made/__pycache__/m", workspace
    )
    (workspace / "made" / ".venv").mkdir()
    (workspace / "made" / ".venv" / "mine").write_text("1")
    undone = await checkpoints.undo(CHAT)
    assert undone.left == ["made: it holds '.venv' and was left"]
    assert (workspace / "made" / ".venv" / "mine").exists()
    assert not (workspace / "made" / "__pycache__").exists()


async def test_a_link_is_never_followed(checkpoints: Checkpoints, workspace: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("theirs")
    (workspace / "folder").mkdir()
    (workspace / "folder" / "secret").write_text("mine")
    await turn(checkpoints, "t1", "echo changed > folder/secret", workspace)
    (workspace / "folder").rename(workspace / "aside")
    (workspace / "folder").symlink_to(outside)
    undone = await checkpoints.undo(CHAT, force=True)
    assert undone.left
    assert (outside / "secret").read_text() == "theirs"


async def test_the_timeline_of_a_file_and_back_to_one_of_its_states(checkpoints: Checkpoints, workspace: Path) -> None:
    for n in range(3):
        await turn(checkpoints, f"t{n}", f"echo {n} > a", workspace)
    line = await checkpoints.timeline("a")
    assert [await checkpoints.content(one.after) for one in line] == [b"2\n", b"1\n", b"0\n"]
    assert line[-1].before is None
    await checkpoints.restore(line[0].n)
    assert (workspace / "a").read_text() == "1\n"
    await checkpoints.undo(CHAT)
    assert (workspace / "a").read_text() == "2\n"
    with pytest.raises(NotFound):
        await checkpoints.restore(9999)


async def test_turns_at_once_share_what_changed(checkpoints: Checkpoints, workspace: Path) -> None:
    await checkpoints.before("t1", CHAT, None)
    await checkpoints.before("t2", CHAT, None)
    (workspace / "a").write_text("1")
    await checkpoints.settle("t1")
    (workspace / "b").write_text("1")
    await checkpoints.settle("t2")
    await checkpoints.undo(CHAT)
    await checkpoints.undo(CHAT)
    assert list(workspace.iterdir()) == []


async def test_a_turn_whose_worker_died_has_its_changes(
    checkpoints: Checkpoints, workspace: Path, store: Store, tmp_path: Path
) -> None:
    await checkpoints.before("t1", CHAT, None)
    (workspace / "a").write_text("1")
    again = Checkpoints(store, workspace, tmp_path / "run" / "tree.lock", lambda: 100_000_000)
    await again.settle_left()
    assert [one.files for one in await again.of(CHAT)] == [1]
    await again.undo()
    assert not (workspace / "a").exists()


async def test_copies_are_compressed_capped_and_the_oldest_go(store: Store, workspace: Path, tmp_path: Path) -> None:
    small = Checkpoints(store, workspace, tmp_path / "run" / "tree.lock", lambda: 60_000)
    for n in range(20):
        await turn(small, f"t{n:02}", "head -c 9000 /dev/urandom > noise", workspace)
    assert await store.read(copies.total) <= 60_000
    left = await small.of(CHAT)
    assert left[0].turn == "t19"
    assert len(left) < 20
    await turn(small, "u1", "yes words | head -c 1000000 > words", workspace)
    assert await store.read(copies.total) <= 60_000
    assert not (await small.undo(CHAT)).left
    assert not (workspace / "words").exists()


async def test_copies_of_what_the_person_did_are_capped_too(store: Store, workspace: Path, tmp_path: Path) -> None:
    small = Checkpoints(store, workspace, tmp_path / "run" / "tree.lock", lambda: 60_000)
    for n in range(8):
        (workspace / "noise").write_bytes(os.urandom(9_000))
        await turn(small, f"t{n}", "true", workspace)
        assert await store.read(copies.total) <= 45_000


async def test_undoing_is_in_the_audit_log(checkpoints: Checkpoints, workspace: Path, store: Store) -> None:
    await turn(checkpoints, "t1", "echo 1 > a", workspace)
    await checkpoints.undo(CHAT)
    assert [(row.kind, row.turn) for row in await store.read(audit.entries)] == [("undo", "t1")]
