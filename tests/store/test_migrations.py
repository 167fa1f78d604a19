"""Bringing a file up to date: from nothing, from ZoClone, through a kill in the middle; and files that are refused."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.processes import ROOT, Children, looking, one, opened, output, rows
from zotui.conversations import Chats
from zotui.errors import DamagedFile, NewerFile, StoreError
from zotui.home import Home
from zotui.memory import Memories
from zotui.store import VERSION, connection, migrations

# --- ZoClone ------------------------------------------------------------------------------------------

BINARY = bytes(range(256)) * 3
ZOCLONE = """
import base64, json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
refers = "REFERENCES conversations(id)" if sys.argv[2] == "refers" else ""
db.executescript(f'''
CREATE TABLE conversations (id TEXT PRIMARY KEY, title TEXT, updated_at TEXT);
CREATE TABLE messages (id TEXT PRIMARY KEY, conv_id TEXT {refers}, role TEXT, content TEXT, tools BLOB, created_at TEXT);
CREATE TABLE memory (id TEXT PRIMARY KEY, key TEXT UNIQUE, value TEXT, updated_at TEXT);
CREATE TABLE files (id TEXT PRIMARY KEY, path TEXT UNIQUE, content TEXT, encoding TEXT, updated_at TEXT);
CREATE INDEX by_conversation ON messages(conv_id);
''')
for c in range(20):
    title = None if c == 3 else f"chat {c}"
    db.execute("INSERT INTO conversations VALUES (?, ?, ?)", (f"conv{c}", title, f"2025-11-{c + 1:02}T10:00:00"))
    for m in range(25):
        role = ["user", "assistant", "tool"][m % 3]
        tools = json.dumps([{"name": "x", "args": {"ü": m}}], ensure_ascii=False) if role == "assistant" else None
        row = (f"m{c}-{m:02}", f"conv{c}", role, f"text {m} \\u2603", tools, f"2025-11-{c + 1:02}T10:00:{m:02}")
        db.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)", row)
if not refers:
    db.execute("INSERT INTO messages VALUES ('stray', 'nowhere', 'user', 'no conversation', NULL, 1762000000.5)")
for n in range(50):
    key = None if n == 7 else f"key {n}"
    db.execute("INSERT INTO memory VALUES (?, ?, ?, ?)", (f"k{n}", key, f"value {n}", 1762000000 + n))
files = [("plain", "notes.md", "# hello", "utf-8"), ("same", "copy.md", "# hello", None),
         ("binary", "a b\\n\\U0001f600.bin", base64.b64encode(bytes(range(256)) * 3).decode(), "base64"),
         ("broken", "broken.bin", "no base64 at all!", "base64"), ("empty", "empty", None, "utf-8")]
for id_, path, content, encoding in files:
    db.execute("INSERT INTO files VALUES (?, ?, ?, ?, '2025-11-01 10:00:00')", (id_, path, content, encoding))
db.commit()
"""


@pytest.fixture(params=["refers", "loose"])
def zoclone(home: Home, request: pytest.FixtureRequest) -> str:
    """A ZoClone file in the home's place, written as ZoClone did: with the standard module, in another process."""
    subprocess.run([sys.executable, "-c", ZOCLONE, home.database, request.param], check=True, timeout=60)
    return str(request.param)


def test_a_new_file(home: Home) -> None:
    opened(home).close()
    assert one(home, "PRAGMA user_version") == VERSION
    assert one(home, "PRAGMA journal_mode") == "wal"
    assert not list(home.backups.iterdir()), "there is nothing to keep of an empty file"
    expected = {
        "conversations": {"id", "title", "updated_at"},
        "messages": {"id", "conv_id", "role", "content", "tools", "created_at"},
        "memory": {"id", "key", "value", "updated_at"},
        "files": {"id", "path", "content", "encoding", "updated_at"},
    }
    for table, columns in expected.items():
        assert columns <= {row[1] for row in rows(home, f"PRAGMA table_info({table})")}


