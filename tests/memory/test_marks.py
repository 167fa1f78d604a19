"""Pins, tags, ends, sources and uses, and the lists they choose."""

import pytest

from zotui.errors import NotFound, UsageError
from zotui.memory import Memories
from zotui.memory.tools import tools
from zotui.store import now_ms
from zotui.toolbox import Toolbox, ToolContext

PAST = "UPDATE memory SET expires_at = 1 WHERE id = ?"


async def contents(memory: Memories, **which: object) -> list[str]:
    found = [one.content for one in await memory.list(**which)]  # type: ignore[arg-type]
    assert await memory.count(**{name: value for name, value in which.items() if name != "after"}) == len(found)  # type: ignore[arg-type]
    return found


async def test_pins(memory: Memories) -> None:
    first, second = await memory.memorize_many([("heron", None), ("stork", None)])
    pinned = await memory.pin(first[-8:])
    assert pinned.pinned_at
    assert (await memory.pin(first)).pinned_at == pinned.pinned_at, "it stays pinned since then"
    assert await contents(memory, pinned=True) == ["heron"]
    assert [one.content for one in await memory.list()] == ["stork", "heron"], "a pin changes no order"
    assert [one.content for one in await memory.get_context("c", query="stork heron")] == ["heron", "stork"]
    assert (await memory.unpin(first)).pinned_at is None
    assert await contents(memory, pinned=True) == []
    for mark in (memory.pin, memory.unpin):
        with pytest.raises(NotFound):
            await mark("nobody")
    assert second


async def test_tags(memory: Memories) -> None:
    await memory.set("city", "Oslo")
    other = await memory.memorize("Bergen")
    await memory.tag("city", "place")
    assert (await memory.tag("city", " home\x1b[0m ")).tags == ("home", "place")
    assert (await memory.tag("city", "place")).tags == ("home", "place")
    await memory.tag(other, "place")
    assert await contents(memory, tag="place") == ["Bergen", "Oslo"]
    assert await contents(memory, tag="place", search="osl") == ["Oslo"]
    assert await contents(memory, tag="' OR 1=1") == []
    await memory.set("city", "Rome")
    assert (await memory.untag("city", "home")).tags == ("place",)
    assert await contents(memory, tag="home") == []
    for bad in ("", "a\nb", "x" * 201):
        with pytest.raises(UsageError, match="a tag is one line"):
            await memory.tag("city", bad)
    await memory.forget("city")
    assert await memory._store.read(lambda db: db.execute("SELECT count(*) FROM memory_tags").get) == 1


async def test_what_has_expired_is_gone_at_once_and_swept_with_the_next_write(memory: Memories) -> None:
    await memory.set("door", "the code is 11")
    await memory.set("door", "the code is 12")
    stays = await memory.memorize("the code of the bicycle")
    soon = now_ms() + 60_000
    assert (await memory.expire("door", soon)).expires_at == soon
    assert len(await memory.recall("code")) == 2
    assert (await memory.expire("door", None)).expires_at is None
    with pytest.raises(UsageError, match="past"):
        await memory.expire("door", now_ms())
    gone = (await memory.find("door")).id
    await memory._store.write(lambda db: db.execute(PAST, (gone,)))
    assert [one.id for one in await memory.recall("code")] == [stays]
    assert await contents(memory) == await contents(memory, search="code") == ["the code of the bicycle"]
    assert (await memory.get("door"), await memory.place(stays)) == (None, 0)
    for name in (gone, "door"):
        with pytest.raises(NotFound):
            await memory.find(name)
    await memory.set("door", "new")
    assert [version.value for version in await memory.history("door")] == ["new"]
    assert (await memory.find("door")).id != gone
    await memory._store.write(lambda db: db.execute(PAST, (stays,)))
    await memory.memorize("sweeps")
    assert await memory._store.read(lambda db: db.execute("SELECT count(*) FROM memory").get) == 2


async def test_sources(memory: Memories) -> None:
    await memory.memorize("by me", {"source": "me"})
    await memory.memorize("in a chat", {"source": "agent", "conversation": "c1", "message": "m1"})
    await memory.memorize("elsewhere", {"conversation": "c2"})
    found = {
        source: await contents(memory, source=source) for source in ("me", "agent", "c1", "m1", "c2", "nobody", "%")
    }
    assert found == {
        "me": ["by me"], "agent": ["in a chat"], "c1": ["in a chat"], "m1": ["in a chat"], "c2": ["elsewhere"], "nobody": [], "%": [],
    }  # fmt: skip


async def test_uses_are_counted_when_something_goes_into_an_answer(memory: Memories) -> None:
    heron = await memory.memorize("the heron is grey")
    other = await memory.memorize("the stork is white")
    await memory.recall("heron")
    assert (await memory.find(heron)).uses == 0
    before = now_ms()
    for _ in range(2):
        await memory.get_context("c", query="heron")
    (recall,) = [tool for tool in tools(memory) if tool.name == "recall"]
    assert await Toolbox([recall]).run("recall", {"query": "heron"}, ToolContext("c", "t", "call", False), 5)
    found = await memory.find(heron)
    assert found.uses == 3
    assert before <= (found.used_at or 0) <= now_ms()
    assert (await memory.find(other)).used_at is None


async def test_pages_go_on_after_one(memory: Memories) -> None:
    ids = await memory.memorize_many((f"fact {number}", None) for number in range(25))
    for search in ("", "fact"):
        seen: list[str] = []
        while page := await memory.list(search=search, limit=10, after=seen[-1] if seen else ""):
            seen += [one.id for one in page]
        assert seen == ids[::-1]
    await memory.edit(ids[3], "fact 3, mended")
    assert [one.id for one in await memory.list(limit=2)] == [ids[3], ids[24]]
    assert [one.id for one in await memory.list(limit=1, after=ids[4])] == [ids[2]]
    assert await memory.place(ids[24]) == 1
    with pytest.raises(NotFound):
        await memory.list(after="nobody")
