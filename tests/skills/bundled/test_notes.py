"""Notes."""

from datetime import date
from pathlib import Path

import pytest

from tests.skills.bundled import script

note = script("notes", "note")


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_links_tags_and_orphans() -> None:
    note("write", "Boat", "See [[Harbour|there]] and [[Lost]] #Sea/north")
    assert note("write", "boat", "more") == "added to notes/Boat.md"
    note("write", "Harbour", "Quiet.")
    note("write", "Alone", "x")
    assert note("show", "harbour").endswith("links to: none\nlinked from: Boat")
    assert note("tags") == "#sea/north 1"
    assert note("search", text="#sea/north").startswith("Boat, line 3")
    assert note("search", text="QUIET") == "Harbour, line 3: Quiet."
    assert note("orphans") == "1 unconnected\nAlone\n1 links to no note\nBoat -> [[Lost]]"


def test_daily() -> None:
    note("daily", text="one")
    note("daily", text="two")
    assert Path(f"notes/{date.today()}.md").read_text() == f"# {date.today()}\n\none\n\ntwo\n"


@pytest.mark.parametrize("title", ["", "../x", ".x", "a/b", "a\nb", "å" * 61])
def test_titles_that_are_no_file(title: str) -> None:
    with pytest.raises(ValueError, match="title is"):
        note("write", title, "x")


def test_it_writes_through_no_link(tmp_path: Path) -> None:
    Path("notes").mkdir()
    (tmp_path / "other").write_text("kept")
    Path("notes/a.md").symlink_to(tmp_path / "other")
    with pytest.raises(ValueError, match="link to elsewhere"):
        note("write", "a", "x")
    assert (tmp_path / "other").read_text() == "kept"


def test_a_note_that_is_not_there() -> None:
    note("write", "Red boat", "x")
    with pytest.raises(ValueError, match="near: Red boat"):
        note("show", "boat")
