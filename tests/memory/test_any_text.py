"""Any text at all: memory keeps it clean and whole, and no query is an error."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zotui.errors import UsageError
from zotui.memory import Memories, open_memory
from zotui.memory.query import MOST, match, read
from zotui.text import clean

HARD = st.sampled_from(
    [
        'a AND b OR "c" NOT d',
        'NEAR("x" "y", 3)',
        "col:value",
        "prefix*",
        "'; DROP TABLE memory; --",
        '"""',
        "👩‍👩‍👧 family",
        "שלום עולם",
        "\u202eright to left\u202c",
        "e\u0301a\u0301",
        "\x1b]8;;http://x\x07link\x1b]8;;\x07",
        "a\x00b",
        "\ud800",
        "ﷺ ß İ ǆ",
        "x" * 3000,
        "a\r\nb\rc\u2028d",
    ]
)
TEXT = st.one_of(st.text(st.characters(), max_size=200), HARD, st.tuples(HARD, st.text(max_size=20)).map("".join))
QUICK = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Runs something with the one memory of the test."""

    def run(do: Callable[[Memories], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with open_memory(tmp_path / "memory.db") as memory:
                await do(memory)

        asyncio.run(whole())

    return run


def many(texts: list[str], do: Callable[[Memories, str], Awaitable[None]], run: Any) -> None:
    async def each(memory: Memories) -> None:
        for text in texts:
            await do(memory, text)

    run(each)


@QUICK
@given(st.lists(TEXT, min_size=10, max_size=30))
def test_what_is_kept_is_the_clean_text(run: Any, texts: list[str]) -> None:
    async def round_trip(memory: Memories, text: str) -> None:
        expected = clean(text).strip()
        if not expected:
            with pytest.raises(UsageError):
                await memory.memorize(text)
            return
        found = await memory.find(await memory.memorize(text, {"text": text}))
        assert (found.content, found.meta) == (expected, {"text": clean(text)})
        await memory.set("key", text)
        assert await memory.get("key") == expected

    many(texts, round_trip, run)


@QUICK
@given(st.lists(TEXT, min_size=10, max_size=30))
def test_no_query_is_an_error_and_every_text_is_found_by_itself(run: Any, texts: list[str]) -> None:
    async def seek(memory: Memories, text: str) -> None:
        await memory.recall(text)
        await memory.list(search=text)
        await memory.count(text)
        await memory.get(text)
        telling = clean(text).strip()
        if 1 <= len(set(telling.lower().split())) < MOST / 4 and telling.isascii() and telling.isalnum():
            identity = await memory.memorize(telling)
            assert identity in [found.id for found in await memory.list(search=telling, limit=1000)]
            assert identity in [found.id for found in await memory.recall(telling, 1000)]

    many(texts, seek, run)


@QUICK
@given(st.lists(TEXT, min_size=10, max_size=30))
def test_queries_are_nothing_but_quoted_words(run: Any, texts: list[str]) -> None:
    async def look(memory: Memories, text: str) -> None:
        sought = await memory._store.read(lambda db: read(db, text))
        found = await memory._store.read(lambda db: match(db, text))
        assert len(sought.words) <= MOST
        assert not any('"' in word for word in sought.words.values())
        for query in (found.words, found.signs) if found else ():
            assert query.count('"') % 2 == 0
            outside = "".join(query.split('"')[::2])
            assert set(outside.replace("OR", "").replace("AND", "").strip()) <= set(" *()")

    many(texts, look, run)
