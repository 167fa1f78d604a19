"""Conversations out into files and in again: byte for byte, whatever is in them."""

import asyncio
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conversations.test_branches import PNG, talked
from tests.processes import opened, rows
from zotui.conversations import Chats
from zotui.conversations.exchange import CallRecord, ChatRecord, FileRecord, MessageRecord, Record, TurnRecord, put
from zotui.conversations.files import Exchange, Form
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
        first = await store.write(lambda db: put(db, records))
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1"),
        ("hello", "line 1"),
        ('{"zotui":2,"title":"x","created_at":1,"updated_at":1}', "version 2"),
        ('{"title":"x"}', "line 1"),
        ('{"zotui":1,"title":"x","created_at":1,"updated_at":1}\n{"role":"robot"}', "line 2"),
        ('{"zotui":1,"title":"x","created_at":1,"updated_at":1}\n{"role":"user","content":"x","created_at":1,"turn":3}', "never begins"),
        ("[" * 100_000, "line 1"),
    ],
    ids=["empty", "words", "newer", "incomplete", "damaged", "loose", "deep"],
)  # fmt: skip
async def test_what_is_no_conversation_is_refused_whole(home: Home, store: Store, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        await Exchange(store).import_text(text.encode(), "it")
    assert rows(home, "SELECT 1 FROM conversations") == []


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