def test_zoclones_rows_are_all_there(home: Home, zoclone: str) -> None:
    opened(home).close()
    assert one(home, "PRAGMA user_version") == VERSION
    counts = {
        table: one(home, f"SELECT count(*) FROM {table}") for table in ("conversations", "messages", "memory", "files")
    }
    stray = zoclone == "loose"
    assert counts == {"conversations": 20 + stray, "messages": 500 + stray, "memory": 50, "files": 5}
    assert not rows(home, "SELECT name FROM sqlite_schema WHERE name LIKE 'zoclone%' OR name = 'by_conversation'")
    assert rows(home, "PRAGMA foreign_key_check") == []
    assert one(home, "PRAGMA integrity_check") == "ok"
    wanted = "id, role, content, tools, created_at"
    conversation = rows(home, f"SELECT {wanted} FROM messages WHERE conv_id = 'conv4' ORDER BY position")
    assert [row[0] for row in conversation] == [f"m4-{m:02}" for m in range(25)]
    assert {row[1] for row in conversation} == {"user", "assistant"}
    assert conversation[1][2:4] == ("text 1 ☃", json.dumps([{"name": "x", "args": {"ü": 1}}], ensure_ascii=False))
    assert conversation[1][4] == 1_762_336_801_000
    assert rows(home, "SELECT title, updated_at FROM conversations WHERE id = 'conv3'") == [("", 1_762_250_400_000)]
    assert rows(home, "SELECT value, updated_at FROM memory WHERE key = 'key 5'") == [("value 5", 1_762_000_005_000)]
    assert one(home, "SELECT value FROM memory WHERE key IS NULL") == "value 7"
    assert one(home, "SELECT sum(memories) FROM memory_spans") == 50
    contents = dict(rows(home, "SELECT f.path, b.content FROM files f JOIN blobs b ON b.hash = f.content"))
    assert contents == {
        "notes.md": b"# hello",
        "copy.md": b"# hello",
        "a b\n😀.bin": BINARY,
        "broken.bin": b"no base64 at all!",
        "empty": b"",
    }
    assert one(home, "SELECT count(*) FROM blobs") == 4, "the same content is kept once"


async def test_zoclones_texts_are_found(home: Home, zoclone: str) -> None:
    store = opened(home)
    try:
        assert [memory.content for memory in await Memories(store).recall("value 42", 1)] == ["value 42"]
        found = "SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'text'"
        assert await store.read(lambda db: db.execute(found).get) == 500
    finally:
        store.close()


def test_a_copy_is_made_and_checked_first(home: Home, zoclone: str) -> None:
    (home.backups / "before-v1-from-v0-old.partial").write_bytes(b"left by one that was killed")
    opened(home).close()
    [copy] = home.backups.iterdir()
    assert copy.name.startswith(f"before-v{VERSION}-from-v0-")
    assert copy.suffix == ".db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with looking(copy) as db:
        assert db.execute("PRAGMA integrity_check").get == "ok"
        assert db.execute("PRAGMA user_version").get == 0
        assert db.execute("SELECT count(*) FROM messages").get == (500 if zoclone == "refers" else 501)
    opened(home).close()
    assert list(home.backups.iterdir()) == [copy], "no copy without a migration"


# --- Steps, and kills in the middle --------------------------------------------------------------------

STEPS = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT)!r})
from tests.processes import opened
from zotui.errors import ZotuiError
from zotui.home import Home
from zotui.store import migrations

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def second(db):
    db.execute("CREATE TABLE second(a)")
    db.execute("INSERT INTO second SELECT key FROM desk")
    db.execute("UPDATE desk SET value = 'changed by the second step'")

def third(db):
    db.execute("DROP TABLE second")
    if where == "in the third step":
        die()

def broken(db):
    db.execute("CREATE TABLE second(a)")
    db.execute("CREATE TABLE second(a)")

where = sys.argv[2]
first = migrations.STEPS[0]
def first_and_die(db):
    first(db)
    die()
if where == "in the first step":
    migrations.STEPS[0] = first_and_die
if where == "in the copy":
    migrations.make_file = lambda path: (path.write_bytes(b"x"), die())
if len(sys.argv) > 3:
    migrations.STEPS += [broken] if where == "broken" else [second, third]
    migrations.VERSION = len(migrations.STEPS)
    migrations.WAIT_S = 0.2
try:
    opened(Home(sys.argv[1])).close()
except ZotuiError as error:
    print(error)
