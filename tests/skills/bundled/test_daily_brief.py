"""What changed of late."""

import os
from pathlib import Path

import pytest

from tests.skills.bundled import script
from tests.skills.bundled.test_git_review import git

changes = script("daily-brief", "changes")


def test_files_and_commits(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "new.txt").write_text("x")
    (tmp_path / "old.txt").write_text("x")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "Begin the boat")
    os.utime(tmp_path / "old.txt", (0, 0))
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "much.js").write_text("x")
    said = changes(folder=str(tmp_path))
    assert said.startswith("1 files changed in 24 hours")
    assert "new.txt" in said
    assert "a: Begin the boat" in said


def test_no_hours_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="hours is"):
        changes(0)
    with pytest.raises(ValueError, match="is no folder"):
        changes(folder=str(tmp_path / "none"))
