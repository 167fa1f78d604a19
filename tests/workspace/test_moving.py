"""Moving, deleting into the bin, and bringing back."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import opened
from zotui.errors import NotFound, UsageError
from zotui.home import Home
from zotui.store import now_ms
from zotui.workspace import Folder
from zotui.workspace.moving import Bin


@pytest.fixture
def bin_(home: Home) -> Iterator[Bin]:
    """The bin of a home."""
    store = opened(home)
    yield Bin(store, Folder(home.workspace), home.bin)
    store.close()


@pytest.fixture
def root(home: Home) -> Path:
    """A workspace with a folder in it."""
    (home.workspace / "d").mkdir()
    (home.workspace / "d" / "a.txt").write_text("one")
    return home.workspace


def test_files_and_folders_are_moved_into_folders_made_for_them(bin_: Bin, root: Path) -> None:
    bin_.move("d/a.txt", "new/deep/b.txt")
    bin_.move("new", "d/new")
    assert (root / "d" / "new" / "deep" / "b.txt").read_text() == "one"


@pytest.mark.parametrize(
    ("path", "to", "said"),
    [
        ("none", "b", "no 'none'"),
        ("d/a.txt", "d", "is there already"),
        ("d", "d/inside", "cannot be moved there"),
        ("d/a.txt", "../out", "outside the workspace"),
        ("../zotui.db", "db", "outside the workspace"),
        ("d/a.txt", ".bashrc", "for you alone"),
        ("d/a.txt", "link/x", "link in a path is not followed"),
        (".", "b", "is a folder"),
    ],
    ids=[f"{n}" for n in range(8)],
)
def test_what_is_not_moved(bin_: Bin, root: Path, tmp_path: Path, path: str, to: str, said: str) -> None:
    (root / "link").symlink_to(tmp_path)
    with pytest.raises((NotFound, UsageError)) as caught:
        bin_.move(path, to)
    assert said in f"{caught.value.message} {caught.value.hint}"
    assert (root / "d" / "a.txt").read_text() == "one"


def test_what_was_deleted_comes_back(bin_: Bin, root: Path, home: Home) -> None:
    (root / "big").write_bytes(b"x" * 3_000_000)
    (root / "link").symlink_to("d")
    ids = [bin_.delete(name) for name in ("big", "d", "link")]
    assert os.listdir(root) == []
    assert [(one.path, one.folder) for one in bin_.list()] == [("link", False), ("d", True), ("big", False)]
    (root / "d").mkdir()
    with pytest.raises(UsageError, match="is there already"):
        bin_.restore(ids[1])
    (root / "d").rmdir()
    for one in ids:
        bin_.restore(one[-8:])
    assert (root / "d" / "a.txt").read_text() == "one"
    assert (root / "big").stat().st_size == 3_000_000
    assert (root / "link").is_symlink()
    assert bin_.list() == []
    assert os.listdir(home.bin) == []


def test_a_name_that_is_no_text_cannot_be_kept_in_the_bin(bin_: Bin, root: Path) -> None:
    name = os.fsdecode(b"\xff.txt")
    (root / name).write_text("x")
    with pytest.raises(UsageError, match="no UTF-8"):
        bin_.delete(name)
    assert (root / name).exists()


def test_the_bin_is_emptied_of_what_is_old(bin_: Bin, root: Path, home: Home) -> None:
    bin_.delete("d")
    assert bin_.empty(now_ms() - 60_000) == 0
    assert bin_.empty(now_ms() + 1) == 1
    assert os.listdir(home.bin) == []
    with pytest.raises(NotFound):
        bin_.restore("d")


def test_a_row_without_its_file_is_nothing(bin_: Bin, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            bin_.delete("d")
    assert bin_.list() == []
    assert (root / "d" / "a.txt").exists()
