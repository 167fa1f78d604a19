"""``zotui memory export|import``."""

import os
from pathlib import Path

import pytest

from tests.cli.inside import Inside


def test_out_and_in_again(inside: Inside, tmp_path: Path) -> None:
    inside("memory", "set", "city", "Berlin")
    exported = inside("memory", "export").out
    assert '"content":"Berlin"' in exported
    file = tmp_path / "all.jsonl"
    file.write_text(exported + "nonsense\n")
    done = inside("memory", "import", str(file))
    assert (done.code, done.err.splitlines()) == (
        1, ["zotui: line 2: no JSON: JSON is malformed: invalid character (byte 4)", "0 taken, 1 were there already"],
    )  # fmt: skip
    found = inside("memory", "import", "-", "--json", given='{"content": "ä"}\n'.encode())
    assert (found.code, found.json) == (0, {"taken": 1, "known": 0, "problems": []})


def test_a_folder_of_markdown(inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / "MEMORY.md").write_text("# Facts\n- the box is lab-3\n")
    (tmp_path / "memory" / "2026-03-04.md").write_text("went to Oslo\n")
    (tmp_path / "notes.txt").write_text("not this")
    assert inside("memory", "import", str(tmp_path)).err == "2 taken\n"
    found = inside("memory", "list", "--json").json
    assert sorted(one["meta"]["source"] for one in found) == ["2026-03-04.md", "MEMORY.md"]


@pytest.mark.parametrize(
    ("name", "words"), [("none", "No such file"), ("pipe", "is no file"), ("empty", "no Markdown")]
)
def test_what_cannot_be_read(inside: Inside, tmp_path: Path, name: str, words: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    done = inside("memory", "import", str(tmp_path / name))
    assert (done.code, words in done.complaint) == (2, True)
