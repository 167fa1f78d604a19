"""The tree: lazy, folders first, links never followed, and as the disk is when it is looked at again."""

import os
from pathlib import Path

import pytest

from zotui.errors import NotFound, UsageError
from zotui.workspace import Folder
from zotui.workspace.viewing import Tree, tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with one of each."""
    root = tmp_path / "workspace"
    (root / "docs" / "deep").mkdir(parents=True)
    (root / "docs" / "deep" / "end.txt").write_text("end")
    (root / "docs" / "a.txt").write_text("a")
    (root / "out").mkdir()
    (root / "out" / "made.bin").write_bytes(b"12345")
    (root / "Notes.md").write_text("# N")
    (root / ".hidden").write_text("")
    (root / ".gitignore").write_text("out/\n*.log\n")
    (root / "x.log").write_text("")
    (root / "away").symlink_to("/etc")
    os.mkfifo(root / "pipe")
    return root


def shown(found: Tree) -> list[str]:
    """The rows as one would write them down."""
    return [f"{'  ' * one.leaf.depth}{one.leaf.name}" for one in found.page(0, 1000)]


def test_folders_come_first_and_open_when_asked(root: Path) -> None:
    found = Tree(Folder(root))
    assert found.read() == 8
    assert shown(found) == ["docs", "out", ".gitignore", ".hidden", "away", "Notes.md", "pipe", "x.log"]
    found.open("docs")
    found.open("docs/deep")
    assert found.read() == 11
    assert shown(found)[:4] == ["docs", "  deep", "    end.txt", "  a.txt"]
    assert found.place("docs/deep/end.txt") == 2
    found.close("docs")
    assert found.read() == 8


def test_what_is_hidden_ignored_special_or_a_link(root: Path) -> None:
    found = Tree(Folder(root))
    found.open("out")
    found.open("away")
    found.read()
    rows = {one.leaf.name: one for one in found.page(0, 100)}
    assert {name for name, one in rows.items() if one.is_dim} == {"out", "made.bin", ".gitignore", ".hidden", "x.log"}
    assert rows["away"].target == "/etc"
    assert "passwd" not in rows
    assert rows["pipe"].problem == "it is a pipe"
    assert rows["made.bin"].size == 5


def test_it_is_as_the_disk_is(root: Path) -> None:
    found = Tree(Folder(root))
    found.open("docs")
    found.read()
    (root / "docs" / "b.txt").write_text("b")
    (root / "docs" / "a.txt").unlink()
    assert found.page(2, 1)[0].problem == "gone"
    found.read()
    assert [name.strip() for name in shown(found)][1:3] == ["deep", "b.txt"]
    (root / "docs" / "deep" / "end.txt").unlink()
    (root / "docs" / "deep").rmdir()
    (root / "docs" / "deep").symlink_to("/etc")
    found.open("docs/deep")
    found.read()
    assert [one.leaf.kind for one in found.page(1, 1)] == ["file"]
    assert "passwd" not in "".join(shown(found))
    root.rename(root.parent / "elsewhere")
    with pytest.raises(NotFound, match="the workspace cannot be read"):
        found.read()
    (root.parent / "elsewhere").rename(root)
    assert found.read() == 10


def test_a_folder_that_may_not_be_read_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(root)
    found = Tree(folder)
    found.open("docs")
    found.open("out")
    whole = Folder.open

    def refused(self: Folder, path: str) -> int:
        if path == "docs":
            raise NotFound("docs: Permission denied")
        return whole(self, path)

    monkeypatch.setattr(Folder, "open", refused)
    found.read()
    assert shown(found)[:4] == ["docs", "  docs: Permission denied", "out", "  made.bin"]


def test_more_than_fits_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST", 3)
    found = Tree(Folder(root))
    assert found.read() == 4
    assert "more than 3" in shown(found)[-1]


def test_tables_are_below_their_database(root: Path) -> None:
    (root / "data.db").write_bytes(b"")
    found = Tree(Folder(root), lambda path: ["people", "places"])
    found.reveal("data.db\0people")
    found.read()
    leaf = found.page(found.place("data.db\0people") or 0, 1)[0].leaf
    assert (leaf.kind, leaf.file, leaf.table, leaf.depth) == ("table", "data.db", "people", 1)


def test_opening_never_leaves_the_workspace(root: Path) -> None:
    folder = Folder(root)
    os.close(folder.open("docs/a.txt"))
    (root / "near").symlink_to("docs/a.txt")
    handle = folder.open("near")
    assert os.read(handle, 9) == b"a"
    os.close(handle)
    for path in ("away/passwd", "../secret", "away"):
        with pytest.raises((UsageError, NotFound)):
            folder.open(path)
