"""Files of the workspace, written and edited: all other bytes stay, nothing outside is reached."""

import contextlib
import os
import threading
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotui.errors import NotFound, UsageError, ZotuiError
from zotui.toolbox import Result, Toolbox, ToolContext, ToolError
from zotui.workspace import Folder
from zotui.workspace.folder import LARGEST
from zotui.workspace.tools import tools
from zotui.workspace.writing import Writing


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("SECRET")
    root = tmp_path / "workspace"
    (root / "docs").mkdir(parents=True)
    (root / "notes.md").write_text("one\ntwo\nthree\n")
    return root


@pytest.fixture
def writing(root: Path) -> Writing:
    return Writing(Folder(root))


def test_a_file_is_made_with_its_folders_and_written_anew(writing: Writing, root: Path) -> None:
    assert writing.write("new/deep/a.txt", "x\n") == "--- a/new/deep/a.txt\n+++ b/new/deep/a.txt\n@@ -0,0 +1 @@\n+x"
    assert (root / "new/deep/a.txt").read_text() == "x\n"
    assert writing.write("new/deep/a.txt", "x\n") == ""
    assert "-x\n+y" in writing.write(str(root / "new/deep/a.txt"), "y\n")
    assert [path.name for path in (root / "new/deep").iterdir()] == ["a.txt"]


def test_an_edit_changes_one_place(writing: Writing, root: Path) -> None:
    assert "-two\n+2" in writing.edit("notes.md", "two", "2")
    assert (root / "notes.md").read_text() == "one\n2\nthree\n"
    writing.edit("/notes.md", "e\n", "E\n", every=True)
    assert (root / "notes.md").read_text() == "onE\n2\nthreE\n"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("e\n", "x", "stands in 2 places"), ("four", "4", "does not hold"), ("two", "two", "are the same"),
        ("", "x", "old is empty"), ("TWO", "2", "does not hold"),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_refused_and_changes_nothing(
    writing: Writing, root: Path, old: str, new: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        writing.edit("notes.md", old, new)
    assert (root / "notes.md").read_text() == "one\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\xef\xbb\xbfa\r\ntwo\r\nb\r\n", b"\xef\xbb\xbfa\r\n2\r\n\r\nb\r\n"),
        (b"a\r\ntwo\nb\r\n", b"a\r\n2\n\nb\r\n"),
        ("\ufeffé\ntwo\nb".encode("utf-16-le"), "\ufeffé\n2\n\nb".encode("utf-16-le")),
        (b"a\x1b[31m\x07\ntwo\nb", b"a\x1b[31m\x07\n2\n\nb"),
    ],
)
def test_marks_ends_and_all_other_bytes_stay(writing: Writing, root: Path, before: bytes, after: bytes) -> None:
    (root / "f").write_bytes(before)
    writing.edit("f", "two\n", "2\n\n")
    assert (root / "f").read_bytes() == after


def test_a_rewritten_file_keeps_its_ends_its_mark_and_its_mode(writing: Writing, root: Path) -> None:
    (root / "run.sh").write_bytes(b"\xef\xbb\xbfa\r\nb\r\n")
    (root / "run.sh").chmod(0o750)
    writing.write("run.sh", "c\nd\n")
    assert (root / "run.sh").read_bytes() == b"\xef\xbb\xbfc\r\nd\r\n"
    assert (root / "run.sh").stat().st_mode & 0o7777 == 0o750


@given(
    before=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60),
    old=st.text("ab\n", min_size=1, max_size=3),
    new=st.text("cd\r\n", max_size=3),
    at=st.integers(0, 60),
)
def test_no_other_byte_is_touched(
    tmp_path_factory: pytest.TempPathFactory, before: str, old: str, new: str, at: int
) -> None:
    root = tmp_path_factory.mktemp("w")
    whole = before[:at] + old + before[at:]
    (root / "f").write_bytes(whole.encode())
    try:
        Writing(Folder(root)).edit("f", old, new)
    except UsageError:
        assert (root / "f").read_bytes() == whole.encode()
        assert whole.count(old) != 1 or old == new
    else:
        assert (root / "f").read_bytes() == whole.replace(old, new).encode()


