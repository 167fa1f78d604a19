"""``zotui memory export|import``."""

import os
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from tests.cli.inside import Inside
from zotui.cli import memory_exchange


def test_out_and_in_again(inside: Inside, tmp_path: Path) -> None:
    inside("memory", "set", "city", "Berlin")
    exported = inside("memory", "export").out
    assert '"content":"Berlin"' in exported
    file = tmp_path / "all.jsonl"
    file.write_text(exported + "nonsense\n")
    done = inside("memory", "import", str(file))
    assert (done.code, done.err.splitlines()) == (
        1, ["zotui: line 2: no JSON: JSON is malformed: invalid character (byte 4)", "0 taken, 1 were there already"],
    )  # fmt: skip
    found = inside("memory", "import", "-", "--json", given='{"content": "ä"}\n'.encode())
    assert (found.code, found.json) == (0, {"taken": 1, "known": 0, "wrong": 0, "problems": []})


def test_a_folder_of_markdown(inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / "MEMORY.md").write_text("# Facts\n- the box is lab-3\n")
    (tmp_path / "memory" / "2026-03-04.md").write_text("went to Oslo\n")
    (tmp_path / "notes.txt").write_text("not this")
    assert inside("memory", "import", str(tmp_path)).err == "2 taken\n"
    found = inside("memory", "list", "--json").json
    assert sorted(one["meta"]["source"] for one in found) == ["2026-03-04.md", "MEMORY.md"]


@pytest.mark.parametrize(
    ("name", "words"), [("none", "No such file"), ("pipe", "is no file"), ("empty", "no Markdown")]
)
def test_what_cannot_be_read(inside: Inside, tmp_path: Path, name: str, words: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    done = inside("memory", "import", str(tmp_path / name))
    assert (done.code, words in done.complaint) == (2, True)


def database(path: Path, *statements: str) -> Path:
    """An SQLite file of somebody else."""
    program = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); [db.execute(one) for one in sys.argv[2:]]; db.commit()"
    )
    subprocess.run([sys.executable, "-c", program, path, *statements], check=True)
    return path


def test_zoclones_file_and_others_like_it(inside: Inside, tmp_path: Path) -> None:
    file = database(
        tmp_path / "zo.db",
        "CREATE TABLE memory(id TEXT PRIMARY KEY, key TEXT, value TEXT, updated_at TEXT)",
        "INSERT INTO memory VALUES ('1', 'city', 'Berlin', '2024-05-01T10:00:00'), ('2', NULL, printf('%.*c', 5000, 'x'), '1700000000')",
        "INSERT INTO memory VALUES ('3', NULL, '', NULL), ('4', NULL, 'the box is lab-3', 'soon')",
    )
    was = file.read_bytes()
    done = inside("memory", "import", str(file), "--json")
    assert (done.code, done.json["taken"], done.json["problems"]) == (1, 3, ["line 3: a memory cannot be empty"])
    assert inside("memory", "import", str(file), "--json").json["known"] == 3
    found = {one["id"]: one for one in inside("memory", "list", "--json").json}
    assert (found["1"]["key"], found["1"]["content"]) == ("city", "Berlin")
    assert found["1"]["created_at"] == found["1"]["updated_at"] == "2024-05-01T10:00:00.000Z"
    assert len(found["2"]["content"]) == 5_000
    assert found["2"]["updated_at"].startswith("2023-11-14")
    assert found["4"]["meta"] == {"source": "zo.db"}
    assert file.read_bytes() == was
    other = database(
        tmp_path / "other.db",
        "CREATE TABLE memories(content TEXT, meta TEXT)",
        """INSERT INTO memories VALUES ('herons are grey', '{"speaker": "Ada"}')""",
    )
    assert inside("memory", "import", str(other)).code == 0
    assert inside("memory", "list", "--json", "--search", "herons").json[0]["meta"]["speaker"] == "Ada"
    empty = database(tmp_path / "empty.db", "CREATE TABLE birds(name TEXT)")
    assert "has no table of memories" in inside("memory", "import", str(empty)).complaint
    (tmp_path / "broken.db").write_bytes(was[:50] + bytes(5_000))
    assert inside("memory", "import", str(tmp_path / "broken.db")).code == 1


def test_an_sqlite_file(inside: Inside, tmp_path: Path) -> None:
    db = apsw.Connection(str(tmp_path / "old"))
    db.execute("CREATE TABLE memory(id TEXT PRIMARY KEY, key TEXT UNIQUE, value TEXT, updated_at TEXT)")
    db.execute("INSERT INTO memory VALUES ('a', 'city', 'Oslo', '2025-01-02')")
    db.close()
    assert inside("memory", "import", str(tmp_path / "old")).err == "1 taken\n"
    assert inside("memory", "import", str(tmp_path / "old")).err == "0 taken, 1 were there already\n"
    assert inside("memory", "get", "city").out == "Oslo\n"
    done = inside("memory", "import", str(tmp_path / "old"), "--table", "none")
    assert (done.code, "its tables: memory" in done.complaint) == (2, True)


def test_how_far_it_is_where_somebody_looks(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.memory.taking.BATCH", 2)
    (tmp_path / "a.jsonl").write_text('{"content": "1"}\n{"content": "2"}\nbad\n{"content": "3"}\n')
    monkeypatch.setattr(memory_exchange, "_looks", lambda: True)
    shown = inside("memory", "import", str(tmp_path / "a.jsonl")).err
    assert "\r\x1b[K2 read, " in shown
    assert shown.endswith("\r\x1b[Kzotui: line 3: no JSON: JSON is malformed: invalid character (byte 0)\n3 taken\n")