"""


def migrate(children: Children, home: Home, where: str, *later: str) -> "subprocess.Popen[str]":
    """Open the file in a process of its own; with ``later``, by a zotui that has two more steps."""
    return children.python(STEPS, str(home.path), where, *later)


@pytest.mark.parametrize("where", ["in the first step", "in the copy"])
def test_killed_while_taking_zoclone_over(home: Home, zoclone: str, children: Children, where: str) -> None:
    assert migrate(children, home, where).wait(60) == -signal.SIGKILL
    assert one(home, "PRAGMA integrity_check") == "ok"
    assert one(home, "PRAGMA user_version") == 0
    assert one(home, "SELECT count(*) FROM messages") == (500 if zoclone == "refers" else 501)
    opened(home).close()
    assert one(home, "PRAGMA user_version") == VERSION
    assert one(home, "SELECT count(*) FROM messages") == (500 if zoclone == "refers" else 501)
    assert not list(home.backups.glob("*.partial"))


@pytest.fixture
def filled(home: Home) -> Home:
    """A home whose file has something in it."""
    store = opened(home)
    store.write_now(lambda db: db.execute("INSERT INTO desk VALUES ('a', 'as it was')"))
    store.close()
    return home


SECOND = """
INSERT INTO conversations VALUES ('c1', 'a chat', 'lab/tiny', 1, 9), ('c2', '', '', 2, 3);
INSERT INTO turns(id, conv_id, input, lane, status, created_at, options) VALUES
  ('t1', 'c1', 'hello', 'c1', 'done', 1, '{"memory": false}'), ('t2', 'c1', 'again', 'c1', 'waiting', 2, '{}'),
  ('t3', 'c2', 'later', 'c2', 'queued', 3, '{}');
INSERT INTO messages(id, conv_id, turn_id, position, role, content, status, created_at, opaque, note) VALUES
  ('m1', 'c1', 't1', 1, 'user', 'the heron', 'done', 1, NULL, ''), ('m2', 'c1', 't1', 2, 'assistant', 'grey', 'done', 2, '{}', 'n'),
  ('m3', 'c1', 't2', 3, 'user', 'again', 'done', 3, NULL, ''), ('m4', 'c1', 't2', 4, 'assistant', '', 'running', 4, NULL, '');
INSERT INTO parts(message_id, kind, text) VALUES ('m4', 'text', 'half an ans');
INSERT INTO tool_calls(id, message_id, turn_id, position, call_id, name, arguments, created_at) VALUES
  ('k1', 'm2', 't1', 0, 'a', 'read_file', '{"path": "notes/a.md"}', 1), ('k2', 'm2', 't1', 1, 'b', 'read_file', '{"path": bro', 1),
  ('k3', 'm4', 't2', 0, 'c', 'ask_person', '["path"]', 2), ('k4', 'm4', 't2', 1, 'd', 'now', '', 2);
INSERT INTO approvals(id, kind, tool_call_id, turn_id, text, created_at) VALUES ('a1', 'question', 'k3', 't2', 'sure?', 1);
INSERT INTO usage(id, conv_id, turn_id, message_id, model, status, cost, created_at) VALUES
  ('u1', 'c1', 't1', 'm2', 'lab/tiny', 'done', 0.5, 1);
