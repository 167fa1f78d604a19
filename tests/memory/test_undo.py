"""What was done to memories is undone: all of it comes back, after a restart too, and nothing of what was forgotten."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from zotui.errors import NotFound, UsageError
from zotui.memory import Memories, handling, open_memory, undoing
from zotui.store import now_ms

Do = Callable[[Memories, list[str]], Awaitable[object]]
DOING: dict[str, Do] = {
    "delete": lambda memory, ids: memory.delete(ids),
    "pin": lambda memory, ids: memory.pin_all(ids, True),
    "unpin": lambda memory, ids: memory.pin_all(ids, False),
    "tag": lambda memory, ids: memory.tag_all(ids, ["new"], ["old"]),
    "expire": lambda memory, ids: memory.expire_all(ids, now_ms() + 60_000),
    "merge": lambda memory, ids: memory.merge(ids),
    "edit": lambda memory, ids: memory.edit(ids[0], "another text, 東京"),
}


async def filled(memory: Memories) -> list[str]:
    """A key with a history, and two without; with all that memories can have."""
    await memory.set("city", "Berlin", {"source": "me"})
    city = await memory.set("city", 'Bergen "東京"\n\t\x7f', {"source": "agent", "conversation": "c1"})
    tea = await memory.memorize("green tea")
    box = await memory.memorize("the staging box")
    await memory.tag(city, "old")
    await memory.tag(tea, "old")
    await memory.pin(tea)
    await memory.expire(box, now_ms() + 3_600_000)
    await memory.use([await memory.find(tea)], "turn 1")
    return [city, tea, box]


async def everything(memory: Memories) -> object:
    """All there is, and whether the indexes find it."""
    return (
        await memory.list(),
        await memory.history("city"),
        [await memory.used_in(one.id) for one in await memory.list()],
        [[one.id for one in await memory.list(search=word)] for word in ("bergen", "東京", "tea", "another")],
    )


@pytest.mark.parametrize("what", DOING)
async def test_all_is_as_it_was(tmp_path: Path, what: str) -> None:
    async with open_memory(tmp_path / "memory.db") as memory:
        ids = await filled(memory)
        before = await everything(memory)
        await DOING[what](memory, ids)
        assert await everything(memory) != before
    async with open_memory(tmp_path / "memory.db") as memory:
        undone = await memory.undo()
        assert undone is not None
        assert (undone.what, undone.memories, undone.left) == (what, 1 if what == "edit" else 3, 0)
        assert await everything(memory) == before
        assert await memory.undo() is None
        await memory._store.write(
            lambda db: db.execute("INSERT INTO memory_fts(memory_fts, rank) VALUES ('integrity-check', 1)")
        )


async def test_the_last_first(memory: Memories) -> None:
    one = await memory.memorize("a")
    await memory.edit(one, "b")
    await memory.edit(one, "c")
    await memory.delete([one])
    for text in ("c", "b", "a"):
        assert await memory.undo()
        assert (await memory.find(one)).content == text


async def test_what_was_changed_since_stays(memory: Memories) -> None:
    [city, tea, _] = await filled(memory)
    await memory.delete([city, tea])
    await memory.set("city", "Oslo")
    undone = await memory.undo()
    assert undone is not None
    assert (undone.memories, undone.left) == (1, 1)
    assert await memory.get("city") == "Oslo"
    assert (await memory.find(tea)).content == "green tea"


async def test_a_merged_one_has_all_of_them(memory: Memories) -> None:
    [city, tea, box] = await filled(memory)
    first = min([(await memory.find(one)).created_at for one in (city, tea, box)])
    await memory._store.write(lambda db: db.execute("UPDATE memory SET tainted = 1 WHERE id = ?", (box,)))
    one = await memory.merge(["city", tea, box, tea], "a new text")
    assert (one.id, one.key, one.content, one.tags) == (city, "city", "a new text", ("old",))
    assert one.created_at == first
    assert (one.tainted, bool(one.pinned_at), one.expires_at) == (True, True, None)
    assert [part["id"] for part in one.meta["merged"]] == [city, tea, box]
    assert one.meta["merged"][0]["conversation"] == "c1"
    assert [version.value for version in await memory.history("city")][-1] == "a new text"
    assert await memory.count() == 1
    other = await memory.memorize("more")
    again = await memory.merge([one.id, other])
    assert again.content == "a new text\nmore"
    assert [part["id"] for part in again.meta["merged"]] == [city, tea, box, other]


async def test_what_cannot_be_merged(memory: Memories) -> None:
    await memory.set("a", "1")
    await memory.set("b", "2")
    one = await memory.memorize("one")
    for ids, error, words in [
        ([one], UsageError, "two memories"),
        ([one, one[-8:]], UsageError, "two memories"),
        (["a", "b"], UsageError, "have keys"),
        ([one, "nobody"], NotFound, "nobody"),
    ]:
        with pytest.raises(error, match=words):
            await memory.merge(ids)
    assert await memory.count() == 3
    assert await memory.undo() is None


async def test_many_are_one_thing_that_is_done_in_parts(memory: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handling, "DELETED", 3)
    ids = await memory.memorize_many((f"row {n}", None) for n in range(8))
    told: list[int] = []
    assert await memory.delete(["nobody", *ids], told.append) == 8
    assert told == [3, 6, 9]
    assert await memory.count() == 0
    undone = await memory.undo()
    assert undone is not None
    assert undone.memories == 8
    assert sorted(await memory.ids("")) == sorted(ids)
    assert await memory.delete(["nobody"]) == 0
    assert await memory.undo() is None, "what was done to nothing is nothing"


async def test_only_the_last_things_are_kept(memory: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "KEPT", 2)
    one = await memory.memorize("0")
    for text in ("1", "2", "3", "4"):
        await memory.edit(one, text)
    assert await memory.undo()
    assert await memory.undo()
    assert await memory.undo() is None
    assert (await memory.find(one)).content == "2"
    await memory.edit(one, "new")
    await memory._store.write(lambda db: db.execute("UPDATE memory_done SET at = at - ?", (undoing.KEPT_MS + 1,)))
    await memory.pin_all([one], True)
    assert await memory.undo()
    assert await memory.undo() is None, "what is older than 30 days is gone"


async def test_it_can_be_cleared(memory: Memories) -> None:
    one = await memory.memorize("0")
    await memory.edit(one, "1")
    assert await memory.clear_undo() == 1
    assert await memory.undo() is None


async def test_a_refused_edit_is_nothing_done(memory: Memories) -> None:
    with pytest.raises(NotFound):
        await memory.edit("nobody", "text")
    assert await memory.undo() is None
