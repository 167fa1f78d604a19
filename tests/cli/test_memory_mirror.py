"""``zotui memory mirror``."""

from pathlib import Path

import pytest

from tests.cli.inside import Inside


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written just now is old enough to be read."""
    monkeypatch.setattr("zotui.memory.mirror.folder.FRESH_NS", 0)


def test_on_sync_and_off(inside: Inside, tmp_path: Path) -> None:
    assert inside("memory", "mirror", "status").out == "no mirror; zotui memory mirror on PATH makes one\n"
    done = inside("memory", "mirror", "sync")
    assert (done.code, done.complaint) == (2, "zotui: no mirror is on → zotui memory mirror on PATH\n")
    inside("memory", "set", "city", "Oslo")
    done = inside("memory", "mirror", "on", str(tmp_path / "notes"))
    assert (done.code, done.err) == (0, f"the mirror is in {tmp_path}/notes\n1 files written\n")
    file = tmp_path / "notes" / "keys" / "city.md"
    file.write_text(file.read_text().replace("\nOslo", "\nBergen"))
    (tmp_path / "notes" / "new.md").write_text("a new one")
    assert inside("memory", "mirror", "sync").err == "1 new memories, 1 changed, 1 files written\n"
    assert inside("memory", "get", "city").out == "Bergen\n"
    assert inside("memory", "mirror", "sync", "--json").json == {
        "new": 0, "changed": 0, "moved": 0, "conflicts": 0, "deleted": 0, "written": 0, "removed": 0, "problems": 0, "held": "",
    }  # fmt: skip
    assert inside("memory", "mirror", "off").err == "the mirror is off; its files stay\n"
    assert inside("memory", "mirror", "off").err == "no mirror was on\n"
    assert inside("memory", "mirror", "on").err == f"the mirror is in {tmp_path}/notes\nnothing changed\n"


def test_what_is_held_back_and_what_cannot_be_read(inside: Inside, tmp_path: Path) -> None:
    for n in range(4):
        inside("memory", "add", f"number {n}")
    assert inside("memory", "mirror", "on").err.startswith(f"the mirror is in {inside.home.path}/memory\n4 files")
    for file in (inside.home.path / "memory").rglob("*.md"):
        file.unlink()
    (inside.home.path / "memory" / "bad.md").write_text("---\ntags: [\n---\nx\n")
    done = inside("memory", "mirror", "sync")
    assert (done.code, "1 files cannot be read" in done.err, "4 of 4 files are gone" in done.err) == (1, True, True)
    shown = inside("memory", "mirror", "status")
    assert shown.code == 1
    assert [words in shown.out for words in (": on, 4 files", "held back: 4 of 4", "bad.md  line")] == [True] * 3
    found = inside("memory", "mirror", "status", "--json").json
    assert (found["files"], found["problems"][0]["file"]) == (4, "bad.md")
    assert inside("memory", "mirror", "sync", "--delete", "--restore").code == 2
    assert "4 files written" in inside("memory", "mirror", "sync", "--restore").err
    assert inside("memory", "mirror", "on", str(inside.home.workspace)).code == 2
