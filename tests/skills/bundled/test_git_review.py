"""The working tree."""

import subprocess
from pathlib import Path

import pytest

from tests.skills.bundled import script

review = script("git-review", "review")


def git(folder: Path, *words: str) -> None:
    """Run git there, as a person of this test."""
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *who, "-C", str(folder), *words], check=True, capture_output=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text("def test_a(): ...\n")
    (tmp_path / "a.py").write_text("one = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def test_risks_by_line(tree: Path) -> None:
    secret = "AKIA" + "A" * 16
    (tree / "a.py").write_text(f"one = 1\nkey = '{secret}'\n++ TODO this\n<<<<<<< ours\n")
    (tree / "tests" / "test_a.py").unlink()
    (tree / "new.py").write_text("x = 1\nbreakpoint()\n")
    (tree / "big.bin").write_bytes(b"\0" * 1024 * 1024 * 2)
    said = review(str(tree))
    for line in ("secret: a.py:2", "todo: a.py:3", "conflict marker: a.py:4", "debug leftover: new.py:2"):
        assert line in said
    assert "deleted test: tests/test_a.py" in said
    assert "large file: big.bin (2.0 MiB)" in said
    assert secret not in said


def test_nothing_runs_that_the_repository_configures(tree: Path) -> None:
    git(tree, "config", "diff.external", f"touch {tree}/ran")
    git(tree, "config", "core.fsmonitor", f"touch {tree}/ran")
    (tree / "a.py").write_text("two\n")
    assert "a.py" in review(str(tree))
    assert not (tree / "ran").exists()


def test_nothing_changed_and_nothing_there(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert review(str(tree)) == "nothing changed against HEAD"
    with pytest.raises(ValueError, match="git:"):
        review(str(tmp_path_factory.mktemp("bare")))
    with pytest.raises(ValueError, match="is a commit"):
        review(str(tree), "--output=x")


def test_before_the_first_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("breakpoint()\n")
    git(tmp_path, "add", ".")
    assert "debug leftover: a.py:1" in review(str(tmp_path))
