"""Foreign SQLite files: read, never written, and whatever is wrong with one is a line."""

import os
from pathlib import Path

import apsw
import pytest

from zotui.errors import StoreError
from zotui.store import foreign, looking


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with two tables and a view."""
    path = tmp_path / "data 100%?.db"
    db = apsw.Connection(str(path))
    db.execute('CREATE TABLE "odd ""name"(id INTEGER PRIMARY KEY, text TEXT, "a b" BLOB, n REAL)')
    with db:
        db.executemany(
            'INSERT INTO "odd ""name" VALUES (?, ?, ?, ?)',
            [(n, f"row {n}", b"x" * n, None if n % 2 else n / 4) for n in range(1, 1001)],
        )
    db.execute("CREATE TABLE empty(a)")
    db.execute('CREATE VIEW ones AS SELECT id FROM "odd ""name" WHERE id = 1')
    db.close()
    return path


def beside(path: Path) -> list[str]:
    """What lies in its folder."""
    return sorted(os.listdir(path.parent))


def test_tables_and_their_rows(path: Path) -> None:
    before = path.read_bytes()
    found = foreign.tables(path)
    assert [(table.name, table.kind) for table in found] == [
        ("empty", "table"),
        ('odd "name', "table"),
        ("ones", "view"),
    ]
    assert found[1].columns == (("id", "INTEGER"), ("text", "TEXT"), ("a b", "BLOB"), ("n", "REAL"))
    assert foreign.count(path, 'odd "name') == 1000
    assert foreign.rows(path, 'odd "name', 998, 5) == [
        ["999", "row 999", "blob, 999 bytes", "NULL"],
        ["1000", "row 1000", "blob, 1000 bytes", "250.0"],
    ]
    assert foreign.rows(path, "ones", 0, 5) == [["1"]]
    assert foreign.rows(path, "empty", 0, 5) == []
    assert path.read_bytes() == before
    assert beside(path) == [path.name]


def test_nothing_is_left_beside_a_file_in_wal_mode(path: Path) -> None:
    db = apsw.Connection(str(path))
    db.pragma("journal_mode", "wal")
    db.execute("INSERT INTO empty VALUES (1)")
    assert foreign.rows(path, "empty", 0, 5) == [["1"]]  # it is open, what is in the WAL counts
    db.close()
    assert beside(path) == [path.name]
    assert foreign.rows(path, "empty", 0, 5) == [["1"]]
    assert beside(path) == [path.name]


def test_a_view_that_never_ends_is_stopped(path: Path) -> None:
    db = apsw.Connection(str(path))
    db.execute("CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n")
    db.close()
    with pytest.raises(StoreError, match="longer than"):
        looking.count(path, "endless", patience_s=0.05)
    assert foreign.rows(path, "endless", 0, 2) == [["1"], ["2"]]


def test_what_takes_long_within_one_step_is_stopped_too(path: Path) -> None:
    db = apsw.Connection(str(path))
    long = "instr(hex(zeroblob(20000000)), hex(zeroblob(9000000)) || '1')"
    db.execute(f"CREATE VIEW slow AS SELECT {long} AS a")
    db.close()
    looker = foreign.Looker(0.3)
    try:
        with pytest.raises(StoreError, match=r"this takes longer than 0\.3 s"):
            looker.ask("rows", path, "slow", 0, 1)
        assert looker.ask("count", path, "ones") == 1
    finally:
        looker.end()


def test_names_and_texts_of_any_bytes_are_shown(path: Path) -> None:
    other = Path(os.fsdecode(os.fsencode(path) + b"\xff.db"))
    db = apsw.Connection(str(path))
    db.execute("CREATE VIEW torn AS SELECT CAST(x'61ff62' AS TEXT) AS a")
    db.close()
    os.link(path, other)
    wide = path.with_name("wide.db")
    db = apsw.Connection(str(wide))
    db.execute("PRAGMA encoding = 'UTF-16be'; CREATE TABLE a(b); INSERT INTO a VALUES ('œuf'), (1.5), (NULL), (x'00')")
    db.close()
    assert foreign.rows(wide, "a", 0, 5) == [["œuf"], ["1.5"], ["NULL"], ["blob, 1 bytes"]]
    assert foreign.count(other, "ones") == 1
    assert foreign.rows(other, "torn", 0, 1) == [["a\ufffdb"]]


def test_what_is_wrong_with_a_file_is_one_line(path: Path, tmp_path: Path) -> None:
    encrypted = tmp_path / "secret.db"
    encrypted.write_bytes(os.urandom(8192))
    with pytest.raises(StoreError, match="encrypted"):
        foreign.tables(encrypted)
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged|cannot be read"):
        foreign.tables(path)
    with pytest.raises(StoreError, match="no table 'gone'"):
        foreign.rows(empty_database(tmp_path), "gone", 0, 1)
    with pytest.raises(StoreError, match="cannot be read"):
        foreign.tables(tmp_path / "gone.db")


def empty_database(folder: Path) -> Path:
    """A database without tables."""
    path = folder / "empty.db"
    db = apsw.Connection(str(path))
    db.execute("CREATE TABLE t(a)")
    db.execute("DROP TABLE t")
    db.close()
    return path


def test_a_locked_file_says_so(path: Path) -> None:
    db = apsw.Connection(str(path))
    db.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="locked"):
        foreign.tables(path)
    db.close()
