"""``zotui files`` and ``zotui bin``."""

import hashlib
from pathlib import Path

from tests.cli.conftest import Command
from tests.cli.inside import Inside
from tests.openai_server import OpenAIServer, calls, says
from zotui.home import Home

ANY = bytes(range(256)) * 5


def test_any_bytes_go_in_and_come_out(run: Command, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(ANY)
    kept = run("files", "put", str(tmp_path / "a.bin"), "--json").json
    assert (kept["path"], kept["size"], kept["sha256"]) == ("a.bin", len(ANY), hashlib.sha256(ANY).hexdigest())
    assert run("files", "put", "-", "b", given=ANY[:10]).code == 0
    assert run("files", "get", "a.bin").raw == ANY
    out = tmp_path / "out"
    assert run("files", "get", "b", str(out)).code == 0
    assert out.read_bytes() == ANY[:10]
    assert "is there already" in run("files", "get", "a.bin", str(out)).complaint
    assert run("files", "get", "a.bin", str(out), "--force").code == 0
    assert [one["path"] for one in run("files", "list", "--json").json] == ["a.bin", "b"]
    assert run("files", "rm", "b").code == 0
    assert "no stored file" in run("files", "get", "b").complaint
    assert run("files", "list").out.startswith("a.bin")


def test_what_is_no_file_is_said(run: Command, tmp_path: Path) -> None:
    assert "it is a folder" in run("files", "put", str(tmp_path)).complaint
    assert "cannot be read" in run("files", "put", str(tmp_path / "none")).complaint
    assert "needs a name" in run("files", "put", "-", given=b"x").complaint


def test_what_the_agent_deleted_comes_back(run: Command, home: Home, lab: OpenAIServer) -> None:
    (home.workspace / "a").write_text("one")
    lab.script(calls(("delete_file", {"path": "a"})), says("deleted"))
    assert run("ask", "delete a").code == 0
    assert not (home.workspace / "a").exists()
    one = run("bin", "list", "--json").json[0]
    assert one["path"] == "a"
    assert run("bin", "restore", one["id"]).out == "it is back: a\n"
    assert (home.workspace / "a").read_text() == "one"
    assert run("bin", "list").out == "the bin is empty\n"
    lab.script(calls(("delete_file", {"path": "a"})), says("deleted"))
    run("ask", "delete a")
    assert run("undo").code == 0
    assert (home.workspace / "a").read_text() == "one"
    assert run("bin", "empty").out == "deleted for ever: 1\n"


def test_files_of_the_workspace_are_shown_moved_and_put_into_the_bin(inside: Inside, home: Home) -> None:
    (home.workspace / "docs").mkdir()
    (home.workspace / "docs" / "a.csv").write_text("id;name\n1;Ada\n")
    (home.workspace / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    assert [line.split()[-1] for line in inside("files", "show").out.splitlines()] == ["docs/", "b.png"]
    assert [one["path"] for one in inside("files", "show", "docs", "--json").json] == ["docs/a.csv"]
    assert "1 | Ada" in inside("files", "show", "docs/a.csv").out
    assert "is a picture" in inside("files", "show", "b.png").complaint
    for path, words in (("none", "no 'none'"), ("../zotui.db", "outside the workspace"), ("docs/a.csv/x", "no 'docs")):
        assert words in inside("files", "show", path).complaint
    assert inside("files", "move", "docs/a.csv", "new/c.csv").code == 0
    assert "is there already" in inside("files", "move", "b.png", "new/c.csv").complaint
    one = inside("files", "bin", "new/c.csv").out.strip()
    assert inside("bin", "restore", one).out == "it is back: new/c.csv\n"
    assert inside("files", "chats", "new/c.csv").out == "no conversation had to do with it\n"
