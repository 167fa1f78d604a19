"""Conversations out into files and in again: byte for byte, whatever is in them."""

import asyncio
import stat
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conversations.conftest import put_messages
from tests.conversations.test_branches import PNG, talked
from tests.processes import opened, rows
from zotui.conversations import Chats
from zotui.conversations.exchange import CallRecord, ChatRecord, FileRecord, MessageRecord, Record, TurnRecord
from zotui.conversations.files import Exchange, Form
from zotui.conversations.incoming import checked, put
from zotui.errors import NotFound, UsageError
from zotui.home import Home
from zotui.store import Store
from zotui.text import clean

HARD = (
    "---\nzotui: 1\n---", "<!-- zotui:message {} -->", "```\ncode\n```\n````", "# you\n\n## zo", "-->", "--", "---->",
    "a\r\nb", "", "\n\n", "</details>", "\\", "\\u002d", '{"zotui": 1}', "trailing  ", "\u2028", "𝒳 ∅ 日本",
)  # fmt: skip
TEXTS = st.one_of(st.sampled_from(HARD), st.text(max_size=60)).map(clean)
TIMES = st.integers(0, 253_402_300_799_999)
FORMS: tuple[Form, ...] = ("md", "jsonl")


@st.composite
def conversations(draw: st.DrawFn) -> list[Record]:
    """The records of a conversation of any content."""
    found: list[Record] = [ChatRecord(1, draw(st.sampled_from(["a title", "", "# --> x"])), draw(TIMES), draw(TIMES))]
    for number in range(1, draw(st.integers(0, 3)) + 1):
        said = draw(TEXTS)
        turn = TurnRecord(
            "done", draw(TIMES), input=draw(st.sampled_from([None, "other words"])), error=draw(st.none() | TEXTS)
        )
        picture = [FileRecord("a--b.png", "image/png", PNG)]
        files = draw(st.sampled_from([[], picture, [FileRecord("n.bin", "x/y", bytes(range(256)), "text -->")]]))
        found.append(MessageRecord("user", said, draw(TIMES), number, turn, files=files))
        calls = [
            CallRecord(
                draw(TEXTS),
                "read_file",
                draw(TEXTS),
                "failed",
                draw(TIMES),
                result=draw(st.none() | TEXTS),
                summary=draw(TEXTS),
            )
            for _ in range(draw(st.integers(0, 2)))
        ]
        status = draw(st.sampled_from(["done", "interrupted"]))
        found.append(
            MessageRecord(
                "assistant", draw(TEXTS), draw(TIMES), number, None, "lab/tiny", status, draw(st.none() | TEXTS),  # type: ignore[arg-type]
                draw(st.none() | TIMES), draw(TEXTS), calls=calls,
            )
        )  # fmt: skip
    return found


