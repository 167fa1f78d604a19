"""Searching the workspace: the same by ripgrep and without it."""

import os
import shutil
from pathlib import Path

import pytest

from zotui.errors import UsageError
from zotui.workspace import searching
from zotui.workspace.searching import Match, search

HOW = ["by ourselves", "by ripgrep"]


@pytest.fixture(params=HOW)
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With ripgrep where there is one, and without."""
    if request.param == "by ripgrep" and shutil.which("rg") is None:
        pytest.skip("ripgrep is not installed")
    if request.param == "by ourselves":
        monkeypatch.setattr(searching.shutil, "which", lambda name: None)
    return str(request.param)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Some files."""
    folder = tmp_path / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "a.py").write_text("def heron():\n    return 1\n")
    (folder / "notes.md").write_text("a heron\nand a stork (grey)\n")
    (folder / ".hidden").write_text("heron\n")
    (folder / "bin").write_bytes(b"\0heron\0")
    (folder / "secret.log").write_text("heron\n")
    (folder / ".gitignore").write_text("*.log\n")
    (folder / ".git").mkdir()
    (folder / ".git" / "x").write_text("heron\n")
    (tmp_path / "outside").write_text("heron\n")
    (folder / "link").symlink_to(tmp_path / "outside")
    return folder


async def test_what_fits_is_found_and_what_is_left_out_is_not(how: str, root: Path) -> None:
    found, more = await search(root, "heron", literal=False, files="")
    assert not more
    assert sorted(found) == [
        Match(".hidden", 1, "heron"),
        Match("notes.md", 1, "a heron"),
        Match("src/a.py", 1, "def heron():"),
    ]


async def test_globs_and_plain_text(how: str, root: Path) -> None:
    assert [one.path for one in (await search(root, "heron", literal=False, files="*.py"))[0]] == ["src/a.py"]
    assert [one.line for one in (await search(root, "(grey)", literal=True, files=""))[0]] == [2]
    assert (await search(root, "--files", literal=True, files=""))[0] == []


async def test_no_pattern_is_said(how: str, root: Path) -> None:
    with pytest.raises(UsageError, match="no pattern"):
        await search(root, "(", literal=False, files="")


async def test_a_program_that_takes_its_time_to_end_keeps_its_exit_code(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "rg"
    slow.write_text("#!/bin/sh\necho 'unclosed group' >&2\nexec >&- 2>&-\nsleep 0.2\nexit 2\n")
    slow.chmod(0o755)
    monkeypatch.setattr(searching.shutil, "which", lambda name: str(slow))
    with pytest.raises(UsageError, match="unclosed group"):
        await search(root, "(", literal=False, files="")


async def test_only_so_many(how: str, root: Path) -> None:
    (root / "many").write_text("heron\n" * 500)
    found, more = await search(root, "heron", literal=False, files="many", most=20)
    assert (len(found), more) == (20, True)


async def test_lines_and_names_that_are_no_text(how: str, root: Path) -> None:
    (root / "long").write_text("x" * 200_000 + "heron\n")
    (root / "control").write_text("\x1b[31mheron\n")
    if os.name == "posix":
        (Path(os.fsdecode(os.fsencode(root) + b"/\xff"))).write_text("heron\n")
    found, _ = await search(root, "heron$", literal=False, files="control")
    assert [one.text for one in found] == ["[31mheron"] or "\x1b" not in found[0].text
    await search(root, "heron", literal=False, files="")