INSERT INTO requests(conv_id, model, parts, sent, created_at) VALUES ('c1', 'lab/tiny', '[]', x'00ff', 1);
INSERT INTO memory(id, key, value, created_at, updated_at) VALUES ('y1', 'city', 'Oslo', 1, 1);
INSERT INTO memory_history(memory_id, key, value, created_at) VALUES ('y1', 'city', 'Bergen', 1);
INSERT INTO blobs VALUES ('h1', x'89504e47'), ('h2', x'00');
INSERT INTO files(id, path, content, size, created_at, updated_at) VALUES ('f1', 'a.bin', 'h2', 1, 1, 1);
INSERT INTO attachments(id, turn_id, position, name, media_type, size, content) VALUES ('p1', 't1', 0, 'a.png', 'image/png', 4, 'h1');
INSERT INTO desk VALUES ('conversation', '"c1"');
INSERT INTO providers VALUES ('lab', 5, 6);
INSERT INTO breakers VALUES ('lab/tiny', 1, 2, 'no');
INSERT INTO models VALUES ('lab', 'tiny', 0, '{}', 1);
INSERT OR REPLACE INTO changes VALUES ('messages', 7);
"""


async def test_a_file_of_the_second_version_keeps_every_row(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(migrations, "STEPS", migrations.STEPS[:2])
        older.setattr(migrations, "VERSION", 2)
        opened(home).close()
    with looking(home.database) as db:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute(SECOND)
    tables = [
        name
        for (name,) in rows(
            home,
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE '%schema'",
        )
        if "_fts" not in name
    ]
    columns = {name: ", ".join(f'"{row[1]}"' for row in rows(home, f"PRAGMA table_info({name})")) for name in tables}
    before = {name: rows(home, f"SELECT rowid, {columns[name]} FROM {name} ORDER BY rowid") for name in tables}
    assert all(before.values()), {name for name, found in before.items() if not found}
    opened(home).close()
    assert one(home, "PRAGMA user_version") == VERSION
    assert {name: rows(home, f"SELECT rowid, {columns[name]} FROM {name} ORDER BY rowid") for name in tables} == before
    assert rows(
        home, "SELECT DISTINCT kind, parent_id, comparison_id, pinned_at, archived_at, deleted_at FROM conversations"
    ) == [("chat", None, None, None, None, None)]
    assert rows(home, "SELECT DISTINCT copy_of FROM messages") == [(None,)]
    assert rows(home, "SELECT text, path FROM attachments") == [(None, "")]
    assert one(home, "PRAGMA integrity_check") == "ok"
    assert rows(home, "PRAGMA foreign_key_check") == []
    [copy] = home.backups.iterdir()
    assert copy.name.startswith(f"before-v{VERSION}-from-v2-")
    store = opened(home)
    try:
        chats = Chats(store)
        assert [(chat.id, chat.messages) for chat in await chats.list()] == [("c1", 4), ("c2", 0)]
        assert [hit[1].id for hit in await chats.search("heron")] == ["m1"]
        assert [touch.message_id for touch in await chats.touching("notes/a.md")] == ["m2"]
        (image,) = (await chats.messages("c1"))[0].attachments
        assert image.is_image
        branch = await chats.fork("c1", "m2")
        assert [call.arguments for call in (await chats.messages(branch))[1].tool_calls] == [
            '{"path": "notes/a.md"}',
            '{"path": bro',
        ]
    finally:
        store.close()


SIXTH = """
INSERT INTO conversations(id, created_at, updated_at, tainted_at) VALUES ('c1', 1, 1, 1);
INSERT INTO turns(id, conv_id, lane, input, status, created_at) VALUES ('t1', 'c1', 'c1', 'x', 'done', 5);
INSERT INTO memory(id, key, value, meta, created_at, updated_at) VALUES
  ('y1', 'city', 'Oslo', '{"ts": "2023-05-07", "speaker": "Anna", "session": "s", "turn": 1}', 1, 30),
  ('y2', NULL, 'the running herons 東京', '{"conversation": "c1"}', 2, 10), ('y3', NULL, 'of old', '{}', 3, 20);
