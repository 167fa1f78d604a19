"""``zotui undo``, ``redo``, ``timeline`` and ``audit``."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.openai_server import OpenAIServer, calls, says
from zotui.home import Home


@pytest.fixture
def wrote(run: Command, home: Home, lab: OpenAIServer) -> Path:
    """A file that two turns wrote."""
    for text in ("one\n", "two\n"):
        lab.script(calls(("write_file", {"path": "notes.md", "content": text})), says("written"))
        assert run("ask", "go").code == 0
    return home.workspace / "notes.md"


def test_back_and_forth(run: Command, wrote: Path) -> None:
    done = run("undo", "--json")
    assert done.code == 0
    assert done.json["paths"] == ["notes.md"]
    assert wrote.read_text() == "one\n"
    assert run("undo").out == "undone: notes.md\n"
    assert not wrote.exists()
    assert "no turn that could be undone" in run("undo").complaint
    assert run("redo").out == "done again: notes.md\n"
    assert wrote.read_text() == "one\n"
    wrote.write_text("mine\n")
    refused = run("undo")
    assert refused.code == 2
    assert "--force" in refused.complaint
    assert run("undo", "--force").code == 0
    assert not wrote.exists()


def test_a_timeline(run: Command, wrote: Path) -> None:
    line = run("timeline", "notes.md", "--json").json
    assert [one["before"] is None for one in line] == [False, True]
    last = str(line[0]["n"])
    assert "-one\n+two\n" in run("timeline", "notes.md", "--diff", last).out
    assert run("timeline", "notes.md", "--restore", last).code == 0
    assert wrote.read_text() == "one\n"
    assert "has no change 999" in run("timeline", "notes.md", "--diff", "999").complaint
    assert "no turn has changed" in run("timeline", "none").out


def test_the_log_and_a_row_that_was_changed(run: Command, wrote: Path, home: Home) -> None:
    run("undo")
    rows = run("audit", "--json").json
    assert [row["kind"] for row in rows] == ["undo", *["call"] * 4]
    assert "write_file" in run("audit", "-n", "2").out
    held = run("audit", "verify")
    assert held.code == 0
    assert held.out.startswith("5 rows hold")
    change = "DROP TRIGGER audit_stays; UPDATE audit SET subject = 'nothing' WHERE seq = 2"
    script = f"import sqlite3; sqlite3.connect({str(home.database)!r}).executescript({change!r})"
    subprocess.run(["python3", "-c", script], check=True)
    found = run("audit", "verify", "--json")
    assert found.code == 1
    assert found.json["broken_at"] == 2
    assert run("audit", "verify").out.startswith("row 2 was changed")
