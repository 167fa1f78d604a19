"""Finding files by a few letters."""

import os
import threading
from pathlib import Path

import pytest

from tests.waiting import wait_for
from zotui.workspace import finder as finding
from zotui.workspace.finder import Finder
from zotui.workspace.ranking import ranked
from zotui.workspace.walking import Hit, walk


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


async def test_a_new_file_is_found_after_a_moment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finder = Finder(root)
    assert "brandnew.txt" not in paths(finder.find("brandnew"))
    (root / "brandnew.txt").write_text("x")
    assert "brandnew.txt" not in paths(finder.find("brandnew"))  # the listing is taken for true a little while
    monkeypatch.setattr(finding, "FRESH_S", 0.0)
    await wait_for(lambda: "brandnew.txt" in paths(finder.find("brandnew")))


def test_nobody_waits_for_a_listing_to_be_renewed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finder, may_go_on, walks = Finder(root), threading.Event(), list[Path]()
    assert finder.find("main")

    def slowly(folder: Path) -> list[Hit]:
        walks.append(folder)
        may_go_on.wait(60)
        return [Hit("newer.py", False)]

    monkeypatch.setattr(finding, "walk", slowly)
    monkeypatch.setattr(finding, "FRESH_S", 0.0)
    monkeypatch.setattr(finding, "FIRST_S", 600)
    assert [paths(finder.find("main")) for _ in range(3)] == [["src/main.py"]] * 3
    assert len(walks) == 1  # one at a time
    may_go_on.set()


def test_bad_patterns_leave_the_good_ones(root: Path) -> None:
    (root / ".gitignore").write_bytes(b"\xff\xfe[\n!\n[z-a]\n[a-\nback\\\nbuild/\n")
    names = paths(Finder(root).entries())
    assert "README.md" in names
    assert "build/readme.o" not in names


def test_patterns_that_would_take_for_ever_are_passed_over(root: Path) -> None:
    (root / ".gitignore").write_text("*a*a*a*a*a*a*a*a*a*b\n**/tmp/*.log\n")
    (root / "tmp").mkdir()
    for name in ("a" * 250, "tmp/x.log"):
        (root / name).touch()
    names = paths(Finder(root).entries())
    assert "a" * 250 in names
    assert "tmp/x.log" not in names


def test_a_gitignore_that_is_a_pipe_is_no_wait(root: Path) -> None:
    os.mkfifo(root / "src" / ".gitignore")
    assert "src/main.py" in paths(Finder(root).entries())


def test_only_so_many_entries_are_looked_at(root: Path) -> None:
    assert len(list(walk(root, most=3))) <= 3
    (root / ".gitignore").write_text("*\n")
    for number in range(50):
        (root / f"{number}.o").touch()
    assert list(walk(root, most=20)) == []


def test_a_link_to_itself_is_an_entry_like_others(root: Path) -> None:
    (root / "docs" / "loop").symlink_to("loop")
    assert f"{root}/docs/loop" in paths(Finder(root).find(f"{root}/docs/"))


def test_the_best_are_found_among_many_that_hold_the_letters(root: Path) -> None:
    entries = [Hit(f"area/f{number}.txt", False) for number in range(3000)]
    entries += [Hit("zeta/readme.md", False), Hit("zeta/already.md", False), Hit("zeta/pre_read.md", False)]
    assert paths(ranked("rea", entries, 4)) == [
        "zeta/readme.md", "zeta/pre_read.md", "zeta/already.md", "area/f0.txt",
    ]  # fmt: skip
    assert paths(ranked("zeta/rea", entries, 1)) == ["zeta/readme.md"]


@pytest.mark.parametrize(
    ("words", "path"),
    [("raedme", "README.md"), ("src/raeder", "src/reader.py"), ("MAIN", "src/main.py"), ("d/arae", "docs/areas.md")],
)
def test_a_slip_of_the_finger_is_forgiven(words: str, path: str, root: Path) -> None:
    assert paths(Finder(root).find(words))[0] == path


def test_what_is_nothing_like_any_name_finds_nothing(root: Path) -> None:
    assert paths(Finder(root).find("xylophonic")) == []
    assert paths(Finder(root / "nowhere").find("x")) == []