INSERT INTO memory_history(memory_id, key, value, created_at) VALUES ('y1', 'city', 'Bergen', 1), ('y1', 'city', 'Oslo', 2);
"""


async def test_memories_of_the_sixth_version_are_kept_and_found(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(migrations, "STEPS", migrations.STEPS[:6])
        older.setattr(migrations, "VERSION", 6)
        opened(home).close()
    with looking(home.database) as db:
        db.execute(SIXTH)
    columns = "id, key, value, meta, created_at, updated_at, tainted"
    before = rows(home, f"SELECT {columns} FROM memory ORDER BY id")
    with looking(home.database) as db:
        db.execute("UPDATE memory SET meta = 'no json' WHERE id = 'y3'")
    assert [row[-1] for row in before] == [0, 1, 0]
    store = opened(home)
    try:
        assert rows(home, f"SELECT {columns} FROM memory WHERE id <> 'y3' ORDER BY id") == before[:2]
        memory = Memories(store)
        assert (await memory.find("y3")).meta == {"meta": "no json"}
        assert [one.id for one in await memory.list()] == ["y1", "y3", "y2"], "what was changed last comes first"
        for query, found in (("heron", "y2"), ("東京", "y2"), ("7 may", "y1"), ("anna oslo", "y1")):
            assert [one.id for one in await memory.recall(query)] == [found], query
        assert await memory.revert("city") == "Bergen"
        assert await memory.memorize("new", {"conversation": "c1"})
        assert (await memory.list(limit=1))[0].tainted
        await memory.edit("y2", "seen in a tainted chat")
        assert (await memory.find("y2")).tainted
        with pytest.raises(apsw.ConstraintError):
            store.write_now(lambda db: db.execute("UPDATE memory SET key = 'city' WHERE id = 'y3'"))
        for statement in (
            "UPDATE conversations SET tainted_at = NULL WHERE id = 'c1'",
            "INSERT INTO blobs VALUES ('h', x'00')",
            "INSERT INTO attachments(id, turn_id, position, name, media_type, size, content, path)"
            " VALUES ('p', 't1', 0, 'm', 'text/plain', 1, 'h', 'memory:y2')",
        ):
            store.write_now(lambda db, statement=statement: db.execute(statement))  # type: ignore[misc]
    finally:
        store.close()
    assert rows(home, "SELECT tainted_by FROM conversations WHERE id = 'c1'") == [("memory:y2",)]
    assert one(home, "PRAGMA integrity_check") == "ok"
    assert rows(home, "PRAGMA foreign_key_check") == []


def test_later_steps_one_transaction_each(filled: Home, children: Children) -> None:
    assert migrate(children, filled, "in the third step", "later").wait(60) == -signal.SIGKILL
    assert one(filled, "PRAGMA integrity_check") == "ok"
    assert one(filled, "PRAGMA user_version") == VERSION + 1
    assert rows(filled, "SELECT a FROM second") == [("a",)]
    assert one(filled, "SELECT value FROM desk") == "changed by the second step"
    [copy] = filled.backups.glob("before-v*.db")
    with looking(copy) as db:
        assert db.execute("SELECT value FROM desk").get == "as it was"
    with pytest.raises(NewerFile):
        opened(filled)
    assert output(migrate(children, filled, "", "later")) == ""
    assert one(filled, "PRAGMA user_version") == VERSION + 2
    assert not rows(filled, "SELECT 1 FROM sqlite_schema WHERE name = 'second'")


def test_a_step_that_fails_leaves_all_as_it_was(filled: Home, children: Children) -> None:
    said = output(migrate(children, filled, "broken", "later"))
    assert said.startswith(f"{filled.database} cannot be upgraded from schema {VERSION}")
    assert "It was left as it was" in said
    assert one(filled, "PRAGMA user_version") == VERSION
    assert not rows(filled, "SELECT 1 FROM sqlite_schema WHERE name = 'second'")
    opened(filled).close()


def test_a_file_in_use_is_not_upgraded(filled: Home, children: Children) -> None:
    store = opened(filled)
    said = output(migrate(children, filled, "", "later"))
    assert (
        said
        == f"{filled.database} must be upgraded, but another zotui has it open: close it (zotui stop) and try again\n"
    )
    store.close()
    assert output(migrate(children, filled, "", "later")) == ""
    assert one(filled, "PRAGMA user_version") == VERSION + 2


def test_a_restored_copy_is_put_into_wal_mode_again(filled: Home) -> None:
    with looking(filled.database) as db:
        db.execute("VACUUM INTO ?", (str(filled.backups / "copy.db"),))
    (filled.backups / "copy.db").replace(filled.database)
    assert one(filled, "PRAGMA journal_mode") == "delete"
    first, second = opened(filled), opened(filled)
    second.close()
    first.close()
    assert one(filled, "PRAGMA journal_mode") == "wal"
    assert one(filled, "SELECT value FROM desk") == "as it was"


# --- Files that are refused -----------------------------------------------------------------------------


def refused(home: Home, error: type[StoreError]) -> str:
    """The line of the error; the file is as it was before."""
    before = home.database.read_bytes()
    with pytest.raises(error) as caught:
        opened(home)
    assert type(caught.value) is error
    assert home.database.read_bytes() == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_newer_file(filled: Home) -> None:
    with looking(filled.database) as db:
        db.execute("PRAGMA user_version = 99")
    assert refused(filled, NewerFile) == (
        f"{filled.database} was written by a newer zotui (schema 99, this one knows {VERSION}):"
        " upgrade zotui, or choose another --home"
    )


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 3]


def zeroed(content: bytes) -> bytes:
    return bytes(len(content))


def zeroed_first_page(content: bytes) -> bytes:
    return content[:100] + bytes(4096 - 100) + content[4096:]


def no_database(_: bytes) -> bytes:
    return b"These are my notes, and no database at all.\n" * 100


def tiny(_: bytes) -> bytes:
    return b"SQLite"


@pytest.mark.parametrize("damage", [cut_short, zeroed, zeroed_first_page, no_database, tiny])
def test_a_damaged_file(filled: Home, damage: Any) -> None:
    filled.database.write_bytes(damage(filled.database.read_bytes()))
    said = refused(filled, DamagedFile)
    assert said.startswith(f"{filled.database} is damaged or no database (")
    assert f"put a copy from {filled.backups} in its place" in said


def test_damage_found_later_is_said_too(filled: Home) -> None:
    store = opened(filled)
    root = store.read_now(lambda db: db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'memory'").get)
    store.close()
    with filled.database.open("r+b") as file:
        file.seek(4096 * (root - 1))
        file.write(b"\xff" * 4096)
    store = opened(filled)
    try:
        with pytest.raises(DamagedFile):
            store.read_now(lambda db: db.execute("SELECT * FROM memory").fetchall())
        with pytest.raises(DamagedFile):
            store.write_now(lambda db: db.execute("DELETE FROM memory"))
        store.write_now(lambda db: db.execute("UPDATE desk SET value = 'still'"))
    finally:
        store.close()


def test_another_programs_database(home: Home) -> None:
    with apsw.Connection(str(home.database)) as db:
        db.execute("CREATE TABLE turns(a); CREATE VIEW messages AS SELECT 1")
    home.database.chmod(0o600)
    with pytest.raises(StoreError, match=r"cannot be upgraded from schema 0 .* It was left as it was"):
        opened(home)
    assert sorted(rows(home, "SELECT name FROM sqlite_schema")) == [("messages",), ("turns",)]


def test_a_folder_in_the_files_place(home: Home) -> None:
    home.database.mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        opened(home)


HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.executescript(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


def hold(children: Children, home: Home, sql: str) -> "subprocess.Popen[str]":
    """Another program keeps the file."""
    child = children.python(HOLD, str(home.database), sql, stdin=subprocess.PIPE)
    assert child.stdout
    assert child.stdout.readline() == "held\n"
    return child


def test_a_file_that_another_program_keeps_to_itself(
    filled: Home, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_MS", 100)
    other = hold(children, filled, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE desk SET value = 'b'")
    with pytest.raises(StoreError) as caught:
        opened(filled)
    assert str(caught.value) == f"{filled.database} is held by another program: close that program and try again"
    output(other)
    opened(filled).close()


def test_a_file_that_another_program_writes_to_for_long(
    filled: Home, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_MS", 100)
    store = opened(filled)
    try:
        other = hold(children, filled, "BEGIN IMMEDIATE")
        assert store.read_now(lambda db: db.execute("SELECT value FROM desk").get) == "as it was"
        with pytest.raises(StoreError, match="is held by another program"):
            store.write_now(lambda db: db.execute("UPDATE desk SET value = 'b'"))
        output(other)
        store.write_now(lambda db: db.execute("UPDATE desk SET value = 'c'"))
    finally:
        store.close()
    assert one(filled, "SELECT value FROM desk") == "c"


READ_ONLY = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tests.processes import opened
from zotui.errors import StoreError
from zotui.home import Home
spare, home = Home(sys.argv[1]), Home(sys.argv[2])
opened(spare.prepare()).close()  # all that is imported is imported
if os.geteuid() == 0:
    for path in [home.path, *home.path.rglob("*")]:
        os.chown(path, 65534, 65534)
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    opened(home)
except StoreError as error:
    print(error)
"""


def test_a_file_that_may_not_be_written(filled: Home, children: Children, tmp_path: Path) -> None:
    place = Path(shutil.copytree(filled.path, Path("/tmp") / f"zotui-read-only-{os.getpid()}"))
    try:
        (place / "zotui.db").chmod(0o400)
        said = output(children.python(READ_ONLY, str(tmp_path / "spare"), str(place)))
    finally:
        shutil.rmtree(place)
    assert said == f"{place}/zotui.db cannot be written to: check its owner and mode (0600), or choose --home\n"


def test_an_error_of_opening_lets_go_of_everything(filled: Home) -> None:
    with looking(filled.database) as db:
        db.execute("PRAGMA user_version = 99")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(NewerFile):
            opened(filled)
    assert len(os.listdir("/proc/self/fd")) <= before + 1
    with looking(filled.database) as db:
        db.execute(f"PRAGMA user_version = {VERSION}")
    opened(filled).close()
