"""The workspace folder: read, never left, and nothing in it can hold up who reads."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from zotui.errors import NotFound, UsageError, ZotuiError
from zotui.text import clean
from zotui.toolbox import Result, Toolbox, ToolContext, ToolError
from zotui.workspace import Folder
from zotui.workspace.folder import LARGEST, MOST
from zotui.workspace.tools import tools


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A workspace with a secret beside it."""
    (tmp_path / "secret.txt").write_text("SECRET")
    (tmp_path / "workspace2").mkdir()
    (tmp_path / "workspace2" / "near.txt").write_text("SECRET")
    root = tmp_path / "workspace"
    (root / "docs").mkdir(parents=True)
    (root / "notes.md").write_text("# Notes\nline two\n")
    (root / "docs" / "deep file.txt").write_text("deep")
    return Folder(root)


class TestReading:
    """What is inside."""

    @pytest.mark.parametrize(
        "path", ["notes.md", "/notes.md", "./notes.md", "docs/../notes.md", "//notes.md", "docs/./../notes.md"]
    )
    def test_a_file_by_its_path(self, path: str, folder: Folder) -> None:
        assert folder.read(path) == "# Notes\nline two\n"

    def test_a_file_by_its_whole_path_as_the_model_is_told_it(self, folder: Folder) -> None:
        assert folder.read(str(folder.root / "notes.md")).startswith("# Notes")
        assert [entry.path for entry in folder.list(str(folder.root / "docs"))] == ["docs/deep file.txt"]
        assert len(folder.list(str(folder.root))) == 2

    def test_folders_come_first_with_paths_from_the_root(self, folder: Folder) -> None:
        assert [(entry.path, entry.folder, entry.size > 0) for entry in folder.list()] == [
            ("docs", True, True),
            ("notes.md", False, True),
        ]
        assert [entry.path for entry in folder.list("docs")] == ["docs/deep file.txt"]

    def test_a_workspace_behind_a_link(self, folder: Folder, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(folder.root)
        linked = Folder(tmp_path / "link")
        assert [entry.path for entry in linked.list()] == ["docs", "notes.md"]
        assert linked.read(str(tmp_path / "link" / "notes.md")).startswith("# Notes")

    def test_text_is_clean_and_any_bytes_are_text_or_said_to_be_none(self, folder: Folder) -> None:
        (folder.root / "a").write_bytes(b"\xff\xfe caf\xc3\xa9 \x1b[31mred\r\nnext \x07")
        assert folder.read("a") == "\ufffd\ufffd café red\nnext "
        (folder.root / "b").write_bytes(b"abc\0def")
        with pytest.raises(UsageError, match=r"b is a binary file \(7 bytes\)"):
            folder.read("b")

    def test_an_empty_file(self, folder: Folder) -> None:
        (folder.root / "empty").touch()
        assert folder.read("empty") == ""

    @pytest.mark.parametrize(
        "name", ["new\nline.txt", "tab\t.txt", "esc\x1b[31m.txt", "bidi\u202e.txt", "🎉.txt", "-rf", " "]
    )
    def test_odd_names_are_listed_clean_on_one_line(self, name: str, folder: Folder) -> None:
        (folder.root / "odd").mkdir()
        (folder.root / "odd" / name).write_text("odd")
        (entry,) = folder.list("odd")
        assert "\n" not in entry.path
        assert clean(entry.path) == entry.path
        assert folder.read(f"odd/{name}") == "odd"

    def test_a_name_that_is_no_utf8(self, folder: Folder) -> None:
        (folder.root / os.fsdecode(b"caf\xe9")).write_text("latin")
        assert "caf\ufffd" in [entry.path for entry in folder.list()]
        with pytest.raises(NotFound):
            folder.read("\ud800")

    def test_a_listing_has_an_end(self, folder: Folder) -> None:
        for number in range(MOST + 50):
            (folder.root / "docs" / f"{number:05}").touch()
        assert len(folder.list("docs")) == MOST


class TestWalls:
    """What is outside."""

    @pytest.mark.parametrize(
        "path",
        [
            "../secret.txt",
            "docs/../../secret.txt",
            "/../secret.txt",
            "../workspace2/near.txt",
            "....//secret.txt",
            "docs/../../workspace2",
            "..",
            "/etc/passwd",
            "//etc/passwd",
            "../../../../../../../../etc/passwd",
            "~/.ssh/id_rsa",
            "docs\\..\\..\\secret.txt",
            "%2e%2e/secret.txt",
        ],
    )
    def test_no_path_leads_out(self, path: str, folder: Folder) -> None:
        for look in (folder.read, folder.list):
            with pytest.raises((NotFound, UsageError)):
                look(path)

    def test_nor_does_a_whole_path_that_begins_inside(self, folder: Folder) -> None:
        for path in (
            f"{folder.root}/../secret.txt",
            f"{folder.root}2/near.txt",
            str(folder.root.parent / "secret.txt"),
        ):
            with pytest.raises((NotFound, UsageError)):
                folder.read(path)

    @pytest.mark.parametrize("target", ["../secret.txt", "/etc/passwd", "../workspace2", "..", "/"])
    def test_nor_does_a_link(self, target: str, folder: Folder) -> None:
        (folder.root / "docs" / "link").symlink_to(folder.root / target)
        for look in (folder.read, folder.list):
            with pytest.raises(UsageError, match="outside the workspace"):
                look("docs/link")
        with pytest.raises(ZotuiError):
            folder.read("docs/link/near.txt")
        assert "docs/link" in [entry.path for entry in folder.list("docs")]  # it is there, not followed

    def test_nor_does_one_that_is_put_there_meanwhile(self, folder: Folder) -> None:
        class Swapped(Folder):
            def _inside(self, path: str) -> Path:
                real = super()._inside(path)
                (self.root / "docs").rename(self.root / "other")
                (self.root / "docs").symlink_to(self.root.with_name("workspace2"))
                return real

        (folder.root / "docs" / "near.txt").write_text("mine")
        swapped = Swapped(folder.root)
        for read, path in ((swapped.read, "docs/near.txt"), (swapped.list, "docs"), (swapped.open, "docs/near.txt")):
            with pytest.raises(NotFound):
                read(path)
            (folder.root / "docs").unlink()
            (folder.root / "other").rename(folder.root / "docs")

    def test_a_link_within_is_followed(self, folder: Folder) -> None:
        (folder.root / "link").symlink_to("docs/deep file.txt")
        assert folder.read("link") == "deep"

    @pytest.mark.parametrize("path", ["gone", "docs/gone", "notes.md/x", "x" * 300, "x/" * 3000, "a\0b", "loop"])
    def test_what_leads_nowhere_is_said(self, path: str, folder: Folder) -> None:
        (folder.root / "loop").symlink_to("loop")
        for look in (folder.read, folder.list):
            with pytest.raises((NotFound, UsageError)) as caught:
                look(path)
            assert len(str(caught.value)) < 300

    def test_a_folder_is_listed_and_a_file_read(self, folder: Folder) -> None:
        with pytest.raises(UsageError, match="folder"):
            folder.read("docs")
        with pytest.raises(UsageError, match="is a file: read it instead"):
            folder.list("notes.md")

    def test_a_workspace_that_is_gone(self, tmp_path: Path) -> None:
        for look in (Folder(tmp_path / "gone").list, Folder(tmp_path / "gone").read):
            with pytest.raises(NotFound):
                look("x")


@pytest.mark.timeout(20)
class TestTraps:
    """What never ends, or is no file."""

    def test_a_pipe_is_not_waited_for(self, folder: Folder) -> None:
        os.mkfifo(folder.root / "pipe")
        with pytest.raises(UsageError, match="no regular file"):
            folder.read("pipe")
        assert "pipe" in [entry.path for entry in folder.list()]

    def test_a_link_to_endless_zeros(self, folder: Folder) -> None:
        (folder.root / "zeros").symlink_to("/dev/zero")
        with pytest.raises(UsageError, match="outside"):
            folder.read("zeros")

    def test_a_socket(self, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder.root)  # the path may be too long for a socket
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket")
            with pytest.raises((NotFound, UsageError)):
                folder.read("socket")

    def test_a_file_larger_than_anybody_reads(self, folder: Folder) -> None:
        with (folder.root / "huge").open("wb") as huge:
            huge.truncate(50 << 30)
        with pytest.raises(UsageError, match="at most 5,000,000 are read"):
            folder.read("huge")
        (folder.root / "fits").write_bytes(b"x" * LARGEST)
        assert len(folder.read("fits")) == LARGEST

    @pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no /proc here")
    def test_a_file_of_the_kernels_that_says_it_is_empty(self, tmp_path: Path) -> None:
        with pytest.raises(ZotuiError):
            Folder(Path("/proc/self")).read("mem")


class TestTools:
    """What the agent is told."""

    async def say(self, folder: Folder, name: str, **arguments: Any) -> Result:
        outcome = await Toolbox(tools(folder)).run(name, arguments, ToolContext("c", "t", "call", False), 5)
        assert isinstance(outcome, Result)
        return outcome

    async def test_a_listing(self, folder: Folder) -> None:
        assert await self.say(folder, "list_files") == Result("docs/\nnotes.md  17 B", "2 entries", tainted=False)
        (folder.root / "none").mkdir()
        assert (await self.say(folder, "list_files", path="none")).text == "The folder is empty."

    async def test_lines_of_a_file_and_where_the_rest_is(self, folder: Folder) -> None:
        (folder.root / "long").write_text("\n".join(f"line {number}" for number in range(1, 1001)))
        first = await self.say(folder, "read_file", path="long", lines=2)
        assert first == Result("line 1\nline 2\n[998 more lines; line=3 shows them]", "2 of 1000 lines", tainted=False)
        last = await self.say(folder, "read_file", path="long", line=999)
        assert last == Result("line 999\nline 1000", "2 of 1000 lines", tainted=False)
        assert (await self.say(folder, "read_file", path="long", line=2000)).text == "The file has 1000 lines."
        (folder.root / "empty").touch()
        assert (await self.say(folder, "read_file", path="empty")).text == "The file is empty."

    async def test_what_cannot_be_read_is_said_with_the_next_step(self, folder: Folder) -> None:
        with pytest.raises(ToolError, match="no 'gone' in the workspace: list_files shows what there is"):
            await self.say(folder, "read_file", path="gone")
        with pytest.raises(ToolError, match="outside the workspace"):
            await self.say(folder, "read_file", path="../secret.txt")

    @pytest.mark.parametrize("command", ["rg", "grep"])
    async def test_what_came_with_a_repository_taints(
        self, folder: Folder, command: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if command != "rg":
            monkeypatch.setattr("zotui.workspace.searching.shutil.which", lambda name: None)
        (folder.root / "theirs" / ".git").mkdir(parents=True)
        (folder.root / "theirs" / "README").write_text("heron")
        (folder.root / "mine").write_text("wren")
        (folder.root / "near").symlink_to("theirs/README")
        for path, tainted in (("mine", False), ("theirs/README", True), ("near", True)):
            assert (await self.say(folder, "read_file", path=path)).tainted is tainted, path
        for words, tainted in (("wren", False), ("heron", True), ("heron|wren", True), ("stork", False)):
            assert (await self.say(folder, "search_files", pattern=words)).tainted is tainted, words
