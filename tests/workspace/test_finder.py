"""Finding files by a few letters."""

import os
from pathlib import Path

import pytest

from zotui.workspace.finder import Finder, Hit


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder as projects are."""
    for name in (
        "README.md", "src/reader.py", "src/deep/er/readme_notes.txt", "src/main.py", "docs/areas.md", "build/readme.o",
        "logs/a.log", "logs/keep.log", ".git/config", ".env", ".hidden/x.txt", "my file.txt",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / ".gitignore").write_text("build/\n*.log\n")
    (tmp_path / "logs/.gitignore").write_text("!keep.log\n")
    return tmp_path


def paths(hits: object) -> list[str]:
    return [hit.path for hit in hits]  # type: ignore[attr-defined]


def test_the_name_counts_most_and_its_beginning_more(root: Path) -> None:
    found = paths(Finder(root).find("rea"))
    assert found[0] == "README.md"
    assert found.index("src/reader.py") < found.index("docs/areas.md")
    assert "build/readme.o" not in found


def test_gitignore_is_honoured_at_all_levels(root: Path) -> None:
    names = paths(Finder(root).entries())
    assert "logs/a.log" not in names
    assert "logs/keep.log" in names
    assert not any(name.startswith((".git/", "build")) for name in names)


def test_hidden_files_are_found_when_they_are_asked_for(root: Path) -> None:
    assert ".env" not in paths(Finder(root).find("env"))
    assert ".env" in paths(Finder(root).find(".env"))


def test_without_letters_the_nearest_come_first(root: Path) -> None:
    found = paths(Finder(root).find("", limit=4))
    assert found == ["README.md", "docs/", "logs/", "my file.txt"] or found[0] == "README.md"
    assert Hit("docs/", True) in Finder(root).find("docs")


def test_links_are_not_followed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.txt").write_text("x")
    (root / "link").symlink_to(outside)
    (root / "loop").symlink_to(root)
    assert not any("secret" in name for name in paths(Finder(root).entries()))


def test_paths_of_the_file_system_are_completed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    monkeypatch.setenv("HOME", str(root))
    assert paths(Finder(root).find(f"{root}/src/ma")) == [f"{root}/src/main.py"]
    assert paths(Finder(root).find("./sr")) == ["./src/"]
    assert paths(Finder(root).find("~/READ")) == ["~/README.md"]
    assert Finder(root).find("/nowhere/at/all") == []


def test_names_that_cannot_be_written_are_left_out(root: Path) -> None:
    (root / "a\nb.txt").write_text("x")
    (root / "a\x1b[2J.txt").write_text("x")
    with open(os.fsencode(str(root)) + b"/\xff.txt", "w"):
        pass
    assert all(name.isprintable() for name in paths(Finder(root).entries()))


def test_a_new_file_is_found_after_a_moment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finder = Finder(root)
    assert "brandnew.txt" not in paths(finder.find("brandnew"))
    (root / "brandnew.txt").write_text("x")
    finder._read_at -= 100
    assert "brandnew.txt" in paths(finder.find("brandnew"))


def test_a_broken_gitignore_is_no_fault(root: Path) -> None:
    (root / ".gitignore").write_bytes(b"\xff\xfe[\n!\n[a-\n")
    assert "README.md" in paths(Finder(root).entries())
