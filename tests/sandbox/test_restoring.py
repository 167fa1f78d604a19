"""What is protected comes back as it was, whatever was done to it, and nothing else is touched."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from zotui.sandbox import restoring
from zotui.sandbox.restoring import Snapshot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    for name, text in {
        ".git/hooks/pre-commit": "#!/bin/sh\n", ".git/config": "[core]\n", ".git/HEAD": "ref", "a/.git/config": "",
        ".bashrc": "fine\n", "skills/one/SKILL.md": "good", "skills/one/run.sh": "#!/bin/sh\n", "notes.txt": "mine",
    }.items():  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "skills/one/run.sh").chmod(0o755)
    (root / "skills/link").symlink_to("one")
    return root


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    (tmp_path / "beside").mkdir()
    return tmp_path / "beside"


def all_of(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every protected entry: its mode, and what it holds."""
    found = {}
    for place in (".git/hooks", ".git/config", "a/.git/config", ".bashrc", ".envrc", "skills", ".vscode"):
        top = root / place
        for path in [top, *top.rglob("*")] if os.path.lexists(top) else []:
            held = os.readlink(os.fsencode(path)) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
            found[str(path.relative_to(root))] = (path.lstat().st_mode, held)
    return found


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("echo evil >> .bashrc", "put back: .bashrc (the command’s own is in "),
        ("rm -rf skills", "put back: skills, skills/link, skills/one, skills/one/SKILL.md, skills/one/run.sh"),
        ("mkdir -p .vscode/a/b; touch .vscode/a/b/c", "put back: .vscode (the command’s own is in "),
        ("chmod 4777 skills/one/run.sh", "put back: skills/one/run.sh (the command’s own is in "),
        ("chmod 500 .git/hooks", "put back: .git/hooks"),
        (
            "mv .git aside; ln -s aside .git",
            "put back: .git/config, .git/hooks, .git/hooks/pre-commit (the command’s own",
        ),
        ("rm -rf a; echo > a", "put back: a/.git/config, a/.git/hooks"),
        ("rm skills/link; ln -s /nowhere skills/link", "put back: skills/link (the command’s own is in "),
        ("rm .bashrc; mkfifo .bashrc", "put back: .bashrc (the command’s own is in "),
        ("rm -rf skills; ln -s .git skills", "put back: skills, skills/link, skills/one"),
    ],
)
def test_what_was_done_is_undone_and_said(root: Path, beside: Path, deed: str, said: str) -> None:
    snapshot = Snapshot.take(root)
    before = all_of(root)
    assert os.system(f"cd {root} && {deed}; echo more > notes.txt") == 0
    assert snapshot.restore(root, beside).startswith(said)
    assert all_of(root) == before
    assert (root / "notes.txt").read_text() == "more\n"
    assert snapshot.restore(root, beside) == ""


def test_nothing_is_said_of_what_was_read_or_written_anew(root: Path, beside: Path) -> None:
    snapshot = Snapshot.take(root)
    (root / ".bashrc").read_text()
    (root / ".bashrc").write_text("fine\n")  # the same once more
    (root / ".git/HEAD").write_text("refs")  # which git must write
    assert snapshot.restore(root, beside) == ""
    assert list(beside.iterdir()) == []


def test_what_a_command_made_is_kept_aside(root: Path, beside: Path) -> None:
    snapshot = Snapshot.take(root)
    (root / ".bashrc").write_text("of the command")
    snapshot.restore(root, beside)
    assert [path.read_text() for path in beside.rglob(".bashrc")] == ["of the command"]


def test_what_is_too_large_is_said_to_be_lost(root: Path, beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restoring, "LARGEST", 10)
    (root / "skills/one/big").write_text("x" * 11)
    snapshot = Snapshot.take(root)
    assert snapshot.restore(root, beside) == ""
    (root / "skills/one/big").write_text("y" * 11)
    assert snapshot.restore(root, beside) == "cannot be put back: skills/one/big"


def test_the_next_snapshot_reads_only_what_looks_different(root: Path) -> None:
    first = Snapshot.take(root)
    (root / ".bashrc").write_text("other\n")
    second = Snapshot.take(root, first)
    assert second._entries[".git/config"] is first._entries[".git/config"]
    assert second._entries[".bashrc"].content == b"other\n"


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_done_it_comes_back(root: Path, beside: Path, seed: int) -> None:
    dice = random.Random(seed)
    elsewhere = beside.with_name("elsewhere")
    elsewhere.mkdir()
    snapshot, before = Snapshot.take(root), all_of(root)
    for _ in range(12):
        path = root / dice.choice([*before, ".envrc", ".vscode", ".git", "a", "skills/new"])
        deed = dice.choice(["write", "delete", "folder", "link", "move"])
        try:
            if deed == "write":
                path.write_text("evil")
            elif deed == "delete":
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            elif deed == "folder":
                path.mkdir()
            elif deed == "link":
                path.symlink_to(dice.choice([elsewhere, "one", root]))
            else:
                path.rename(root / f"moved{dice.random()}")
        except OSError:
            continue
    snapshot.restore(root, beside)
    assert all_of(root) == before


def test_what_is_deeper_than_anybody_follows_is_put_aside_and_deleted(root: Path, beside: Path) -> None:
    snapshot = Snapshot.take(root)
    deep = "import os\nos.chdir('skills')\nfor _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')\n"
    subprocess.run([sys.executable, "-c", deep], cwd=root, check=True)
    assert snapshot.restore(root, beside).startswith("put back: skills/d (")
    assert not (root / "skills/d").exists()
    restoring.discard(beside)
    assert not beside.exists()


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no second file system")
def test_what_cannot_be_moved_to_another_disk_is_put_aside_in_the_root(beside: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        root = Path(folder)
        nothing = Snapshot([".envrc", "skills", ".vscode"], {})
        (root / ".envrc").write_text("of somebody")
        within = os.open(root, os.O_RDONLY)
        for name in ["skills", *["d"] * 1500]:  # deeper than Python follows
            os.mkdir(name, dir_fd=within)
            outer, within = within, os.open(name, os.O_RDONLY, dir_fd=within)
            os.close(outer)
        os.close(within)
        said = nothing.restore(root, beside)
        (aside,) = root.glob(".put-aside-*")
        assert said == f"put back: .envrc, skills (the command’s own is in {aside})"
        assert sorted(os.listdir(root)) == [aside.name]
        assert [path.read_text() for path in aside.glob("*/.envrc")] == ["of somebody"]
        assert (len(list(aside.glob("*/skills/d"))), list(beside.iterdir())) == (1, [])
        restoring.discard(aside)
