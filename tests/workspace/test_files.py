"""Files in the database: any bytes under any path, the same bytes once."""

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.processes import rows
from zotui.errors import NotFound, UsageError
from zotui.home import Home
from zotui.store import Store
from zotui.workspace import Files


@pytest.fixture
def files(store: Store) -> Files:
    """The files in it."""
    return Files(store)


ALL_BYTES = bytes(range(256)) * 3


@pytest.mark.parametrize("content", [b"", b"\0", ALL_BYTES, b"x" * 3_000_000, "ä🎉".encode()])
@pytest.mark.parametrize(
    "path", ["plain.txt", "two\nlines\r.txt", "🎉/ä ö.bin", "a/../b", "-", "'; DROP TABLE files; --", " "]
)
async def test_any_bytes_under_any_path(path: str, content: bytes, files: Files) -> None:
    stored = await files.put(path, content)
    assert (stored.path, stored.size, stored.content) == (path, len(content), hashlib.sha256(content).hexdigest())
    assert await files.get(path) == content
    assert [found.path for found in await files.list()] == [path]


async def test_the_same_bytes_are_kept_once(files: Files, home: Home) -> None:
    await files.put("a", ALL_BYTES)
    await files.put("b", ALL_BYTES)
    assert rows(home, "SELECT count(*) FROM blobs") == [(1,)]
    await files.remove("a")
    assert await files.get("b") == ALL_BYTES
    await files.remove("b")
    assert rows(home, "SELECT count(*) FROM blobs") == [(0,)]


async def test_new_bytes_take_the_place_of_the_old_ones(files: Files, home: Home) -> None:
    first = await files.put("a", b"one")
    await files.put("kept", b"one")
    second = await files.put("a", b"two")
    third = await files.put("a", b"two")
    assert first.id == second.id == third.id
    assert await files.get("a") == b"two"
    assert await files.get("kept") == b"one"
    await files.put("kept", b"two")
    assert rows(home, "SELECT content FROM blobs") == [(b"two",)]
    assert rows(home, "PRAGMA foreign_key_check") == []


@pytest.mark.parametrize("path", ["", "a\0b", "\ud800"])
async def test_what_is_no_path(path: str, files: Files) -> None:
    with pytest.raises(UsageError, match="path"):
        await files.put(path, b"x")
    with pytest.raises(NotFound):
        await files.get(path)
    with pytest.raises(NotFound):
        await files.remove(path)


async def test_what_is_not_there_is_named_on_one_line(files: Files) -> None:
    for look in (files.get, files.remove):
        with pytest.raises(NotFound, match="no stored file 'no where'"):
            await look("no\nwhere\x1b[31m")


async def test_they_are_listed_by_path(files: Files) -> None:
    for path in ("b", "a", "c/d"):
        await files.put(path, path.encode())
    assert [(found.path, found.size) for found in await files.list()] == [("a", 1), ("b", 1), ("c/d", 3)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=2000), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_every_file_comes_back_as_it_was(store: Store, content: bytes, path: str) -> None:
    import asyncio

    files = Files(store)

    async def round_trip() -> bytes:
        await files.put(path, content)
        return await files.get(path)

    assert asyncio.run(round_trip()) == content