# Never outside, never in the way of others


@pytest.mark.parametrize(
    "path", ["../secret.txt", "docs/../../secret.txt", "/../secret.txt", "", "/", "docs/", "a\0b", "..", "docs/.."]
)
def test_paths_that_lead_out_or_nowhere(writing: Writing, tmp_path: Path, path: str) -> None:
    for do in (lambda: writing.write(path, "x"), lambda: writing.edit(path, "S", "x")):
        with pytest.raises(ZotuiError):
            do()
    assert (tmp_path / "secret.txt").read_text() == "SECRET"


def test_links_are_not_followed(writing: Writing, root: Path, tmp_path: Path) -> None:
    (root / "file").symlink_to(tmp_path / "secret.txt")
    (root / "folder").symlink_to(tmp_path)
    for path in ("file", "folder/secret.txt"):
        with pytest.raises(UsageError):
            writing.write(path, "x")
        with pytest.raises(UsageError):
            writing.edit(path, "SECRET", "x")
    assert (tmp_path / "secret.txt").read_text() == "SECRET"


def test_nobody_leads_a_write_out_by_swapping_folders(writing: Writing, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "real").mkdir()
    done = threading.Event()

    def swap() -> None:
        for number in count():
            if done.is_set():
                return
            aside = root / f"aside{number}"
            with contextlib.suppress(OSError):  # the write makes one where there is none
                os.rename(root / "real", aside)
                os.symlink(outside, root / "real")
                os.unlink(root / "real")
                os.rename(aside, root / "real")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for number in range(300):
            try:
                writing.write("real/f.txt", str(number))
            except ZotuiError:
                continue
    finally:
        done.set()
        thread.join()
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    "path",
    [
        ".git/hooks/pre-commit", ".git/config", "sub/.git/hooks/x", ".GIT/hooks/x", ".bashrc", ".envrc", ".vscode/tasks.json",
        "skills/mine/SKILL.md", ".git", ".claude/settings.json", ".git/modules/a/hooks/x",
    ],
)  # fmt: skip
def test_what_other_programs_run_is_not_written(writing: Writing, root: Path, path: str) -> None:
    with pytest.raises(UsageError, match="for you alone"):
        writing.write(path, "x")
    assert not (root / path).exists()


def test_what_is_no_text_and_what_is_too_much(writing: Writing, root: Path) -> None:
    (root / "binary").write_bytes(b"a\xff\xfeb")
    (root / "big").write_bytes(b"a" * (LARGEST + 1))
    os.mkfifo(root / "pipe")
    for path, words in (("binary", "no text"), ("big", "at most"), ("pipe", "no file"), ("docs", "docs")):
        with pytest.raises(UsageError, match=words):
            writing.edit(path, "a", "b")
    with pytest.raises(UsageError, match="at most"):
        writing.write("new", "x" * (LARGEST + 1))
    with pytest.raises(UsageError, match="half a character"):
        writing.write("new", "\ud800")
    with pytest.raises(NotFound):
        writing.edit("nowhere/f", "a", "b")
    assert sorted(path.name for path in root.iterdir()) == ["big", "binary", "docs", "notes.md", "pipe"]


async def test_the_tools_say_what_changed(root: Path) -> None:
    box, context = Toolbox(tools(Folder(root))), ToolContext("c", "t", "call", False)
    edit = {"path": "notes.md", "old_string": "two", "new_string": "2"}
    outcome = await box.run("edit_file", edit, context, 5)
    assert isinstance(outcome, Result)
    assert outcome.summary == "+1 −1"
    assert outcome.text.startswith("--- a/notes.md\n+++ b/notes.md\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three")
    outcome = await box.run("write_file", {"path": "new.md", "content": "a\nb\n"}, context, 5)
    assert isinstance(outcome, Result)
    assert outcome.summary == "+2 −0"
    with pytest.raises(ToolError, match="does not hold"):
        await box.run("edit_file", edit, context, 5)