@given(records=conversations())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_whatever_is_in_it_comes_back_byte_for_byte(
    records: list[Record], tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = Home(tmp_path_factory.mktemp("exchange") / "home").prepare()
    store = opened(home)

    async def go() -> None:
        exchange = Exchange(store)
        first = await store.write(lambda db: put(db, checked(enumerate(records, 1))))
        for form in FORMS:
            text = await exchange.text(first, form)
            again = await exchange.import_text(text.encode(), "it")
            assert await exchange.text(again, form) == text
            assert await exchange.text(again, "jsonl") == await exchange.text(first, "jsonl")

    try:
        asyncio.run(go())
    finally:
        store.close()


@pytest.mark.parametrize("form", FORMS)
async def test_a_real_one_comes_back_with_its_calls_and_files(
    home: Home, store: Store, chats: Chats, form: Form, tmp_path: Path
) -> None:
    conversation, _ = await talked(store, 2, chats)
    await store.write(
        lambda db: db.execute("UPDATE messages SET reasoning = 'secret thought' WHERE role = 'assistant'")
    )
    exchange = Exchange(store)
    path, count = await exchange.export(conversation, str(tmp_path / f"it.{form}"))
    assert count == 6
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_bytes()
    assert b"secret thought" not in text
    assert conversation.encode() not in text
    made = await exchange.import_file(str(path))
    found = await chats.messages(made)
    assert [one.content for one in found] == ["request 0", "", "answer 0", "request 1", "", "answer 1"]
    assert [call.arguments for one in found for call in one.tool_calls] == [
        '{"path": "log0.md"}',
        '{"path": "log1.md"}',
    ]
    assert [(file.name, file.is_image) for file in found[0].attachments] == [("a.png", True), ("note0.txt", False)]
    assert [turn.status for turn in await chats.turns(made)] == ["done", "done"]
    assert (await exchange.text(made, form)).encode() == text
    assert await chats.remembers(made)
    await chats.remember(conversation, False)
    assert not await chats.remembers(
        await exchange.import_text((await exchange.text(conversation, form)).encode(), "x")
    )
    await chats.remember(conversation, True)
    thoughts = await exchange.text(conversation, form, reasoning=True)
    assert "secret thought" in thoughts
    assert await exchange.text(await exchange.import_text(thoughts.encode(), "x"), form, reasoning=True) == thoughts
    with pytest.raises(UsageError, match="there already"):
        await exchange.export(conversation, str(path))
    assert path.read_bytes() == text


async def test_markdown_is_for_people(store: Store, chats: Chats) -> None:
    conversation, _ = await talked(store, 1, chats)
    lines = (await Exchange(store).text(conversation, "md")).split("\n")
    seen = [line for line in lines if line and not line.startswith("<!--")]
    assert seen[0] == "# the harbour"
    assert any(line.startswith("## you · ") for line in seen)
    assert any(line.startswith("## zo · lab/tiny · ") for line in seen)
    assert "request 0" in seen
    assert "▣ a.png · 48 B" in seen
    assert "<details><summary>read_file </summary>" in seen


CHAT = '{"zotui":1,"title":"x","created_at":1,"updated_at":1}\n'
SAID = '{"role":"user","content":"x","created_at":1'
BEGUN = SAID + ',"turn":1,"begins":{"status":"done","created_at":1'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1"),
        ("hello", "line 1"),
        ('{"zotui":2,"title":"x","created_at":1,"updated_at":1}', "line 1: version 2"),
        ('{"title":"x"}', "line 1"),
        (f'{CHAT}{{"role":"robot"}}', "line 2"),
        (f"{CHAT}{SAID}}}\n\n{SAID}}}", "line 3"),
        (f'{CHAT}{SAID},"turn":3}}', "line 2: turn 3 never begins"),
        (f"{CHAT}{BEGUN}}}}}\n{BEGUN}}}}}", "line 3: turn 1 cannot begin here"),
        (f'{CHAT}{BEGUN},"options":"{{]"}}}}', "line 2: the options"),
        (f'{CHAT}{SAID},"opaque":"[1]"}}', "line 2: opaque"),
        (f'{CHAT}{SAID},"files":[{{"name":"a","media_type":"x/y","content":"","text":"t"}}]}}', "line 2: files"),
        (f'{CHAT}{BEGUN}}},"files":[{{"name":"a","media_type":"image/png","content":"AAAA"}}]}}', "line 2: a is no PNG"),
        (f'{CHAT}{BEGUN}}},"calls":[{{"call_id":"","name":"","arguments":"","status":"done","created_at":1}}]}}', "line 2: calls"),
        (f'{CHAT}{SAID},"finished_at":-1}}', "line 2"),
        ("[" * 100_000, "line 1"),
        (CHAT + "[" * 100_000, "line 2"),
    ],
    ids=["empty", "words", "newer", "incomplete", "damaged", "gap", "loose", "twice", "options", "opaque", "no-turn", "image", "calls",
         "time", "deep", "deep-later"],
)  # fmt: skip
async def test_what_is_no_conversation_is_refused_whole(home: Home, store: Store, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        await Exchange(store).import_text(text.encode(), "it")
    for table in ("conversations", "messages", "turns", "tool_calls", "attachments", "blobs"):
        assert rows(home, f"SELECT 1 FROM {table}") == []


async def test_a_cut_or_changed_markdown_names_the_line(home: Home, store: Store, chats: Chats) -> None:
    conversation, _ = await talked(store, 1, chats)
    text = await Exchange(store).text(conversation, "md")
    count = len(rows(home, "SELECT 1 FROM conversations"))
    lines = text.split("\n")
    for changed in (lines[:-6], [*lines[:7], "one more line", *lines[7:]], lines[1:]):
        with pytest.raises(UsageError, match="line "):
            await Exchange(store).import_text("\n".join(changed).encode(), "it")
    with pytest.raises(UsageError, match="UTF-8"):
        await Exchange(store).import_text(b"\xff\xfe", "it")
    with pytest.raises(NotFound):
        await Exchange(store).import_file("/nowhere/at/all.md")
    with pytest.raises(UsageError, match="regular"):
        await Exchange(store).import_file("/dev/null")
    assert len(rows(home, "SELECT 1 FROM conversations")) == count


async def test_what_is_still_being_answered_is_over_in_the_file(store: Store, chats: Chats) -> None:
    conversation, _ = await talked(store, 1, chats)
    await store.write(lambda db: db.execute("UPDATE turns SET status = 'running'"))
    exchange = Exchange(store)
    text = await exchange.text(conversation, "jsonl")
    assert '"status":"interrupted"' in text
    assert await exchange.text(await exchange.import_text(text.encode(), "it"), "jsonl") == text


async def test_control_characters_of_a_file_stay_outside(store: Store, chats: Chats) -> None:
    text = (
        '{"zotui":1,"title":"a\\u001b[2Jb","created_at":1,"updated_at":1}\n'
        '{"role":"user","content":"x\\u001b]52;c;AAAA\\u0007y","created_at":1}\n'
    )
    made = await Exchange(store).import_text(text.encode(), "it")
    assert (await chats.messages(made))[0].content == "xy"
    assert "\x1b" not in (await chats.find(made)).title


async def test_what_another_program_wrote_comes_back_too(store: Store, chats: Chats) -> None:
    """ZoClone's rows are as they were: with any line ends, control characters, times and tool calls."""
    conversation = await chats.create()
    await store.write(
        lambda db: db.execute(
            "UPDATE conversations SET title = ?, created_at = -5, updated_at = 1 << 60", ("a\x1b[31m  b\n" + "x" * 300,)
        )
    )
    await store.write(
        lambda db: db.execute(
            "INSERT INTO messages(id, conv_id, position, role, content, tools, created_at)"
            " VALUES ('m', ?, 1, 'assistant', ?, ?, -1)",
            (conversation, "one\r\ntwo\x1b]0;t\x07\u2028<!-- zotui:message {} -->", '[{"name": "x"}]'),
        )
    )
    exchange = Exchange(store)
    for form in FORMS:
        text = await exchange.text(conversation, form)
        assert "\x1b" not in text
        made = await exchange.import_text(text.encode(), "it")
        assert await exchange.text(made, form) == text
        kept = await store.read(
            lambda db, made=made: db.execute("SELECT tools FROM messages WHERE conv_id = ?", (made,)).get  # type: ignore[misc]
        )
        assert kept == '[{"name": "x"}]'


async def test_calls_and_messages_without_a_turn_come_back(store: Store, chats: Chats) -> None:
    conversation, _ = await talked(store, 1, chats)
    await store.write(lambda db: db.execute("DELETE FROM turns"))
    await store.write(lambda db: put_messages(db, conversation, [""]))
    exchange = Exchange(store)
    for form in FORMS:
        text = await exchange.text(conversation, form)
        made = await exchange.import_text(text.encode(), "it")
        assert await exchange.text(made, form) == text
        assert [call.name for one in await chats.messages(made) for call in one.tool_calls] == ["read_file"]


async def test_words_of_a_foreign_file_are_clean_in_every_column(home: Home, store: Store) -> None:
    bad = "a\\u001b[31m\\u202eb"
    call = (
        f'{{"call_id":"{bad}","name":"{bad}","arguments":"{bad}","status":"done","created_at":1,"effect":"{bad}","reason":"{bad}",'
        f'"result":"{bad}","summary":"{bad}"}}'
    )
    file = f'{{"name":"{bad}","media_type":"{bad}","content":"AA==","text":"{bad}","path":"{bad}"}}'
    lines = [
        f'{{"zotui":1,"title":"{bad}","created_at":1,"updated_at":1,"model":"{bad}"}}',
        f'{{"role":"user","content":"{bad}","created_at":1,"turn":1,"begins":{{"status":"failed","created_at":1,"input":"{bad}",'
        f'"model":"{bad}","reason":"{bad}","error":"{bad}"}},"files":[{file}]}}',
        f'{{"role":"assistant","content":"{bad}","created_at":1,"turn":1,"model":"{bad}","reason":"{bad}","note":"{bad}",'
        f'"reasoning":"{bad}","raw":"{bad}","opaque":"{{\\"a\\":1}}","calls":[{call}]}}',
        f'{{"role":"assistant","content":"","created_at":1,"tools":"{bad}"}}',
    ]
    await Exchange(store).import_text("\n".join(lines).encode(), "it")
    for table in ("conversations", "messages", "turns", "tool_calls", "attachments"):
        found = rows(home, f"SELECT * FROM {table}")
        assert found
        assert all(
            "\x1b" not in value and "\u202e" not in value for row in found for value in row if isinstance(value, str)
        )
    assert rows(home, "SELECT name, text FROM attachments") == [("ab", "ab")]


async def test_a_long_one_is_written_a_page_at_a_time(store: Store, chats: Chats, tmp_path: Path) -> None:
    conversation = await chats.create("long")
    text = "a line of a long answer\n" * 100
    await store.write(lambda db: put_messages(db, conversation, [f"{number} {text}" for number in range(3_000)]))
    exchange = Exchange(store)
    for form in FORMS:
        tracemalloc.start()
        path, count = await exchange.export(conversation, str(tmp_path / f"long.{form}"))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == 3_000
        assert path.stat().st_size > 3_000 * len(text) > 4 * most


async def test_half_a_file_is_not_left(store: Store, chats: Chats, tmp_path: Path) -> None:
    exchange = Exchange(store)
    with pytest.raises(NotFound):
        await exchange.export("nowhere", str(tmp_path / "x.md"))
    with pytest.raises(UsageError, match="cannot be written: No such file"):
        await exchange.export("nowhere", str(tmp_path / "no" / "x.md"))
    assert list(tmp_path.glob("**/*.md")) == []


async def test_of_the_forms_a_name_chooses_or_the_person(store: Store, chats: Chats, tmp_path: Path) -> None:
    conversation, _ = await talked(store, 1, chats)
    exchange = Exchange(store)
    for name, form, first in (
        ("a.md", "", "<!--"),
        ("a.JSONL", "", "{"),
        ("a.txt", "jsonl", "{"),
        ("b.jsonl", "md", "<!--"),
    ):
        path, _ = await exchange.export(conversation, str(tmp_path / name), form)
        assert path.read_text().startswith(first)
