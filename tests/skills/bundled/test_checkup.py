"""The check-up."""

import os
import time
from pathlib import Path

import pytest

from tests.skills.bundled import script

check = script("checkup", "check")


def test_sizes_and_old_logs(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "big").write_bytes(os.urandom(300_000))
    (tmp_path / "old.log").write_text("x")
    os.utime(tmp_path / "old.log", (0, time.time() - 40 * 86400))
    (tmp_path / "loop").symlink_to(tmp_path)
    said = check(str(tmp_path))
    assert f"disk of {tmp_path}" in said
    assert "logs older than 30 days: 1" in said
    assert " KiB a\n" in said
    assert " KiB a/b\n" in said
    assert "load: " in said
    assert "not seen from here:" in said


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        check(str(tmp_path / "none"))
