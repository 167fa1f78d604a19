"""Memories in SQLite files of others."""

from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest
import pytest_asyncio

from tests.memory.test_exchange import put
from zotui import Computer
from zotui.errors import StoreError, UsageError
from zotui.home import Home
from zotui.memory.databases import rows_in
from zotui.memory.taking import Taken, take

ZOCLONE = "CREATE TABLE memory (id TEXT PRIMARY KEY, key TEXT UNIQUE, value TEXT, updated_at TEXT)"


@pytest_asyncio.fixture
async def computer(home: Home) -> AsyncIterator[Computer]:
    async with Computer.open(home, workers="none") as computer:
        yield computer


def made(path: Path, *statements: str) -> Path:
    db = apsw.Connection(str(path))
    for statement in statements:
        db.execute(statement)
    db.close()
    return path


async def taken(computer: Computer, path: Path, table: str = "") -> Taken:
    whole = Taken()
    async for one in take(computer.store, rows_in(path, path.name, table)):
        whole = whole.plus(one)
    return whole


async def test_zoclones_table(computer: Computer, tmp_path: Path) -> None:
    rows = ", ".join(f"('k{n}', 'key {n}', 'value {n}', {1762000000 + n})" for n in range(1, 1201))
    path = made(
        tmp_path / "zoclone.db", ZOCLONE, f"INSERT INTO memory VALUES {rows}",
        "INSERT INTO memory VALUES ('n', NULL, 'no key', '2025-11-01 10:00:00'), ('t', 'odd', 'time', 'soon'),"
        " ('e', 'empty', '', 1), ('b', 'blob', x'c3a4ff', 2), ('i', 'number', 42, NULL), ('z', 'two' || char(10) || 'lines', 'x', 1)",
    )  # fmt: skip
    before = path.read_bytes()
    found = await taken(computer, path)
    assert (found.taken, found.known, found.problems) == (
        1204, 0, ["line 1203: a memory cannot be empty", "line 1206: a key is one line of 1 to 200 characters"],
    )  # fmt: skip
    one = await computer.memory.find("k7")
    assert (one.key, one.content, one.updated_at, one.meta) == (
        "key 7",
        "value 7",
        1762000007000,
        {"source": "zoclone.db"},
    )
    assert (await computer.memory.find("n")).updated_at == 1761991200000
    assert [await computer.memory.get(key) for key in ("odd", "blob", "number")] == ["time", "ä\ufffd", "42"]
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith("zoclone")] == ["zoclone.db"]
    await computer.memory.set("key 7", "mine now")
    again = await taken(computer, path)
    assert (again.taken, again.known, await computer.memory.get("key 7")) == (0, 1204, "mine now")


async def test_a_home_of_ours(computer: Computer, tmp_path: Path) -> None:
    async with Computer.open(Home(str(tmp_path / "other")), workers="none") as other:
        await put(
            other,
            '{"id": "a", "content": "one", "meta": {"source": "me", "n": 1}, "updated_at": 1762000000, "pinned_at": 1762000009}',
        )
        await other.store.write(lambda db: db.execute("UPDATE memory SET tainted = 1"))
    assert (await taken(computer, tmp_path / "other" / "zotui.db")).taken == 1
    one = await computer.memory.find("a")
    assert (one.content, one.meta, one.pinned_at, one.tainted) == ("one", {"source": "me", "n": 1}, 1762000009000, True)


TABLES = {
    "without rowid": ("", "CREATE TABLE memories(uuid TEXT PRIMARY KEY, text TEXT, tags TEXT) WITHOUT ROWID",
                      "INSERT INTO memories VALUES ('a', 'one', '[\"x\"]'), ('b', 'two', 'y, z')"),
    "a view": ("", "CREATE TABLE t(i, c)", "INSERT INTO t VALUES ('a', 'one'), ('b', 'two')",
               "CREATE VIEW memories AS SELECT i AS id, c AS content FROM t"),
    "named": ("Facts", "CREATE TABLE memory(a)", "CREATE TABLE Facts(Content TEXT, Metadata TEXT)",
              "INSERT INTO Facts(rowid, Content, Metadata) VALUES (-5, 'one', '{\"n\": 1}'), (9, 'two', 'no json')"),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
async def test_tables_like_it(computer: Computer, tmp_path: Path, name: str) -> None:
    table, *statements = TABLES[name]
    path = made(tmp_path / "data.db", *statements)
    assert (await taken(computer, path, table)).taken == 2
    found = {one.content: one for one in await computer.memory.list()}
    assert sorted(found) == ["one", "two"]
    if name == "without rowid":
        assert (found["one"].id, found["one"].tags, found["two"].tags) == ("a", ("x",), ("y", "z"))
    if name == "named":
        assert (found["one"].meta["n"], found["two"].meta["meta"]) == (1, "no json")
    assert (await taken(computer, path, table)).known == 2


async def test_what_holds_no_memories(tmp_path: Path) -> None:
    path = made(tmp_path / "data.db", "CREATE TABLE people(id, name)", "CREATE TABLE memory(id, n)")
    with pytest.raises(UsageError, match="no table of memories; its tables: memory, people"):
        list(rows_in(path, "x"))
    with pytest.raises(UsageError, match="no table 'people' with a column"):
        list(rows_in(path, "x", "people"))
    path.write_bytes(path.read_bytes()[:5000] + b"\xff" * 5000)
    with pytest.raises((StoreError, UsageError)):
        list(rows_in(path, "x", "memory"))
