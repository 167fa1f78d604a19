"""Logs."""

import gzip
from pathlib import Path

import pytest

from tests.skills.bundled import script

triage = script("log-triage", "triage")
LINES = [f"2026-03-01 0{hour}:00:00 ERROR timeout after {hour * 7} ms, id=ab12cd34{hour}" for hour in range(1, 6)]
LINES += ["2026-03-01 08:00:00 ERROR disk \x1b[31mfull", "2026-03-01 08:00:01 INFO 10.0.0.1 came"]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_lines_of_a_shape_are_one(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "app.log"
    text = ("\n".join(LINES) + "\n").encode()
    path.write_bytes(gzip.compress(text) if packed else text)
    said = triage(str(path), since="2026-03-01 07:00")
    assert said.startswith("7 lines, 3 clusters: 6 error, 1 info")
    assert "error new x1, line 6" in said
    assert "error x5, line 1, 2026-03-01 01:00:00 to 2026-03-01 05:00:00" in said
    assert "2026-03-01 08 1" in said
    assert "\x1b" not in said


def test_a_long_line_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("ERROR " + "x" * 9000 + "\nWARN y\n")
    assert triage(str(tmp_path / "a.log")).startswith("2 lines, 2 clusters: 1 error, 1 warning")


@pytest.mark.parametrize("since", ["yesterday", "2026-03-01T"])
def test_a_time_that_no_line_has(tmp_path: Path, since: str) -> None:
    (tmp_path / "a.log").write_text("ERROR no time\n")
    with pytest.raises(ValueError, match=r"since|no line"):
        triage(str(tmp_path / "a.log"), since=since)


def test_half_a_gz(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"ERROR a\n" * 1000)[:-12])
    with pytest.raises(ValueError, match="cannot be read"):
        triage(str(tmp_path / "a.gz"))
